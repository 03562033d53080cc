//! The files that mutation starts from: those of a target's folder, in the order of their names.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// Returns the contents of a corpus, which is never empty. `folder` is given from the folder of this crate.
pub(crate) fn of(folder: &str) -> io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_none_or(|extension| extension != "md"));
    paths.sort();
    let files = paths.iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
    if files.is_empty() {
        return Err(io::Error::other(format!("the corpus has no file: {}", folder.display())));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use crate::target::Target;

    #[test]
    fn every_target_has_files() {
        for target in Target::ALL {
            assert!(super::of(target.corpus()).unwrap().len() >= 3, "{}", target.name());
        }
    }
}
