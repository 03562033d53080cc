//! Waves as layers: where each package stands in a picture of the graph, also when there is a cycle.

use std::collections::{BTreeMap, BTreeSet};

use super::place::float;
use super::{Edge, Graph};

/// How often the layers are put in order of their neighbours.
const SWEEPS: usize = 8;

/// A layered drawing: layers from left to right, slots from top to bottom.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The slots of each layer, in order.
    pub(super) layers: Vec<Vec<Slot>>,
    /// The edges, each with the bends that it goes through, from its start to its end.
    pub(super) routes: Vec<Route>,
}

/// What stands in one place of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    /// A package, by its position in the graph.
    Node(usize),
    /// A place where an edge passes, by the position of the edge's route.
    Bend(usize),
}

/// An edge from the layer of `from` to that of `to`.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) edge: Edge,
    pub(super) from: usize,
    pub(super) from_layer: usize,
    pub(super) to: usize,
    pub(super) to_layer: usize,
    /// Layers between the two, from `from` to `to`.
    pub(super) bends: Vec<usize>,
}

impl Graph {
    /// Returns the positions of the packages in waves. A cycle is opened at its smallest name, so that every
    /// package has a place.
    pub(super) fn layers(&self) -> Vec<Vec<usize>> {
        let mut placed = BTreeSet::new();
        let mut open: BTreeSet<usize> = (0..self.nodes().len()).collect();
        let mut layers = Vec::new();
        while !open.is_empty() {
            let mut ready: Vec<usize> =
                open.iter().copied().filter(|at| self.before(*at).is_subset(&placed)).collect();
            if ready.is_empty() {
                ready.extend(self.opening(&open));
            }
            placed.extend(&ready);
            open.retain(|at| !placed.contains(at));
            layers.push(ready);
        }
        layers
    }

    /// Returns the node at which to open a cycle among nodes that all wait for one another.
    fn opening(&self, open: &BTreeSet<usize>) -> Option<usize> {
        let first = open.first().copied()?;
        let cycle = self.cycle_from(first);
        cycle
            .names()
            .first()
            .and_then(|name| self.position(name))
            .filter(|at| open.contains(at))
            .or(Some(first))
    }
}

impl Layout {
    pub(super) fn new(graph: &Graph) -> Self {
        let layers = graph.layers();
        let mut layer_of = BTreeMap::new();
        for (layer, nodes) in layers.iter().enumerate() {
            layer_of.extend(nodes.iter().map(|node| (*node, layer)));
        }
        let mut layout = Self {
            layers: layers.iter().map(|layer| layer.iter().copied().map(Slot::Node).collect()).collect(),
            routes: Vec::new(),
        };
        for edge in graph.edges() {
            let (Some(from), Some(to)) = (graph.position(&edge.from), graph.position(&edge.to)) else {
                continue;
            };
            let (from_layer, to_layer) = (layer_of[&from], layer_of[&to]);
            let bends = between(from_layer, to_layer);
            for layer in &bends {
                layout.layers[*layer].push(Slot::Bend(layout.routes.len()));
            }
            layout.routes.push(Route { edge: edge.clone(), from, from_layer, to, to_layer, bends });
        }
        layout.order_layers();
        layout
    }

    /// Sorts each layer by the mean place of its neighbours, to and fro, which takes out most crossings.
    fn order_layers(&mut self) {
        let neighbours = self.neighbours();
        for sweep in 0..SWEEPS {
            let leftwards = sweep % 2 == 1;
            for step in 1..self.layers.len() {
                let layer = if leftwards { self.layers.len() - 1 - step } else { step };
                let beside = if leftwards { layer + 1 } else { layer - 1 };
                let places: BTreeMap<Slot, f64> = relative_places(&self.layers[beside]);
                let own = relative_places(&self.layers[layer]);
                let mean = |slot: &Slot| -> f64 {
                    let known: Vec<f64> = neighbours
                        .get(&(layer, *slot))
                        .into_iter()
                        .flatten()
                        .filter(|(at, _)| *at == beside)
                        .filter_map(|(_, other)| places.get(other).copied())
                        .collect();
                    if known.is_empty() { own[slot] } else { known.iter().sum::<f64>() / float(known.len()) }
                };
                let mut keyed: Vec<(f64, Slot)> =
                    self.layers[layer].iter().map(|slot| (mean(slot), *slot)).collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                self.layers[layer] = keyed.into_iter().map(|(_, slot)| slot).collect();
            }
        }
    }

    /// Returns, for each slot of each layer, the slots that an edge connects it with.
    pub(super) fn neighbours(&self) -> BTreeMap<(usize, Slot), Vec<(usize, Slot)>> {
        let mut map: BTreeMap<(usize, Slot), Vec<(usize, Slot)>> = BTreeMap::new();
        for (at, route) in self.routes.iter().enumerate() {
            let mut stops = vec![(route.from_layer, Slot::Node(route.from))];
            stops.extend(route.bends.iter().map(|layer| (*layer, Slot::Bend(at))));
            stops.push((route.to_layer, Slot::Node(route.to)));
            for pair in stops.windows(2) {
                map.entry(pair[0]).or_default().push(pair[1]);
                map.entry(pair[1]).or_default().push(pair[0]);
            }
        }
        map
    }
}

/// Returns the layers strictly between two, from the first to the second.
fn between(from: usize, to: usize) -> Vec<usize> {
    if to < from { (to + 1..from).rev().collect() } else { (from + 1..to).collect() }
}

/// Returns each slot's place in its layer as a share of the layer's height.
fn relative_places(layer: &[Slot]) -> BTreeMap<Slot, f64> {
    let height = float(layer.len().max(1));
    layer.iter().enumerate().map(|(at, slot)| (*slot, (float(at) + 0.5) / height)).collect()
}
