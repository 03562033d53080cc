//! A file that a tool left behind.

use std::collections::BTreeSet;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "junk-file",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "no member is a cache, a backup, or a dropping of a tool",
    docs: "\
### What it does
Looks for byte code, caches, files of the desktop, backups of editors, version control folders, virtual environments, and build droppings. In an sdist, `.gitignore` and the like are no junk.

### Why is this bad
Junk makes the archive larger, changes with every machine, and tells what nobody wanted to tell.

### Example
`demo/__pycache__/cli.cpython-312.pyc`

### Source
pyrel
",
    check,
};

/// Folders of which everything is junk.
const FOLDERS: [&str; 19] = [
    "__pycache__",
    "__MACOSX",
    ".git",
    ".hg",
    ".svn",
    ".bzr",
    ".tox",
    ".nox",
    ".venv",
    ".eggs",
    ".pyrel",
    ".idea",
    ".vscode",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".ipynb_checkpoints",
    "node_modules",
];
/// Files that are junk wherever they are.
const FILES: [&str; 6] =
    [".DS_Store", "Thumbs.db", "desktop.ini", ".coverage", ".directory", ".python_history"];
/// Ends of the names of junk.
const ENDS: [&str; 12] =
    [".pyc", ".pyo", "~", ".swp", ".swo", ".orig", ".rej", ".bak", ".tmp", ".o", ".obj", ".gcda"];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    // One finding a folder, however much is in it.
    let mut folders = BTreeSet::new();
    for member in subject.reading.archive.members.iter().filter(|member| member.is_file()) {
        let Some(junk) = junk(&member.name, subject.is_wheel()) else { continue };
        if junk.len() == member.name.len() || folders.insert(junk) {
            let message = format!("the archive has junk: `{junk}`");
            let hint = "leave it out in the configuration of the build, and remove it from the tree";
            findings.add(Problem::new(message).hint(hint).at(junk));
        }
    }
}

/// Returns the junk that a member is or is in.
fn junk(name: &str, wheel: bool) -> Option<&str> {
    let mut start = 0;
    while let Some(length) = name[start..].find('/') {
        let (folder, end) = (&name[start..start + length], start + length);
        if FOLDERS.contains(&folder) || (wheel && folder.ends_with(".egg-info")) {
            return Some(&name[..=end]);
        }
        start = end + 1;
    }
    let file = &name[start..];
    let backup = (file.starts_with('#') && file.ends_with('#') && file.len() > 1) || file.starts_with(".#");
    let of_git = wheel && matches!(file, ".gitignore" | ".gitattributes" | ".gitkeep" | ".gitmodules");
    let is_end = |end: &&str| file.len() > end.len() && file.ends_with(*end);
    (backup || of_git || FILES.contains(&file) || ENDS.iter().any(is_end)).then_some(name)
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    fn with(fixture: &Fixture, name: &str) -> Vec<String> {
        fixture.clone().file(name, "x").messages("junk-file")
    }

    #[test]
    fn fires() {
        for name in [
            "demo/a.pyc",
            "demo/.DS_Store",
            "demo/a.py~",
            "demo/.a.py.swp",
            "demo/#a.py#",
            "demo/.#a.py",
            "demo/a.py.orig",
            "demo/.gitignore",
        ] {
            assert_eq!(with(&Fixture::wheel(), name), [format!("the archive has junk: `{name}`")]);
        }
        let two =
            Fixture::sdist().file("demo-1.0/a/__pycache__/x.pyc", "x").file("demo-1.0/a/__pycache__/y", "y");
        assert_eq!(two.messages("junk-file"), ["the archive has junk: `demo-1.0/a/__pycache__/`"]);
        assert_eq!(with(&Fixture::sdist(), "demo-1.0/.git/config").len(), 1);
        assert_eq!(with(&Fixture::sdist(), "demo-1.0/.pyrel/.gitignore").len(), 1);
    }

    #[test]
    fn stays_silent() {
        for name in [
            "demo-1.0/.gitignore",
            "demo-1.0/.github/ci.yml",
            "demo-1.0/demo.egg-info/PKG-INFO",
            "demo-1.0/~",
        ] {
            assert!(with(&Fixture::sdist(), name).is_empty(), "{name}");
        }
        for name in ["demo/git.py", "demo/pycache/x.py", "demo/#", "demo/logo"] {
            assert!(with(&Fixture::wheel(), name).is_empty(), "{name}");
        }
    }
}
