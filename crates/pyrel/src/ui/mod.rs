//! Everything a person or a program sees: the only module that prints.

mod annotation;
mod measure;
mod output;
mod progress;
mod prompt;
mod table;

pub use measure::{duration, plural, size};
pub use output::{Settings, Tone, Ui};
pub use progress::Meter;
pub use prompt::Answer;
pub use table::{Align, Table};
