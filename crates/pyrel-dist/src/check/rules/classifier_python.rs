//! A classifier names a Python that cannot install the file.

use pyrel_model::DistFilename;
use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::python_support::PythonSupport;
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "classifier-python",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "no classifier names a version of Python that `Requires-Python` excludes",
    docs: "\
### What it does
Compares the classifiers `Programming Language :: Python :: 3.N` with `Requires-Python`.

### Why is this bad
People choose by the classifiers; an installer of that Python finds nothing to install.

### Example
`Programming Language :: Python :: 3.8` with `Requires-Python: >=3.9`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(support) = PythonSupport::of(subject).filter(|_| !subject.is_wheel() || is_pure(subject)) else {
        return;
    };
    for classifier in subject.fields("Classifier") {
        let Some(minor) = classifier.strip_prefix("Programming Language :: Python :: 3.") else { continue };
        let Ok(minor) = minor.parse::<u64>() else { continue };
        if !support.includes(minor) {
            let message =
                format!("`Requires-Python: {}` excludes what `{classifier}` promises", support.written);
            let hint = "remove the classifier, or widen `project.requires-python`";
            findings.add(Problem::new(message).hint(hint).at("Classifier"));
        }
    }
}

/// A wheel for one Python has the classifiers of the whole project.
fn is_pure(subject: &Subject<'_>) -> bool {
    matches!(&subject.reading.parsed, Ok(DistFilename::Wheel(wheel)) if wheel.tags.python.iter().any(|tag| tag == "py3"))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        for fixture in Fixture::both() {
            let found = fixture
                .also("Classifier: Programming Language :: Python :: 3.8")
                .messages("classifier-python");
            assert_eq!(
                found,
                ["`Requires-Python: >=3.9` excludes what `Programming Language :: Python :: 3.8` promises"]
            );
        }
    }

    #[test]
    fn stays_silent() {
        let fine = Fixture::wheel()
            .header("Requires-Python: >=3.9.2,<3.13")
            .also("Classifier: Programming Language :: Python :: 3.9")
            .also("Classifier: Programming Language :: Python :: 3.12")
            .also("Classifier: Programming Language :: Python :: 3 :: Only");
        assert!(fine.findings("classifier-python").is_empty());
        let none = Fixture::sdist()
            .without("Requires-Python")
            .also("Classifier: Programming Language :: Python :: 3.8");
        assert!(none.findings("classifier-python").is_empty());
    }
}
