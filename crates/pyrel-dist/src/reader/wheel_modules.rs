//! The names that a wheel would install, by its central directory alone. For wheels that are not judged themselves: what
//! is wrong with one is not said here.

use std::io;
use std::path::Path;

use fs_err as fs;

use super::zip_directory;
use crate::limits::Limits;
use crate::top_level;

/// Returns the importable names at the top of a wheel; none when it cannot be read.
pub(crate) fn modules_of(path: &Path) -> Vec<String> {
    let entries = open(path).ok().and_then(Result::ok).unwrap_or_default();
    top_level::modules_of(entries.iter().map(|entry| entry.name.as_str()).filter(|name| !name.ends_with('/')))
}

fn open(path: &Path) -> io::Result<Result<Vec<zip_directory::Entry>, crate::fault::Fault>> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    zip_directory::read(&mut file, length, &Limits::default())
}
