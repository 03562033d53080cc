//! Expressions of Python's `re`, as far as they certainly mean the same to the `regex` library.
//!
//! Both find the leftmost match and prefer alternatives in the order written. Left out is whatever only one of them has
//! (looking around, possessive repetition, conditions), whatever they read differently (sets of characters in sets,
//! repetition of what may be empty), and texts in which they disagree about kinds of characters. A back reference
//! to a group of single characters, such as the quote around a version, is tried once for each of them.

mod parser;
mod search;
mod template;

pub(crate) use search::{Flags, Found, PythonExpression};
