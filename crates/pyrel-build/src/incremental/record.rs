//! What is kept about one build: under what circumstances it happened, what it saw, what it made.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::{Artifact, ArtifactKind, Blake2b256, Builder, Sha256};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::stamp::{Moment, Stamp};
use super::trace::Sight;
use crate::dialects::DIALECTS;
use crate::request::BuildRequest;

/// One build of one package.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    circumstances: Circumstances,
    dialect: String,
    /// A moment at which the built files had their bytes; `None` when it could not be told.
    seen_whole: Option<Moment>,
    /// What was seen where; below the package's directory as a relative path.
    inputs: Vec<(PathBuf, Sight)>,
    outputs: Vec<Output>,
}

/// Everything besides files that decides what a build makes.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Circumstances {
    /// Which pyrel.
    tool: String,
    directory: PathBuf,
    out_dir: PathBuf,
    sdist: bool,
    wheel: bool,
    source_date: u64,
    /// Variables that a dialect looks at whatever it builds.
    variables: BTreeMap<String, String>,
    /// The digest of `pyproject.toml` as it was loaded.
    pyproject: Option<Sha256>,
}

/// One built file.
#[derive(Debug, Serialize, Deserialize)]
struct Output {
    kind: ArtifactKind,
    version: String,
    path: PathBuf,
    size: u64,
    sha256: Sha256,
    blake2b: Blake2b256,
    stamp: Stamp,
}

impl Circumstances {
    fn of(request: &BuildRequest<'_>, tool: &str) -> Self {
        let digest = |text: &str| Sha256::new(sha2::Sha256::digest(text.as_bytes()).into());
        Self {
            tool: tool.to_owned(),
            directory: request.package.directory.clone(),
            out_dir: request.out_dir.clone(),
            sdist: request.kinds.sdist,
            wheel: request.kinds.wheel,
            source_date: request.source_date,
            variables: request
                .variables
                .iter()
                .filter(|(name, _)| name.starts_with("HATCH_"))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            pyproject: request.package.pyproject.as_ref().map(|pyproject| digest(pyproject.text())),
        }
    }
}

impl Record {
    /// Writes down a native build; `None` when something about it could not be told from a later change.
    pub(super) fn of(
        request: &BuildRequest<'_>,
        tool: &str,
        inputs: Vec<(PathBuf, Sight)>,
        artifacts: &[Artifact],
    ) -> Option<Self> {
        let mut dialect = None;
        let mut outputs = Vec::new();
        for artifact in artifacts {
            let Builder::Native { dialect: name } = artifact.builder else { return None };
            dialect = Some(name.to_owned());
            outputs.push(Output {
                kind: artifact.kind,
                version: artifact.version.to_string(),
                path: artifact.path.clone(),
                size: artifact.size,
                sha256: artifact.sha256,
                blake2b: artifact.blake2b,
                stamp: Stamp::of(&artifact.path)?,
            });
        }
        let circumstances = Circumstances::of(request, tool);
        let directory = &circumstances.directory;
        let short = |(path, sight): (PathBuf, Sight)| match path.strip_prefix(directory) {
            Ok(relative) => (relative.to_path_buf(), sight),
            Err(_) => (path, sight),
        };
        let inputs = inputs.into_iter().map(short).collect();
        Some(Self { circumstances, dialect: dialect?, seen_whole: None, inputs, outputs })
    }

    /// Returns the files of the build, if a build now would make the same and they are as they were left, and
    /// whether the record learnt something; `start` is a moment before the first look.
    pub(super) fn still_holds(
        &mut self,
        request: &BuildRequest<'_>,
        tool: &str,
        start: Option<Moment>,
    ) -> Option<(Vec<Artifact>, bool)> {
        let dialect = DIALECTS.iter().map(|dialect| dialect.name()).find(|name| *name == self.dialect)?;
        if self.circumstances != Circumstances::of(request, tool) {
            return None;
        }
        let mut is_newer = false;
        let mut path = PathBuf::new();
        for (relative, sight) in &mut self.inputs {
            path.clone_from(&self.circumstances.directory);
            path.push(relative);
            is_newer |= sight.look(&path, start)?;
        }
        if self.outputs.iter().any(|output| Stamp::of(&output.path).as_ref() != Some(&output.stamp)) {
            return None;
        }
        let artifact = |output: &Output| {
            Some(Artifact {
                package: request.package.name.clone(),
                version: output.version.parse().ok()?,
                kind: output.kind,
                path: output.path.clone(),
                size: output.size,
                sha256: output.sha256,
                blake2b: output.blake2b,
                builder: Builder::Native { dialect },
            })
        };
        Some((self.outputs.iter().map(artifact).collect::<Option<_>>()?, is_newer))
    }

    /// Tells whether the built files could have changed within the tick of the clock in which they were written.
    pub(super) fn is_unsettled(&self) -> bool {
        let settled = |now| self.outputs.iter().all(|output| output.stamp.is_settled(now));
        !self.seen_whole.is_some_and(settled)
    }

    /// Reads the built files and compares their digests.
    pub(super) fn outputs_have_their_bytes(&self) -> bool {
        self.outputs.iter().all(|output| digest_of(&output.path).is_ok_and(|found| found == output.sha256))
    }

    /// Notes that the built files had their bytes after a moment.
    pub(super) fn settle(&mut self, now: Option<Moment>) {
        self.seen_whole = now;
    }
}

fn digest_of(path: &Path) -> io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    let mut file = fs::File::open(path)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Sha256::new(hasher.finalize().into())),
            count => hasher.update(&buffer[..count]),
        }
    }
}
