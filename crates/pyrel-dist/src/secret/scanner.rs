//! Searches bytes as they stream by. A secret across the border of two pieces is found once.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::shape::{LONGEST, STARTS, SecretKind, is_secret};

/// A place where a secret stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) kind: SecretKind,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// Secrets kept of one member.
const MOST: usize = 20;

static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(STARTS.map(|(start, _)| start))
        .expect("fifteen short words make an automaton")
});

/// The search through one member.
#[derive(Debug, Default)]
pub(crate) struct SecretScanner {
    /// The end of what was seen, kept because a secret may go on in the next piece.
    tail: Vec<u8>,
    /// How much of the tail was searched for starts, less what is only kept as context.
    context: usize,
    /// Line feeds before the tail.
    lines: usize,
    found: Vec<Secret>,
}

impl SecretScanner {
    /// Searches a text that is there as a whole, for comparison.
    #[cfg(test)]
    pub(crate) fn whole(bytes: &[u8]) -> Vec<Secret> {
        let mut found = Vec::new();
        search(bytes, 0, bytes.len(), 0, &mut found);
        found
    }

    /// Takes the next piece.
    pub(crate) fn take(&mut self, piece: &[u8]) {
        if self.tail.is_empty() && piece.len() > LONGEST {
            self.scan(piece);
            self.keep(piece);
        } else {
            let mut joined = std::mem::take(&mut self.tail);
            joined.extend_from_slice(piece);
            if joined.len() > LONGEST {
                self.scan(&joined);
            }
            self.keep(&joined);
        }
    }

    /// Searches what is left and returns everything that was found.
    pub(crate) fn finish(mut self) -> Vec<Secret> {
        let tail = std::mem::take(&mut self.tail);
        search(&tail, self.context, tail.len(), self.lines, &mut self.found);
        self.found
    }

    /// Searches for secrets that start early enough to be whole.
    fn scan(&mut self, bytes: &[u8]) {
        search(bytes, self.context, bytes.len() - LONGEST, self.lines, &mut self.found);
        self.context = bytes.len() - LONGEST;
    }

    /// Keeps the end, and one byte before it, which tells whether a word begins there.
    fn keep(&mut self, bytes: &[u8]) {
        let from = self.context.saturating_sub(1);
        self.lines += memchr::memchr_iter(b'\n', &bytes[..from]).count();
        self.context -= from;
        self.tail = bytes[from..].to_vec();
    }
}

/// Searches for secrets that start in `from..to`.
fn search(bytes: &[u8], from: usize, to: usize, lines: usize, found: &mut Vec<Secret>) {
    let mut at = from;
    while at < to && found.len() < MOST {
        let end = bytes.len().min(to + 16);
        let Some(hit) = FINDER.find(&bytes[at..end]) else { return };
        let start = at + hit.start();
        if start >= to {
            return;
        }
        let kind = STARTS[hit.pattern().as_usize()].1;
        let before = start.checked_sub(1).map(|before| bytes[before]);
        let text = &bytes[start..bytes.len().min(start + LONGEST)];
        at = start + 1;
        if is_secret(kind, before, text) {
            let line = lines + memchr::memchr_iter(b'\n', &bytes[..start]).count() + 1;
            found.push(Secret { kind, line });
            at = start + hit.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::sample;
    use super::*;

    #[test]
    fn pieces_of_any_size_find_the_same_once() {
        let mut text = "filler line\n".repeat(900);
        text.push_str(&sample(SecretKind::Github));
        text.push('\n');
        text.push_str(&"other filler\n".repeat(700));
        text.push_str(&sample(SecretKind::PrivateKey));
        text.push_str(&"end\n".repeat(1500));
        text.push_str(&sample(SecretKind::Aws));
        let whole = SecretScanner::whole(text.as_bytes());
        let lines: Vec<(SecretKind, usize)> = whole.iter().map(|secret| (secret.kind, secret.line)).collect();
        assert_eq!(
            lines,
            [(SecretKind::Github, 901), (SecretKind::PrivateKey, 1602), (SecretKind::Aws, 3105)]
        );
        for size in [1, 7, 100, 4095, 4096, 4097, 10_000, 100_000] {
            let mut scanner = SecretScanner::default();
            text.as_bytes().chunks(size).for_each(|piece| scanner.take(piece));
            assert_eq!(scanner.finish(), whole, "pieces of {size}");
        }
    }

    #[test]
    fn an_overlapping_near_miss_hides_nothing() {
        let text = format!("ghp_gh{}", sample(SecretKind::Github));
        assert!(SecretScanner::whole(text.as_bytes()).is_empty(), "inside a word");
        let text = format!("AKIA:{}", sample(SecretKind::Aws));
        assert_eq!(SecretScanner::whole(text.as_bytes()).len(), 1);
    }
}
