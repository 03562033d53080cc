//! The sdist has a module that the wheel lacks.

use std::collections::HashSet;

use pyrel_model::DistFilename;
use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "wheel-module-missing",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a wheel has every module of the packages that it shares with its sdist",
    docs: "\
### What it does
Looks the modules of the sdist that stand beside modules of the wheel up in the wheel. Tests, the modules of the build, and wheels for one platform are left out.

### Why is this bad
The wheel was built from another tree, or its configuration leaves a module out; its import fails.

### Example
`demo/data/__init__.py` missing, because the list of packages names `demo` only

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let pure = matches!(&subject.reading.parsed, Ok(DistFilename::Wheel(wheel)) if wheel.tags.is_pure());
    let Some(sdist) = subject.peers.sdist_of(subject.reading).filter(|_| pure && subject.is_complete())
    else {
        return;
    };
    let modules: HashSet<String> = subject
        .reading
        .installed_files()
        .map(|(path, _)| path)
        .filter(|path| path.ends_with(".py"))
        .collect();
    // The packages of the wheel, where they are in the tree of the sdist.
    let roots: HashSet<&str> = sdist.tree_files().filter_map(|(path, _)| root_of(path, &modules)).collect();
    for (path, member) in sdist.tree_files().filter(|(path, _)| path.ends_with(".py")) {
        let inner =
            roots.iter().filter_map(|root| path.strip_prefix(root)).find(|inner| is_beside(inner, &modules));
        if let Some(inner) = inner.filter(|inner| !modules.contains(*inner) && !is_apart(inner)) {
            let message = format!("a module of `{}` is not in the wheel: `{}`", sdist.filename, member.name);
            let hint = "correct which packages the build takes in, and build again";
            findings.add(Problem::new(message).hint(hint).at(inner));
        }
    }
}

/// Returns what stands before the path of a top-level `__init__.py` of the wheel: `src/` for `src/demo/__init__.py`.
fn root_of<'a>(path: &'a str, modules: &HashSet<String>) -> Option<&'a str> {
    let package = path.strip_suffix("/__init__.py")?;
    let start = package.rfind('/').map_or(0, |at| at + 1);
    modules.contains(&path[start..]).then(|| &path[..start])
}

/// Tells whether the top-level package of a module is one of the wheel.
fn is_beside(inner: &str, modules: &HashSet<String>) -> bool {
    inner.split_once('/').is_some_and(|(top, _)| modules.contains(&format!("{top}/__init__.py")))
}

fn is_apart(inner: &str) -> bool {
    inner.split('/').any(|part| {
        let part = part.trim_start_matches('_');
        ["test", "conftest", "setup.py", "example", "doc", "bench", "fixture"]
            .iter()
            .any(|start| part.starts_with(start))
    })
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        for root in ["", "src/"] {
            let sdist = Fixture::sdist()
                .missing("demo-1.0/demo/__init__.py")
                .file(&format!("demo-1.0/{root}demo/__init__.py"), "VALUE = 1\n")
                .file(&format!("demo-1.0/{root}demo/data/__init__.py"), "x");
            let found = Fixture::wheel().messages_beside(&[sdist], "wheel-module-missing");
            let member = format!("demo-1.0/{root}demo/data/__init__.py");
            assert_eq!(found, [format!("a module of `demo-1.0.tar.gz` is not in the wheel: `{member}`")]);
        }
    }

    #[test]
    fn stays_silent() {
        let sdist = Fixture::sdist()
            .file("demo-1.0/demo/tests/test_a.py", "x")
            .file("demo-1.0/tests/test_b.py", "x")
            .file("demo-1.0/setup.py", "x")
            .file("demo-1.0/tools/demo.py", "x");
        assert!(Fixture::wheel().messages_beside(&[sdist], "wheel-module-missing").is_empty());
        assert!(Fixture::wheel().findings("wheel-module-missing").is_empty());
    }
}
