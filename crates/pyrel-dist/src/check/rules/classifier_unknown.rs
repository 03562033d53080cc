//! A classifier is unknown.

use std::collections::BTreeSet;

use pyrel_model::Level;

use crate::check::classifiers::{CLASSIFIERS, DEPRECATED};
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording::{self, suggest};

pub(super) static RULE: Rule = Rule {
    name: "classifier-unknown",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every classifier is in the list of PyPI",
    docs: "\
### What it does
Compares each classifier with the list of trove classifiers, letter by letter.

### Why is this bad
PyPI refuses a classifier that it does not know. (`Private :: Do Not Upload` is refused for this reason, which is its use.)

### Example
`Classifier: Programming Language :: Python 3`

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let wrong: BTreeSet<&str> =
        subject.fields("Classifier").into_iter().filter(|value| !is_known(value)).collect();
    for value in wrong {
        if findings.is_full() {
            findings.count_more();
            continue;
        }
        let text = format!("{} is not a valid classifier.", wording::repr(value));
        let hint = if value.starts_with("Private ::") {
            "this package is marked as private: set `publish = false` for it, or remove the classifier"
                .to_owned()
        } else {
            match suggest(value, CLASSIFIERS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "choose one of the list of trove classifiers".to_owned(),
            }
        };
        findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at("Classifier"));
    }
}

fn is_known(value: &str) -> bool {
    CLASSIFIERS.binary_search(&value).is_ok() || DEPRECATED.iter().any(|(name, _)| *name == value)
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel()
            .also("Classifier: Programming Language :: Pyhton")
            .also("Classifier: Private :: Do Not Upload")
            .findings("classifier-unknown");
        assert!(found[0].message.starts_with("'Private :: Do Not Upload' is not a valid classifier. See"));
        assert_eq!(found[1].hint.as_deref(), Some("did you mean `Programming Language :: Python`?"));
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            let fixture = fixture.also("Classifier: Natural Language :: Ukranian");
            assert!(fixture.findings("classifier-unknown").is_empty(), "deprecated is not unknown");
        }
    }
}
