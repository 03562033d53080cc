//! A package of nothing but empty files.

use std::collections::BTreeMap;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "package-empty",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a top-level package has more than empty `__init__.py` files",
    docs: "\
### What it does
Reports a top-level package of a wheel in which every file is empty; `py.typed` does not count.

### Why is this bad
The build found the folder but not what is in it; the import works, and nothing else does.

### Example
`demo/__init__.py` with 0 bytes and nothing beside it

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() || !subject.is_complete() {
        return;
    }
    let mut sizes: BTreeMap<String, (bool, u64)> = BTreeMap::new();
    for (path, member) in subject.reading.installed_files() {
        if let Some((top, rest)) = path.split_once('/') {
            let (package, size) = sizes.entry(top.to_owned()).or_default();
            *package |= rest == "__init__.py";
            if rest != "py.typed" {
                *size += member.size;
            }
        }
    }
    for (top, _) in sizes.into_iter().filter(|(_, (package, size))| *package && *size == 0) {
        let message = format!("the package `{top}` has nothing but empty files");
        let hint = "correct which packages and files the build takes in";
        findings.add(Problem::new(message).hint(hint).at(format!("{top}/__init__.py")));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let empty = Fixture::wheel()
            .file("demo/__init__.py", "")
            .file("demo/sub/__init__.py", "")
            .file("demo/py.typed", "partial");
        assert_eq!(empty.messages("package-empty"), ["the package `demo` has nothing but empty files"]);
    }

    #[test]
    fn stays_silent() {
        let namespace = Fixture::wheel().file("demo/__init__.py", "").file("demo/x.py", "1");
        assert!(namespace.findings("package-empty").is_empty());
        assert!(Fixture::sdist().file("demo-1.0/demo/__init__.py", "").findings("package-empty").is_empty());
    }
}
