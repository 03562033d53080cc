//! Ranges of Unicode 14 that the syntax depends on, read from `data/unicode.txt`; how they are asked is in the module
//! above.

use std::sync::LazyLock;

/// A sorted list of ranges, both ends included.
type Ranges = Vec<(u32, u32)>;

const DATA: &str = include_str!("../../data/unicode.txt");

/// Letters and numbers beyond ASCII.
pub(super) static ALPHANUMERIC: LazyLock<Ranges> = LazyLock::new(|| ranges("alphanumeric"));
/// Characters that take two columns.
pub(super) static WIDE: LazyLock<Ranges> = LazyLock::new(|| ranges("wide"));
/// Characters that take no column of their own.
pub(super) static COMBINING: LazyLock<Ranges> = LazyLock::new(|| ranges("combining"));

fn ranges(name: &str) -> Ranges {
    let line = DATA.lines().filter_map(|line| line.split_once(' ')).find(|(known, _)| *known == name);
    let words = line.map(|(_, ranges)| ranges).unwrap_or_default().split(' ');
    words
        .filter_map(|word| {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            Some((u32::from_str_radix(first, 16).ok()?, u32::from_str_radix(last, 16).ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_are_all_read_and_sorted() {
        for (list, count) in [(&ALPHANUMERIC, 730), (&WIDE, 710), (&COMBINING, 188)] {
            assert_eq!(list.len(), count);
            assert!(list.is_sorted());
        }
    }
}
