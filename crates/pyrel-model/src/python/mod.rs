//! Python source, as far as checks and rewrites need it: its tokens, which names a module has, and how new its syntax is.
//!
//! This is no parser. It reads tokens and the first words of statements, and whatever it does not understand makes
//! it answer "unknown", never something false.

mod feature;
mod fstring;
mod module;
mod statement;
mod token;

pub use feature::Feature;
pub use module::{Outline, PythonModule};
pub use token::{Kind, Lexer, Token, Unknown};
