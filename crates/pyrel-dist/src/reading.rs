//! Everything that could be learned from one file, faults included. Owns the order of reading; judges nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use fs_err as fs;
use pyrel_model::filename::InvalidFilename;
use pyrel_model::metadata::InvalidMetadata;
use pyrel_model::python::PythonModule;
use pyrel_model::{ArtifactKind, Blake2b256, CoreMetadata, DistFilename};

use crate::digest::{DigestError, Digests, blake2b_of, upload_digests};
use crate::entry_points::{EntryPoints, InvalidEntryPoints};
use crate::fault::{Fault, FaultKind};
use crate::limits::Limits;
use crate::member::MemberInfo;
use crate::reader::{sdist, wheel};
use crate::record::Record;
use crate::secret::Secret;
use crate::wheel_file::WheelFile;
use crate::{filename, record, top_level};

/// The content of an archive.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    /// Members in archive order.
    pub(crate) members: Vec<MemberInfo>,
    /// Whether every member was seen; false once reading had to stop.
    pub(crate) complete: bool,
    /// The texts that say what the distribution is, by member name.
    pub(crate) texts: BTreeMap<String, Vec<u8>>,
    /// Bytes of all texts.
    kept: u64,
    /// What is wrong.
    pub(crate) faults: Vec<Fault>,
    /// Members with content that PyPI's scanner refuses, with the scanner's message.
    pub(crate) refused_code: Vec<(String, &'static str)>,
    /// Sum of the declared unpacked sizes.
    pub(crate) declared: u64,
    /// Places of secrets, by member name.
    pub(crate) secrets: Vec<(String, Secret)>,
    /// What is known of the Python modules of a wheel, by member name; modules of which nothing is, left out.
    pub(crate) python: BTreeMap<String, PythonModule>,
}

/// Secrets kept of one archive.
const MOST_SECRETS: usize = 200;

impl Archive {
    /// Keeps the secrets of a member, up to a number that no honest archive has.
    pub(crate) fn keep_secrets(&mut self, name: &str, secrets: Vec<Secret>) {
        let room = MOST_SECRETS.saturating_sub(self.secrets.len());
        self.secrets.extend(secrets.into_iter().take(room).map(|secret| (name.to_owned(), secret)));
    }

    /// Keeps a describing text; one that was too long to copy, or one too many, is a fault instead.
    pub(crate) fn keep_text(&mut self, limits: &Limits, name: &str, copy: Option<Vec<u8>>) {
        match copy {
            Some(bytes) if self.kept + bytes.len() as u64 <= limits.text.saturating_mul(3) => {
                self.kept += bytes.len() as u64;
                self.texts.insert(name.to_owned(), bytes);
            }
            Some(_) => {
                let detail = "its describing texts are larger than all limits together";
                self.faults.push(Fault::new(FaultKind::Limit, detail).at(name));
            }
            None => {
                let detail = format!("a describing text is larger than {} bytes", limits.text);
                self.faults.push(Fault::new(FaultKind::Limit, detail).at(name));
            }
        }
    }
}

/// One file as read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) path: PathBuf,
    pub(crate) filename: String,
    pub(crate) parsed: Result<DistFilename, InvalidFilename>,
    pub(crate) kind: Option<ArtifactKind>,
    pub(crate) digests: Digests,
    /// What only an upload needs, once it was asked for.
    blake2b: OnceLock<Blake2b256>,
    pub(crate) archive: Archive,
    /// The metadata file: its member name and what it parsed to.
    pub(crate) metadata: Option<(String, Result<CoreMetadata, InvalidMetadata>)>,
    pub(crate) record: Option<Record>,
    pub(crate) entry_points: Option<Result<EntryPoints, InvalidEntryPoints>>,
    pub(crate) wheel_file: Option<WheelFile>,
}

impl Reading {
    /// Reads a file. Only an operating system error is an error; all else is a fault in the reading.
    pub(crate) fn of(path: &Path, limits: &Limits) -> io::Result<Self> {
        Self::with(path, limits, |file, length| Ok((Digests::of(file, length)?, OnceLock::new())))
    }

    /// Reads a file that is about to be uploaded: what an upload needs is made of it on the way.
    pub(crate) fn for_upload(path: &Path, limits: &Limits) -> io::Result<Self> {
        Self::with(path, limits, |file, length| {
            let (digests, blake2b) = upload_digests(file, length)?;
            Ok((digests, blake2b.into()))
        })
    }

    fn with(
        path: &Path,
        limits: &Limits,
        digest: impl FnOnce(&mut fs::File, u64) -> io::Result<(Digests, OnceLock<Blake2b256>)> + Send,
    ) -> io::Result<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let kind = filename::kind_of(&name);
        let (digests, archive) = rayon::join(
            || {
                let mut file = fs::File::open(path)?;
                let length = file.metadata()?.len();
                digest(&mut file, length)
            },
            || match kind {
                Some(ArtifactKind::Wheel) => wheel::read(path, &name, limits),
                Some(ArtifactKind::Sdist) => sdist::read(path, limits),
                None => Ok(Archive { complete: true, ..Archive::default() }),
            },
        );
        let (digests, blake2b) = digests?;
        let mut reading = Self {
            path: path.to_path_buf(),
            parsed: name.parse(),
            filename: name,
            kind,
            digests,
            blake2b,
            archive: archive?,
            metadata: None,
            record: None,
            entry_points: None,
            wheel_file: None,
        };
        reading.parse_texts();
        Ok(reading)
    }

    /// Returns the digest that only an upload needs. Unless the file was read for an upload, the first call reads it
    /// again, and fails unless it has the SHA-256 of the bytes that were judged.
    pub(crate) fn blake2b(&self) -> Result<&Blake2b256, DigestError> {
        if let Some(known) = self.blake2b.get() {
            return Ok(known);
        }
        let made = blake2b_of(&mut fs::File::open(&self.path)?, &self.digests)?;
        Ok(self.blake2b.get_or_init(|| made))
    }

    /// Returns the directory that describes a wheel, as its file name spells it: `{name}-{version}.dist-info`.
    pub(crate) fn dist_info(&self) -> Option<String> {
        filename::wheel_stem(&self.filename).map(|stem| format!("{stem}.dist-info"))
    }

    /// Returns the directory all members of the archive share, as Python's `os.path.commonpath` finds it.
    pub(crate) fn common_path(&self) -> String {
        common_path(self.archive.members.iter().map(|member| member.name.as_str()))
    }

    /// Tells whether absolute and relative member names stand side by side, for which Python knows no common path.
    pub(crate) fn mixes_names(&self) -> bool {
        let mut names = self.archive.members.iter().map(|member| member.name.starts_with('/'));
        let first = names.next();
        names.any(|absolute| Some(absolute) != first)
    }

    /// Returns the regular files of an sdist with their paths below its top directory.
    pub(crate) fn tree_files(&self) -> impl Iterator<Item = (&str, &MemberInfo)> {
        let files = self.archive.members.iter().filter(|member| member.is_file());
        files.filter_map(|member| Some((member.name.split_once('/')?.1, member)))
    }

    /// Returns the regular files of a wheel that are put on the import path, with their paths there.
    pub(crate) fn installed_files(&self) -> impl Iterator<Item = (String, &MemberInfo)> {
        let files = self.archive.members.iter().filter(|member| member.is_file());
        files.filter_map(|member| Some((top_level::installed_path(&member.name)?.join("/"), member)))
    }

    /// Returns a member by its exact name.
    pub(crate) fn member(&self, name: &str) -> Option<&MemberInfo> {
        self.archive.members.iter().find(|member| member.name == name)
    }

    /// Returns the parsed metadata, when there is any.
    pub(crate) fn core_metadata(&self) -> Option<&CoreMetadata> {
        self.metadata.as_ref().and_then(|(_, parsed)| parsed.as_ref().ok())
    }

    fn parse_texts(&mut self) {
        match self.kind {
            Some(ArtifactKind::Wheel) => self.parse_wheel_texts(),
            Some(ArtifactKind::Sdist) => {
                let name = format!("{}/PKG-INFO", self.common_path());
                self.parse_metadata(name);
            }
            None => {}
        }
    }

    fn parse_wheel_texts(&mut self) {
        self.parse_metadata(self.metadata_name());
        let Some(directory) = self.dist_info() else { return };
        let texts = &self.archive.texts;
        self.record = texts.get(&format!("{directory}/RECORD")).map(|bytes| record::parse(bytes));
        self.entry_points =
            texts.get(&format!("{directory}/entry_points.txt")).map(|bytes| EntryPoints::parse(bytes));
        self.wheel_file = texts.get(&format!("{directory}/WHEEL")).map(|bytes| WheelFile::parse(bytes));
    }

    /// The metadata of a wheel that was renamed stands in a directory of the old name; a client still reads it.
    fn metadata_name(&self) -> String {
        let expected = self.dist_info().map(|directory| format!("{directory}/METADATA")).unwrap_or_default();
        if self.archive.texts.contains_key(&expected) {
            return expected;
        }
        let mut others = self.archive.texts.keys().filter(|name| name.ends_with(".dist-info/METADATA"));
        match (others.next(), others.next()) {
            (Some(only), None) => only.clone(),
            _ => expected,
        }
    }

    fn parse_metadata(&mut self, name: String) {
        let parsed = self.archive.texts.get(&name).map(|bytes| CoreMetadata::parse(bytes));
        self.metadata = parsed.map(|parsed| (name, parsed));
    }
}

/// Returns the longest directory (or name) that all names share, part by part; empty when there is none.
pub(crate) fn common_path<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut shared: Option<Vec<&str>> = None;
    let mut absolute = false;
    for name in names {
        absolute = name.starts_with('/');
        let parts = name.split('/').filter(|part| !part.is_empty() && *part != ".");
        shared = Some(match shared {
            None => parts.collect(),
            Some(before) => {
                before.into_iter().zip(parts).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
            }
        });
    }
    let path = shared.unwrap_or_default().join("/");
    if absolute { format!("/{path}") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_path_is_that_of_python() {
        for (names, common) in [
            (&["a/b", "a/c/d"][..], "a"),
            (&["a/", "a/PKG-INFO"], "a"),
            (&["a/PKG-INFO"], "a/PKG-INFO"),
            (&["./a/b", "./a/c"], "a"),
            (&["a/x", "b/x"], ""),
            (&["/a/x", "/a/y"], "/a"),
            (&["ab/x", "ac/x"], ""),
            (&[], ""),
        ] {
            assert_eq!(common_path(names.iter().copied()), common, "{names:?}");
        }
    }
}
