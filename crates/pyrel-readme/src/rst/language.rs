//! Languages of code roles that the highlighter knows (Pygments 2.21); any other is a warning there.

/// Names of languages, one a line, sorted.
const KNOWN: &str = include_str!("../../data/languages.txt");

/// Tells whether a language is known.
pub(super) fn is_known(name: &str) -> bool {
    let name = name.to_lowercase();
    KNOWN.lines().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(KNOWN.lines().is_sorted());
        assert!(is_known("Python") && !is_known("no-such-language"));
    }
}
