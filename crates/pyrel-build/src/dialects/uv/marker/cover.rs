//! The clauses that newer versions of uv make of a diagram: a sum of products by the recurrence of Minato and Morreale,
//! which may leave out what another clause covers.

use std::collections::HashMap;
use std::rc::Rc;

use super::diagram::{Diagram, Edges, Id, Node};
use super::interval::{Interval, union};

/// Clauses with shared ends.
#[derive(Debug)]
pub(super) enum Cover {
    /// No clause.
    Never,
    /// The empty clause.
    Always,
    /// A condition of one variable.
    Guard(Id),
    /// Conditions of one variable, each before the clauses of a cover.
    Branches(Vec<(Id, Rc<Self>)>),
}

type Known = HashMap<(Id, Id), (Id, Rc<Cover>)>;

/// Returns the cover of a condition; `None` where uv itself breaks off.
pub(super) fn of(diagram: &mut Diagram, id: Id) -> Option<Rc<Cover>> {
    between(diagram, (id, id), &mut HashMap::new()).map(|(_, cover)| cover)
}

/// Returns a cover, and its condition, that holds where the first condition does, and only where the second does.
///
/// What uv knows of values that exclude each other may leave no such condition; there uv panics.
fn between(diagram: &mut Diagram, (lower, upper): (Id, Id), known: &mut Known) -> Option<(Id, Rc<Cover>)> {
    if lower == Id::FALSE {
        return Some((Id::FALSE, Rc::new(Cover::Never)));
    }
    if upper == Id::TRUE {
        return Some((Id::TRUE, Rc::new(Cover::Always)));
    }
    if let Some(found) = known.get(&(lower, upper)) {
        return Some(found.clone());
    }
    if lower == upper && diagram.node(lower)?.edges.is_final() {
        return Some((lower, Rc::new(Cover::Guard(lower))));
    }
    let parts = parts(diagram, lower, upper)?;
    let shared_upper = parts.iter().fold(Id::TRUE, |shared, part| diagram.and(shared, part.upper));
    let mut shared_lower = Id::FALSE;
    let mut function = Id::FALSE;
    let mut branches: Vec<(Id, Id, Rc<Cover>)> = Vec::new();
    for part in parts {
        let required = diagram.and(part.lower, shared_upper.not());
        let (specific, cover) = between(diagram, (required, part.upper), known)?;
        let remaining = diagram.and(part.lower, specific.not());
        shared_lower = diagram.or(shared_lower, remaining);
        if specific == Id::FALSE {
            continue;
        }
        if lower != upper {
            let term = diagram.and(part.guard, specific);
            function = diagram.or(function, term);
        }
        match branches.iter_mut().find(|(key, ..)| *key == specific) {
            Some((_, guard, _)) => *guard = diagram.or(*guard, part.guard),
            None => branches.push((specific, part.guard, cover)),
        }
    }
    let (shared, cover) = between(diagram, (shared_lower, shared_upper), known)?;
    function = if lower == upper { lower } else { diagram.or(function, shared) };
    if shared != Id::FALSE {
        match branches.iter_mut().find(|(key, ..)| *key == shared) {
            Some(branch) => *branch = (shared, Id::TRUE, cover),
            None => branches.push((shared, Id::TRUE, cover)),
        }
    }
    let branches = branches.into_iter().map(|(_, guard, cover)| (guard, cover)).collect();
    let result = (function, Rc::new(Cover::Branches(branches)));
    known.insert((lower, upper), result.clone());
    Some(result)
}

/// A condition of the first variable, and what is left of both bounds where it holds.
struct Part {
    guard: Id,
    lower: Id,
    upper: Id,
}

/// Splits two bounds by the variable that comes first in them.
fn parts(diagram: &mut Diagram, lower: Id, upper: Id) -> Option<Vec<Part>> {
    let (below, above) = (diagram.node(lower)?, diagram.node(upper)?);
    let variable = below.variable.clone().min(above.variable.clone());
    let edges = |node: &Node, id| match (node.variable == variable, &below.edges, &above.edges) {
        (true, ..) => node.edges.clone(),
        (false, Edges::Choice { .. }, _) if below.variable == variable => Edges::Choice { yes: id, no: id },
        (false, _, Edges::Choice { .. }) if above.variable == variable => Edges::Choice { yes: id, no: id },
        _ => Edges::Split(vec![(Interval::everything(), id)]),
    };
    let (left, right) = (edges(&below, lower), edges(&above, upper));
    let mut regions: Vec<(Vec<Interval>, Id, Id)> = Vec::new();
    for (range, low, high) in left.pairs(&right) {
        match regions
            .iter_mut()
            .find(|(ranges, one, other)| !ranges.is_empty() && (*one, *other) == (low, high))
        {
            Some((ranges, ..)) => ranges.extend(range),
            None => regions.push((range.into_iter().collect(), low, high)),
        }
    }
    if let [(_, yes_low, yes_high), (_, no_low, no_high)] = regions[..]
        && regions[0].0.is_empty()
    {
        let guard = diagram.create(variable, Edges::choice(true));
        let fails = Part { guard: guard.not(), lower: no_low, upper: no_high };
        return Some(vec![fails, Part { guard, lower: yes_low, upper: yes_high }]);
    }
    let part = |(ranges, low, high): (Vec<Interval>, Id, Id)| {
        let guard = match low == Id::FALSE && lower != upper {
            true => Id::FALSE,
            false => diagram.create(variable.clone(), Edges::within(&union(ranges))),
        };
        Part { guard, lower: low, upper: high }
    };
    Some(regions.into_iter().map(part).collect())
}
