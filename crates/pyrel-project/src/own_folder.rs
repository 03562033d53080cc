//! `.pyrel` at the root of a workspace, where journals, records, and results are kept. It ignores itself in git.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// The name of the folder.
pub const OWN_FOLDER: &str = ".pyrel";

/// Makes the folder below a root where it is missing, and returns it.
///
/// # Errors
/// When the disk says no.
pub fn own_folder(root: &Path) -> io::Result<PathBuf> {
    let folder = root.join(OWN_FOLDER);
    fs::create_dir_all(&folder)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        fs::write(ignore, "*\n")?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ignores_itself_and_keeps_what_somebody_wrote() {
        let root = tempfile::tempdir().unwrap();
        let folder = own_folder(root.path()).unwrap();
        assert_eq!(folder, root.path().join(".pyrel"));
        assert_eq!(fs::read_to_string(folder.join(".gitignore")).unwrap(), "*\n");
        fs::write(folder.join(".gitignore"), "own\n").unwrap();
        own_folder(root.path()).unwrap();
        assert_eq!(fs::read_to_string(folder.join(".gitignore")).unwrap(), "own\n");
    }
}
