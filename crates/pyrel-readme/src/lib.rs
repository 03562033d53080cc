//! Long descriptions as PyPI judges and shows them.
//!
//! Text in, verdict and HTML out: no file, no network, no clock, and no other crate of the workspace. The text may be
//! hostile.

mod content_type;
mod html;
mod judgement;
mod markdown;
mod page;
mod rst;
mod sanitise;

pub use html::Html;
pub use judgement::{Judgement, Renderer, Verdict, judge};
pub use page::render;
pub use rst::{Gap, Message, Severity};
