//! All lines, and what they mean together.

use super::{Line, Verdict};

/// The list.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    /// The lines: those of the workspace first, then package by package, each in the order of the list.
    pub lines: Vec<Line>,
}

impl Readiness {
    /// Sorts lines; packages keep the order of their first line.
    #[must_use]
    pub fn new(mut lines: Vec<Line>) -> Self {
        let mut order: Vec<_> = Vec::new();
        for line in &lines {
            if !order.contains(&line.package) {
                order.push(line.package.clone());
            }
        }
        order.sort_by_key(Option::is_some);
        lines.sort_by_key(|line| (order.iter().position(|package| *package == line.package), line.id));
        Self { lines }
    }

    /// Returns how many lines have a verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|line| line.verdict == verdict).count()
    }

    /// Tells whether a release may start; when strict, a warning is enough to forbid it.
    #[must_use]
    pub fn is_ready(&self, strict: bool) -> bool {
        self.count(Verdict::Failed) == 0 && !(strict && self.count(Verdict::Warning) > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::LineId;
    use super::*;

    #[test]
    fn lines_stand_by_package_and_in_the_order_of_the_list() {
        let (b, a) = ("b".parse().unwrap(), "a".parse().unwrap());
        let readiness = Readiness::new(vec![
            Line::ok(LineId::Tests, "").of(&b),
            Line::warning(LineId::Version, "").of(&a),
            Line::ok(LineId::Version, "").of(&b),
            Line::skipped(LineId::Branch, ""),
        ]);
        let shown: Vec<_> = readiness
            .lines
            .iter()
            .map(|line| {
                (line.package.as_ref().map(ToString::to_string).unwrap_or_default(), line.id.as_str())
            })
            .collect();
        let expected = [("", "branch"), ("b", "version"), ("b", "tests"), ("a", "version")];
        assert_eq!(shown, expected.map(|(package, id)| (package.to_owned(), id)));
        assert!(readiness.is_ready(false) && !readiness.is_ready(true));
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for id in LineId::ALL {
            assert_eq!(id.as_str().parse::<LineId>(), Ok(id));
            assert_eq!(serde_json::to_value(id).unwrap(), id.as_str());
        }
        assert!("test".parse::<LineId>().unwrap_err().starts_with("no such line; there are `clean-tree`"));
    }
}
