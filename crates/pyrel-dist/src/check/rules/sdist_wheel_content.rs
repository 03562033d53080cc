//! A module of the wheel is not the one of the sdist.

use std::collections::HashMap;

use pyrel_model::Level;
use pyrel_model::Sha256;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "sdist-wheel-content",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "the modules that sdist and wheel share are the same",
    docs: "\
### What it does
Compares the hashes of the modules that stand at one place only in the sdist. Modules that a build makes, such as `_version.py`, are left out.

### Why is this bad
Sdist and wheel were built at different times from different trees; one of them is stale.

### Example
`pyrel build --wheel` after an edit, the sdist still being the old one

### Source
pyrel
",
    check,
};

const MADE: [&str; 5] = ["_version.py", "version.py", "__version__.py", "_build_info.py", "versioneer.py"];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() {
        return;
    }
    let Some(sdist) = subject.peers.sdist_of(subject.reading) else { return };
    // By path below any folder; a path that is there twice says nothing.
    let mut hashes: HashMap<&str, Option<Sha256>> = HashMap::new();
    for (path, member) in sdist.tree_files().filter(|(path, _)| path.ends_with(".py")) {
        for start in std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1)) {
            hashes.entry(&path[start..]).and_modify(|hash| *hash = None).or_insert(member.sha256);
        }
    }
    for (path, member) in subject.reading.installed_files().filter(|(path, _)| path.contains('/')) {
        let (Some(Some(theirs)), Some(ours)) = (hashes.get(path.as_str()), member.sha256) else { continue };
        if *theirs != ours && !MADE.iter().any(|made| path.ends_with(made)) {
            let message = format!("the module is another one than in `{}`: `{path}`", sdist.filename);
            let hint = "build both again from the same tree";
            findings.add(Problem::new(message).hint(hint).at(member.name.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let stale = Fixture::sdist().file("demo-1.0/demo/__init__.py", "VALUE = 2\n");
        let found = Fixture::wheel().messages_beside(&[stale], "sdist-wheel-content");
        assert_eq!(found, ["the module is another one than in `demo-1.0.tar.gz`: `demo/__init__.py`"]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().messages_beside(&[Fixture::sdist()], "sdist-wheel-content").is_empty());
        let twice = Fixture::sdist()
            .file("demo-1.0/demo/__init__.py", "a")
            .file("demo-1.0/other/demo/__init__.py", "b")
            .file("demo-1.0/demo/_version.py", "a");
        let wheel = Fixture::wheel().file("demo/_version.py", "b");
        assert!(wheel.messages_beside(&[twice], "sdist-wheel-content").is_empty());
    }
}
