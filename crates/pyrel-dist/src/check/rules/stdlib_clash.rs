//! A module hides, or is hidden by, one of the standard library.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::python_support::PythonSupport;
use crate::check::rule::Rule;
use crate::check::stdlib_module;
use crate::check::subject::Subject;
use crate::top_level;

pub(super) static RULE: Rule = Rule {
    name: "stdlib-clash",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "no top-level module has the name of one of the standard library",
    docs: "\
### What it does
Compares the top-level names of a wheel with the standard library of CPython 3.10 to 3.14, for the versions that `Requires-Python` allows.

### Why is this bad
The standard library comes first on the import path, so that the installed module is never found.

### Example
A wheel with `queue.py`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() {
        return;
    }
    let support = PythonSupport::of(subject);
    for module in top_level::modules(&subject.reading.archive.members) {
        let top = module.split('.').next().unwrap_or_default();
        let Some((oldest, newest)) = stdlib_module::versions(top) else { continue };
        let clash =
            (oldest..=newest).rev().find(|minor| support.as_ref().is_none_or(|all| all.includes(*minor)));
        if let Some(minor) = clash {
            let message =
                format!("the standard library of Python 3.{minor} has a module of the same name: `{top}`");
            findings.add(Problem::new(message).hint("rename the module, or put it into a package").at(top));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let messages = Fixture::wheel().file("queue.py", "x").messages("stdlib-clash");
        assert_eq!(messages, ["the standard library of Python 3.14 has a module of the same name: `queue`"]);
        let old = Fixture::wheel().file("distutils/__init__.py", "x").messages("stdlib-clash");
        assert_eq!(old, ["the standard library of Python 3.11 has a module of the same name: `distutils`"]);
    }

    #[test]
    fn stays_silent() {
        let backport =
            Fixture::wheel().header("Requires-Python: >=3.9,<3.11").file("tomllib/__init__.py", "x");
        assert!(backport.findings("stdlib-clash").is_empty());
        assert!(Fixture::wheel().file("demo/queue.py", "x").findings("stdlib-clash").is_empty());
    }
}
