//! Markers as uv prints them: turned into decision diagrams, simplified, and printed as clauses joined by `or`.
//!
//! uv forgets how a marker was written and keeps the condition, with `python_version` as full versions, and systems as
//! platforms. [`diagram`] builds the same diagrams, [`clause`] prints them. Comparisons that uv ignores, values whose
//! spelling depends on other requirements, and endless markers are for uv.

mod clause;
mod cover;
mod diagram;
mod expression;
mod interval;

use pyrel_model::requirement::{Marker, MarkerItem, Operand};

pub(super) use self::diagram::Generation;
use self::diagram::{Diagram, Edges, Id, Variable};

const NOT_REPRODUCED: &str = "has a marker that uv ignores parts of, or prints in a way that is not certain";
/// What uv prints for what never holds.
const NEVER: &str = "python_version < '0'";
/// More nodes than a person's markers need.
const MOST_NODES: usize = 4096;
/// More comparisons than a person writes into one marker.
const MOST_COMPARISONS: usize = 48;

/// Prints the markers of one project.
#[derive(Debug)]
pub(super) struct Printer {
    /// Major versions that some marker writes with a zero behind; which spelling uv prints then is not certain.
    with_zero: Vec<u64>,
    generation: Generation,
}

impl Printer {
    /// Makes a printer for a project with these markers.
    pub(super) fn new<'a>(markers: impl Iterator<Item = &'a Marker>, generation: Generation) -> Self {
        let mut with_zero = Vec::new();
        for marker in markers {
            find_zeros(marker.items(), &mut with_zero);
        }
        Self { with_zero, generation }
    }

    /// Prints a marker together with the extra that asks for the requirement; nothing when it always holds.
    pub(super) fn print(
        &self,
        marker: Option<&Marker>,
        extra: Option<&str>,
    ) -> Result<Option<String>, &'static str> {
        self.printed(marker, extra).ok_or(NOT_REPRODUCED)
    }

    fn printed(&self, marker: Option<&Marker>, extra: Option<&str>) -> Option<Option<String>> {
        let mut diagram = Diagram::new(self.generation);
        let mut id = Id::TRUE;
        if let Some(marker) = marker {
            let is_short = count(marker.items()) <= MOST_COMPARISONS;
            (is_short && self.is_reliable(marker.items())).then_some(())?;
            id = self.condition(&mut diagram, marker.items())?;
        }
        if let Some(extra) = extra {
            let asked = diagram.create(Variable::Extra(extra.to_owned()), Edges::choice(true));
            id = diagram.and(id, asked);
        }
        if id == Id::TRUE {
            return Some(None);
        }
        if id == Id::FALSE {
            return Some(Some(NEVER.to_owned()));
        }
        let clauses = clause::clauses(&mut diagram, id)?;
        let is_vague = clauses
            .iter()
            .flatten()
            .any(|term| self.with_zero.iter().any(|major| term.is_bare_major(*major)));
        (!is_vague).then(|| Some(clause::print(&clauses)))
    }

    /// Tells whether the condition does not depend on what uv met before.
    ///
    /// The oldest versions remember conjunctions of values that exclude each other in two ways.
    fn is_reliable(&self, items: &[MarkerItem]) -> bool {
        let asked = ["os_name", "sys_platform", "platform_system"];
        self.generation != Generation::Ordered
            || asked.into_iter().filter(|variable| mentions(items, variable)).count() < 2
    }

    /// Returns the condition of comparisons joined by `and`, and those joined by `or`.
    fn condition(&self, diagram: &mut Diagram, items: &[MarkerItem]) -> Option<Id> {
        let mut any = Vec::new();
        for part in items.split(|item| *item == MarkerItem::Or) {
            let mut all = Vec::new();
            for item in part {
                all.push(match item {
                    MarkerItem::And | MarkerItem::Or => continue,
                    MarkerItem::Group(inner) => self.condition(diagram, inner)?,
                    MarkerItem::Compare { left, operator, right } => {
                        expression::condition(diagram, left, operator, right)?
                    }
                });
            }
            any.push(self.joined(diagram, all, Diagram::and, Id::FALSE)?);
        }
        self.joined(diagram, any, Diagram::or, Id::TRUE)
    }

    /// Joins conditions: from the left, or, newer, neighbours in pairs until one is left.
    fn joined(
        &self,
        diagram: &mut Diagram,
        mut ids: Vec<Id>,
        join: fn(&mut Diagram, Id, Id) -> Id,
        end: Id,
    ) -> Option<Id> {
        while ids.len() > 1 {
            let width = if self.generation == Generation::Covers { ids.len() } else { 2 };
            let mut next = Vec::new();
            for pair in ids[..width].chunks(2) {
                let id = pair.iter().copied().reduce(|one, other| join(diagram, one, other))?;
                if id == end && self.generation == Generation::Covers {
                    return Some(id);
                }
                next.push(id);
            }
            next.extend_from_slice(&ids[width..]);
            ids = next;
            (diagram.len() <= MOST_NODES).then_some(())?;
        }
        ids.pop()
    }
}

fn count(items: &[MarkerItem]) -> usize {
    let count = |item: &MarkerItem| match item {
        MarkerItem::Group(inner) => count(inner),
        MarkerItem::Compare { .. } => 1,
        MarkerItem::And | MarkerItem::Or => 0,
    };
    items.iter().map(count).sum()
}

fn mentions(items: &[MarkerItem], variable: &str) -> bool {
    items.iter().any(|item| match item {
        MarkerItem::Group(inner) => mentions(inner, variable),
        MarkerItem::Compare { left, right, .. } => {
            [left, right].into_iter().any(|side| matches!(side, Operand::Variable(name) if *name == variable))
        }
        MarkerItem::And | MarkerItem::Or => false,
    })
}

/// Finds comparisons with a major version, or its zeroth minor one, that may bring in `3.0` beside `3`.
fn find_zeros(items: &[MarkerItem], out: &mut Vec<u64>) {
    for item in items {
        match item {
            MarkerItem::Group(inner) => find_zeros(inner, out),
            MarkerItem::Compare { left, operator: "==" | "!=" | "~=" | "in" | "not in", right } => {
                for side in [left, right] {
                    let Operand::Literal(text) = side else { continue };
                    for word in text.split_ascii_whitespace() {
                        let numbers: Vec<&str> = word.split('.').collect();
                        let is_whole = numbers[1..]
                            .iter()
                            .all(|number| *number == "*" || number.bytes().all(|b| b == b'0'));
                        out.extend(numbers[0].parse::<u64>().ok().filter(|_| is_whole));
                    }
                }
            }
            MarkerItem::And | MarkerItem::Or | MarkerItem::Compare { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(generation: Generation, written: &str, extra: Option<&str>) -> Option<String> {
        let marker = Marker::parse(written).unwrap();
        let printer = Printer::new(std::iter::once(&marker), generation);
        printer.print(Some(&marker), extra).ok().map(Option::unwrap_or_default)
    }

    #[test]
    fn comparisons_are_sorted_and_rewritten() {
        for (written, expected) in [
            ("python_version <= '3.11'", "python_full_version < '3.12'"),
            ("python_version > '3'", "python_full_version >= '3.1'"),
            ("python_version == '3'", "python_full_version == '3.0.*'"),
            ("python_version != '3.11'", "python_full_version != '3.11.*'"),
            ("'3.9' <= python_version", "python_full_version >= '3.9'"),
            ("python_full_version < '3.11.0'", "python_full_version < '3.11'"),
            ("python_version >= '3.9' and python_version < '3.10'", "python_full_version == '3.9.*'"),
            ("python_version ~= '3.9'", "python_full_version >= '3.9' and python_full_version < '4'"),
            ("python_version ~= '3.9.0'", "python_full_version == '3.9.*'"),
            ("python_version >= '3.11.2'", "python_full_version >= '3.12'"),
            ("python_version == '3.11.2'", "python_version < '0'"),
            ("python_version != '3.11.2'", ""),
            ("python_full_version >= '3.9rc1'", "python_full_version >= '3.9'"),
            ("platform_system == 'Windows'", "sys_platform == 'win32'"),
            ("sys_platform > 'a'", "python_version < '0'"),
            ("'linux' in sys_platform", "'linux' in sys_platform"),
            ("os_name == 'nt' and os_name == 'posix'", "python_version < '0'"),
            ("sys_platform == 'linux' and sys_platform != 'x'", "sys_platform == 'linux'"),
            ("sys_platform == 'linux' and os_name == 'nt'", "python_version < '0'"),
            ("python_version < '3' or python_version >= '3'", ""),
            ("extra == 'X_y' or extra != 'z'", "extra == 'x-y' or extra != 'z'"),
            (
                "sys_platform == 'linux' and (implementation_name == 'cpython' and python_version >= '3.9')",
                "python_full_version >= '3.9' and implementation_name == 'cpython' and sys_platform == 'linux'",
            ),
            (
                "python_version in '3.8 3.10'",
                "python_full_version == '3.8.*' or python_full_version == '3.10.*'",
            ),
        ] {
            assert_eq!(print(Generation::Covers, written, None).as_deref(), Some(expected), "{written}");
        }
        let printer = Printer::new(std::iter::empty(), Generation::Covers);
        assert_eq!(printer.print(None, Some("x")).unwrap().as_deref(), Some("extra == 'x'"));
        assert_eq!(printer.print(None, None).unwrap(), None);
    }

    #[test]
    fn versions_of_uv_differ() {
        let written = "(python_version > '3.8.2' and implementation_name != 'pypy') or '3.10' >= python_version and 'nt' == os_name";
        let two = "(python_full_version >= '3.9' and implementation_name != 'pypy') or (python_full_version < '3.11' and os_name == 'nt')";
        let three = format!("{two} or (implementation_name != 'pypy' and os_name == 'nt')");
        let darwin = "(platform_release == '5' and sys_platform != 'darwin') or (platform_release == '5' and sys_platform == 'darwin')";
        for (generation, expected, release) in [
            (Generation::Ordered, &*three, "platform_release == '5'"),
            (Generation::Unordered, &*three, "platform_release == '5'"),
            (Generation::Covers, two, darwin),
        ] {
            assert_eq!(print(generation, written, None).as_deref(), Some(expected));
            assert_eq!(print(generation, "platform_release == '5'", None).as_deref(), Some(release));
        }
    }

    #[test]
    fn what_is_not_certain_is_left_to_uv() {
        for written in [
            "'3.9' in python_version",
            "python_version in 'a b'",
            "python_version == 'x'",
            "python_version === '3.9'",
            "python_version ~= '3'",
            "python_version < '3.9.*'",
            "'3.9.*' == python_version",
            "python_full_version == '3.9.0.*'",
            "python_full_version in '3.9.0'",
            "python_version == '3.0' and os_name == 'b' or os_name == 'a' and python_version >= '3'",
            "os_name ~= 'x'",
            "os_name == \"it's\"",
            "os_name == sys_platform",
            "'a' == 'b'",
            "extra > 'x'",
            "extra == '-'",
            "'x' in extras",
            "platform_release == '5.4-1'",
            // uv_build panics.
            "platform_system != 'iOS' or os_name != 'java' and sys_platform == 'linux' and python_version ~= '4.0'",
        ] {
            assert_eq!(print(Generation::Covers, written, None), None, "{written}");
        }
        for written in ["os_name >= 'a'", "os_name == 'nt' and sys_platform == 'linux'"] {
            assert_eq!(print(Generation::Ordered, written, None), None, "{written}");
        }
        let long = vec!["os_name == 'a'"; 49].join(" or ");
        assert_eq!(print(Generation::Covers, &long, None), None);
    }
}
