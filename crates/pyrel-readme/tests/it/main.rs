//! The corpus: every verdict, every message, and the bounds on hostile texts.

mod corpus;
mod hostile;
