//! Markers as uv prints them, as far as they are comparisons joined by `and`.
//!
//! uv turns markers into decision diagrams, and prints what it finds on the paths through them. For comparisons
//! of different variables that leave one path, the outcome is a list in a fixed order; all else is for uv.

use pyrel_model::Version;
use pyrel_model::requirement::{Marker, MarkerItem, Operand};

const NOT_REPRODUCED: &str = "has a marker that uv rewrites by rules that are not reproduced";
const PYTHON: &str = "python_full_version";
/// The variables of texts, in uv's order.
const TEXTS: [&str; 5] =
    ["implementation_name", "os_name", "platform_machine", "platform_python_implementation", "sys_platform"];
/// uv knows that some values of these exclude each other, so that only one of each group may be asked for.
const RELATED: [[&str; 2]; 2] =
    [["os_name", "sys_platform"], ["implementation_name", "platform_python_implementation"]];

/// Prints a marker together with the extra that asks for the requirement; nothing when there is neither.
pub(super) fn print(marker: Option<&Marker>, extra: Option<&str>) -> Result<Option<String>, &'static str> {
    let mut comparisons = Vec::new();
    if let Some(marker) = marker {
        collect(marker.items(), &mut comparisons).ok_or(NOT_REPRODUCED)?;
    }
    let mut printed = python(&comparisons).ok_or(NOT_REPRODUCED)?;
    printed.extend(texts(&comparisons).ok_or(NOT_REPRODUCED)?);
    printed.extend(extra.map(|extra| format!("extra == '{extra}'")));
    Ok((!printed.is_empty()).then(|| printed.join(" and ")))
}

/// One comparison, the variable on the left.
struct Comparison<'a> {
    variable: &'static str,
    operator: &'static str,
    value: &'a str,
}

/// Collects comparisons joined by `and`; `None` for anything else.
fn collect<'a>(items: &'a [MarkerItem], out: &mut Vec<Comparison<'a>>) -> Option<()> {
    for item in items {
        match item {
            MarkerItem::And => {}
            MarkerItem::Or => return None,
            MarkerItem::Group(inner) => collect(inner, out)?,
            MarkerItem::Compare {
                left: Operand::Variable(variable),
                operator,
                right: Operand::Literal(value),
            } => {
                out.push(Comparison { variable, operator, value });
            }
            MarkerItem::Compare {
                left: Operand::Literal(value),
                operator,
                right: Operand::Variable(variable),
            } => {
                out.push(Comparison { variable, operator: turned(operator)?, value });
            }
            MarkerItem::Compare { .. } => return None,
        }
    }
    Some(())
}

fn turned(operator: &'static str) -> Option<&'static str> {
    Some(match operator {
        "==" | "!=" => operator,
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        _ => return None,
    })
}

/// A bound of Python's version.
struct Bound {
    operator: &'static str,
    release: Vec<u64>,
}

/// Prints the comparisons of Python's version: one, or a lower and an upper bound.
fn python(comparisons: &[Comparison<'_>]) -> Option<Vec<String>> {
    let mut bounds = Vec::new();
    for one in comparisons {
        match one.variable {
            "python_version" => bounds.push(minor_bound(one)?),
            PYTHON => bounds.push(full_bound(one)?),
            _ => {}
        }
    }
    bounds.sort_by_key(|bound| !bound.operator.starts_with('>'));
    match &bounds[..] {
        [] => Some(Vec::new()),
        [only] => Some(vec![only.print()]),
        [low, high] => range(low, high),
        _ => None,
    }
}

fn range(low: &Bound, high: &Bound) -> Option<Vec<String>> {
    if !low.operator.starts_with('>') || !high.operator.starts_with('<') || low.release >= high.release {
        return None;
    }
    // A whole minor version would be printed with a star, and the rules for other releases are not certain.
    let is_star = |low: &[u64], high: &[u64]| {
        let padded =
            |release: &[u64]| [release.first().copied(), release.get(1).copied()].map(|n| n.unwrap_or(0));
        let ([major, minor], [high_major, high_minor]) = (padded(low), padded(high));
        major == high_major && minor + 1 == high_minor
    };
    if (low.operator, high.operator) != (">=", "<") || is_star(&low.release, &high.release) {
        return None;
    }
    Some(vec![low.print(), high.print()])
}

impl Bound {
    fn print(&self) -> String {
        let release: Vec<String> = self.release.iter().map(u64::to_string).collect();
        let star = if self.operator.ends_with(".*") { ".*" } else { "" };
        let operator = self.operator.trim_end_matches(".*");
        format!("{PYTHON} {operator} '{}{star}'", release.join("."))
    }
}

/// Reads a plain release of up to `length` numbers.
fn release(text: &str, length: usize) -> Option<Vec<u64>> {
    let digits = |part: &str| !part.is_empty() && part.len() < 6 && part.bytes().all(|b| b.is_ascii_digit());
    if !text.split('.').all(digits) {
        return None;
    }
    let release = text.parse::<Version>().ok()?.release();
    (release.len() <= length).then_some(release)
}

fn without_zeros(mut release: Vec<u64>) -> Vec<u64> {
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    release
}

/// `python_version` has two numbers, so that each comparison stands for one of the full version.
fn minor_bound(one: &Comparison<'_>) -> Option<Bound> {
    let mut release = release(one.value, 2)?;
    release.resize(2, 0);
    let (operator, next) = match one.operator {
        ">=" => (">=", false),
        "<" => ("<", false),
        ">" => (">=", true),
        "<=" => ("<", true),
        "==" => ("==.*", false),
        "!=" => ("!=.*", false),
        _ => return None,
    };
    release[1] += u64::from(next);
    let release = if operator.ends_with(".*") { release } else { without_zeros(release) };
    Some(Bound { operator, release })
}

fn full_bound(one: &Comparison<'_>) -> Option<Bound> {
    let operator = match one.operator {
        ">=" | "<" | ">" | "<=" | "==" | "!=" => one.operator,
        _ => return None,
    };
    Some(Bound { operator, release: without_zeros(release(one.value, 3)?) })
}

/// Prints the comparisons of texts, each variable at most once.
fn texts(comparisons: &[Comparison<'_>]) -> Option<Vec<String>> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for one in comparisons {
        if matches!(one.variable, "python_version" | PYTHON) {
            continue;
        }
        let (variable, value) = match (one.variable, one.value) {
            ("platform_system", "Linux") => ("sys_platform", "linux"),
            ("platform_system", "Darwin") => ("sys_platform", "darwin"),
            ("platform_system", "Windows") => ("sys_platform", "win32"),
            other => other,
        };
        let is_word = !value.is_empty()
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        let is_known = TEXTS.contains(&variable) && matches!(one.operator, "==" | "!=") && is_word;
        if !is_known || found.iter().any(|(earlier, _)| *earlier == variable) {
            return None;
        }
        found.push((variable, format!("{variable} {} '{value}'", one.operator)));
    }
    let asked = |variable: &&str| found.iter().any(|(one, _)| one == variable);
    if RELATED.iter().any(|group| group.iter().all(&asked)) {
        return None;
    }
    found.sort();
    Some(found.into_iter().map(|(_, text)| text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_sorted_and_rewritten() {
        for (written, expected) in [
            ("python_version <= '3.11'", "python_full_version < '3.12'"),
            ("python_version > '3'", "python_full_version >= '3.1'"),
            ("python_version == '3'", "python_full_version == '3.0.*'"),
            ("python_version != '3.11'", "python_full_version != '3.11.*'"),
            ("'3.9' <= python_version", "python_full_version >= '3.9'"),
            ("python_full_version < '3.11.0'", "python_full_version < '3.11'"),
            ("platform_system == 'Windows'", "sys_platform == 'win32'"),
            (
                "sys_platform == 'linux' and (implementation_name == 'cpython' and python_version >= '3.9')",
                "python_full_version >= '3.9' and implementation_name == 'cpython' and sys_platform == 'linux'",
            ),
            (
                "python_version < '3.12' and python_version >= '3.9'",
                "python_full_version >= '3.9' and python_full_version < '3.12'",
            ),
        ] {
            let marker = Marker::parse(written).unwrap();
            assert_eq!(print(Some(&marker), None).unwrap().as_deref(), Some(expected), "{written}");
        }
        assert_eq!(print(None, Some("x")).unwrap().as_deref(), Some("extra == 'x'"));
        assert_eq!(print(None, None).unwrap(), None);
    }

    #[test]
    fn what_uv_would_think_about_is_left_to_it() {
        for written in [
            "os_name == 'nt' or os_name == 'posix'",
            "python_version in '3.9 3.10'",
            "python_version ~= '3.9'",
            "python_version >= '3.9' and python_version < '3.10'",
            "python_version >= '3.9' and python_version >= '3.10'",
            "python_version >= '3.12' and python_version < '3.10'",
            "python_version >= '3.11.2'",
            "python_full_version >= '3.9rc1'",
            "sys_platform == 'linux' and sys_platform != 'x'",
            "sys_platform == 'linux' and os_name == 'nt'",
            "platform_release >= '20'",
            "platform_machine > 'a'",
            "extra == 'x'",
            "'linux' in sys_platform",
            "os_name == \"it's\"",
        ] {
            let marker = Marker::parse(written).unwrap();
            assert!(print(Some(&marker), None).is_err(), "{written}");
        }
    }
}
