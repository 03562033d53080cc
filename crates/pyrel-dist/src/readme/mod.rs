//! Descriptions as PyPI renders them, as far as a verdict needs it.

pub(crate) mod markdown;
