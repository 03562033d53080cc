//! Requirements (PEP 508): parsed, compared, and printed as the `packaging` library prints them.

mod dependency;
mod marker;
mod scanner;
mod specifier;

pub use dependency::{InvalidRequirement, Requirement};
pub use marker::{Marker, MarkerItem, Operand};
pub use specifier::{InvalidSpecifier, Specifier, SpecifierSet};
