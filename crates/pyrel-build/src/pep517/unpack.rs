//! Unpacking the sdist that a backend made, so that the wheel comes from it.

use std::io;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use fs_err as fs;

use super::Pep517Error;
use crate::error::BuildError;

/// Unpacks an sdist into `target` and returns its one top folder.
pub(super) fn unpack(sdist: &Path, target: &Path) -> Result<PathBuf, BuildError> {
    let result = unpack_all(sdist, target).and_then(|()| single_folder(target));
    result.map_err(|source| Box::new(Pep517Error::Unpack { path: sdist.to_path_buf(), source }).into())
}

fn unpack_all(sdist: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir_all(target)?;
    let mut archive = tar::Archive::new(MultiGzDecoder::new(fs::File::open(sdist)?));
    for entry in archive.entries()? {
        let mut entry = entry?;
        // `unpack_in` refuses paths that lead out of the target, and says so by `false`.
        if !entry.unpack_in(target)? {
            let path = entry.path()?.display().to_string();
            return Err(io::Error::other(format!("a member leads out of the archive: `{path}`")));
        }
    }
    Ok(())
}

fn single_folder(target: &Path) -> io::Result<PathBuf> {
    let mut entries = fs::read_dir(target)?;
    match (entries.next().transpose()?, entries.next()) {
        (Some(only), None) if only.path().is_dir() => Ok(only.path()),
        _ => Err(io::Error::other("it does not have exactly one top folder")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(dir: &Path, paths: &[&str]) -> PathBuf {
        let path = dir.join("x-1.tar.gz");
        let gzip =
            flate2::write::GzEncoder::new(fs::File::create(&path).unwrap(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(gzip);
        for name in paths {
            let mut header = tar::Header::new_ustar();
            header.as_ustar_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(0);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, io::empty()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn the_top_folder_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let sdist = archive(dir.path(), &["x-1/a", "x-1/b/c"]);
        let top = unpack(&sdist, &dir.path().join("out")).unwrap();
        assert!(top.join("b/c").is_file());
    }

    #[test]
    fn odd_archives_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (index, paths) in [&["a/x", "b/y"][..], &["../x"], &[]].into_iter().enumerate() {
            let sdist = archive(dir.path(), paths);
            let target = dir.path().join(index.to_string());
            assert!(unpack(&sdist, &target).is_err(), "{paths:?}");
        }
        assert!(!dir.path().join("x").exists());
    }
}
