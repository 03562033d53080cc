//! Markers of one variable, and when poetry-core makes one of two.

use super::super::constraint::{Purpose, parse};
use super::super::range::{Range, Set};
use super::super::release::Point;
use super::text::Demand;
use super::tree::Tree;

/// What is demanded of the variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Versions(Set),
    Texts(Demand),
}

/// A marker of one variable: a comparison, or (without an operator) several equalities or inequalities.
#[derive(Debug, Clone)]
pub(super) struct Single {
    pub(super) name: &'static str,
    pub(super) operator: Option<String>,
    value: String,
    pub(super) wanted: Wanted,
}

impl PartialEq for Single {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.operator == other.operator
            && if self.operator.is_some() { self.value == other.value } else { self.wanted == other.wanted }
    }
}

/// Whether two markers must both hold, or one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
}

const TEXTS: [&str; 7] = [
    "implementation_name",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_system",
    "platform_version",
    "sys_platform",
];
const PYTHON: &str = "python_version";
const FULL: &str = "python_full_version";

pub(super) fn is_python(name: &str) -> bool {
    name == PYTHON || name == FULL
}

/// Splits the values of `in`.
fn values(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '|']).filter(|value| !value.is_empty())
}

/// Returns the constraint of versions in a list; a minor version stands for all of its releases.
fn list(operator: &str, text: &str) -> String {
    let word = |value: &str| {
        let not = if operator == "in" { "" } else { "!=" };
        let short = value.split('.').count() <= 2;
        match (short, operator) {
            (true, _) => format!("{not}{value}.*"),
            (false, "in") => format!("=={value}"),
            (false, _) => format!("!={value}"),
        }
    };
    let glue = if operator == "in" { " || " } else { ", " };
    values(text).map(word).collect::<Vec<_>>().join(glue)
}

fn is_release(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.len() < 5 && part.bytes().all(|b| b.is_ascii_digit());
    text.split('.').count() <= 3 && text.split('.').all(digits) && Point::parse(text).is_some()
}

fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    text.bytes().all(plain) && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

impl Single {
    /// Reads a comparison as written; `None` for one that is not certain.
    pub(super) fn read(name: &str, operator: &str, value: &str) -> Option<Self> {
        let is_list = matches!(operator, "in" | "not in");
        let separators = [' ', ',', '|'];
        if value.starts_with(separators) || value.ends_with(separators) {
            return None;
        }
        let mut parts = values(value);
        if is_python(name) {
            let known = matches!(operator, "==" | "!=" | "<" | "<=" | ">" | ">=" | "~=");
            let is_plain = if is_list { parts.all(is_release) } else { known && is_release(value) };
            is_plain.then_some(())?;
            return Self::of_versions(if name == PYTHON { PYTHON } else { FULL }, operator, value);
        }
        let name = TEXTS.into_iter().find(|one| *one == name)?;
        let is_plain =
            if is_list { parts.all(is_word) } else { matches!(operator, "==" | "!=") && is_word(value) };
        is_plain.then_some(())?;
        let each = |value: &str| match operator {
            "==" | "in" => Demand::Is(value.to_owned()),
            _ => Demand::Not(value.to_owned()),
        };
        let each: Vec<Demand> = if is_list { values(value).map(each).collect() } else { vec![each(value)] };
        let wanted = match (&each[..], operator) {
            ([only], _) => only.clone(),
            (_, "in") => Demand::Either(each),
            _ => each.iter().fold(Demand::Any, |all, one| all.intersect(one)),
        };
        let operator = Some(operator.to_owned());
        Some(Self { name, operator, value: value.to_owned(), wanted: Wanted::Texts(wanted) })
    }

    fn of_versions(name: &'static str, operator: &str, value: &str) -> Option<Self> {
        let mut value = value.to_owned();
        let text = if matches!(operator, "in" | "not in") {
            list(operator, &value)
        } else {
            if name == FULL {
                let numbers = value.matches('.').count() + 1;
                value.push_str(&".0".repeat(3_usize.saturating_sub(numbers)));
            }
            format!("{operator}{value}")
        };
        let wanted = Wanted::Versions(parse(&text, Purpose::Marker)?);
        Some(Self { name, operator: Some(operator.to_owned()), value, wanted })
    }

    /// Returns the marker of a constraint as printed.
    fn of_constraint(name: &'static str, set: &Set) -> Option<Self> {
        let text = set.print();
        let end = text.find(|c: char| !"~=!<>".contains(c)).unwrap_or(text.len());
        let operator = if end == 0 { "==" } else { &text[..end] };
        let mut one = Self::of_versions(name, operator, &text[end..])?;
        if end == 0 {
            // Without an operator, unions and single versions are read as they stand.
            one.wanted = Wanted::Versions(parse(&one.value, Purpose::Marker)?);
        }
        Some(one)
    }

    fn versions(&self) -> Option<&Set> {
        match &self.wanted {
            Wanted::Versions(set) => Some(set),
            Wanted::Texts(_) => None,
        }
    }

    /// Counts the comparisons.
    pub(super) fn count(&self) -> usize {
        match (&self.operator, &self.wanted) {
            (None, Wanted::Texts(Demand::NotAll(values))) => values.len(),
            (None, Wanted::Texts(Demand::Either(parts))) => parts.len(),
            _ => 1,
        }
    }

    /// Tells whether the marker is printed with `or` in it.
    pub(super) fn is_union(&self) -> bool {
        self.operator.is_none() && matches!(self.wanted, Wanted::Texts(Demand::Either(_)))
    }

    pub(super) fn print(&self) -> String {
        if let Some(operator) = &self.operator {
            return format!("{} {operator} \"{}\"", self.name, self.value);
        }
        let (operator, glue, values): (_, _, Vec<&String>) = match &self.wanted {
            Wanted::Texts(Demand::NotAll(values)) => ("!=", " and ", values.iter().collect()),
            Wanted::Texts(Demand::Either(parts)) => {
                let value = |part| match part {
                    &Demand::Is(ref value) | &Demand::Not(ref value) => Some(value),
                    _ => None,
                };
                ("==", " or ", parts.iter().filter_map(value).collect())
            }
            _ => unreachable!("only lists of texts have no operator"),
        };
        let each = values.iter().map(|value| format!("{} {operator} \"{value}\"", self.name));
        each.collect::<Vec<_>>().join(glue)
    }

    /// Returns the versions of Python that the marker admits; `None` for a value that is not certain.
    pub(super) fn python(&self) -> Option<Set> {
        let operator = self.operator.as_deref()?;
        let mut value = self.value.clone();
        let numbers = value.matches('.').count() + 1;
        let is_short = numbers < 3 && !value.contains('*');
        let text = match operator {
            "==" | "!=" if is_short => {
                if numbers == 1 {
                    value.push_str(".0");
                }
                if operator == "==" { format!("~{value}") } else { format!("!={value}.*") }
            }
            "<=" | ">" if is_short => {
                let next = Point::parse(&value)?.raised(1);
                format!("{}{next}", if operator == "<=" { "<" } else { ">=" })
            }
            "in" | "not in" => list(operator, &value),
            _ => format!("{operator}{value}"),
        };
        parse(&text, Purpose::Marker)
    }

    /// Makes one marker of two of one variable; the inner `None` where poetry-core keeps both.
    pub(super) fn merge(&self, other: &Self, join: Join) -> Option<Option<Tree>> {
        if self.name != other.name {
            if is_python(self.name) && is_python(other.name) {
                return merge_pythons(self, other, join);
            }
            return Some(None);
        }
        match (&self.wanted, &other.wanted) {
            (Wanted::Texts(one), Wanted::Texts(two)) => Some(self.merge_texts(one, other, two, join)),
            (Wanted::Versions(one), Wanted::Versions(two)) => self.merge_versions(one, other, two, join),
            _ => None,
        }
    }

    fn merge_texts(&self, one: &Demand, other: &Self, two: &Demand, join: Join) -> Option<Tree> {
        let demand = if join == Join::And { one.intersect(two) } else { one.union(two) };
        if demand == *one {
            return Some(Tree::Single(self.clone()));
        }
        if demand == *two {
            return Some(Tree::Single(other.clone()));
        }
        let (operator, value) = match &demand {
            Demand::Never => return Some(Tree::Never),
            Demand::Any => return Some(Tree::Any),
            Demand::Is(value) => (Some("=="), value.clone()),
            Demand::Not(value) => (Some("!="), value.clone()),
            Demand::NotAll(_) => (None, String::new()),
            Demand::Either(parts) if parts.iter().all(|part| matches!(part, Demand::Is(_))) => {
                (None, String::new())
            }
            Demand::Either(_) => return None,
        };
        let operator = operator.map(str::to_owned);
        Some(Tree::Single(Self { name: self.name, operator, value, wanted: Wanted::Texts(demand) }))
    }

    fn merge_versions(&self, one: &Set, other: &Self, two: &Set, join: Join) -> Option<Option<Tree>> {
        let set = if join == Join::And { one.intersect(two) } else { one.union(two) };
        let tree = if set.is_empty() {
            Tree::Never
        } else if set.is_any() {
            Tree::Any
        } else if set == *one {
            Tree::Single(self.clone())
        } else if set == *two {
            Tree::Single(other.clone())
        } else if set.is_simple() {
            Tree::Single(Self::of_constraint(self.name, &set)?)
        } else if self.name == PYTHON {
            return match (set.is_union(), join) {
                (false, Join::And) => self.both_pythons(&set, other),
                (true, Join::Or) => self.either_python(other),
                _ => Some(None),
            };
        } else {
            return Some(None);
        };
        Some(Some(tree))
    }

    /// A range may be one minor version, or none at all.
    fn both_pythons(&self, set: &Set, other: &Self) -> Option<Option<Tree>> {
        if let Some(min) = set.0.first().and_then(|range| range.min.as_ref()) {
            let candidate = Self::of_versions(PYTHON, "==", &min.to_string())?;
            if candidate.python()? == *set {
                return Some(Some(Tree::Single(candidate)));
            }
        }
        let both = self.python()?.intersect(&other.python()?);
        Some(both.is_empty().then_some(Tree::Never))
    }

    /// A union of minor versions may be everything, one bound, or a range.
    fn either_python(&self, other: &Self) -> Option<Option<Tree>> {
        let set = self.python()?.union(&other.python()?);
        if set.is_any() {
            return Some(Some(Tree::Any));
        }
        if set.is_simple() {
            return Some(Some(Tree::Single(Self::of_constraint(PYTHON, &set)?)));
        }
        let [range] = &set.0[..] else { return Some(None) };
        let bound = |range: Range| Self::of_constraint(PYTHON, &Set::one(range)).map(Tree::Single);
        let low = bound(Range::above(range.min.clone()?, range.with_min))?;
        let high = bound(Range::below(range.max.clone()?, range.with_max))?;
        Some(Some(Tree::and(vec![low, high])))
    }
}

/// Merges a minor and a full version, as full versions.
fn merge_pythons(one: &Single, other: &Single, join: Join) -> Option<Option<Tree>> {
    let (minor, full) = if one.name == PYTHON { (one, other) } else { (other, one) };
    let normal = Single::of_constraint(FULL, &minor.python()?)?;
    let merged = match normal.merge(full, join)? {
        Some(Tree::Single(merged)) => merged,
        other => return Some(other),
    };
    if merged == normal {
        return Some(Some(Tree::Single(minor.clone())));
    }
    let operator = merged.operator.clone()?;
    let numbers = merged.value.matches('.').count() + 1;
    let is_bound = matches!(&*operator, "<" | ">=");
    let (name, value) = match numbers {
        1 | 2 if is_bound => (PYTHON, format!("{}{}", merged.value, ".0".repeat(2 - numbers))),
        1 | 2 => (FULL, format!("{}{}", merged.value, ".0".repeat(3 - numbers))),
        3 if is_bound && merged.value.ends_with(".0") => {
            (PYTHON, merged.value[..merged.value.len() - 2].to_owned())
        }
        _ => (FULL, merged.value.clone()),
    };
    let is_known = matches!(&*operator, "in" | "not in") || is_release(&value);
    is_known.then_some(())?;
    Single::of_versions(name, &operator, &value).map(|single| Some(Tree::Single(single)))
}

impl Single {
    /// Tells whether the marker says something of Python, and returns what.
    pub(super) fn as_python(&self) -> Option<Option<Set>> {
        (is_python(self.name) && self.versions().is_some()).then(|| self.python())
    }
}
