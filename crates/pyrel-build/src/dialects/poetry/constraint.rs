//! Version constraints of Poetry: carets, tildes, wildcards, and the comparisons of PEP 440, as poetry-core prints them.
//!
//! What would need its algebra of unions (`||`, exclusions at a bound, contradictions) is for poetry-core.

use std::cmp::Ordering;
use std::sync::LazyLock;

use pyrel_model::Version;
use regex::Regex;

/// One end of a range.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    pub(super) version: Version,
    pub(super) is_inclusive: bool,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Any,
    Range { low: Option<Bound>, high: Option<Bound> },
    Exact(Version),
    Star(Version),
    Not(Version),
    NotStar(Version),
}

/// Comparisons that must all hold, in the order as written.
#[derive(Debug, Clone)]
pub(super) struct Constraint {
    parts: Vec<Part>,
}

/// Whether exclusions are printed where they stand, or between the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    AsWritten,
    ByVersion,
}

fn version(release: &[u64]) -> Version {
    let text: Vec<String> = release.iter().map(u64::to_string).collect();
    text.join(".").parse().expect("numbers with dots are a version")
}

/// Returns the release with one number raised and all behind it zero.
fn bump(release: &[u64], at: usize) -> Version {
    let mut next = release.to_vec();
    next[at] += 1;
    next[at + 1..].fill(0);
    version(&next)
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        static PART: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r"^(\^|~=|~|===?|=|!=|>=|<=|>|<)?\s*v?((?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8}))*)((?:(?:a|b|rc)\d{1,6})?(?:\.post\d{1,6})?)(\.\*)?$",
            )
            .expect("a constant expression")
        });
        if text == "*" {
            return Some(Self::Any);
        }
        let found = PART.captures(text)?;
        let operator = found.get(1).map_or("", |operator| operator.as_str());
        let plain: Version = found[2].parse().ok()?;
        let release = plain.release();
        let is_plain = found[3].is_empty();
        let full: Version = format!("{}{}", &found[2], &found[3]).parse().ok()?;
        if found.get(4).is_some() {
            return match operator {
                "" | "==" if is_plain && release.len() <= 3 => Some(Self::Star(plain)),
                "!=" if is_plain && release.len() <= 3 => Some(Self::NotStar(plain)),
                _ => None,
            };
        }
        let bound = |is_inclusive| Some(Bound { version: full.clone(), is_inclusive });
        let range = |low, high| Some(Self::Range { low, high });
        let below = |version| Some(Bound { version, is_inclusive: false });
        match operator {
            "" | "=" | "==" => Some(Self::Exact(full)),
            "!=" => Some(Self::Not(full)),
            ">=" => range(bound(true), None),
            ">" => range(bound(false), None),
            "<=" => range(None, bound(true)),
            "<" => range(None, bound(false)),
            "^" if is_plain => range(bound(true), below(next_breaking(&release)?)),
            "~" if is_plain && release.len() <= 3 => {
                range(bound(true), below(bump(&release, usize::from(release.len() > 1))))
            }
            "~=" if is_plain && release.len() > 1 => {
                range(bound(true), below(bump(&release, release.len() - 2)))
            }
            _ => None,
        }
    }

    fn print(&self) -> Option<String> {
        match self {
            Self::Any => None,
            Self::Range { low, high } => Some(print_range(low.as_ref(), high.as_ref())),
            Self::Exact(version) => Some(format!("=={version}")),
            Self::Star(version) => Some(format!("=={version}.*")),
            Self::Not(version) => Some(format!("!={version}")),
            Self::NotStar(version) => Some(format!("!={version}.*")),
        }
    }
}

/// Returns what a caret stops at: the first number that is not zero, raised.
fn next_breaking(release: &[u64]) -> Option<Version> {
    let at = match release {
        [_] => 0,
        [major, ..] if *major > 0 => 0,
        [_, _] => 1,
        [_, minor, ..] if *minor > 0 => 1,
        [_, _, _] => 2,
        _ => return None,
    };
    Some(bump(release, at))
}

fn print_range(low: Option<&Bound>, high: Option<&Bound>) -> String {
    let low = low.map(|bound| format!("{}{}", if bound.is_inclusive { ">=" } else { ">" }, bound.version));
    let high = high.map(|bound| format!("{}{}", if bound.is_inclusive { "<=" } else { "<" }, bound.version));
    low.into_iter().chain(high).collect::<Vec<_>>().join(",")
}

/// A range, and what is taken out of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Range {
    pub(super) low: Option<Bound>,
    pub(super) high: Option<Bound>,
}

impl Range {
    /// Tells whether the range has a version in common with another that is closed below and open above.
    pub(super) fn overlaps(&self, from: &Version, to: &Version) -> bool {
        let below = self.low.as_ref().is_none_or(|low| low.version < *to);
        let above = self.high.as_ref().is_none_or(|high| match high.version.cmp(from) {
            Ordering::Greater => true,
            Ordering::Equal => high.is_inclusive,
            Ordering::Less => false,
        });
        below && above
    }

    /// Tells whether a version is in the range.
    pub(super) fn contains(&self, version: &Version) -> bool {
        let above = self.low.as_ref().is_none_or(|low| match version.cmp(&low.version) {
            Ordering::Greater => true,
            Ordering::Equal => low.is_inclusive,
            Ordering::Less => false,
        });
        above
            && self.high.as_ref().is_none_or(|high| match version.cmp(&high.version) {
                Ordering::Greater => false,
                Ordering::Equal => high.is_inclusive,
                Ordering::Less => true,
            })
    }

    fn narrow(&mut self, low: Option<&Bound>, high: Option<&Bound>) -> Option<()> {
        for (own, new, wanted) in
            [(&mut self.low, low, Ordering::Greater), (&mut self.high, high, Ordering::Less)]
        {
            let Some(new) = new else { continue };
            match own.as_ref().map(|own| new.version.cmp(&own.version)) {
                None => *own = Some(new.clone()),
                Some(Ordering::Equal) => {
                    // The same bound twice is one; with two spellings it is not certain which is kept.
                    let same = own.as_ref().is_some_and(|own| {
                        own.is_inclusive == new.is_inclusive
                            && own.version.normalized() == new.version.normalized()
                    });
                    same.then_some(())?;
                }
                Some(order) if order == wanted => *own = Some(new.clone()),
                Some(_) => {}
            }
        }
        Some(())
    }

    /// Tells whether the bounds leave more than pre-releases between them.
    fn is_wide(&self) -> bool {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => {
                version(&low.version.release()) < version(&high.version.release())
                    && low.version < high.version
            }
            _ => true,
        }
    }
}

impl Constraint {
    /// Reads a constraint; `None` when it is broken, or printed by rules that are not reproduced.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Option<Vec<Part>> = text.split(',').map(|part| Part::parse(part.trim())).collect();
        parts.map(|parts| Self { parts })
    }

    /// Tells whether every version is allowed.
    pub(super) fn is_any(&self) -> bool {
        self.parts == [Part::Any]
    }

    /// Prints the constraint; nothing for one that allows every version. The error means: not reproduced.
    pub(super) fn print(&self, order: Order) -> Option<Option<String>> {
        if let [only] = &self.parts[..] {
            return Some(only.print());
        }
        let range = self.range()?;
        let excluded = self.excluded(&range)?;
        if excluded.is_empty() {
            return Some(Some(print_range(range.low.as_ref(), range.high.as_ref())));
        }
        if order == Order::AsWritten {
            return Some(Some(self.parts.iter().filter_map(Part::print).collect::<Vec<_>>().join(",")));
        }
        let low = print_range(range.low.as_ref(), None);
        let high = print_range(None, range.high.as_ref());
        let middle = excluded.into_iter().filter_map(Part::print);
        let all = [low].into_iter().chain(middle).chain([high]).filter(|text| !text.is_empty());
        Some(Some(all.collect::<Vec<_>>().join(",")))
    }

    /// Returns the bounds of all comparisons together.
    fn range(&self) -> Option<Range> {
        let mut range = Range::default();
        for part in &self.parts {
            match part {
                Part::Range { low, high } => range.narrow(low.as_ref(), high.as_ref())?,
                Part::Not(_) | Part::NotStar(_) => {}
                Part::Any | Part::Exact(_) | Part::Star(_) => return None,
            }
        }
        range.is_wide().then_some(range)
    }

    /// Returns the exclusions by version, all of them well inside the range and apart from each other.
    fn excluded(&self, range: &Range) -> Option<Vec<&Part>> {
        let mut found: Vec<(Version, Version, &Part)> = Vec::new();
        for part in &self.parts {
            match part {
                Part::Not(one) if version(&one.release()).normalized() == one.normalized() => {
                    found.push((one.clone(), one.clone(), part));
                }
                Part::NotStar(one) => {
                    let release = one.release();
                    found.push((one.clone(), bump(&release, release.len() - 1), part));
                }
                Part::Not(_) => return None,
                _ => {}
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let apart = found.windows(2).all(|pair| pair[0].1 < pair[1].0);
        let inside = found.iter().all(|(from, to, _)| {
            range.low.as_ref().is_none_or(|low| low.version < *from)
                && range.high.as_ref().is_none_or(|high| *to < high.version)
        });
        // What follows a wildcard up to the next version of its kind would be printed as a wildcard itself.
        let ends = found
            .iter()
            .skip(1)
            .map(|(from, _, _)| from)
            .chain(range.high.as_ref().map(|high| &high.version));
        let wide = found.iter().zip(ends).all(|((from, to, _), end)| {
            let release = to.release();
            from == to || bump(&release, release.len() - 1) < *end
        });
        (apart && inside && wide).then(|| found.into_iter().map(|(_, _, part)| part).collect())
    }

    /// Returns the range of Python versions that the constraint allows, and whether anything in it is excluded.
    pub(super) fn python_range(&self) -> Option<(Range, bool)> {
        let mut range = Range::default();
        let mut has_holes = false;
        for part in &self.parts {
            match part {
                Part::Range { low, high } => range.narrow(low.as_ref(), high.as_ref())?,
                Part::Star(one) => {
                    let release = one.release();
                    let low = Bound { version: one.clone(), is_inclusive: true };
                    let high = Bound { version: bump(&release, release.len() - 1), is_inclusive: false };
                    range.narrow(Some(&low), Some(&high))?;
                }
                // A whole major version would leave nothing of it.
                Part::NotStar(one) if one.release().len() > 1 => has_holes = true,
                Part::Not(_) => has_holes = true,
                Part::Any | Part::Exact(_) | Part::NotStar(_) => return None,
            }
        }
        range.is_wide().then_some((range, has_holes))
    }

    /// Tells whether a minor version of Python, such as 3.9, is excluded by itself.
    pub(super) fn excludes(&self, minor: &Version) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Not(one) => one == minor,
            Part::NotStar(one) => minor.release().starts_with(&one.release()),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str, order: Order) -> Option<Option<String>> {
        Constraint::parse(text)?.print(order)
    }

    #[test]
    fn constraints_print_as_poetry_prints_them() {
        for (text, expected) in [
            ("^1.2", ">=1.2,<2.0"),
            ("^1.2.3", ">=1.2.3,<2.0.0"),
            ("^1", ">=1,<2"),
            ("^0.2", ">=0.2,<0.3"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0", ">=0,<1"),
            ("^0.0", ">=0.0,<0.1"),
            ("^1.2.3.4", ">=1.2.3.4,<2.0.0.0"),
            ("~1.2.3", ">=1.2.3,<1.3.0"),
            ("~1", ">=1,<2"),
            ("~=5.0", ">=5.0,<6.0"),
            ("~=1.4.2", ">=1.4.2,<1.5.0"),
            ("1.2.3", "==1.2.3"),
            ("1.2.*", "==1.2.*"),
            (">= 1.0, < 2", ">=1.0,<2"),
            ("^1.2,<1.8", ">=1.2,<1.8"),
            ("~1.2,>=1.2.5", ">=1.2.5,<1.3"),
            ("!=1.5", "!=1.5"),
            (">=1.0,<2.0,!=1.5.1", ">=1.0,<2.0,!=1.5.1"),
            ("^1.2,!=1.3", ">=1.2,<2.0,!=1.3"),
            ("!=1.5.*,>=1", "!=1.5.*,>=1"),
            (">=1.0rc1", ">=1.0rc1"),
        ] {
            assert_eq!(print(text, Order::AsWritten).flatten().as_deref(), Some(expected), "{text}");
        }
        assert_eq!(
            print("<2,!=1.7,>=1,!=1.5", Order::ByVersion).flatten().as_deref(),
            Some(">=1,!=1.5,!=1.7,<2")
        );
        assert_eq!(print("*", Order::AsWritten), Some(None));
    }

    #[test]
    fn what_needs_the_whole_algebra_is_refused() {
        for text in [
            "^1 || ^3",
            ">=1.0 <2.0",
            ">=1.0,",
            "",
            "^1.0rc1",
            ">=1,==1.*",
            "!=0.5,>=1",
            ">=1.5,!=1.5",
            ">=2,<1",
            ">=1.0rc1,<1.0",
            ">=1.2.dev0",
            "!=1.5.*,!=1.5",
            "!=1.5.*,!=1.6.*",
            ">=1.0,>=1",
            "===1",
            "~1.2.3.4",
            "01.2",
            "1!2",
            "==1+x",
            "x",
        ] {
            assert_eq!(print(text, Order::AsWritten), None, "{text}");
        }
    }

    #[test]
    fn python_ranges_know_their_versions() {
        let range = |text: &str| Constraint::parse(text).unwrap().python_range().unwrap().0;
        let parse = |text: &str| text.parse::<Version>().unwrap();
        assert!(range(">=3.8,<4").contains(&parse("3.8")) && !range(">=3.8.1").contains(&parse("3.8")));
        assert!(range("<=3.12").contains(&parse("3.12")) && !range("~3.9").contains(&parse("3.10")));
        assert!(range("<4").overlaps(&parse("2"), &parse("3")));
        assert!(!range("^3.8").overlaps(&parse("2"), &parse("3")));
    }
}
