//! Programs that hand out credentials, looked for on a search path that is given. Starts none.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Finds the first of some file names in the absolute directories of a `PATH`; a relative one depends on where a
/// person stands, which is no place for a program that is trusted with credentials.
pub(super) fn find_program(path: &OsStr, names: &[&str]) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .flat_map(|directory| names.iter().map(move |name| directory.join(name)))
        .find(|program| is_executable(program))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs_err::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(windows)]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
