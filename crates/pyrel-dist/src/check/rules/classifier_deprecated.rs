//! A classifier is deprecated.

use std::collections::BTreeSet;

use pyrel_model::Level;

use crate::check::classifiers::DEPRECATED;
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "classifier-deprecated",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no classifier is deprecated",
    docs: "\
### What it does
Reports a classifier that PyPI has withdrawn.

### Why is this bad
PyPI refuses it in new uploads.

### Example
`Classifier: Natural Language :: Ukranian`

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let values: BTreeSet<&str> = subject.fields("Classifier").into_iter().collect();
    for value in values {
        let Some((_, instead)) = DEPRECATED.iter().find(|(name, _)| *name == value) else { continue };
        let shown = wording::repr(value);
        let (text, hint) = if instead.is_empty() {
            (format!("The classifier {shown} has been deprecated."), "remove it".to_owned())
        } else {
            let list: Vec<String> = instead.iter().map(|name| wording::repr(name)).collect();
            let text = format!(
                "The classifier {shown} has been deprecated, use one of [{}] instead.",
                list.join(", ")
            );
            (text, format!("use `{}`", instead.join("` or `")))
        };
        findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at("Classifier"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel()
            .also("Classifier: Natural Language :: Ukranian")
            .also("Classifier: License :: OSI Approved :: X.Net License")
            .messages("classifier-deprecated");
        assert!(
            found[0].starts_with(
                "The classifier 'License :: OSI Approved :: X.Net License' has been deprecated. See"
            ),
            "{found:?}"
        );
        assert!(
            found[1].starts_with(
                "The classifier 'Natural Language :: Ukranian' has been deprecated, use one of \
                 ['Natural Language :: Ukrainian'] instead. See"
            ),
            "{found:?}"
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("classifier-deprecated").is_empty());
        }
    }
}
