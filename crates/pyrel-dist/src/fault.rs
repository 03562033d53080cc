//! What a reader found wrong with an archive. Readers state facts; rules make findings of them.

/// The kind of a fault; each is reported by exactly one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FaultKind {
    /// PyPI's own reader gives up on the file; the detail is what its message says.
    Refused,
    /// The bytes are a zip and a tar at once.
    TwoFormats,
    /// The strict walk over the records of a zip failed; the detail is what PyPI's message says.
    Structure,
    /// The archive or a member of it is damaged.
    Damaged,
    /// A member is encrypted.
    Encrypted,
    /// A member's compression method is neither stored nor deflated.
    Method,
    /// A tar member is sparse.
    Sparse,
    /// A limit was crossed.
    Limit,
    /// A tarball does not end where and how it should.
    End,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// What is wrong; for kinds of which PyPI has its own words, exactly those.
    pub(crate) detail: String,
    /// What it means, where the detail does not tell.
    pub(crate) reason: Option<String>,
    /// The member concerned.
    pub(crate) member: Option<String>,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), reason: None, member: None }
    }

    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    pub(crate) fn at(mut self, member: impl Into<String>) -> Self {
        self.member = Some(member.into());
        self
    }
}
