//! Distribution file names, parsed once.

mod dist;
mod sdist;
mod wheel;

pub use dist::{DistFilename, InvalidFilename};
pub use sdist::{InvalidSdistFilename, SdistFilename};
pub use wheel::{InvalidWheelFilename, WheelFilename};
