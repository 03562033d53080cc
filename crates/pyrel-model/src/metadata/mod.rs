//! Core metadata: the fields of `METADATA` and `PKG-INFO`, and the form that an upload carries.

mod core_metadata;
mod field;
mod header;

pub use core_metadata::{CoreMetadata, MissingField};
pub use field::{FIELDS, Field};
pub use header::InvalidMetadata;
