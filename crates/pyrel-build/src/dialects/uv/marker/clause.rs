//! Diagrams as text: the paths that lead to yes, each a clause of terms, without terms and clauses that say nothing new.

use std::ops::Bound;

use super::cover::{self, Cover};
use super::diagram::{Diagram, Edges, Generation, Id, Number, Text, Variable};
use super::interval::{Interval, Union, Value, union};

/// More clauses than a person writes; beyond, uv is asked.
const MOST_CLAUSES: usize = 128;

/// One comparison of a printed marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// Place and name of the variable.
    key: (u8, &'static str),
    /// The operator; with a star for one of whole series, `has` for a text within the variable.
    operator: &'static str,
    value: String,
}

impl Term {
    /// Tells whether the term compares with a major version alone.
    pub(super) fn is_bare_major(&self, major: u64) -> bool {
        self.key.0 == 0 && !self.operator.ends_with('*') && self.value == major.to_string()
    }

    fn negates(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value && negated(self.operator) == other.operator
    }

    fn print(&self) -> String {
        let (name, value) = (self.key.1, &self.value);
        match self.operator {
            "==*" | "!=*" => format!("{name} {} '{value}.*'", &self.operator[..2]),
            "has" => format!("'{value}' in {name}"),
            "has not" => format!("'{value}' not in {name}"),
            operator => format!("{name} {operator} '{value}'"),
        }
    }
}

fn negated(operator: &str) -> &'static str {
    match operator {
        "==" => "!=",
        "!=" => "==",
        "==*" => "!=*",
        "!=*" => "==*",
        "<" => ">=",
        "<=" => ">",
        ">" => "<=",
        ">=" => "<",
        "in" => "not in",
        "not in" => "in",
        "has" => "has not",
        "has not" => "has",
        other => unreachable!("no term has this operator: {other}"),
    }
}

type Clause = Vec<Term>;

/// Returns the clauses of a condition that is neither always nor never true; `None` when there are too many, or none in uv.
pub(super) fn clauses(diagram: &mut Diagram, id: Id) -> Option<Vec<Clause>> {
    let mut out = Vec::new();
    if diagram.generation == Generation::Covers {
        let cover = cover::of(diagram, id)?;
        unfold(diagram, &cover, &mut out, &mut Vec::new())?;
    } else {
        collect(diagram, id, &mut out, &mut Vec::new())?;
        drop_terms(&mut out);
        drop_clauses(&mut out);
    }
    for clause in &mut out {
        clause.sort_by_key(|term| term.key);
    }
    out.sort_by(|one, other| one.iter().map(|term| term.key).cmp(other.iter().map(|term| term.key)));
    Some(out)
}

/// Prints clauses joined by `or`.
pub(super) fn print(clauses: &[Clause]) -> String {
    let join = |clause: &Clause| clause.iter().map(Term::print).collect::<Vec<_>>().join(" and ");
    let print = |clause: &Clause| match clause.len() {
        1 => join(clause),
        _ if clauses.len() == 1 => join(clause),
        _ => format!("({})", join(clause)),
    };
    clauses.iter().map(print).collect::<Vec<_>>().join(" or ")
}

fn key(variable: &Variable) -> (u8, &'static str) {
    match variable {
        Variable::Version(Number::ImplementationVersion) => (0, "implementation_version"),
        Variable::Version(Number::PythonFullVersion) => (0, "python_full_version"),
        Variable::Text(text)
        | Variable::TextAsVersion(text)
        | Variable::In(text, _)
        | Variable::Contains(text, _) => (1, name(*text)),
        Variable::Extra(_) => (2, "extra"),
    }
}

fn name(text: Text) -> &'static str {
    match text {
        Text::OsName => "os_name",
        Text::SysPlatform => "sys_platform",
        Text::PlatformSystem => "platform_system",
        Text::PlatformMachine => "platform_machine",
        Text::PythonImplementation => "platform_python_implementation",
        Text::PlatformRelease => "platform_release",
        Text::PlatformVersion => "platform_version",
        Text::ImplementationName => "implementation_name",
    }
}

/// Lists the clauses of a cover.
fn unfold(diagram: &Diagram, cover: &Cover, out: &mut Vec<Clause>, path: &mut Clause) -> Option<()> {
    match cover {
        Cover::Never => {}
        Cover::Always => out.extend((!path.is_empty()).then(|| path.clone())),
        Cover::Guard(guard) => guarded(diagram, *guard, &Cover::Always, out, path)?,
        Cover::Branches(branches) => {
            for (guard, rest) in branches {
                guarded(diagram, *guard, rest, out, path)?;
            }
        }
    }
    (out.len() <= MOST_CLAUSES).then_some(())
}

/// Lists the clauses of a cover behind a condition of one variable.
fn guarded(
    diagram: &Diagram,
    guard: Id,
    rest: &Cover,
    out: &mut Vec<Clause>,
    path: &mut Clause,
) -> Option<()> {
    let Some(node) = diagram.node(guard) else {
        return if guard == Id::TRUE { unfold(diagram, rest, out, path) } else { Some(()) };
    };
    let key = key(&node.variable);
    for (terms, child) in steps(&node.variable, &node.edges) {
        if child == Id::TRUE {
            let length = path.len();
            path.extend(terms.into_iter().map(|(operator, value)| Term { key, operator, value }));
            unfold(diagram, rest, out, path)?;
            path.truncate(length);
        }
    }
    Some(())
}

/// Walks all paths to the end that says yes.
fn collect(diagram: &Diagram, id: Id, out: &mut Vec<Clause>, path: &mut Clause) -> Option<()> {
    let Some(node) = diagram.node(id) else {
        if id == Id::TRUE && !path.is_empty() {
            out.push(path.clone());
        }
        return (out.len() <= MOST_CLAUSES).then_some(());
    };
    let key = key(&node.variable);
    for (terms, child) in steps(&node.variable, &node.edges) {
        let length = path.len();
        path.extend(terms.into_iter().map(|(operator, value)| Term { key, operator, value }));
        collect(diagram, child, out, path)?;
        path.truncate(length);
    }
    Some(())
}

type Step = (Vec<(&'static str, String)>, Id);

fn steps(variable: &Variable, edges: &Edges) -> Vec<Step> {
    match edges {
        Edges::Choice { yes, no } => choices(variable, *yes, *no),
        Edges::Split(edges) => gathered(edges, matches!(variable, Variable::TextAsVersion(_))),
    }
}

fn choices(variable: &Variable, yes: Id, no: Id) -> Vec<Step> {
    let (operators, value) = match variable {
        Variable::In(_, value) => (["in", "not in"], value),
        Variable::Contains(_, value) => (["has", "has not"], value),
        Variable::Extra(value) => (["==", "!="], value),
        Variable::Text(_) | Variable::TextAsVersion(_) | Variable::Version(_) => {
            unreachable!("these have intervals")
        }
    };
    let [holds, fails] = operators.map(|operator| vec![(operator, value.clone())]);
    vec![(holds, yes), (fails, no)]
}

/// Joins the intervals that lead to one place, in the order of the first of each, and words them.
fn gathered(edges: &[(Interval, Id)], is_plain: bool) -> Vec<Step> {
    let mut found: Vec<(Id, Vec<Interval>)> = Vec::new();
    for (range, id) in edges {
        match found.iter_mut().find(|(one, _)| one == id) {
            Some((_, ranges)) => ranges.push(range.clone()),
            None => found.push((*id, vec![range.clone()])),
        }
    }
    let mut out = Vec::new();
    for (id, ranges) in found {
        let ranges = union(ranges);
        let excluded = || excluded_points(&ranges).or_else(|| excluded_series(&ranges));
        match (!is_plain).then(excluded).flatten() {
            Some(terms) => out.push((terms, id)),
            None => out.extend(ranges.iter().map(|range| (bounds(range, is_plain), id))),
        }
    }
    out
}

fn print_value(value: &Value) -> String {
    match value {
        Value::Release(numbers) => numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."),
        Value::Text(text) => text.clone(),
    }
}

/// Everything but single values.
fn excluded_points(ranges: &Union) -> Option<Vec<(&'static str, String)>> {
    let (first, last) = (ranges.first()?, ranges.last()?);
    if first.low != Bound::Unbounded || last.high != Bound::Unbounded {
        return None;
    }
    let gap = |pair: &[Interval]| match (&pair[0].high, &pair[1].low) {
        (Bound::Excluded(one), Bound::Excluded(other)) if one == other => Some(("!=", print_value(one))),
        _ => None,
    };
    ranges.windows(2).map(gap).collect()
}

/// Returns the series that ends where the other version begins.
fn series(low: &Value, high: &Value) -> Option<String> {
    let (Value::Release(low), Value::Release(high)) = (low, high) else { return None };
    let (major, minor) = match low[..] {
        [major] => (major, 0),
        [major, minor] => (major, minor),
        _ => return None,
    };
    (*high == [major, minor + 1]).then(|| format!("{major}.{minor}"))
}

/// Everything but one minor version.
fn excluded_series(ranges: &Union) -> Option<Vec<(&'static str, String)>> {
    let [
        Interval { low: Bound::Unbounded, high: Bound::Excluded(low) },
        Interval { low: Bound::Included(high), high: Bound::Unbounded },
    ] = &ranges[..]
    else {
        return None;
    };
    series(low, high).map(|series| vec![("!=*", series)])
}

fn bounds(range: &Interval, is_plain: bool) -> Vec<(&'static str, String)> {
    match (&range.low, &range.high) {
        (Bound::Included(low), Bound::Included(high)) if low == high => {
            return vec![("==", print_value(low))];
        }
        (Bound::Included(low), Bound::Excluded(high)) if !is_plain => {
            if let Some(series) = series(low, high) {
                return vec![("==*", series)];
            }
        }
        _ => {}
    }
    let low = match &range.low {
        Bound::Included(value) => Some((">=", print_value(value))),
        Bound::Excluded(value) => Some((">", print_value(value))),
        Bound::Unbounded => None,
    };
    let high = match &range.high {
        Bound::Included(value) => Some(("<=", print_value(value))),
        Bound::Excluded(value) => Some(("<", print_value(value))),
        Bound::Unbounded => None,
    };
    low.into_iter().chain(high).collect()
}

/// Drops terms whose opposite, beside terms of the same clause, makes up another clause.
fn drop_terms(clauses: &mut [Clause]) {
    for at in 0..clauses.len() {
        let clause = &clauses[at];
        let mut dropped: Vec<usize> = Vec::new();
        for (place, term) in clause.iter().enumerate() {
            let is_given = |other: &Term| {
                let found = clause.iter().position(|one| one == other);
                found.is_some_and(|found| !dropped.contains(&found))
            };
            let is_redundant = clauses.iter().enumerate().any(|(other, terms)| {
                other != at
                    && terms.iter().all(|other| other != term && (other.negates(term) || is_given(other)))
            });
            if is_redundant {
                dropped.push(place);
            }
        }
        for place in dropped.into_iter().rev() {
            clauses[at].remove(place);
        }
    }
}

/// Drops clauses that hold all the terms of another.
fn drop_clauses(clauses: &mut Vec<Clause>) {
    let mut dropped: Vec<usize> = Vec::new();
    for (at, clause) in clauses.iter().enumerate() {
        let is_redundant = clauses.iter().enumerate().any(|(other, terms)| {
            other != at && !dropped.contains(&other) && terms.iter().all(|term| clause.contains(term))
        });
        if is_redundant {
            dropped.push(at);
        }
    }
    for at in dropped.into_iter().rev() {
        clauses.remove(at);
    }
}
