//! The graph of dependencies between the packages of a workspace, its order, and its pictures.

mod cycle;
mod dependency_graph;
mod layout;
mod order;
mod place;
mod render;
mod svg;

pub use cycle::Cycle;
pub use dependency_graph::{Edge, Graph};
