//! Parts of core metadata that several backends write in the same way.

mod classifier;
mod entry_points;
mod field;
mod license;
mod people;
mod requirement;
mod text;

pub(crate) use classifier::{classifier_rank, is_private_classifier, nearest_classifier};
pub(crate) use entry_points::{groups, sorted};
pub(crate) use field::{field, field_unless_empty, one_line};
pub(crate) use license::canonical_license;
pub(crate) use people::people_fields;
pub(crate) use requirement::is_exotic;
pub(crate) use text::{python_lines, single_line};
