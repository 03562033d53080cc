//! One member of an archive as it was read. Judges nothing: unsafe names are kept as they are.

use pyrel_model::Sha256;

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberKind {
    /// A regular file.
    File,
    /// A directory entry.
    Directory,
    /// A symbolic link, with its target as stored.
    Symlink(String),
    /// A hard link to another member, with its target as stored.
    Hardlink(String),
    /// A device, a pipe, or something else that no distribution has.
    Special,
}

/// A member of a wheel or an sdist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberInfo {
    /// The name as stored; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// What it is.
    pub kind: MemberKind,
    /// Unpacked size in bytes; for a damaged or encrypted member the declared size.
    pub size: u64,
    /// Size inside the archive in bytes; for an sdist the same as `size`.
    pub packed: u64,
    /// Unix permission bits, where the archive has them.
    pub mode: Option<u32>,
    /// SHA-256 of the unpacked bytes of a wheel's file, or of a Python module of an sdist; `None` for other files of
    /// an sdist, where there is nothing to compare with, and for anything that is no readable regular file.
    pub sha256: Option<Sha256>,
    /// The digest under the algorithm that `RECORD` asks for, when that is not SHA-256.
    pub(crate) other_digest: Option<(&'static str, Vec<u8>)>,
}

impl MemberInfo {
    /// Tells whether the member is a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == MemberKind::File
    }
}
