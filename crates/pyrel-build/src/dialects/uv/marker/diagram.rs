//! Decision diagrams: what uv keeps of a marker, so that equal conditions become one.
//!
//! A node asks for one variable; its edges lead on by intervals of values, or by yes and no. Variables are asked for in
//! one order, nodes are shared, and a condition and its negation are the same node, told apart by the last bit of
//! the reference.

use std::collections::HashMap;

use super::interval::{Interval, Union, compare_disjoint, complement};

/// A variable, in the order in which diagrams ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Variable {
    Text(Text),
    /// A text that is read as a version.
    TextAsVersion(Text),
    Version(Number),
    /// Whether the variable's value is a part of the text.
    In(Text, String),
    /// Whether the text is a part of the variable's value.
    Contains(Text, String),
    Extra(String),
}

/// Variables with texts for values. The first three exclude some of each other's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Text {
    OsName,
    SysPlatform,
    PlatformSystem,
    PlatformMachine,
    PythonImplementation,
    PlatformRelease,
    PlatformVersion,
    ImplementationName,
}

/// Variables with versions for values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Number {
    ImplementationVersion,
    PythonFullVersion,
}

impl Variable {
    fn excludes_others(&self) -> bool {
        matches!(self, Self::Text(text) if *text <= Text::PlatformSystem)
    }
}

/// The versions of uv, by what they do with markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Generation {
    /// Up to 0.11: texts are ordered.
    Ordered,
    /// 0.12: texts have no order, but releases of Darwin are versions.
    Unordered,
    /// From 0.13 on: markers are printed as covers.
    Covers,
}

/// A reference to a node, or one of the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Id(usize);

impl Id {
    pub(super) const TRUE: Self = Self(0);
    pub(super) const FALSE: Self = Self(1);

    pub(super) fn not(self) -> Self {
        Self(self.0 ^ 1)
    }

    fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    /// Returns the reference as seen through a reference to its parent.
    fn below(self, parent: Self) -> Self {
        if parent.is_negated() { self.not() } else { self }
    }
}

/// Where the values of a variable lead.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Edges {
    /// Intervals in order, without gaps.
    Split(Vec<(Interval, Id)>),
    Choice {
        yes: Id,
        no: Id,
    },
}

impl Edges {
    /// Returns the edges of a condition that holds within some intervals.
    pub(super) fn within(union: &Union) -> Self {
        let inside = union.iter().map(|interval| (interval.clone(), Id::TRUE));
        let outside = complement(union).into_iter().map(|interval| (interval, Id::FALSE));
        let mut edges: Vec<_> = inside.chain(outside).collect();
        edges.sort_by(|(one, _), (other, _)| compare_disjoint(one, other));
        Self::Split(edges)
    }

    /// Joins neighbours that lead to one place; two edges without intervals are a choice.
    fn joined(edges: Vec<(Option<Interval>, Id)>) -> Self {
        if let [(None, yes), (None, no)] = edges[..] {
            return Self::Choice { yes, no };
        }
        let mut out: Vec<(Interval, Id)> = Vec::new();
        for (range, id) in edges {
            let range = range.expect("a variable has one kind of edges");
            match out.last_mut() {
                Some((last, earlier)) if *earlier == id && last.meets(&range) => last.high = range.high,
                _ => out.push((range, id)),
            }
        }
        Self::Split(out)
    }

    pub(super) fn choice(holds: bool) -> Self {
        let (yes, no) = if holds { (Id::TRUE, Id::FALSE) } else { (Id::FALSE, Id::TRUE) };
        Self::Choice { yes, no }
    }

    /// Returns the edges as seen through a reference to their node.
    fn below(mut self, parent: Id) -> Self {
        match &mut self {
            Self::Split(edges) => edges.iter_mut().for_each(|(_, id)| *id = id.below(parent)),
            Self::Choice { yes, no } => (*yes, *no) = (yes.below(parent), no.below(parent)),
        }
        self
    }

    /// Tells whether all edges lead to the ends.
    pub(super) fn is_final(&self) -> bool {
        self.ids().into_iter().all(|id| id == Id::TRUE || id == Id::FALSE)
    }

    fn ids(&self) -> Vec<Id> {
        match self {
            Self::Split(edges) => edges.iter().map(|(_, id)| *id).collect(),
            Self::Choice { yes, no } => vec![*yes, *no],
        }
    }

    fn map(&self, mut f: impl FnMut(Id) -> Id) -> Self {
        match self {
            Self::Split(edges) => {
                Self::Split(edges.iter().map(|(range, id)| (range.clone(), f(*id))).collect())
            }
            Self::Choice { yes, no } => {
                let no = f(*no);
                Self::Choice { yes: f(*yes), no }
            }
        }
    }

    /// Pairs the edges of two nodes of one variable where their values meet.
    pub(super) fn pairs(&self, other: &Self) -> Vec<(Option<Interval>, Id, Id)> {
        match (self, other) {
            (Self::Split(left), Self::Split(right)) => {
                let mut out = Vec::new();
                for (range, id) in left {
                    for (other, second) in right {
                        let both = other.intersection(range);
                        out.extend(both.map(|both| (Some(both), *id, *second)));
                    }
                }
                out
            }
            (Self::Choice { yes, no }, Self::Choice { yes: other_yes, no: other_no }) => {
                vec![(None, *yes, *other_yes), (None, *no, *other_no)]
            }
            _ => unreachable!("a variable has one kind of edges"),
        }
    }
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) variable: Variable,
    pub(super) edges: Edges,
}

/// The nodes of some markers.
#[derive(Debug)]
pub(super) struct Diagram {
    pub(super) generation: Generation,
    nodes: Vec<Node>,
    known: HashMap<Node, Id>,
    conjunctions: HashMap<(Id, Id), Id>,
    exclusions: Option<Id>,
}

impl Diagram {
    pub(super) fn new(generation: Generation) -> Self {
        Self {
            generation,
            nodes: Vec::new(),
            known: HashMap::new(),
            conjunctions: HashMap::new(),
            exclusions: None,
        }
    }

    /// Returns a node with the edges as seen through the reference; `None` at the ends.
    pub(super) fn node(&self, id: Id) -> Option<Node> {
        let node = self.nodes.get((id.0 >> 1).checked_sub(1)?)?;
        Some(Node { variable: node.variable.clone(), edges: node.edges.map(|child| child.below(id)) })
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Makes a node, unless there is one already, or all of its edges lead to one place.
    pub(super) fn create(&mut self, variable: Variable, edges: Edges) -> Id {
        let first = edges.ids()[0];
        if edges.ids().iter().all(|id| *id == first) {
            return first;
        }
        let node = Node { variable, edges: edges.below(first) };
        let next = Id((self.nodes.len() + 1) << 1);
        let id = *self.known.entry(node.clone()).or_insert(next);
        if id == next {
            self.nodes.push(node);
        }
        id.below(first)
    }

    pub(super) fn or(&mut self, one: Id, other: Id) -> Id {
        self.and(one.not(), other.not()).not()
    }

    pub(super) fn and(&mut self, one: Id, other: Id) -> Id {
        if let Some(id) = simple(one, other) {
            return id;
        }
        if let Some(known) = self.conjunctions.get(&(one, other)) {
            return *known;
        }
        let (left, right) = self.both(one, other);
        let conflict = left.variable.excludes_others() && right.variable.excludes_others();
        let (variable, edges) = self.expand((&left, one), (&right, other), Self::and);
        let mut id = self.create(variable, edges);
        if conflict {
            let exclusions = self.exclusions();
            if self.is_disjoint(id, exclusions.not()) {
                id = Id::FALSE;
            }
        }
        self.conjunctions.insert((one, other), id);
        id
    }

    fn both(&self, one: Id, other: Id) -> (Node, Node) {
        let node = |id| self.node(id).expect("the ends were dealt with");
        (node(one), node(other))
    }

    /// Carries an operation into the edges of the node whose variable comes first, or of both.
    fn expand(
        &mut self,
        (left, one): (&Node, Id),
        (right, other): (&Node, Id),
        apply: fn(&mut Self, Id, Id) -> Id,
    ) -> (Variable, Edges) {
        if left.variable == right.variable {
            let pairs = left.edges.pairs(&right.edges);
            let edges = pairs.into_iter().map(|(range, first, second)| (range, apply(self, first, second)));
            return (left.variable.clone(), Edges::joined(edges.collect()));
        }
        let (first, edges) = if left.variable < right.variable {
            (left, left.edges.map(|id| apply(self, id, other)))
        } else {
            (right, right.edges.map(|id| apply(self, id, one)))
        };
        let edges = match edges {
            Edges::Split(edges) if self.generation == Generation::Covers => {
                Edges::joined(edges.into_iter().map(|(range, id)| (Some(range), id)).collect())
            }
            edges => edges,
        };
        (first.variable.clone(), edges)
    }

    /// Tells whether two conditions never hold together, without knowledge of what excludes what.
    fn is_disjoint(&self, one: Id, other: Id) -> bool {
        if let Some(id) = simple(one, other) {
            return id == Id::FALSE;
        }
        let (left, right) = self.both(one, other);
        if left.variable < right.variable {
            left.edges.ids().into_iter().all(|id| self.is_disjoint(id, other))
        } else if left.variable > right.variable {
            right.edges.ids().into_iter().all(|id| self.is_disjoint(id, one))
        } else {
            left.edges
                .pairs(&right.edges)
                .into_iter()
                .all(|(_, first, second)| self.is_disjoint(first, second))
        }
    }

    /// Returns the condition that the environment is one of those which uv knows cannot be.
    fn exclusions(&mut self) -> Id {
        if let Some(known) = self.exclusions {
            return known;
        }
        let mut all = Id::FALSE;
        for ((one, first), (other, second)) in impossible() {
            let one = self.equal(one, first);
            let other = self.equal(other, second);
            let both = self.plain_and(one, other);
            all = self.plain_and(all.not(), both.not()).not();
        }
        self.exclusions = Some(all);
        all
    }

    fn equal(&mut self, variable: Text, text: &str) -> Id {
        let point = Interval::point(super::interval::Value::Text(text.to_owned()));
        self.create(Variable::Text(variable), Edges::within(&vec![point]))
    }

    /// A conjunction without knowledge of what excludes what.
    fn plain_and(&mut self, one: Id, other: Id) -> Id {
        if let Some(id) = simple(one, other) {
            return id;
        }
        let (left, right) = self.both(one, other);
        let (variable, edges) = self.expand((&left, one), (&right, other), Self::plain_and);
        self.create(variable, edges)
    }
}

/// Returns the conjunction of two conditions where no node need be looked at.
fn simple(one: Id, other: Id) -> Option<Id> {
    if one == Id::TRUE || one == other {
        Some(other)
    } else if other == Id::TRUE {
        Some(one)
    } else if one == Id::FALSE || other == Id::FALSE || one == other.not() {
        Some(Id::FALSE)
    } else {
        None
    }
}

type Fact = (Text, &'static str);

/// Lists the pairs of values that uv knows exclude each other.
fn impossible() -> Vec<(Fact, Fact)> {
    const FOREIGN: [&str; 9] =
        ["aix", "android", "emscripten", "ios", "linux", "darwin", "win32", "cygwin", "wasi"];
    let mut out: Vec<(Fact, Fact)> = [("nt", "linux"), ("nt", "darwin"), ("nt", "ios"), ("posix", "win32")]
        .map(|(os, platform)| ((Text::OsName, os), (Text::SysPlatform, platform)))
        .to_vec();
    for system in ["FreeBSD", "NetBSD", "OpenBSD", "SunOS", "iOS", "iPadOS"] {
        for platform in FOREIGN {
            if !(platform == "ios" && matches!(system, "iOS" | "iPadOS")) {
                out.push(((Text::PlatformSystem, system), (Text::SysPlatform, platform)));
            }
        }
    }
    out
}
