//! What a reader found wrong with an archive. Readers state facts; rules make findings of them.

/// The kind of a fault; each is reported by exactly one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FaultKind {
    /// The bytes are no archive of the kind that the name promises.
    NotAnArchive,
    /// The archive is one, but the server's reader cannot get through it.
    Unreadable,
    /// The bytes are a zip and a tar at once.
    TwoFormats,
    /// The strict walk over the records of a zip failed.
    Structure,
    /// A member's data is damaged.
    Damaged,
    /// A member is encrypted.
    Encrypted,
    /// A member's compression method is neither stored nor deflated.
    Method,
    /// A tar member is sparse.
    Sparse,
    /// A limit was crossed and reading stopped.
    Limit,
    /// Bytes after the end of a tarball.
    Trailing,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// What is wrong; for kinds of which PyPI has its own words, exactly its detail text.
    pub(crate) detail: String,
    /// The member concerned.
    pub(crate) member: Option<String>,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), member: None }
    }

    pub(crate) fn of_member(kind: FaultKind, detail: impl Into<String>, member: &str) -> Self {
        Self { kind, detail: detail.into(), member: Some(member.to_owned()) }
    }
}
