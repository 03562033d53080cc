//! The graph as an SVG: waves as columns, arrows to what is needed, readable without scripts or fonts.

use std::fmt::Write as _;

use super::Graph;
use super::dependency_graph::Node;
use super::layout::{Layout, Route, Slot};
use super::place::{Ends, NODE_HEIGHT, Places, float};
use crate::package::DependencyKind;

const MARGIN: f64 = 24.0;
const HEADING: f64 = 34.0;
const LEGEND: f64 = 44.0;
/// How far an arrow within a column bends out; three quarters of it must fit into the margin.
const REACH: f64 = 30.0;
/// What each kind of arrow stands for; the last only when there is a cycle.
const MEANINGS: [(&str, &str); 4] = [
    ("runtime", "needs to run"),
    ("build", "needs to be built"),
    ("optional", "may use (extra)"),
    ("cycle", "closes a cycle"),
];

const STYLE: &str = "\
    text { font-family: ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; }
    .wave { font-size: 12px; fill: #5b6470; letter-spacing: 0.06em; }
    .node rect { fill: #f3f7ff; stroke: #3b5f9a; stroke-width: 1.3; }
    .private rect { fill: #f6f6f6; stroke: #8a8f98; stroke-dasharray: 5 3; }
    .name { font-size: 13px; font-weight: 600; fill: #16233a; }
    .detail { font-size: 11px; fill: #5b6470; }
    .edge { fill: none; stroke: #51617a; stroke-width: 1.3; }
    .build { stroke: #9a5b12; stroke-width: 2; }
    .optional { stroke: #8592a6; stroke-dasharray: 5 4; }
    .cycle { stroke: #c0392b; stroke-width: 2; }
";

impl Graph {
    /// Returns the graph as an SVG document: waves from left to right, an arrow points at what is needed.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let layout = Layout::new(self);
        let places = Places::new(self, &layout);
        let legend = legend(self.cycle().is_some());
        let legend_end = legend.last().map_or(0.0, |(x, _, text)| x + legend_width(text));
        let width = (places.width + 2.0 * MARGIN).max(legend_end + MARGIN);
        let height = places.height + 2.0 * MARGIN + HEADING + LEGEND;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
             <title>Dependencies and publish order</title>\n<style>\n{STYLE}</style>\n"
        );
        out.push_str(&markers());
        let _ = writeln!(out, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>");
        let _ = writeln!(out, "<g transform=\"translate({MARGIN:.0} {:.0})\">", MARGIN + HEADING);
        draw_headings(&mut out, &places);
        for ((at, route), ends) in layout.routes.iter().enumerate().zip(places.ends(&layout)) {
            draw_edge(&mut out, &places, (at, route), ends);
        }
        for (layer, slots) in layout.layers.iter().enumerate() {
            for slot in slots {
                if let Slot::Node(node) = slot {
                    let (left, width) = places.columns[layer];
                    draw_node(&mut out, &self.nodes()[*node], (left, places.middle(layer, *slot)), width);
                }
            }
        }
        out.push_str("</g>\n");
        draw_legend(&mut out, &legend, height - LEGEND / 2.0);
        out.push_str("</svg>\n");
        out
    }
}

impl Node {
    /// Returns the second line of a box.
    pub(super) fn detail(&self) -> String {
        match (&self.version, self.private) {
            (Some(version), false) => version.clone(),
            (Some(version), true) => format!("{version} · private"),
            (None, false) => "version at build".to_owned(),
            (None, true) => "private".to_owned(),
        }
    }
}

/// One arrow head for each colour.
fn markers() -> String {
    let mut out = "<defs>\n".to_owned();
    for (name, colour) in
        [("runtime", "#51617a"), ("build", "#9a5b12"), ("optional", "#8592a6"), ("cycle", "#c0392b")]
    {
        let _ = writeln!(
            out,
            "<marker id=\"{name}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" \
             markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 1 L10 5 L0 9 z\" fill=\"{colour}\"/></marker>"
        );
    }
    out.push_str("</defs>\n");
    out
}

fn draw_headings(out: &mut String, places: &Places) {
    for (at, (left, width)) in places.columns.iter().enumerate() {
        let middle = left + width / 2.0;
        let _ = writeln!(
            out,
            "<text class=\"wave\" x=\"{middle:.1}\" y=\"-18\" text-anchor=\"middle\">WAVE {}</text>",
            at + 1
        );
    }
}

fn draw_node(out: &mut String, node: &Node, (left, middle): (f64, f64), width: f64) {
    let class = if node.private { "node private" } else { "node" };
    let (top, centre) = (middle - NODE_HEIGHT / 2.0, left + width / 2.0);
    let _ = writeln!(
        out,
        "<g class=\"{class}\"><rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{NODE_HEIGHT:.0}\" rx=\"7\"/>\
         <text class=\"name\" x=\"{centre:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text class=\"detail\" x=\"{centre:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text></g>",
        middle - 3.0,
        escaped(node.name.as_written()),
        middle + 14.0,
        escaped(&node.detail()),
    );
}

fn draw_edge(out: &mut String, places: &Places, (at, route): (usize, &Route), ends: Ends) {
    let goes_left = route.to_layer < route.from_layer;
    let class = match route.edge.kind {
        kind if kind.is_ordering() && !goes_left => "cycle",
        DependencyKind::Runtime => "runtime",
        DependencyKind::Build => "build",
        DependencyKind::Optional => "optional",
    };
    let mut path = format!("M{:.1} {:.1}", ends.start.0, ends.start.1);
    if route.to_layer == route.from_layer {
        let reach = ends.start.0 + REACH;
        let _ = write!(
            path,
            " C{reach:.1} {:.1} {reach:.1} {:.1} {:.1} {:.1}",
            ends.start.1, ends.end.1, ends.end.0, ends.end.1
        );
    } else {
        let mut from = ends.start;
        for layer in &route.bends {
            let (left, width) = places.columns[*layer];
            let middle = places.middle(*layer, Slot::Bend(at));
            let (near, far) = if goes_left { (left + width, left) } else { (left, left + width) };
            curve(&mut path, from, (near, middle));
            let _ = write!(path, " L{far:.1} {middle:.1}");
            from = (far, middle);
        }
        curve(&mut path, from, ends.end);
    }
    let (from, to, kind) = (&route.edge.from, &route.edge.to, route.edge.kind.as_str());
    let _ = writeln!(
        out,
        "<path class=\"edge {class}\" d=\"{path}\" marker-end=\"url(#{class})\"><title>{} needs {} ({kind})</title></path>",
        escaped(from.as_written()),
        escaped(to.as_written()),
    );
}

/// Adds a curve that leaves and arrives horizontally.
fn curve(path: &mut String, from: (f64, f64), to: (f64, f64)) {
    let middle = f64::midpoint(from.0, to.0);
    let _ = write!(path, " C{middle:.1} {:.1} {middle:.1} {:.1} {:.1} {:.1}", from.1, to.1, to.0, to.1);
}

/// Returns the entries of the legend, each with its left edge, its kind of arrow, and its text.
fn legend(has_cycle: bool) -> Vec<(f64, &'static str, &'static str)> {
    let mut x = MARGIN;
    let mut entries = Vec::new();
    for (class, text) in &MEANINGS[..if has_cycle { 4 } else { 3 }] {
        entries.push((x, *class, *text));
        x += legend_width(text) + 20.0;
    }
    entries
}

/// Returns the width of an entry: an arrow, a gap, and the text.
fn legend_width(text: &str) -> f64 {
    32.0 + float(text.len()) * 5.8
}

fn draw_legend(out: &mut String, entries: &[(f64, &str, &str)], y: f64) {
    for (x, class, text) in entries {
        let _ = writeln!(
            out,
            "<path class=\"edge {class}\" d=\"M{x:.0} {y:.1} L{:.0} {y:.1}\" marker-end=\"url(#{class})\"/>\
             <text class=\"detail\" x=\"{:.0}\" y=\"{:.1}\">{text}</text>",
            x + 26.0,
            x + 32.0,
            y + 4.0,
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
