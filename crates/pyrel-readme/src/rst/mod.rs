//! reStructuredText as docutils reads it: the tree, and the messages in docutils' order.

mod block;
mod directive;
mod document;
mod escape;
mod explicit;
mod field;
mod html;
mod identifier;
mod inline;
mod language;
mod line;
mod list;
mod machine;
mod message;
mod node;
mod number;
mod parser;
mod punctuation;
mod quote;
mod reading;
mod role;
mod start;
mod table;
mod text;
mod transform;
mod unicode;
mod unicode_table;
mod uri;

pub use message::{Gap, Message, Severity};
pub(crate) use reading::{Reading, read};
