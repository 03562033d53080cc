//! Version specifiers that Python's `packaging` prints in a way of its own.

use pyrel_model::Version;
use pyrel_model::requirement::{Specifier, SpecifierSet};

/// Tells whether a set is printed by rules that are not reproduced.
///
/// Beside other comparisons `===` takes the comma behind it for a part of its version, and is refused or not by
/// the white space that follows; of comparisons with two spellings of one version only one is kept.
pub(crate) fn is_exotic(set: &SpecifierSet) -> bool {
    let specifiers = set.specifiers();
    let same = |one: &Specifier, other: &Specifier| {
        one != other
            && one.operator() == other.operator()
            && matches!(
                (one.version().parse::<Version>(), other.version().parse::<Version>()),
                (Ok(one), Ok(other)) if one == other
            )
    };
    let arbitrary = specifiers.iter().any(|one| one.operator() == "===");
    (arbitrary && specifiers.len() > 1)
        || specifiers
            .iter()
            .enumerate()
            .any(|(at, one)| specifiers[at + 1..].iter().any(|other| same(one, other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_and_arbitrary_equality() {
        let exotic = |text: &str| is_exotic(&text.parse().unwrap());
        for text in ["===1,>2", "==1.0a1,==1.0A1", "<v1.0,<1.0.0"] {
            assert!(exotic(text), "{text}");
        }
        for text in ["===1", ">1,<2", ">=1,>=1", ">=1.0,<=1.0", "!=1.*,!=1.0.*"] {
            assert!(!exotic(text), "{text}");
        }
    }
}
