//! The archive has a file that git does not track.

use pyrel_model::Level;

use crate::check::TreeFacts;
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "untracked-member",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "every file that comes from the working tree is tracked by git",
    docs: "\
### What it does
Compares the archive with what git says of the package's directory: files that nobody added, and files that git was told to ignore. Files that a build makes (`_version.py`, compiled modules, protocol buffers) may be ignored ones. Only for packages of a workspace.

### Why is this bad
Nobody else could build the same archive; what is in it may be private, or a leftover.

### Example
`demo/scratch.py`, never committed

### Source
pyrel
",
    check,
};

/// Where packages stand in a source tree.
const ROOTS: [&str; 4] = ["", "src/", "lib/", "python/"];
/// Files that a build may make in the tree, and that are rightly ignored.
const MADE: [&str; 5] = ["_version.py", "version.py", "_version.pyi", "__version__.py", "_build_info.py"];
const MADE_ENDS: [&str; 10] =
    [".so", ".pyd", ".dll", ".dylib", ".mo", ".c", ".cpp", "_pb2.py", "_pb2.pyi", "_pb2_grpc.py"];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(tree) = subject.package.and_then(|package| package.tree.as_ref()) else { return };
    if subject.is_wheel() {
        for (path, member) in subject.reading.installed_files() {
            judge(tree, &ROOTS.map(|root| format!("{root}{path}")), &member.name, findings);
        }
    } else if subject.is_sdist() {
        for (path, member) in subject.reading.tree_files() {
            judge(tree, &[path.to_owned()], &member.name, findings);
        }
    }
}

fn judge(tree: &TreeFacts, paths: &[String], member: &str, findings: &mut Findings) {
    let untracked = paths.iter().find(|path| tree.untracked.contains(*path));
    let ignored = paths.iter().find(|path| is_ignored(tree, path) && !is_made(path));
    let (path, what, hint) = match (untracked, ignored) {
        (Some(path), _) => (path, "git does not track", "add the file to git, or remove it and build again"),
        (None, Some(path)) => (path, "git ignores", "leave the file out in the configuration of the build"),
        (None, None) => return,
    };
    findings.add(Problem::new(format!("{what} a file of the archive: `{path}`")).hint(hint).at(member));
}

/// Tells whether git ignores a file or a directory that it is in.
fn is_ignored(tree: &TreeFacts, path: &str) -> bool {
    tree.ignored.contains(path) || path.match_indices('/').any(|(at, _)| tree.ignored.contains(&path[..=at]))
}

fn is_made(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    MADE.contains(&file) || MADE_ENDS.iter().any(|end| file.ends_with(end)) || path.contains(".egg-info/")
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    use crate::check::{PackageFacts, TreeFacts};

    fn with(fixture: &Fixture, untracked: &[&str], ignored: &[&str]) -> Vec<String> {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let tree = TreeFacts { untracked: set(untracked), ignored: set(ignored) };
        let facts = PackageFacts { tree: Some(tree), ..PackageFacts::default() };
        fixture.messages_with(&[("demo", facts)], "untracked-member")
    }

    #[test]
    fn fires() {
        let wheel = Fixture::wheel().file("demo/scratch.py", "x");
        assert_eq!(
            with(&wheel, &["src/demo/scratch.py"], &[]),
            ["git does not track a file of the archive: `src/demo/scratch.py`"]
        );
        let sdist = Fixture::sdist().file("demo-1.0/out/log.txt", "x").file("demo-1.0/a.log", "x");
        assert_eq!(
            with(&sdist, &[], &["out/", "a.log"]),
            [
                "git ignores a file of the archive: `out/log.txt`",
                "git ignores a file of the archive: `a.log`"
            ]
        );
    }

    #[test]
    fn stays_silent() {
        let made = Fixture::wheel().file("demo/_version.py", "x").file("demo/fast.so", "x");
        assert!(
            with(&made, &["other.py", "demo/other.py"], &["demo/_version.py", "demo/fast.so"]).is_empty()
        );
        assert!(Fixture::wheel().findings("untracked-member").is_empty());
    }
}
