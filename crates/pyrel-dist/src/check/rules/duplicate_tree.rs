//! A package is in the wheel twice.

use std::collections::{BTreeMap, HashMap};

use pyrel_model::Level;
use pyrel_model::Sha256;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "duplicate-tree",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "no package is in a wheel a second time below another folder",
    docs: "\
### What it does
Compares the files of each top-level package with those of the same path below other folders, by their hashes. Two equal files that are not empty make a copy.

### Why is this bad
The build packed its own output, or both `src/demo` and `demo`. The copy is installed, but nobody imports or mends it.

### Example
`demo/cli.py` and `build/lib/demo/cli.py`

### Source
pyrel
",
    check,
};

/// Equal files that make a copy; a single one may be anything.
const LEAST: usize = 2;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() {
        return;
    }
    let files: Vec<(String, Sha256)> = subject
        .reading
        .installed_files()
        .filter(|(path, member)| member.size > 0 && path.contains('/'))
        .filter_map(|(path, member)| Some((path, member.sha256?)))
        .collect();
    let hashes: HashMap<&str, Sha256> = files.iter().map(|(path, hash)| (path.as_str(), *hash)).collect();
    let mut copies: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, hash) in &files {
        for (at, _) in path.match_indices('/') {
            let inner = &path[at + 1..];
            if inner.contains('/') && hashes.get(inner) == Some(hash) {
                let package = inner.split('/').next().unwrap_or_default();
                *copies.entry(&path[..=at + package.len()]).or_default() += 1;
            }
        }
    }
    for (folder, count) in copies.into_iter().filter(|(_, count)| *count >= LEAST) {
        let package = folder.rsplit('/').next().unwrap_or_default();
        let message = format!("`{folder}` is a copy of the package `{package}`: {count} files are the same");
        findings.add(Problem::new(message).hint("build again from a clean tree").at(folder));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let messages = Fixture::wheel()
            .file("demo/cli.py", "print(1)\n")
            .file("build/lib/demo/__init__.py", "VALUE = 1\n")
            .file("build/lib/demo/cli.py", "print(1)\n")
            .messages("duplicate-tree");
        assert_eq!(messages, ["`build/lib/demo` is a copy of the package `demo`: 2 files are the same"]);
    }

    #[test]
    fn stays_silent() {
        let other = Fixture::wheel()
            .file("demo/cli.py", "print(1)\n")
            .file("other/demo/__init__.py", "VALUE = 1\n")
            .file("other/demo/cli.py", "print(2)\n")
            .file("demo/a/b.txt", "same")
            .file("demo/c/b.txt", "same");
        assert!(other.findings("duplicate-tree").is_empty());
    }
}
