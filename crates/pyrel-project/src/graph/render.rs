//! The graph as text for people, Mermaid, and Graphviz.

use std::fmt::Write as _;

use super::dependency_graph::Node;
use super::{Edge, Graph};
use crate::package::DependencyKind;

impl Graph {
    /// Returns the publish order as text: waves, and what each package needs.
    #[must_use]
    pub fn to_text(&self) -> String {
        let layers = self.layers();
        let width = self.nodes().iter().map(|node| node.label().chars().count()).max().unwrap_or(0);
        let mut out = String::new();
        match self.cycle() {
            Some(cycle) => {
                let _ = writeln!(out, "no publish order, {cycle}");
            }
            None => {
                let (packages, waves) = (self.nodes().len(), layers.len());
                let _ = writeln!(out, "{} in {}", counted(packages, "package"), counted(waves, "wave"));
            }
        }
        for (at, layer) in layers.iter().enumerate() {
            let _ = writeln!(out, "\nwave {}", at + 1);
            for node in layer.iter().map(|node| &self.nodes()[*node]) {
                let line = format!("  {:width$}  {}", node.label(), self.needs(node));
                let _ = writeln!(out, "{}", line.trim_end());
            }
        }
        out
    }

    /// Returns the graph as a Mermaid flowchart; an arrow points at what is needed.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut out = "flowchart LR\n".to_owned();
        for (at, node) in self.nodes().iter().enumerate() {
            let _ = writeln!(out, "    p{at}[\"{}\"]", node.label());
        }
        for edge in self.edges() {
            let arrow = match edge.kind {
                DependencyKind::Runtime => "-->",
                DependencyKind::Optional => "-. optional .->",
                DependencyKind::Build => "== build ==>",
            };
            if let (Some(from), Some(to)) = (self.position(&edge.from), self.position(&edge.to)) {
                let _ = writeln!(out, "    p{from} {arrow} p{to}");
            }
        }
        out
    }

    /// Returns the graph in Graphviz's language; an arrow points at what is needed.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut out =
            "digraph workspace {\n    rankdir=RL;\n    node [shape=box, fontname=\"sans-serif\"];\n"
                .to_owned();
        for node in self.nodes() {
            let style = if node.private { ", style=dashed" } else { "" };
            let _ = writeln!(out, "    \"{}\" [label=\"{}\"{style}];", node.name, node.label());
        }
        for edge in self.edges() {
            let style = match edge.kind {
                DependencyKind::Runtime => "",
                DependencyKind::Optional => " [style=dashed, label=\"optional\", constraint=false]",
                DependencyKind::Build => " [style=bold, label=\"build\"]",
            };
            let _ = writeln!(out, "    \"{}\" -> \"{}\"{style};", edge.from, edge.to);
        }
        out.push_str("}\n");
        out
    }

    /// Returns what a package needs, by kind.
    fn needs(&self, node: &Node) -> String {
        let of_kind = |kind: DependencyKind, word: &str| -> Option<String> {
            let is_meant = |edge: &&Edge| edge.from == node.name && edge.kind == kind;
            let names: Vec<&str> =
                self.edges().iter().filter(is_meant).map(|edge| edge.to.as_written()).collect();
            (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")))
        };
        let parts = [
            of_kind(DependencyKind::Runtime, "needs"),
            of_kind(DependencyKind::Build, "builds with"),
            of_kind(DependencyKind::Optional, "may use"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

impl Node {
    /// Returns name, version, and whether the package is private, on one line.
    pub(super) fn label(&self) -> String {
        let mut label = self.name.as_written().to_owned();
        if let Some(version) = &self.version {
            let _ = write!(label, " {version}");
        }
        if self.private {
            label.push_str(" (private)");
        }
        label
    }
}

fn counted(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
