//! The digest of a plan: one SHA-256 over everything a confirmation is about, and nothing else.

use std::fmt;

use pyrel_model::Sha256;
use serde::{Serialize, Serializer};
use sha2::Digest as _;

use super::AccountKind;

/// How many hexadecimal digits a person types.
const SHORT: usize = 12;

/// What stands for the hash of something that is made during the run.
const MADE_LATER: &[u8] = b"made during the run";

/// The digest of a plan: it covers every file's name and SHA-256, those of attestations likewise, the index's upload
/// URL, and the account kind. Of an attestation that is signed during the run it covers that there will be one.
///
/// Nothing else goes in: neither the order of the selection, nor what the indexes happened to hold when the
/// plan was made. A file that is added, removed, renamed, or changed by one bit gives another digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlanDigest(Sha256);

impl PlanDigest {
    /// Computes the digest. `files` are file names with their hashes, in any order; what is made during the run has no
    /// hash yet.
    pub(super) fn of<'f>(
        upload_url: &str,
        account: AccountKind,
        files: impl Iterator<Item = (&'f str, Option<&'f Sha256>)>,
    ) -> Self {
        let mut sorted: Vec<(&str, Option<&Sha256>)> = files.collect();
        sorted.sort_unstable();
        let mut hasher = sha2::Sha256::new();
        // Every part carries its length, so that no two different plans share one encoding.
        let mut put = |part: &[u8]| {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part);
        };
        put(b"pyrel plan 1");
        put(upload_url.as_bytes());
        put(account.as_str().as_bytes());
        for (name, sha256) in sorted {
            put(name.as_bytes());
            put(sha256.map_or(MADE_LATER, |sha256| sha256.as_bytes().as_slice()));
        }
        Self(Sha256::new(hasher.finalize().into()))
    }

    /// Returns the first twelve hexadecimal digits, which a person types to confirm.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..SHORT].to_owned()
    }

    /// Tells whether a typed text names this digest: its short form or all 64 digits, in any case, white space
    /// at the ends ignored. A shorter prefix or one between the two does not.
    #[must_use]
    pub fn is_named_by(&self, typed: &str) -> bool {
        let typed = typed.trim().to_ascii_lowercase();
        typed == self.short() || typed == self.to_string()
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for PlanDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(byte: u8) -> Sha256 {
        Sha256::new([byte; 32])
    }

    fn digest(url: &str, account: AccountKind, files: &[(&str, Sha256)]) -> PlanDigest {
        PlanDigest::of(url, account, files.iter().map(|(name, sha256)| (*name, Some(sha256))))
    }

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let url = "https://upload.example/legacy/";
        let files = [("a-1.whl", sha(1)), ("b-1.whl", sha(2)), ("c-1.tar.gz", sha(3))];
        let base = digest(url, AccountKind::Token, &files);
        let mut turned = files;
        for _ in 0..files.len() {
            turned.rotate_left(1);
            assert_eq!(digest(url, AccountKind::Token, &turned), base);
        }
        turned.reverse();
        assert_eq!(digest(url, AccountKind::Token, &turned), base);
        assert_ne!(digest("https://upload.example/legacy", AccountKind::Token, &files), base);
        assert_ne!(digest(url, AccountKind::Password, &files), base);
        assert_ne!(digest(url, AccountKind::Anonymous, &files), base);
        assert_ne!(digest(url, AccountKind::Token, &files[..2]), base);
        let mut renamed = files;
        renamed[0].0 = "a-2.whl";
        assert_ne!(digest(url, AccountKind::Token, &renamed), base);
    }

    #[test]
    fn every_changed_bit_of_every_hash_changes_it() {
        let files = [("a-1.whl", sha(0x5a)), ("b-1.whl", sha(0xc3))];
        let base = digest("u", AccountKind::Token, &files);
        for file in 0..files.len() {
            for bit in 0..256 {
                let mut bytes = *files[file].1.as_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                let mut changed = files;
                changed[file].1 = Sha256::new(bytes);
                assert_ne!(digest("u", AccountKind::Token, &changed), base, "file {file} bit {bit}");
            }
        }
    }

    #[test]
    fn swapped_hashes_and_shifted_boundaries_change_it() {
        let straight = digest("u", AccountKind::Token, &[("a", sha(1)), ("b", sha(2))]);
        let crossed = digest("u", AccountKind::Token, &[("a", sha(2)), ("b", sha(1))]);
        assert_ne!(straight, crossed);
        assert_ne!(digest("utoken", AccountKind::Token, &[]), digest("u", AccountKind::Token, &[]));
    }

    #[test]
    fn is_named_by_its_short_or_full_form_only() {
        let digest = digest("u", AccountKind::Token, &[]);
        let full = digest.to_string();
        assert!(digest.is_named_by(&full) && digest.is_named_by(&format!(" {}\n", digest.short())));
        assert!(digest.is_named_by(&digest.short().to_uppercase()));
        for bad in ["", &full[..11], &full[..13], &full[..63], "yes"] {
            assert!(!digest.is_named_by(bad), "{bad}");
        }
    }
}
