//! Which lines two texts share: the greedy algorithm of Myers (1986) on the part between the common start and end.

/// Above this many differing lines the whole middle counts as replaced: still right, only longer.
const MAX_COST: usize = 1_000;

/// A stretch of lines that differs: `[start, end)` in the old and in the new text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) old: (usize, usize),
    pub(super) new: (usize, usize),
}

/// Returns the stretches that differ, in order, equal lines between any two of them.
pub(super) fn changes(old: &[&[u8]], new: &[&[u8]]) -> Vec<Change> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);
    if old_middle.is_empty() && new_middle.is_empty() {
        return Vec::new();
    }
    let whole = Change { old: (0, old_middle.len()), new: (0, new_middle.len()) };
    let middle = match trace(old_middle, new_middle) {
        Some(trace) => walk_back(&trace, old_middle.len(), new_middle.len()),
        None => vec![whole],
    };
    let moved = |(from, to): (usize, usize)| (from + start, to + start);
    middle.into_iter().map(|change| Change { old: moved(change.old), new: moved(change.new) }).collect()
}

/// The furthest old line reached on each diagonal, for every cost up to that of the answer.
type Trace = Vec<Vec<usize>>;

/// Diagonals are numbered from 0 by adding the cost, since `k` runs from `-d` to `d`.
fn trace(old: &[&[u8]], new: &[&[u8]]) -> Option<Trace> {
    let mut trace: Trace = Vec::new();
    for cost in 0..=(old.len() + new.len()).min(MAX_COST) {
        let mut reached = vec![0; 2 * cost + 1];
        for at in (0..=2 * cost).step_by(2) {
            let mut x = match trace.last() {
                None => 0,
                Some(before) => step(before, at, cost).0,
            };
            // y = x - k, with k = at - cost.
            while x < old.len() && x + cost >= at && x + cost - at < new.len() && old[x] == new[x + cost - at]
            {
                x += 1;
            }
            reached[at] = x;
            if x == old.len() && x + cost == at + new.len() {
                trace.push(reached);
                return Some(trace);
            }
        }
        trace.push(reached);
    }
    None
}

/// Returns where a diagonal is entered from the cost before, and whether by taking a new line.
fn step(before: &[usize], at: usize, cost: usize) -> (usize, bool) {
    // Diagonal `at` has the neighbours `at - 2` (below) and `at` (above) in the numbering of the cost before.
    let below = at.checked_sub(2).and_then(|below| before.get(below));
    let above = if at < 2 * cost { before.get(at) } else { None };
    match (below, above) {
        (Some(below), Some(above)) if below < above => (*above, true),
        (Some(below), _) => (below + 1, false),
        (None, Some(above)) => (*above, true),
        (None, None) => (0, true),
    }
}

fn walk_back(trace: &Trace, old: usize, new: usize) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let (mut x, mut y) = (old, new);
    for cost in (1..trace.len()).rev() {
        let at = x + cost - y;
        let (entered, by_new) = step(&trace[cost - 1], at, cost);
        let (from_x, from_y) =
            if by_new { (entered, entered + cost - at - 1) } else { (entered - 1, entered + cost - at) };
        let (to_x, to_y) = (entered, entered + cost - at);
        match changes.last_mut() {
            Some(last) if last.old.0 == to_x && last.new.0 == to_y => {
                last.old.0 = from_x;
                last.new.0 = from_y;
            }
            _ => changes.push(Change { old: (from_x, to_x), new: (from_y, to_y) }),
        }
        (x, y) = (from_x, from_y);
    }
    changes.reverse();
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<&[u8]> {
        text.split_inclusive(|_| true).map(str::as_bytes).collect()
    }

    /// Rebuilds the new text, checks that what lies between changes is equal, and returns the cost.
    fn checked(old: &str, new: &str) -> usize {
        let (old, new) = (lines(old), lines(new));
        let (mut x, mut y, mut cost) = (0, 0, 0);
        for change in changes(&old, &new) {
            assert_eq!(old[x..change.old.0], new[y..change.new.0]);
            assert!(change.old != (x, x) || change.new != (y, y) || x == 0);
            cost += change.old.1 - change.old.0 + change.new.1 - change.new.0;
            (x, y) = (change.old.1, change.new.1);
        }
        assert_eq!(old[x..], new[y..]);
        cost
    }

    #[test]
    fn changes_are_right_and_as_few_as_can_be() {
        for (old, new, cost) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abcabba", "cbabac", 5),
            ("abcdef", "abXdef", 2),
            ("aabb", "abab", 2),
            ("xaby", "zbaw", 6),
        ] {
            assert_eq!(checked(old, new), cost, "{old} {new}");
        }
    }

    #[test]
    fn random_texts_agree_with_the_longest_common_subsequence() {
        let mut state = 7_u64;
        let mut random = |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % limit
        };
        for _ in 0..400 {
            let mut text = || -> String {
                (0..random(14)).map(|_| char::from(b'a' + u8::try_from(random(3)).unwrap())).collect()
            };
            let (old, new) = (text(), text());
            assert_eq!(checked(&old, &new), old.len() + new.len() - 2 * common(&old, &new), "{old} {new}");
        }
    }

    fn common(old: &str, new: &str) -> usize {
        let mut row = vec![0; new.len() + 1];
        for a in old.bytes() {
            let mut diagonal = 0;
            for (at, b) in new.bytes().enumerate() {
                let above = row[at + 1];
                row[at + 1] = if a == b { diagonal + 1 } else { above.max(row[at]) };
                diagonal = above;
            }
        }
        row[new.len()]
    }

    #[test]
    fn two_long_texts_without_a_common_line_are_one_change() {
        let old: Vec<String> = (0..3_000).map(|at| format!("old {at}")).collect();
        let new: Vec<String> = (0..3_000).map(|at| format!("new {at}")).collect();
        let bytes = |lines: &[String]| -> Vec<Vec<u8>> {
            lines.iter().map(|line| line.clone().into_bytes()).collect()
        };
        let (old, new) = (bytes(&old), bytes(&new));
        let (old, new): (Vec<&[u8]>, Vec<&[u8]>) =
            (old.iter().map(Vec::as_slice).collect(), new.iter().map(Vec::as_slice).collect());
        assert_eq!(changes(&old, &new), [Change { old: (0, 3_000), new: (0, 3_000) }]);
    }
}
