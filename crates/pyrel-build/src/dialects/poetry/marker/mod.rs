//! Markers as poetry-core prints them.
//!
//! poetry-core merges comparisons of one variable, and chooses the simplest among the marker as written and its normal
//! forms. [`tree`] does the same with the same preferences. Left to it are comparisons with the variable on the right,
//! of releases of the platform, of extras, and of anything but plain releases and words.

mod single;
mod text;
mod tree;

use pyrel_model::requirement::{Marker as Written, MarkerItem, Operand};

use self::single::{Join, Single};
use self::tree::{Simplifier, Tree};
use super::constraint::{Purpose, parse};
use super::range::{Range, Set};
use super::release::Point;

pub(super) const NOT_REPRODUCED: &str =
    "has a marker that poetry-core rewrites by rules that are not reproduced";

/// A marker in the form that poetry-core gives it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Marker(Tree);

impl Marker {
    pub(super) fn any() -> Self {
        Self(Tree::Any)
    }

    /// Reads and simplifies a marker; `None` when the outcome is not certain.
    pub(super) fn read(written: &Written) -> Option<Self> {
        let sides = sides(written.items())?;
        Simplifier::default().simplest(sides, Join::Or).map(Self)
    }

    /// Reads what `python = …` of a dependency stands for.
    pub(super) fn python(text: &str) -> Option<Self> {
        let set = parse(text, Purpose::Project).filter(|set| !set.is_empty())?;
        if set.is_any() {
            return Some(Self::any());
        }
        Self::read(&Written::parse(&nested(&set))?)
    }

    /// Reads what `platform = …` of a dependency stands for.
    pub(super) fn platform(text: &str) -> Option<Self> {
        let one = |part: &str| {
            let (operator, value) = match part.trim().strip_prefix("!=") {
                Some(value) => ("!=", value),
                None => ("==", part.trim().trim_start_matches("==")),
            };
            let value = value.trim();
            Single::read("sys_platform", operator, value)?;
            Some(format!("sys_platform {operator} \"{value}\""))
        };
        let parts: Option<Vec<String>> = text.split("||").map(one).collect();
        Self::read(&Written::parse(&parts?.join(" or "))?)
    }

    pub(super) fn intersect(&self, other: &Self) -> Option<Self> {
        Simplifier::default().pair(&self.0, &other.0, Join::And).map(Self)
    }

    /// Prints the marker; the inner `None` for one that always holds, and for one that never does, which poetry-core
    /// leaves out as well.
    pub(super) fn print(&self) -> Option<Option<String>> {
        if matches!(self.0, Tree::Any | Tree::Never) {
            return Some(None);
        }
        Simplifier::default().converts(&self.0)?;
        Some(Some(self.0.print()))
    }
}

/// Returns what is joined by `or`.
fn sides(items: &[MarkerItem]) -> Option<Vec<Tree>> {
    let mut out = Vec::new();
    for part in items.split(|item| *item == MarkerItem::Or) {
        let mut all = Vec::new();
        for item in part {
            all.push(match item {
                MarkerItem::And | MarkerItem::Or => continue,
                MarkerItem::Group(inner) => Tree::or(sides(inner)?),
                MarkerItem::Compare {
                    left: Operand::Variable(variable),
                    operator,
                    right: Operand::Literal(value),
                } => Tree::Single(Single::read(variable, operator, value)?),
                MarkerItem::Compare { .. } => return None,
            });
        }
        out.push(if all.len() == 1 { all.remove(0) } else { Tree::and(all) });
    }
    Some(out)
}

/// Words a constraint of Python as a marker of minor versions, or of full ones where it is more precise.
fn nested(set: &Set) -> String {
    match &set.0[..] {
        [only] => nested_range(only),
        ranges => {
            let parts: Vec<String> =
                ranges.iter().map(|range| format!("({})", nested_range(range))).collect();
            parts.join(" or ")
        }
    }
}

fn nested_range(range: &Range) -> String {
    let name =
        |point: &Point| if point.release.len() >= 3 { "python_full_version" } else { "python_version" };
    if let Some(version) = range.version() {
        return format!("{} == \"{version}\"", name(version));
    }
    // What lies above or at most at a minor version is told by full versions.
    let bound = |point: &Point, operator: &str, is_exact: bool| {
        if is_exact || point.release.len() >= 3 {
            return format!("{} {operator} \"{}\"", name(point), point.stable());
        }
        let mut full = point.clone();
        full.release.resize(3, 0);
        format!("python_full_version {operator} \"{full}\"")
    };
    let low =
        range.min.as_ref().map(|min| bound(min, if range.with_min { ">=" } else { ">" }, range.with_min));
    let high =
        range.max.as_ref().map(|max| bound(max, if range.with_max { "<=" } else { "<" }, !range.with_max));
    low.into_iter().chain(high).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Option<String> {
        Marker::read(&Written::parse(text)?)?.print().map(Option::unwrap_or_default)
    }

    #[test]
    fn markers_print_as_poetry_prints_them() {
        for (written, expected) in [
            ("python_version<'3.12'", "python_version < \"3.12\""),
            (
                "sys_platform == 'linux' and python_version >= '3.9'",
                "sys_platform == \"linux\" and python_version >= \"3.9\"",
            ),
            ("(os_name != 'nt')", "os_name != \"nt\""),
            ("python_full_version >= '3.9.1'", "python_full_version >= \"3.9.1\""),
            ("python_version >= '3.9' and python_version < '3.10'", "python_version == \"3.9\""),
            ("python_version >= '3.9' and python_version >= '3.10'", "python_version >= \"3.10\""),
            ("os_name == 'nt' or os_name == 'posix'", "os_name == \"nt\" or os_name == \"posix\""),
            ("os_name == 'nt' or os_name != 'nt'", ""),
            ("os_name == 'nt' and os_name == 'posix'", ""),
            ("os_name == 'nt' and (python_version < '3.8' or python_version >= '3.8')", "os_name == \"nt\""),
        ] {
            assert_eq!(printed(written).as_deref(), Some(expected), "{written}");
        }
    }

    #[test]
    fn what_is_not_certain_is_left_to_poetry() {
        for written in [
            "'linux' == sys_platform",
            "'linux' in sys_platform",
            "platform_release >= '20'",
            "implementation_version >= '3'",
            "os_name > 'a'",
            "python_version === '3.9'",
            "python_version == '3.9.*'",
            "python_version >= '3.9rc1'",
            "python_version >= '3.9.1.0'",
            "os_name == 'a b'",
            "extra == 'x'",
        ] {
            assert_eq!(printed(written), None, "{written}");
        }
    }

    #[test]
    fn dependencies_state_pythons_and_platforms() {
        let python = |text: &str| Marker::python(text)?.print()?;
        for (text, expected) in [
            ("^3.8", "python_version >= \"3.8\" and python_version < \"4.0\""),
            ("^3.8.1", "python_full_version >= \"3.8.1\" and python_full_version < \"4.0.0\""),
            (">3.8", "python_full_version > \"3.8.0\""),
            ("3.9", "python_version == \"3.9\""),
        ] {
            assert_eq!(python(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(python(">2,<1"), None);
        let platform = |text: &str| Marker::platform(text)?.print()?;
        assert_eq!(platform("!=win32").as_deref(), Some("sys_platform != \"win32\""));
        assert_eq!(
            platform("linux || darwin").as_deref(),
            Some("sys_platform == \"linux\" or sys_platform == \"darwin\"")
        );
        assert_eq!(platform(">x"), None);
    }
}
