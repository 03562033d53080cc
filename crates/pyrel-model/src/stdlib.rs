//! The modules of the standard library of every CPython from 2.6 to 3.14, whose names no new project may have.

use std::sync::LazyLock;

/// Normalised names, sorted, made from the package `stdlib-list` 0.12.0 as PyPI makes its own list of it.
const NAMES: &str = include_str!("stdlib_names.txt");

/// The names, which the list has in their order. Taken apart once: a check asks for each of its files.
static SORTED: LazyLock<Vec<&str>> = LazyLock::new(|| NAMES.split_ascii_whitespace().collect());

/// Tells whether PyPI gives a name to no new project, because a module of the standard library has it. `normalized`
/// is the normal form of the name.
#[must_use]
pub fn is_stdlib_name(normalized: &str) -> bool {
    SORTED.binary_search(&normalized).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_the_one_of_pypi() {
        let names: Vec<&str> = NAMES.split_ascii_whitespace().collect();
        assert_eq!(names.len(), 2363);
        assert!(names.is_sorted(), "and each once");
        for name in ["test", "main", "future", "al", "uu", "w", "xml-etree", "zoneinfo"] {
            assert!(is_stdlib_name(name), "{name}");
        }
        for name in ["requests", "xml_etree", "tests", ""] {
            assert!(!is_stdlib_name(name), "{name}");
        }
    }
}
