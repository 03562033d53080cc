//! The classifier says typed, the wheel does not.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "typed-marker",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a wheel with the classifier `Typing :: Typed` has a `py.typed`",
    docs: "\
### What it does
Looks for `py.typed` when the metadata has the classifier `Typing :: Typed`. Packages of stubs need none.

### Why is this bad
Type checkers ignore the annotations of an installed package without that file.

### Example
`Classifier: Typing :: Typed` and no `demo/py.typed`

### Source
pyrel (PEP 561)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() || !subject.is_complete() || !subject.fields("Classifier").contains(&TYPED) {
        return;
    }
    let marked = |path: &str| {
        path.ends_with("/py.typed") || path.split('/').next().is_some_and(|top| top.ends_with("-stubs"))
    };
    if !subject.reading.installed_files().any(|(path, _)| marked(&path)) {
        let message = format!("the classifier `{TYPED}` is there, but no package has a `py.typed`");
        let hint = "add an empty file `py.typed` beside `__init__.py`, and have the build take it in";
        findings.add(Problem::new(message).hint(hint).at("Classifier"));
    }
}

const TYPED: &str = "Typing :: Typed";

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let messages = Fixture::wheel().also("Classifier: Typing :: Typed").messages("typed-marker");
        assert_eq!(messages, ["the classifier `Typing :: Typed` is there, but no package has a `py.typed`"]);
    }

    #[test]
    fn stays_silent() {
        let typed = Fixture::wheel().also("Classifier: Typing :: Typed").file("demo/py.typed", "");
        assert!(typed.findings("typed-marker").is_empty());
        let stubs = Fixture::wheel().also("Classifier: Typing :: Typed").file("demo-stubs/a.pyi", "");
        assert!(stubs.findings("typed-marker").is_empty());
        assert!(Fixture::wheel().findings("typed-marker").is_empty());
    }
}
