//! Markers as poetry-core prints them, as far as they are comparisons joined by `and`.
//!
//! poetry-core merges and drops comparisons of one variable; those of different variables stay in their order.

use std::sync::LazyLock;

use pyrel_model::Version;
use pyrel_model::requirement::{Marker, MarkerItem, Operand};
use regex::Regex;

use super::constraint::Constraint;

pub(super) const NOT_REPRODUCED: &str =
    "has a marker that poetry-core rewrites by rules that are not reproduced";
const TEXTS: [&str; 6] = [
    "implementation_name",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_system",
    "sys_platform",
];
const PYTHON: [&str; 2] = ["python_version", "python_full_version"];

/// One comparison, the variable on the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparison {
    variable: String,
    operator: String,
    value: String,
}

impl Comparison {
    fn new(variable: &str, operator: &str, value: impl Into<String>) -> Self {
        Self { variable: variable.to_owned(), operator: operator.to_owned(), value: value.into() }
    }
}

/// Returns the comparisons of a marker; `None` when it is more than a list of them.
pub(super) fn comparisons(marker: &Marker) -> Option<Vec<Comparison>> {
    let mut out = Vec::new();
    for item in marker.items() {
        let item = match item {
            MarkerItem::Group(inner) if inner.len() == 1 => &inner[0],
            item => item,
        };
        match item {
            MarkerItem::And => {}
            MarkerItem::Compare {
                left: Operand::Variable(variable),
                operator,
                right: Operand::Literal(value),
            } => {
                out.push(Comparison::new(variable, operator, value.as_str()));
            }
            MarkerItem::Or | MarkerItem::Group(_) | MarkerItem::Compare { .. } => return None,
        }
    }
    Some(out)
}

/// Returns the comparisons that a constraint of `python = …` stands for.
pub(super) fn python(text: &str) -> Option<Vec<Comparison>> {
    let constraint = Constraint::parse(text)?;
    if constraint.is_any() {
        return Some(Vec::new());
    }
    let (range, has_holes) = constraint.python_range()?;
    let is_plain = |version: &Version| version.release().len() <= 2 && !version.is_pre_release();
    let mut out = Vec::new();
    for (bound, operator) in [(range.low, ">="), (range.high, "<")] {
        let Some(bound) = bound else { continue };
        let as_operator = bound.is_inclusive == (operator == ">=");
        (as_operator && is_plain(&bound.version)).then_some(())?;
        out.push(Comparison::new("python_version", operator, bound.version.to_string()));
    }
    (!has_holes).then_some(out)
}

/// Returns the comparison that `platform = …` stands for.
pub(super) fn platform(text: &str) -> Comparison {
    match text.strip_prefix("!=") {
        Some(rest) => Comparison::new("sys_platform", "!=", rest.trim()),
        None => Comparison::new("sys_platform", "==", text),
    }
}

/// Prints comparisons; `None` when poetry-core could merge, drop, or refuse one.
pub(super) fn print(comparisons: &[Comparison]) -> Option<String> {
    if !comparisons.iter().all(is_plain) {
        return None;
    }
    for (at, one) in comparisons.iter().enumerate() {
        let earlier = comparisons[..at].iter().position(|other| is_related(one, other));
        match earlier {
            None => {}
            Some(place) if place + 1 == at && is_range(&comparisons[place], one) => {
                let again = comparisons[..place].iter().any(|other| is_related(one, other));
                (!again).then_some(())?;
            }
            Some(_) => return None,
        }
    }
    let printed =
        comparisons.iter().map(|one| format!("{} {} \"{}\"", one.variable, one.operator, one.value));
    Some(printed.collect::<Vec<_>>().join(" and "))
}

fn is_plain(one: &Comparison) -> bool {
    static MINOR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^[23](?:\.(?:0|[1-9]\d?))?$").expect("a constant expression"));
    static FULL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[23]\.(?:0|[1-9]\d?)\.(?:0|[1-9]\d?)$").expect("a constant expression")
    });
    let ordering = matches!(one.operator.as_str(), "<" | "<=" | ">" | ">=");
    let equality = matches!(one.operator.as_str(), "==" | "!=");
    match one.variable.as_str() {
        "python_version" => {
            // A bare major version means other things to other operators.
            let is_minor = one.value.contains('.') || matches!(one.operator.as_str(), ">=" | "<");
            is_minor
                && (MINOR.is_match(&one.value) || one.value == "4.0" || one.value == "4")
                && (ordering || equality)
        }
        "python_full_version" => FULL.is_match(&one.value) && (ordering || equality),
        variable => {
            let is_word = !one.value.is_empty()
                && one.value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
            TEXTS.contains(&variable) && equality && is_word
        }
    }
}

/// Tells whether two comparisons ask about the same thing.
fn is_related(one: &Comparison, other: &Comparison) -> bool {
    one.variable == other.variable
        || (PYTHON.contains(&one.variable.as_str()) && PYTHON.contains(&other.variable.as_str()))
}

/// Tells whether two comparisons of Python's version are the ends of a range of more than one minor version.
fn is_range(one: &Comparison, other: &Comparison) -> bool {
    let (low, high) = if one.operator.starts_with('>') { (one, other) } else { (other, one) };
    let release = |text: &str| text.parse::<Version>().ok().map(|version| version.release());
    let (Some(from), Some(to)) = (release(&low.value), release(&high.value)) else { return false };
    let minor = |release: &[u64]| (release[0], release.get(1).copied().unwrap_or(0));
    let ((major, from), (high_major, to)) = (minor(&from), minor(&to));
    one.variable == "python_version"
        && other.variable == "python_version"
        && (low.operator == ">=" && high.operator == "<")
        && (major < high_major || (major == high_major && from + 1 < to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Option<String> {
        print(&comparisons(&Marker::parse(text).unwrap())?)
    }

    #[test]
    fn lists_stay_in_their_order() {
        for (written, expected) in [
            ("python_version<'3.12'", "python_version < \"3.12\""),
            (
                "sys_platform == 'linux' and python_version >= '3.9'",
                "sys_platform == \"linux\" and python_version >= \"3.9\"",
            ),
            (
                "python_version<'3.12' and python_version>='3.9'",
                "python_version < \"3.12\" and python_version >= \"3.9\"",
            ),
            ("(os_name != 'nt')", "os_name != \"nt\""),
            ("python_full_version >= '3.9.1'", "python_full_version >= \"3.9.1\""),
        ] {
            assert_eq!(printed(written).as_deref(), Some(expected), "{written}");
        }
        assert_eq!(
            print(&python("^3.8").unwrap()).unwrap(),
            "python_version >= \"3.8\" and python_version < \"4.0\""
        );
        assert_eq!(print(&[platform("!=win32")]).unwrap(), "sys_platform != \"win32\"");
    }

    #[test]
    fn what_poetry_would_merge_is_refused() {
        for written in [
            "os_name == 'nt' or os_name == 'posix'",
            "python_version >= '3.9' and python_version < '3.10'",
            "python_version >= '3.9' and python_version >= '3.10'",
            "python_version >= '3.9' and os_name == 'nt' and python_version < '3.12'",
            "python_version >= '3.9' and python_full_version < '3.11.4'",
            "sys_platform != 'a' and sys_platform != 'b'",
            "'linux' == sys_platform",
            "python_version in '3.9 3.10'",
            "python_version > '3'",
            "python_version >= '3.9.0'",
            "python_full_version < '3.11'",
            "platform_release >= '20'",
            "extra == 'x'",
        ] {
            assert_eq!(printed(written), None, "{written}");
        }
        assert_eq!(python(">3.8"), None);
        assert_eq!(python("^3.8.1"), None);
        assert_eq!(python("3.9"), None);
    }
}
