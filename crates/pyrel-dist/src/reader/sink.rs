//! Takes the unpacked bytes of one member: digests, checksum, size, and a bounded copy where one is wanted.

use crc32fast::Hasher;
use pyrel_model::Sha256;
use sha2::Digest as _;

use crate::secret::{Secret, SecretScanner};

/// A digest that some `RECORD` rows use instead of SHA-256.
enum OtherDigest {
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
}

struct Hashes {
    sha256: sha2::Sha256,
    other: Option<OtherDigest>,
    crc: Hasher,
}

/// What is done with the bytes of a member.
pub(super) struct Sink {
    /// Absent for members that nothing will compare with a digest.
    hashes: Option<Hashes>,
    size: u64,
    copy: Option<Vec<u8>>,
    copy_limit: u64,
    secrets: SecretScanner,
}

/// The digests of a member of a wheel.
pub(super) struct MemberDigests {
    pub(super) sha256: Sha256,
    pub(super) other: Option<(&'static str, Vec<u8>)>,
    pub(super) crc: u32,
}

/// What is known of a member once all its bytes went through.
pub(super) struct Taken {
    pub(super) digests: Option<MemberDigests>,
    pub(super) size: u64,
    /// The bytes; `None` when no copy was wanted or it was too long.
    pub(super) copy: Option<Vec<u8>>,
    pub(super) secrets: Vec<Secret>,
}

/// Digest algorithms besides SHA-256 that can be computed.
pub(super) const OTHERS: [&str; 2] = ["sha384", "sha512"];

impl Sink {
    /// Starts a member that is only measured; `copy_limit` is 0 when no copy is wanted.
    pub(super) fn new(copy_limit: u64) -> Self {
        let copy = (copy_limit > 0).then(Vec::new);
        Self { hashes: None, size: 0, copy, copy_limit, secrets: SecretScanner::default() }
    }

    /// Starts a member that is hashed too; `other` names one of [`OTHERS`].
    pub(super) fn hashing(other: Option<&str>, copy_limit: u64) -> Self {
        let other = match other {
            Some("sha384") => Some(OtherDigest::Sha384(sha2::Sha384::new())),
            Some("sha512") => Some(OtherDigest::Sha512(sha2::Sha512::new())),
            _ => None,
        };
        let hashes = Hashes { sha256: sha2::Sha256::new(), other, crc: Hasher::new() };
        Self { hashes: Some(hashes), ..Self::new(copy_limit) }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        if let Some(hashes) = &mut self.hashes {
            hashes.take(bytes);
        }
        self.secrets.take(bytes);
        self.size += bytes.len() as u64;
        if self.size > self.copy_limit {
            self.copy = None;
        } else if let Some(copy) = &mut self.copy {
            copy.extend_from_slice(bytes);
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn finish(self) -> Taken {
        Taken {
            digests: self.hashes.map(Hashes::finish),
            size: self.size,
            copy: self.copy,
            secrets: self.secrets.finish(),
        }
    }
}

impl Hashes {
    fn take(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        match &mut self.other {
            Some(OtherDigest::Sha384(digest)) => digest.update(bytes),
            Some(OtherDigest::Sha512(digest)) => digest.update(bytes),
            None => {}
        }
        self.crc.update(bytes);
    }

    fn finish(self) -> MemberDigests {
        let other = self.other.map(|digest| match digest {
            OtherDigest::Sha384(digest) => ("sha384", digest.finalize().to_vec()),
            OtherDigest::Sha512(digest) => ("sha512", digest.finalize().to_vec()),
        });
        MemberDigests { sha256: Sha256::new(self.sha256.finalize().into()), other, crc: self.crc.finalize() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_kept_up_to_its_limit() {
        let mut sink = Sink::hashing(Some("sha512"), 4);
        sink.take(b"abcd");
        let taken = sink.finish();
        let digests = taken.digests.unwrap();
        assert_eq!((taken.copy.as_deref(), taken.size, digests.crc), (Some(&b"abcd"[..]), 4, 0xed82_cd11));
        assert_eq!(digests.other.map(|(name, digest)| (name, digest.len())), Some(("sha512", 64)));
        let mut sink = Sink::new(4);
        sink.take(b"abc");
        sink.take(b"de");
        assert_eq!(sink.finish().copy, None);
    }
}
