//! Coordinates for a layered drawing: every slot near its neighbours, none over another.

use std::collections::BTreeMap;

use super::Graph;
use super::layout::{Layout, Route, Slot};

pub(super) const NODE_HEIGHT: f64 = 46.0;
const NODE_GAP: f64 = 18.0;
const BEND_HEIGHT: f64 = 8.0;
const BEND_GAP: f64 = 10.0;
const COLUMN_GAP: f64 = 92.0;
const CHARACTER_WIDTH: f64 = 7.7;
const PADDING: f64 = 14.0;
const MIN_WIDTH: f64 = 96.0;
/// The share of a node's side that arrows are spread over.
const PORT_SPREAD: f64 = 0.6;
const PASSES: usize = 12;

/// Where everything is, in pixels from the upper left corner of the drawing.
#[derive(Debug)]
pub(super) struct Places {
    /// Left edge and width of each layer.
    pub(super) columns: Vec<(f64, f64)>,
    /// The middle of each slot, by layer and slot.
    middles: BTreeMap<(usize, Slot), f64>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// One end of an edge on a side of its node.
#[derive(Debug, Clone, Copy)]
struct Port {
    /// The height that the edge comes from; ports are sorted by it.
    towards: f64,
    route: usize,
    is_start: bool,
}

/// The two ends of an edge, each a point on the side of its node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ends {
    pub(super) start: (f64, f64),
    pub(super) end: (f64, f64),
}

impl Places {
    pub(super) fn new(graph: &Graph, layout: &Layout) -> Self {
        let mut columns = Vec::new();
        let mut left = 0.0;
        for layer in &layout.layers {
            let width = layer.iter().map(|slot| slot_width(graph, *slot)).fold(MIN_WIDTH, f64::max);
            columns.push((left, width));
            left += width + COLUMN_GAP;
        }
        let mut places =
            Self { columns, middles: BTreeMap::new(), width: (left - COLUMN_GAP).max(0.0), height: 0.0 };
        places.stack(layout);
        let neighbours = layout.neighbours();
        for pass in 0..PASSES {
            for step in 0..layout.layers.len() {
                let layer = if pass % 2 == 0 { step } else { layout.layers.len() - 1 - step };
                places.pull(layer, &layout.layers[layer], &neighbours);
            }
        }
        places.settle();
        places
    }

    /// Returns the middle of a slot.
    pub(super) fn middle(&self, layer: usize, slot: Slot) -> f64 {
        self.middles.get(&(layer, slot)).copied().unwrap_or(0.0)
    }

    /// Returns where each edge begins and ends, spread over the sides of its nodes.
    pub(super) fn ends(&self, layout: &Layout) -> Vec<Ends> {
        let mut ports: BTreeMap<(usize, bool), Vec<Port>> = BTreeMap::new();
        for (at, route) in layout.routes.iter().enumerate() {
            let (out_right, in_right) = sides(route);
            let start = Port { towards: self.next_stop(at, route), route: at, is_start: true };
            let end = Port { towards: self.last_stop(at, route), route: at, is_start: false };
            ports.entry((route.from, out_right)).or_default().push(start);
            ports.entry((route.to, in_right)).or_default().push(end);
        }
        let mut ends = vec![Ends { start: (0.0, 0.0), end: (0.0, 0.0) }; layout.routes.len()];
        for ((node, on_right), mut list) in ports {
            list.sort_by(|a, b| a.towards.total_cmp(&b.towards).then(a.route.cmp(&b.route)));
            let step = NODE_HEIGHT * PORT_SPREAD / float(list.len());
            for (place, port) in list.iter().enumerate() {
                let route = &layout.routes[port.route];
                let layer = if port.is_start { route.from_layer } else { route.to_layer };
                let (left, width) = self.columns[layer];
                let offset = (float(place) - (float(list.len()) - 1.0) / 2.0) * step;
                let side = if on_right { left + width } else { left };
                let point = (side, self.middle(layer, Slot::Node(node)) + offset);
                if port.is_start {
                    ends[port.route].start = point;
                } else {
                    ends[port.route].end = point;
                }
            }
        }
        ends
    }

    /// Returns the height at which an edge leaves the column of its start for the next one.
    fn next_stop(&self, at: usize, route: &Route) -> f64 {
        match route.bends.first() {
            Some(layer) => self.middle(*layer, Slot::Bend(at)),
            None => self.middle(route.to_layer, Slot::Node(route.to)),
        }
    }

    fn last_stop(&self, at: usize, route: &Route) -> f64 {
        match route.bends.last() {
            Some(layer) => self.middle(*layer, Slot::Bend(at)),
            None => self.middle(route.from_layer, Slot::Node(route.from)),
        }
    }

    /// Puts the slots of each layer one under the other, the layers centred.
    fn stack(&mut self, layout: &Layout) {
        for (at, layer) in layout.layers.iter().enumerate() {
            let offsets = offsets(layer);
            let height = offsets.last().copied().unwrap_or(0.0);
            for (slot, offset) in layer.iter().zip(&offsets) {
                self.middles.insert((at, *slot), offset - height / 2.0);
            }
        }
    }

    /// Moves the slots of a layer as near to their neighbours as their order and size allow: the least squares
    /// solution, by pooling adjacent violators.
    fn pull(
        &mut self,
        layer: usize,
        slots: &[Slot],
        neighbours: &BTreeMap<(usize, Slot), Vec<(usize, Slot)>>,
    ) {
        let offsets = offsets(slots);
        let mut pools: Vec<(f64, usize)> = Vec::new();
        for (slot, offset) in slots.iter().zip(&offsets) {
            let near = neighbours.get(&(layer, *slot)).map_or(&[][..], Vec::as_slice);
            let wish = if near.is_empty() {
                self.middle(layer, *slot)
            } else {
                near.iter().map(|(layer, slot)| self.middle(*layer, *slot)).sum::<f64>() / float(near.len())
            };
            let mut pool = (wish - offset, 1);
            while let Some(last) = pools.last().copied().filter(|last| last.0 > pool.0) {
                pools.pop();
                let count = last.1 + pool.1;
                pool = ((last.0 * float(last.1) + pool.0 * float(pool.1)) / float(count), count);
            }
            pools.push(pool);
        }
        let shifts = pools.into_iter().flat_map(|(shift, count)| std::iter::repeat_n(shift, count));
        for ((slot, offset), shift) in slots.iter().zip(&offsets).zip(shifts) {
            self.middles.insert((layer, *slot), offset + shift);
        }
    }

    /// Shifts everything so that the drawing begins at 0, and measures its height.
    fn settle(&mut self) {
        let half = |slot: Slot| match slot {
            Slot::Node(_) => NODE_HEIGHT / 2.0,
            Slot::Bend(_) => BEND_HEIGHT / 2.0,
        };
        let tops = self.middles.iter().map(|((_, slot), middle)| middle - half(*slot));
        let top = tops.fold(f64::MAX, f64::min);
        let bottoms = self.middles.iter().map(|((_, slot), middle)| middle + half(*slot));
        let bottom = bottoms.fold(f64::MIN, f64::max);
        for middle in self.middles.values_mut() {
            *middle -= top;
        }
        self.height = (bottom - top).max(0.0);
    }
}

/// Returns whether an edge leaves its start, and reaches its end, on the right side.
fn sides(route: &Route) -> (bool, bool) {
    match route.to_layer.cmp(&route.from_layer) {
        std::cmp::Ordering::Less => (false, true),
        std::cmp::Ordering::Equal => (true, true),
        std::cmp::Ordering::Greater => (true, false),
    }
}

fn slot_width(graph: &Graph, slot: Slot) -> f64 {
    let Slot::Node(node) = slot else { return 0.0 };
    let node = &graph.nodes()[node];
    let longest = node.name.as_written().chars().count().max(node.detail().chars().count());
    float(longest) * CHARACTER_WIDTH + 2.0 * PADDING
}

/// Returns the least distance of each slot's middle from that of the first.
fn offsets(slots: &[Slot]) -> Vec<f64> {
    let mut at = 0.0;
    let mut previous: Option<Slot> = None;
    let mut out = Vec::with_capacity(slots.len());
    for slot in slots {
        if let Some(previous) = previous {
            at += distance(previous, *slot);
        }
        out.push(at);
        previous = Some(*slot);
    }
    out
}

fn distance(a: Slot, b: Slot) -> f64 {
    match (a, b) {
        (Slot::Node(_), Slot::Node(_)) => NODE_HEIGHT + NODE_GAP,
        (Slot::Bend(_), Slot::Bend(_)) => BEND_HEIGHT + BEND_GAP,
        _ => (NODE_HEIGHT + BEND_HEIGHT) / 2.0 + BEND_GAP,
    }
}

/// Counts of slots are far below the numbers that a float cannot hold.
pub(super) fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
