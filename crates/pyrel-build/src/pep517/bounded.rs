//! Bounds of siblings in an sdist that a backend made: its `pyproject.toml` and its metadata are written again, every
//! other member stays, in its place, with its mode, time, and owner.
//!
//! The backend works in the project's own folder, with all that it looks at there: the history for versions, files
//! above the project. So it cannot be shown another `pyproject.toml`; what it packed can. The wheel is then built from
//! the sdist with the bounds, by the backend, which reads them as if the project had them.

use std::io::{self, Read as _};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use fs_err as fs;
use pyrel_model::PackageName;
use pyrel_project::bound::WrittenBounds;
use tar::{Archive, Builder, Entry, EntryType, Header};

use super::Pep517Error;
use crate::error::BuildError;

/// The largest file of metadata that is written again, in bytes.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// Why an sdist is not written again.
enum Fault {
    Io(io::Error),
    Bounds { reason: String, hint: Option<String> },
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Writes the bounds into an sdist, which is replaced.
pub(super) fn rewrite(
    sdist: &Path,
    own: &PackageName,
    bounds: &WrittenBounds,
    source_date: u64,
) -> Result<(), BuildError> {
    let again = sdist.with_extension("bounded");
    let result = copy(sdist, &again, (own, bounds), source_date)
        .and_then(|()| fs::rename(&again, sdist).map_err(Fault::Io));
    result.map_err(|fault| {
        let path = sdist.to_path_buf();
        Box::new(match fault {
            Fault::Io(source) => Pep517Error::Rewrite { path, source },
            Fault::Bounds { reason, hint } => Pep517Error::Bounds { reason, hint },
        })
        .into()
    })
}

fn copy(
    sdist: &Path,
    again: &Path,
    (own, bounds): (&PackageName, &WrittenBounds),
    source_date: u64,
) -> Result<(), Fault> {
    let mut archive = Archive::new(MultiGzDecoder::new(fs::File::open(sdist)?));
    let mtime = u32::try_from(source_date).unwrap_or_default();
    let gzip = GzBuilder::new().mtime(mtime).write(fs::File::create(again)?, Compression::new(6));
    let mut builder = Builder::new(gzip);
    let mut is_bounded = false;
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.header().entry_type() == EntryType::XGlobalHeader {
            continue;
        }
        let path = entry.path()?.into_owned();
        let inner = path.to_string_lossy().replace('\\', "/");
        let inner = inner.split_once('/').map_or("", |(_, inner)| inner);
        let kind = if entry.header().entry_type().is_file() { Kind::of(inner) } else { None };
        let Some(kind) = kind else {
            append(&mut builder, &mut entry, &path)?;
            continue;
        };
        let text = text_of(&mut entry, inner)?;
        let text = match kind {
            Kind::Pyproject => {
                is_bounded = true;
                bounds
                    .in_pyproject(own, Path::new(inner), &text)
                    .map_err(|fault| Fault::Bounds { reason: fault.to_string(), hint: fault.hint.clone() })?
            }
            Kind::Metadata => bounds.in_metadata(&text),
            Kind::Requirements => bounds.in_lines(&text),
        };
        let mut header = plain_header(&entry)?;
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, &path, text.as_bytes())?;
    }
    if !is_bounded {
        let reason = "it has no `pyproject.toml`".to_owned();
        let hint = Some("bound the dependencies in the project itself".to_owned());
        return Err(Fault::Bounds { reason, hint });
    }
    builder.into_inner()?.finish()?;
    Ok(())
}

/// The members that dependencies stand in.
enum Kind {
    Pyproject,
    Metadata,
    Requirements,
}

impl Kind {
    fn of(inner: &str) -> Option<Self> {
        let is_generated = |name: &str| {
            inner.strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with(".egg-info/"))
        };
        match inner {
            "pyproject.toml" => Some(Self::Pyproject),
            _ if is_generated("PKG-INFO") => Some(Self::Metadata),
            _ if inner.ends_with(".egg-info/requires.txt") => Some(Self::Requirements),
            _ => None,
        }
    }
}

fn text_of<R: io::Read>(entry: &mut Entry<'_, R>, inner: &str) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    entry.take(MAX_BYTES).read_to_end(&mut bytes)?;
    if entry.size() > MAX_BYTES {
        let reason = format!("`{inner}` is larger than 10 MiB");
        return Err(Fault::Bounds { reason, hint: None });
    }
    String::from_utf8(bytes)
        .map_err(|_| Fault::Bounds { reason: format!("`{inner}` is not UTF-8"), hint: None })
}

/// Copies a member that holds no dependencies.
fn append<W: io::Write, R: io::Read>(
    builder: &mut Builder<W>,
    entry: &mut Entry<'_, R>,
    path: &Path,
) -> io::Result<()> {
    let mut header = plain_header(entry)?;
    match (entry.header().entry_type(), entry.link_name()?) {
        (EntryType::Symlink | EntryType::Link, Some(target)) => {
            builder.append_link(&mut header, path, &target)
        }
        _ => {
            header.set_size(entry.size());
            builder.append_data(&mut header, path, entry)
        }
    }
}

/// Takes over what a header says besides name, size, and the names of owners.
fn plain_header<R: io::Read>(entry: &Entry<'_, R>) -> io::Result<Header> {
    let old = entry.header();
    let mut header = Header::new_gnu();
    header.set_entry_type(old.entry_type());
    header.set_mode(old.mode()?);
    header.set_mtime(old.mtime()?);
    header.set_uid(old.uid()?);
    header.set_gid(old.gid()?);
    header.set_size(0);
    Ok(header)
}
