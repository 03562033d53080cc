//! Builds wheels and sdists for tests, well-formed unless a test asks otherwise. Shares nothing with the builder
//! that is shipped; it knows `zip` and `tar` only.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest as _;
use zip::write::SimpleFileOptions;

/// One member to write.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) link: Option<String>,
}

/// A distribution to build.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) filename: String,
    headers: Vec<String>,
    body: String,
    metadata: Option<Vec<u8>>,
    record: Option<String>,
    record_edit: Option<(String, String)>,
    root: String,
    members: Vec<Member>,
    patch: Option<fn(&mut Vec<u8>)>,
    is_wheel: bool,
    /// The texts of the attestations that are given with the file.
    pub(crate) attestations: Vec<String>,
}

const HEADERS: [&str; 7] = [
    "Metadata-Version: 2.4",
    "Name: demo",
    "Version: 1.0",
    "Summary: A demonstration",
    "Requires-Python: >=3.9",
    "Description-Content-Type: text/markdown",
    "Classifier: Programming Language :: Python :: 3",
];
const WHEEL: &str = "Wheel-Version: 1.0\nGenerator: fixture\nRoot-Is-Purelib: true\nTag: py3-none-any\n";

impl Fixture {
    fn new(filename: &str, root: &str, is_wheel: bool) -> Self {
        Self {
            filename: filename.to_owned(),
            headers: HEADERS.map(str::to_owned).to_vec(),
            body: "# Demo\n\nText.\n".to_owned(),
            metadata: None,
            record: None,
            record_edit: None,
            root: root.to_owned(),
            members: Vec::new(),
            patch: None,
            is_wheel,
            attestations: Vec::new(),
        }
    }

    /// A good wheel: `demo-1.0-py3-none-any.whl`.
    pub(crate) fn wheel() -> Self {
        Self::new("demo-1.0-py3-none-any.whl", "demo-1.0.dist-info", true)
            .file("demo/__init__.py", "VALUE = 1\n")
            .file("demo-1.0.dist-info/WHEEL", WHEEL)
    }

    /// A good sdist: `demo-1.0.tar.gz`.
    pub(crate) fn sdist() -> Self {
        Self::new("demo-1.0.tar.gz", "demo-1.0", false)
            .file("demo-1.0/pyproject.toml", "[project]\nname = \"demo\"\n")
            .file("demo-1.0/demo/__init__.py", "VALUE = 1\n")
    }

    /// Both kinds, for rules that hold for both.
    pub(crate) fn both() -> [Self; 2] {
        [Self::wheel(), Self::sdist()]
    }

    pub(crate) fn named(mut self, filename: &str) -> Self {
        self.filename = filename.to_owned();
        self
    }

    /// Puts the metadata and, in a wheel, `RECORD` into another directory.
    pub(crate) fn rooted(mut self, root: &str) -> Self {
        self.root = root.to_owned();
        self
    }

    /// Adds a header, or replaces the one of the same field when `line` has a single-valued field of the default.
    pub(crate) fn header(mut self, line: &str) -> Self {
        let field = line.split(':').next().unwrap_or_default();
        if field != "Classifier" {
            self = self.without(field);
        }
        self.also(line)
    }

    /// Adds a header and keeps the others of its field.
    pub(crate) fn also(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    pub(crate) fn without(mut self, field: &str) -> Self {
        self.headers.retain(|line| line.split(':').next() != Some(field));
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    /// Replaces the whole metadata file; empty bytes leave it out.
    pub(crate) fn metadata(mut self, bytes: &[u8]) -> Self {
        self.metadata = Some(bytes.to_vec());
        self
    }

    /// Adds a file, or replaces the one of the same name.
    pub(crate) fn file(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.members.retain(|member| member.name != name);
        self.another(name, bytes)
    }

    /// Adds a file and keeps another of the same name.
    pub(crate) fn another(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.members.push(Member { name: name.to_owned(), bytes: bytes.as_ref().to_vec(), link: None });
        self
    }

    pub(crate) fn link(mut self, name: &str, target: &str) -> Self {
        self.members.push(Member { name: name.to_owned(), bytes: Vec::new(), link: Some(target.to_owned()) });
        self
    }

    pub(crate) fn missing(mut self, name: &str) -> Self {
        self.members.retain(|member| member.name != name);
        self
    }

    /// Replaces the whole `RECORD`; an empty text leaves the file out.
    pub(crate) fn record(mut self, text: &str) -> Self {
        self.record = Some(text.to_owned());
        self
    }

    /// Replaces a part of the `RECORD` that would be right.
    pub(crate) fn record_edit(mut self, from: &str, to: &str) -> Self {
        self.record_edit = Some((from.to_owned(), to.to_owned()));
        self
    }

    /// Changes the finished bytes.
    pub(crate) fn patched(mut self, patch: fn(&mut Vec<u8>)) -> Self {
        self.patch = Some(patch);
        self
    }

    /// Gives the file these attestations.
    pub(crate) fn attested(mut self, texts: &[&str]) -> Self {
        self.attestations = texts.iter().map(|text| (*text).to_owned()).collect();
        self
    }

    /// Returns the hash of the file.
    pub(crate) fn sha256(&self) -> String {
        sha2::Sha256::digest(self.bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Builds the file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut members = self.members.clone();
        let name = if self.is_wheel { "METADATA" } else { "PKG-INFO" };
        let metadata = self.metadata.clone().unwrap_or_else(|| self.metadata_text().into_bytes());
        if !metadata.is_empty() {
            members.push(Member { name: format!("{}/{name}", self.root), bytes: metadata, link: None });
        }
        let mut bytes = if self.is_wheel {
            members.extend(self.record_member(&members));
            zip_of(&members)
        } else {
            tar_gz_of(&members)
        };
        if let Some(patch) = self.patch {
            patch(&mut bytes);
        }
        bytes
    }

    fn metadata_text(&self) -> String {
        format!("{}\n\n{}", self.headers.join("\n"), self.body)
    }

    fn record_member(&self, members: &[Member]) -> Option<Member> {
        let name = format!("{}/RECORD", self.root);
        let mut text = match &self.record {
            Some(text) => text.clone(),
            None => {
                let rows: String = members.iter().map(row).collect();
                format!("{rows}{name},,\n")
            }
        };
        if let Some((from, to)) = &self.record_edit {
            assert!(text.contains(from), "the record has no `{from}`: {text}");
            text = text.replace(from, to);
        }
        (!text.is_empty()).then(|| Member { name, bytes: text.into_bytes(), link: None })
    }
}

fn row(member: &Member) -> String {
    let digest = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(&member.bytes));
    format!("{},sha256={digest},{}\n", member.name, member.bytes.len())
}

/// Writes members as a zip, doubles included.
pub(crate) fn zip_of(members: &[Member]) -> Vec<u8> {
    // The writer refuses a name that it had, so doubles are written under one of the same length and renamed.
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut renames: Vec<(String, String)> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for member in members {
        let mut name = member.name.clone();
        if seen.contains(&name.as_str()) {
            name = format!("\u{7e}{}", &member.name[1..]);
            renames.push((name.clone(), member.name.clone()));
        }
        seen.push(&member.name);
        let options = SimpleFileOptions::default().unix_permissions(0o644);
        if let Some(target) = &member.link {
            writer.add_symlink(name, target, options).unwrap();
        } else {
            writer.start_file(name, options).unwrap();
            writer.write_all(&member.bytes).unwrap();
        }
    }
    let mut bytes = writer.finish().unwrap().into_inner();
    for (from, to) in renames {
        replace(&mut bytes, from.as_bytes(), to.as_bytes());
    }
    bytes
}

/// Writes members as a gzip-compressed tar.
pub(crate) fn tar_gz_of(members: &[Member]) -> Vec<u8> {
    let mut tar = Vec::new();
    for member in members {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(member.bytes.len() as u64);
        // Written by hand, because the library refuses the names that hostile archives have.
        header.as_old_mut().name[..member.name.len()].copy_from_slice(member.name.as_bytes());
        if let Some(target) = &member.link {
            header.set_entry_type(tar::EntryType::Symlink);
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        }
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(&member.bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    gzip(&tar)
}

/// Compresses bytes as gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Replaces every occurrence of a byte string by one of the same length.
pub(crate) fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> =
        bytes.windows(from.len()).enumerate().filter(|(_, part)| *part == from).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "nothing to replace");
    for at in places {
        bytes[at..at + from.len()].copy_from_slice(to);
    }
}
