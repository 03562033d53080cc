//! Digests of a file: the SHA-256 that every reading makes and that names its bytes from then on, and the two others
//! that only an upload carries, which are made of these very bytes or not at all.

use std::io::{self, Read};

use blake2::Blake2b;
use blake2::digest::consts::U32;
use md5::Md5;
use pyrel_model::{Blake2b256, Sha256};
use sha2::Digest as _;

/// Bytes read at a time.
pub(crate) const CHUNK: usize = 128 * 1024;

/// Size and SHA-256 of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) size: u64,
    pub(crate) sha256: Sha256,
}

impl Digests {
    /// Reads `source` to its end; `length` is what it is expected to have.
    pub(crate) fn of(source: &mut dyn Read, length: u64) -> io::Result<Self> {
        Self::with(source, length, |sha256, bytes| sha256.update(bytes))
    }

    /// Reads `source` to its end; `update` feeds the hash, and whatever else wants the bytes.
    fn with(
        source: &mut dyn Read,
        length: u64,
        mut update: impl FnMut(&mut sha2::Sha256, &[u8]),
    ) -> io::Result<Self> {
        let mut buffer = vec![0; usize::try_from(length).unwrap_or(CHUNK).clamp(512, CHUNK)];
        let (mut sha256, mut size) = (sha2::Sha256::new(), 0);
        loop {
            let count = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            update(&mut sha256, &buffer[..count]);
            size += count as u64;
        }
        Ok(Self { size, sha256: Sha256::new(sha256.finalize().into()) })
    }
}

/// Why the digests of an upload cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DigestError {
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The bytes are not the ones that were judged.
    #[error("the file changed after it was read")]
    Changed,
}

/// The digests that nothing but an upload needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadDigests {
    pub(crate) blake2b: Blake2b256,
    md5: [u8; 16],
}

impl UploadDigests {
    /// Reads `source`, which must be what `judged` was made of, to its end.
    pub(crate) fn of(source: &mut dyn Read, judged: &Digests) -> Result<Self, DigestError> {
        let (mut blake2b, mut md5) = (Blake2b::<U32>::new(), Md5::new());
        let found = Digests::with(source, judged.size, |sha256, bytes| {
            let mut others = || {
                sha256.update(bytes);
                blake2b.update(bytes);
            };
            if bytes.len() < CHUNK {
                others();
                md5.update(bytes);
            } else {
                // MD5 takes as long as the two others together.
                rayon::join(others, || md5.update(bytes));
            }
        })?;
        if found != *judged {
            return Err(DigestError::Changed);
        }
        Ok(Self { blake2b: Blake2b256::new(blake2b.finalize().into()), md5: md5.finalize().into() })
    }

    /// Returns the MD5 as 32 hexadecimal digits; old indexes ask for it.
    pub(crate) fn md5_hex(&self) -> String {
        hex(&self.md5)
    }
}

/// Returns lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests_of_abc() {
        let digests = Digests::of(&mut &b"abc"[..], 3).unwrap();
        assert_eq!(digests.size, 3);
        assert!(digests.sha256.to_hex().starts_with("ba7816bf8f01cfea"));
        let others = UploadDigests::of(&mut &b"abc"[..], &digests).unwrap();
        assert!(others.blake2b.to_hex().starts_with("bddd813c634239723171ef3fee98579b"));
        assert_eq!(others.md5_hex(), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn other_bytes_than_the_judged_ones_have_no_digests() {
        let digests = Digests::of(&mut &b"abc"[..], 3).unwrap();
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            let made = UploadDigests::of(&mut &other[..], &digests);
            assert!(matches!(made, Err(DigestError::Changed)), "{made:?}");
        }
    }
}
