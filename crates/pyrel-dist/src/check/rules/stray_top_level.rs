//! Something lands in `site-packages` that is no part of the package.

use std::collections::BTreeSet;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "stray-top-level",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a wheel puts nothing but its own packages at the top of `site-packages`",
    docs: "\
### What it does
Reports folders such as `tests`, `docs`, or `src`, and files that are no modules, at the top of what a wheel installs. A project of that name may have such a folder.

### Why is this bad
All projects share that directory: the tests of one overwrite those of another, and `import tests` finds anything.

### Example
`test/test_demo.py` in a wheel, because the build took every package that it found

### Source
pyrel
",
    check,
};

const FOLDERS: [&str; 23] = [
    "test",
    "tests",
    "testing",
    "doc",
    "docs",
    "example",
    "examples",
    "sample",
    "samples",
    "script",
    "scripts",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "tool",
    "tools",
    "build",
    "dist",
    "src",
    "lib",
    "notebooks",
    "ci",
];
/// Modules that belong to the work on a project, not to the project.
const MODULES: [&str; 6] = ["setup.py", "conftest.py", "noxfile.py", "tasks.py", "fabfile.py", "dodo.py"];
/// Ends of the names of files that belong at the top.
const INSTALLED: [&str; 7] = [".py", ".pyi", ".so", ".pyd", ".pth", ".dll", ".abi3.so"];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() {
        return;
    }
    let own = subject.name().map(|name| name.normalized().replace('-', "_")).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (path, member) in subject.reading.installed_files() {
        let (top, is_folder) = match path.split_once('/') {
            Some((folder, _)) => (folder, true),
            None => (path.as_str(), false),
        };
        let stray = if is_folder { FOLDERS.contains(&top) && top != own } else { is_stray_file(top) };
        if stray && seen.insert(top.to_owned()) {
            let what = if is_folder { "folder" } else { "file" };
            let message = format!("the wheel installs a {what} at the top of `site-packages`: `{top}`");
            let hint = "name the packages in the configuration of the build, or leave this one out";
            findings.add(Problem::new(message).hint(hint).at(member.name.as_str()));
        }
    }
}

fn is_stray_file(name: &str) -> bool {
    MODULES.contains(&name) || !INSTALLED.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let messages = Fixture::wheel()
            .file("tests/__init__.py", "")
            .file("tests/test_a.py", "")
            .file("README.md", "x")
            .file("demo-1.0.data/purelib/setup.py", "x")
            .messages("stray-top-level");
        assert_eq!(
            messages,
            [
                "the wheel installs a folder at the top of `site-packages`: `tests`",
                "the wheel installs a file at the top of `site-packages`: `README.md`",
                "the wheel installs a file at the top of `site-packages`: `setup.py`"
            ]
        );
    }

    #[test]
    fn stays_silent() {
        let fine = Fixture::wheel()
            .file("demo/tests/test_a.py", "")
            .file("_fast.cpython-312-x86_64-linux-gnu.so", "x")
            .file("demo.pth", "x")
            .file("demo-1.0.data/data/share/doc/x", "x");
        assert!(fine.findings("stray-top-level").is_empty());
        let sdist = Fixture::sdist().file("demo-1.0/tests/test_a.py", "x");
        assert!(sdist.findings("stray-top-level").is_empty());
    }
}
