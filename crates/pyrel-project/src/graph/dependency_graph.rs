//! Nodes, edges, and the order in which packages can be published.

use std::collections::{BTreeMap, BTreeSet};

use pyrel_model::PackageName;
use serde::Serialize;

use super::{Cycle, order};
use crate::package::{DependencyKind, Package};

/// The graph of dependencies between packages.
#[derive(Debug, Clone)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// For each node, the nodes that must come before it.
    before: Vec<BTreeSet<usize>>,
}

/// A package as the graph shows it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) name: PackageName,
    pub(super) version: Option<String>,
    pub(super) private: bool,
}

/// A dependency: `from` needs `to`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// The package that depends.
    pub from: PackageName,
    /// The package depended on.
    pub to: PackageName,
    /// What for.
    pub kind: DependencyKind,
}

/// Some of the packages, in the order in which they can be published.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// One after the other.
    pub(crate) order: Vec<PackageName>,
    /// At the same time within a wave.
    pub(crate) waves: Vec<Vec<PackageName>>,
}

impl Graph {
    /// Makes the graph of the given packages; dependencies on others are left out.
    #[must_use]
    pub fn new<'p>(packages: impl IntoIterator<Item = &'p Package>) -> Self {
        let mut packages: Vec<&Package> = packages.into_iter().collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        let index: BTreeMap<&PackageName, usize> =
            packages.iter().enumerate().map(|(at, package)| (&package.name, at)).collect();
        let mut before = vec![BTreeSet::new(); packages.len()];
        let mut edges = BTreeSet::new();
        for (at, package) in packages.iter().enumerate() {
            for dependency in &package.internal {
                let Some(&needed) = index.get(&dependency.name) else { continue };
                if dependency.kind.is_ordering() {
                    before[at].insert(needed);
                }
                edges.insert(Edge {
                    from: package.name.clone(),
                    to: packages[needed].name.clone(),
                    kind: dependency.kind,
                });
            }
        }
        let node = |package: &&Package| Node {
            name: package.name.clone(),
            version: package.version().map(ToString::to_string),
            private: package.private,
        };
        Self { nodes: packages.iter().map(node).collect(), edges: edges.into_iter().collect(), before }
    }

    /// Returns all packages, sorted by name.
    pub fn names(&self) -> impl Iterator<Item = &PackageName> {
        self.nodes.iter().map(|node| &node.name)
    }

    /// Returns all dependencies of every kind, each once, sorted.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Returns the packages so that each comes after those it needs to run or to be built; ties by name.
    ///
    /// # Errors
    /// When some of them form a cycle.
    pub fn order(&self) -> Result<Vec<PackageName>, Cycle> {
        let needs = self.before.iter().cloned().enumerate().collect();
        let order = order::topological(&needs).map_err(|stuck| self.cycle_from(stuck))?;
        Ok(self.names_of(&order))
    }

    /// Returns the packages in waves: each needs only packages of earlier waves. Sorted by name within a wave.
    ///
    /// # Errors
    /// When some of them form a cycle.
    pub fn waves(&self) -> Result<Vec<Vec<PackageName>>, Cycle> {
        let needs = self.before.iter().cloned().enumerate().collect();
        let waves = order::waves(&needs).map_err(|stuck| self.cycle_from(stuck))?;
        Ok(waves.iter().map(|wave| self.names_of(wave)).collect())
    }

    /// Returns the first cycle, by name, that there is.
    #[must_use]
    pub fn cycle(&self) -> Option<Cycle> {
        self.order().err()
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn before(&self, at: usize) -> &BTreeSet<usize> {
        &self.before[at]
    }

    pub(super) fn position(&self, name: &PackageName) -> Option<usize> {
        self.nodes.binary_search_by(|node| node.name.cmp(name)).ok()
    }

    /// Returns the order and the waves of some of the packages. A package that is not among them still passes on
    /// what it needs: with `a` needing `b` needing `c`, `a` comes after `c` even without `b`.
    ///
    /// # Errors
    /// When one of them lies on a cycle.
    pub(crate) fn schedule(&self, chosen: &BTreeSet<PackageName>) -> Result<Schedule, Cycle> {
        let chosen: BTreeSet<usize> = chosen.iter().filter_map(|name| self.position(name)).collect();
        let needs: BTreeMap<usize, BTreeSet<usize>> =
            chosen.iter().map(|at| (*at, self.reachable(*at, &chosen))).collect();
        let cycle = |stuck| self.cycle_from(stuck);
        let waves = order::waves(&needs).map_err(cycle)?;
        Ok(Schedule {
            order: self.names_of(&order::topological(&needs).map_err(cycle)?),
            waves: waves.iter().map(|wave| self.names_of(wave)).collect(),
        })
    }

    fn names_of(&self, nodes: &[usize]) -> Vec<PackageName> {
        nodes.iter().map(|at| self.nodes[*at].name.clone()).collect()
    }

    /// Returns the chosen nodes that a node needs, directly or through nodes that are not chosen.
    fn reachable(&self, from: usize, chosen: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut found = BTreeSet::new();
        let mut open: Vec<usize> = self.before[from].iter().copied().collect();
        while let Some(at) = open.pop() {
            if chosen.contains(&at) {
                found.insert(at);
            } else if seen.insert(at) {
                open.extend(&self.before[at]);
            }
        }
        found
    }

    /// Returns a cycle that is reached from a node, the node itself on it when it lies on one: the shortest.
    pub(super) fn cycle_from(&self, start: usize) -> Cycle {
        let starts = std::iter::once(start).chain(self.descendants(start));
        let path = starts.into_iter().find_map(|at| self.shortest_way_back(at));
        let names = path.unwrap_or_else(|| vec![start]).into_iter().map(|at| self.nodes[at].name.clone());
        Cycle::new(names.collect())
    }

    fn descendants(&self, start: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            open.extend(self.before[at].iter().copied().filter(|next| seen.insert(*next)));
        }
        seen
    }

    /// Returns the nodes on the shortest way from a node back to itself, smallest names first among equals.
    fn shortest_way_back(&self, start: usize) -> Option<Vec<usize>> {
        let mut came_from: BTreeMap<usize, usize> = BTreeMap::new();
        let mut open = std::collections::VecDeque::from([start]);
        while let Some(at) = open.pop_front() {
            for &next in &self.before[at] {
                if next == start {
                    let mut path = vec![at];
                    while let Some(previous) = path.last().and_then(|last| came_from.get(last)) {
                        path.push(*previous);
                    }
                    path.reverse();
                    return Some(path);
                }
                if next != at && !came_from.contains_key(&next) {
                    came_from.insert(next, at);
                    open.push_back(next);
                }
            }
        }
        None
    }
}
