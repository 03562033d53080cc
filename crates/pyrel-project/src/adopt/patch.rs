//! Replacements of parts of a text, so that every other byte stays.

use std::ops::Range;

/// Replacements of parts of one text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Patches(Vec<(Range<usize>, String)>);

impl Patches {
    /// Adds a replacement; one that overlaps an earlier one is refused by answering false.
    pub(super) fn add(&mut self, span: Range<usize>, text: impl Into<String>) -> bool {
        let overlaps = |other: &Range<usize>| span.start < other.end && other.start < span.end;
        if self.0.iter().any(|(other, _)| overlaps(other)) {
            return false;
        }
        self.0.push((span, text.into()));
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text with the replacements made.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut patches = self.0.clone();
        patches.sort_by_key(|(span, _)| (span.start, span.end));
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (span, new) in patches {
            out.push_str(&text[at..span.start]);
            out.push_str(&new);
            at = span.end;
        }
        out.push_str(&text[at..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_stay() {
        let mut patches = Patches::default();
        assert!(patches.add(6..7, "B"));
        assert!(patches.add(0..2, "x"));
        assert!(patches.add(7..7, "!"));
        assert!(!patches.add(1..3, "never"));
        assert_eq!(patches.apply("aa bb c\r\n"), "x bb B!\r\n");
    }
}
