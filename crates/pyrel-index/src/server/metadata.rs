//! The `METADATA` of a wheel that passed the rules, as it is served beside the wheel (PEP 658).

use std::io::Read as _;
use std::path::Path;

use fs_err as fs;
use zip::result::ZipResult;

/// The most that is served, in bytes; longer texts are not offered.
const LIMIT: u64 = 10 * 1024 * 1024;

/// Reads the `METADATA` of a wheel: that of the directory named like the file, as installers look for it.
/// `None` for anything else and for a wheel without one.
pub(super) fn read_metadata(path: &Path) -> ZipResult<Option<Vec<u8>>> {
    let filename = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut parts = filename.strip_suffix(".whl").unwrap_or_default().split('-');
    let (Some(name), Some(version)) = (parts.next(), parts.next()) else { return Ok(None) };
    let mut archive = zip::ZipArchive::new(fs::File::open(path)?)?;
    let member = format!("{name}-{version}.dist-info/METADATA");
    let Ok(file) = archive.by_name(&member) else { return Ok(None) };
    let mut text = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut text)?;
    Ok(Some(text).filter(|text| text.len() as u64 <= LIMIT))
}
