//! What is fed: one reader of untrusted files each, and what must hold of its answer, whatever it is fed.

use std::io;
use std::path::Path;

use pyrel_dist::{CheckOptions, Dist, FileReport, Limits, check_files};
use pyrel_model::{CoreMetadata, PyProject};
use pyrel_readme::judge;

use crate::archive;
use crate::chance::Chance;
use crate::{dictionary, mutation};

/// A target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Wheels: the readers of zips, and every rule.
    Zip,
    /// Sdists: the readers of gzip and tar, and every rule.
    Tar,
    /// `METADATA` in a wheel that is otherwise right: the parser, the form, and every rule about fields.
    Metadata,
    /// `RECORD` and `entry_points.txt` in a wheel that is otherwise right.
    Record,
    /// `pyproject.toml`.
    Toml,
    /// Descriptions in reStructuredText.
    Rst,
}

const WHEEL: &str = "demo-1.0-py3-none-any.whl";
const METADATA: &[u8] = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n\nText.\n";
const TAGS: &[u8] = b"Wheel-Version: 1.0\nGenerator: fuzz\nRoot-Is-Purelib: true\nTag: py3-none-any\n";

impl Target {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Zip, Self::Tar, Self::Metadata, Self::Record, Self::Toml, Self::Rst];

    /// Returns the name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::Metadata => "METADATA",
            Self::Record => "RECORD",
            Self::Toml => "TOML",
            Self::Rst => "RST",
        }
    }

    /// Returns the folder of the corpus, from the folder of this crate.
    pub(crate) fn corpus(self) -> &'static str {
        match self {
            Self::Zip => "corpus/zip",
            Self::Tar => "corpus/tar",
            Self::Metadata => "corpus/metadata",
            Self::Record => "corpus/record",
            Self::Toml => "corpus/toml",
            Self::Rst => "../pyrel-readme/tests/corpus",
        }
    }

    fn words(self) -> &'static [&'static [u8]] {
        match self {
            Self::Zip => dictionary::ZIP,
            Self::Tar => dictionary::TAR,
            Self::Metadata => dictionary::METADATA,
            Self::Record => dictionary::RECORD,
            Self::Toml => dictionary::TOML,
            Self::Rst => dictionary::RST,
        }
    }

    /// Changes an input once, as the format knows it or as any bytes.
    pub(crate) fn mutate(self, input: &mut Vec<u8>, chance: &mut Chance, others: &[Vec<u8>]) {
        match self {
            Self::Zip if chance.once_in(2) => archive::edit_zip(input, chance),
            Self::Tar if chance.once_in(2) => archive::edit_tar(input, chance, self.words()),
            _ => mutation::mutate(input, chance, self.words(), others),
        }
    }

    /// Returns the name of the file that an input becomes, and its bytes.
    pub(crate) fn packed(self, input: &[u8]) -> io::Result<(&'static str, Vec<u8>)> {
        let member = |name: &'static str, data: &[u8]| (name, data.to_vec());
        let wheel = |members: &[(&'static str, Vec<u8>)]| {
            let mut all: Vec<(&str, &[u8])> =
                vec![("demo/__init__.py", b"VALUE = 1\n"), ("demo-1.0.dist-info/WHEEL", TAGS)];
            all.extend(members.iter().map(|(name, data)| (*name, data.as_slice())));
            archive::zip(&all)
        };
        Ok(match self {
            Self::Zip => (WHEEL, input.to_vec()),
            // Corpora of tars are not compressed, so that mutation reaches what is in them.
            Self::Tar => ("demo-1.0.tar.gz", archive::gzip(input)?),
            Self::Metadata => {
                let record = b"demo-1.0.dist-info/RECORD,,\n";
                let members = [
                    member("demo-1.0.dist-info/METADATA", input),
                    member("demo-1.0.dist-info/RECORD", record),
                ];
                (WHEEL, wheel(&members))
            }
            Self::Record => {
                let members = [
                    member("demo-1.0.dist-info/METADATA", METADATA),
                    member("demo-1.0.dist-info/entry_points.txt", input),
                    member("demo-1.0.dist-info/RECORD", input),
                ];
                (WHEEL, wheel(&members))
            }
            Self::Toml => ("pyproject.toml", input.to_vec()),
            Self::Rst => ("README.rst", input.to_vec()),
        })
    }

    /// Feeds a file, and tests its answer. The error says what does not hold.
    pub(crate) fn feed(self, path: &Path, input: &[u8]) -> Result<(), String> {
        match self {
            Self::Toml => feed_toml(path, input),
            Self::Rst => feed_rst(input),
            Self::Metadata => {
                feed_dist(path)?;
                feed_metadata(input)
            }
            Self::Zip | Self::Tar | Self::Record => feed_dist(path),
        }
    }
}

/// A check says the same twice, is no stricter without `--strict`, and says something when it fails.
fn feed_dist(path: &Path) -> Result<(), String> {
    let report = checked(path)?;
    if report.ok(true) && !report.ok(false) {
        return Err("it passes strictly, but not otherwise".to_owned());
    }
    if let Some(finding) = report.findings.iter().find(|finding| finding.message.trim().is_empty()) {
        return Err(format!("`{}` has a finding without a message", finding.rule));
    }
    if report.dist.is_none() && report.ok(false) {
        return Err("it passes, but cannot be opened".to_owned());
    }
    if report.dist.is_some() != Dist::open(path, &Limits::default()).is_ok() {
        return Err("it can be opened in one of two ways only".to_owned());
    }
    if let Some(dist) = &report.dist {
        let form = dist.upload_form().map_err(|error| error.to_string())?;
        if form.len() < 7 || form.iter().any(|(name, _)| name.is_empty()) {
            return Err("its form lacks fields".to_owned());
        }
    }
    let again = checked(path)?;
    if again.findings == report.findings {
        Ok(())
    } else {
        Err("a second check says something else".to_owned())
    }
}

fn checked(path: &Path) -> Result<FileReport, String> {
    let mut files = check_files(&[path.to_path_buf()], &CheckOptions::default()).files;
    files.pop().ok_or_else(|| "there is no report".to_owned())
}

/// Metadata gives a form of known fields only, and no field is empty.
fn feed_metadata(input: &[u8]) -> Result<(), String> {
    let Ok(metadata) = CoreMetadata::parse(input) else { return Ok(()) };
    match metadata.to_form().iter().find(|(_, value)| value.is_empty()) {
        Some((name, _)) => Err(format!("the form has an empty `{name}`")),
        None => Ok(()),
    }
}

/// A text that is refused is refused with a place inside of it; one that is taken can be read through.
fn feed_toml(path: &Path, input: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(input);
    match PyProject::parse(path, &text) {
        Err(diagnostic) if diagnostic.message.trim().is_empty() => {
            Err("it is refused without a word".to_owned())
        }
        Err(_) => Ok(()),
        Ok(document) if document.text() != text => Err("its text was changed".to_owned()),
        Ok(document) => {
            if let Some(project) = document.project() {
                let _dynamic = project.is_dynamic("version");
            }
            let _backend = document.build_system();
            Ok(())
        }
    }
}

/// A description is judged the same way twice, and its messages are not endless.
fn feed_rst(input: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(input);
    let judgement = judge(Some("text/x-rst"), &text);
    if judgement.messages.len() > 10_000 {
        return Err(format!("it has {} messages", judgement.messages.len()));
    }
    if judge(Some("text/x-rst"), &text) == judgement {
        Ok(())
    } else {
        Err("a second judgement says something else".to_owned())
    }
}
