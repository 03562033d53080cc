//! Everything a person or a program sees: the only module that prints.

mod annotation;
mod measure;
mod output;
mod progress;
mod prompt;
mod table;

pub(crate) use measure::{duration, plural, size};
pub(crate) use output::{Settings, Tone, Ui};
pub(crate) use progress::Meter;
pub(crate) use prompt::Answer;
pub(crate) use table::{Align, Table};
