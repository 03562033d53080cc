//! An sdist has not one top directory with PKG-INFO.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "sdist-layout",
    level: Level::Error,
    source: Source::Pypi,
    summary: "an sdist has one top directory with `PKG-INFO` in it",
    docs: "\
### What it does
Looks for the directory that all members share, and for `PKG-INFO` in it.

### Why is this bad
Build tools unpack an sdist and go into its one directory; PyPI refuses another layout.

### Example
A tarball of the files without a directory round them; names that start with `./`.

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_sdist() || !subject.is_complete() || subject.reading.mixes_names() {
        return;
    }
    let top = subject.reading.common_path();
    let hint = "build the sdist with its backend instead of packing it by hand";
    if top.is_empty() || top == "/" {
        let message = wording::invalid_file("Incorrect number of top-level directories in sdist");
        findings.add(Problem::new(message).hint(hint));
        return;
    }
    let path = format!("{top}/PKG-INFO");
    if subject.reading.member(&path).is_none() {
        let message = wording::invalid_file(&format!("PKG-INFO not found at {path}"));
        findings.add(Problem::new(message).hint(hint).at(path));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let flat = Fixture::sdist().file("README.md", "x").messages("sdist-layout");
        assert_eq!(flat, ["Invalid distribution file. Incorrect number of top-level directories in sdist"]);
        let none = Fixture::sdist().metadata(b"").messages("sdist-layout");
        assert_eq!(none, ["Invalid distribution file. PKG-INFO not found at demo-1.0/PKG-INFO"]);
        let dotted = Fixture::sdist()
            .rooted("./demo-1.0")
            .missing("demo-1.0/pyproject.toml")
            .missing("demo-1.0/demo/__init__.py")
            .file("./demo-1.0/pyproject.toml", "");
        assert_eq!(
            dotted.messages("sdist-layout"),
            ["Invalid distribution file. PKG-INFO not found at demo-1.0/PKG-INFO"]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("sdist-layout").is_empty());
        }
    }
}
