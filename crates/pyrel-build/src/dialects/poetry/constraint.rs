//! Version constraints of Poetry: carets, tildes, wildcards, the comparisons of PEP 440, and `||` between them, as
//! poetry-core reads and prints them.

use std::sync::LazyLock;

use regex::Regex;

use super::range::{Range, Set};
use super::release::Point;

/// What a constraint is for. A bound of a marker or of Python is taken as it stands; below a version of a project are
/// none of its own pre-releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Project,
    Marker,
}

impl Purpose {
    fn high(self, version: Point) -> Point {
        if self == Self::Marker || version.is_unstable() { version } else { version.first_dev() }
    }
}

/// Reads a constraint; `None` when it is broken, or read by rules that are not reproduced.
pub(super) fn parse(text: &str, purpose: Purpose) -> Option<Set> {
    static OR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" *\|\|? *").expect("a constant expression"));
    let mut groups = OR.split(text.trim()).map(|group| parse_group(group, purpose));
    let first = groups.next()??;
    let Some(second) = groups.next() else { return Some(first) };
    let mut ranges = [first.0, second?.0].concat();
    for group in groups {
        ranges.extend(group?.0);
    }
    Some(Set::of(ranges))
}

/// Reads comparisons with commas or spaces between them.
fn parse_group(text: &str, purpose: Purpose) -> Option<Set> {
    static OPERATOR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"([\^~=<>]) +").expect("a constant expression"));
    static SEPARATOR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(" *, *| +").expect("a constant expression"));
    if text.contains(['-', '+', '\t', '\n']) {
        return None;
    }
    let text = text.trim_end_matches(',').trim_end();
    let text = OPERATOR.replace_all(text, "$1");
    let mut found: Option<Set> = None;
    for part in SEPARATOR.split(&text) {
        let one = parse_one(part, purpose)?;
        found = Some(found.map_or(one.clone(), |earlier| earlier.intersect(&one)));
    }
    found
}

fn parse_one(text: &str, purpose: Purpose) -> Option<Set> {
    static PART: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(\^|~=|~|!=|>=|<=|==?|>|<)?(v?\d[0-9a-z.]*?)(\.\*)?$").expect("a constant expression")
    });
    if text == "*" {
        return Some(Set::one(Range::any()));
    }
    let found = PART.captures(text)?;
    let operator = found.get(1).map_or("", |operator| operator.as_str());
    let version = Point::parse(&found[2])?;
    if found.get(3).is_some() {
        return wildcard(operator, &version, purpose);
    }
    let to = |high: Point| {
        let high = Some(purpose.high(high));
        Set::one(Range { min: Some(version.clone()), max: high, with_min: true, with_max: false })
    };
    let length = version.release.len();
    Some(match operator {
        "" | "=" | "==" => Set::one(Range::exact(&version)),
        "!=" => Set(vec![Range::below(version.clone(), false), Range::above(version, false)]),
        ">=" => Set::one(Range::above(version, true)),
        ">" => Set::one(Range::above(version, false)),
        "<=" => Set::one(Range::below(version, true)),
        "<" => Set::one(Range::below(purpose.high(version), false)),
        "^" => to(version.raised(breaking(&version.release))),
        "~" => to(version.raised(usize::from(length > 1))),
        "~=" => to(version.raised(length.saturating_sub(2))),
        _ => return None,
    })
}

fn wildcard(operator: &str, version: &Point, purpose: Purpose) -> Option<Set> {
    let is_plain = !version.is_unstable() && !version.is_post() && version.release.len() <= 3;
    if !is_plain || !matches!(operator, "" | "==" | "!=") {
        return None;
    }
    let next = version.raised(version.release.len() - 1);
    let (min, max) = match purpose {
        Purpose::Project => (version.first_dev(), next.first_dev()),
        Purpose::Marker => (version.clone(), next),
    };
    let range = Range { min: Some(min), max: Some(max), with_min: true, with_max: false };
    Some(if operator == "!=" { Set::outside(&range) } else { Set::one(range) })
}

/// Returns which number a caret stops at: the first that is not zero, or the last of up to three.
fn breaking(release: &[u64]) -> usize {
    let at = release.iter().take(2).position(|number| *number > 0);
    at.unwrap_or_else(|| release.len().min(3) - 1)
}

/// Returns what stands behind the name of a requirement: a constraint in brackets, or nothing for one that allows
/// every version; `None` for one that allows none. `written` is the text that the constraint was read from.
pub(super) fn suffix(set: &Set, written: &str) -> Option<String> {
    let text = match &set.0[..] {
        [] => return None,
        [only] if only.is_any() => return Some(String::new()),
        [only] => match only.version() {
            Some(version) => format!("=={version}"),
            None => only.print(),
        },
        _ => match (set.excluded(), set.excluded_wildcard()) {
            (None, None) => {
                let part = |part: &str| {
                    let part = parse(part, Purpose::Project)?;
                    (!part.is_empty()).then(|| part.print())
                };
                written.split(',').map(part).collect::<Option<Vec<_>>>()?.join(",")
            }
            _ => set.print(),
        },
    };
    Some(format!(" ({text})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Option<String> {
        suffix(&parse(text, Purpose::Project)?, text)
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
            ("^1.0rc1", ">=1.0rc1,<2.0"),
            ("~1.2.3", ">=1.2.3,<1.3.0"),
            ("~1", ">=1,<2"),
            ("~=5.0", ">=5.0,<6.0"),
            ("~=1.4.2", ">=1.4.2,<1.5.0"),
            ("1.2.3", "==1.2.3"),
            ("1.2.*", "==1.2.*"),
            (">= 1.0, < 2", ">=1.0,<2"),
            (">=1.0 <2.0", ">=1.0,<2.0"),
            ("^1.2,<1.8", ">=1.2,<1.8"),
            ("~1.2,>=1.2.5", ">=1.2.5,<1.3"),
            ("!=1.5", "!=1.5"),
            ("!=1.5.*", "!=1.5.*"),
            (">=1.0,<2.0,!=1.5.1", ">=1.0,<2.0,!=1.5.1"),
            ("!=1.5.*,>=1", "!=1.5.*,>=1"),
            (">=1.5,!=1.5", ">1.5"),
            (">=1,!=1.*,<3", "==2.*"),
            ("^1 || ^3", ">=1,<2 || >=3,<4"),
            (">=1,<2 || >=2", ">=1,<2 || >=2"),
            ("<2 || >=1", "*"),
            (">=1.0rc1", ">=1.0rc1"),
            (">=1.0,", ">=1.0"),
            (">=1,==1.*", ">=1,<2"),
        ] {
            let expected = match expected {
                "*" => String::new(),
                expected => format!(" ({expected})"),
            };
            assert_eq!(printed(text), Some(expected), "{text}");
        }
        assert_eq!(printed("*").as_deref(), Some(""));
    }

    #[test]
    fn what_is_broken_odd_or_empty_is_refused() {
        for text in
            ["", ">=2,<1", "===1", "01.2", "1!2", "==1+x", "x", ">=1.*", ">=1,,<2", "1.0-1", "1.0rc1.*"]
        {
            assert_eq!(printed(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_of_markers_stand_as_they_are() {
        let set = |text: &str| parse(text, Purpose::Marker).unwrap();
        assert_eq!(set(">=3.8,<4").print(), ">=3.8,<4");
        assert!(set("^3.8").allows_any(&set("3.8")) && !set(">=3.8.1").allows_any(&set("3.8")));
        assert!(set("~2.7 || >=3.4").allows_all(&set("^3.4")));
        assert!(!set("~2.7 || >=3.4").allows_all(&set(">=2.7")));
    }
}
