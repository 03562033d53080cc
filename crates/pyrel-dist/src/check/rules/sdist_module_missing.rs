//! The wheel has a module that the sdist lacks.

use std::collections::HashSet;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "sdist-module-missing",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "an sdist has every module of its wheels",
    docs: "\
### What it does
Looks each module of the wheels that are checked with the sdist up in it, below any folder. Modules that a build makes, such as `_version.py`, are left out.

### Why is this bad
A wheel that is built from the sdist would be another one. Distributions of Linux and people without a fitting wheel build from it.

### Example
`demo/data.py` in the wheel only, because of a `MANIFEST.in`

### Source
pyrel
",
    check,
};

/// Modules that builds make of something else.
const MADE: [&str; 5] = ["_version.py", "version.py", "__version__.py", "_build_info.py", "__config__.py"];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_sdist() || !subject.is_complete() {
        return;
    }
    let tree: HashSet<&str> = subject.reading.tree_files().flat_map(|(path, _)| tails(path)).collect();
    let mut told = HashSet::new();
    for wheel in subject.peers.wheels_of(subject.reading) {
        for (path, _) in wheel.installed_files().filter(|(path, _)| is_module(path)) {
            if !tree.contains(path.as_str()) && told.insert(path.clone()) {
                let message = format!("a module of `{}` is not in the sdist: `{path}`", wheel.filename);
                let hint = "have the sdist take it in, or build the wheel from the sdist";
                findings.add(Problem::new(message).hint(hint).at(path.as_str()));
            }
        }
    }
}

/// A path and what is left of it below each of its folders.
fn tails(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once(path).chain(path.match_indices('/').map(|(at, _)| &path[at + 1..]))
}

fn is_module(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    let made = file.ends_with("_pb2.py") || file.ends_with("_pb2_grpc.py");
    path.ends_with(".py") && !MADE.contains(&file) && !made
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let wheel = Fixture::wheel().file("demo/data.py", "x");
        let found = Fixture::sdist().messages_beside(&[wheel], "sdist-module-missing");
        assert_eq!(found, ["a module of `demo-1.0-py3-none-any.whl` is not in the sdist: `demo/data.py`"]);
    }

    #[test]
    fn stays_silent() {
        let wheel = Fixture::wheel().file("demo/_version.py", "x").file("demo/fast.so", "x");
        let deep = Fixture::sdist()
            .missing("demo-1.0/demo/__init__.py")
            .file("demo-1.0/source/demo/__init__.py", "VALUE = 1\n");
        assert!(deep.messages_beside(&[wheel], "sdist-module-missing").is_empty());
        let other = Fixture::wheel().named("demo-2.0-py3-none-any.whl").file("demo/data.py", "x");
        assert!(Fixture::sdist().messages_beside(&[other], "sdist-module-missing").is_empty());
    }
}
