//! The list of trove classifiers, in its own order.
//!
//! `data/classifiers.txt` is the ordered list of the distribution `trove-classifiers`, version 2026.9.21.13.

use std::collections::HashMap;
use std::sync::LazyLock;

static LIST: &str = include_str!("../../data/classifiers.txt");

static RANKS: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| LIST.lines().enumerate().map(|(rank, name)| (name, rank)).collect());

/// Returns the place of a classifier in the list; `None` for an unknown one.
pub(crate) fn classifier_rank(classifier: &str) -> Option<usize> {
    RANKS.get(classifier).copied()
}

/// Tells whether a classifier is one of those that keep a project off every index; they are in no list.
pub(crate) fn is_private_classifier(classifier: &str) -> bool {
    classifier.to_lowercase().starts_with("private ::")
}

/// Returns all known classifiers, for suggestions.
pub(crate) fn nearest_classifier(classifier: &str) -> Option<&'static str> {
    pyrel_model::suggestion::nearest(classifier, LIST.lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_knows_python_versions_in_their_order() {
        let rank =
            |minor: u32| classifier_rank(&format!("Programming Language :: Python :: 3.{minor}")).unwrap();
        assert!(rank(9) < rank(10) && rank(10) < rank(14));
        assert_eq!(classifier_rank("Programming Language :: Piet"), None);
        assert!(is_private_classifier("Private :: Do Not Upload"));
        assert!(LIST.lines().count() > 800);
    }
}
