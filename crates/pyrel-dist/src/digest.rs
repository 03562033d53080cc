//! Digests of a file: the SHA-256 that every reading makes and that names its bytes from then on, and the BLAKE2b that
//! only an upload carries, which is made of these very bytes or not at all.

use std::io::{self, Read};

use blake2::Blake2b;
use blake2::digest::consts::U32;
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

/// Reads `source` to its end; returns its size and SHA-256 with the digest that nothing but an upload needs.
///
/// MD5, which old clients send besides, is left out: no index asks for it that takes SHA-256, and twine (since 6.2) and
/// uv send none.
pub(crate) fn upload_digests(source: &mut dyn Read, length: u64) -> io::Result<(Digests, Blake2b256)> {
    let mut blake2b = Blake2b::<U32>::new();
    let digests = Digests::with(source, length, |sha256, bytes| {
        if bytes.len() < CHUNK {
            sha256.update(bytes);
            blake2b.update(bytes);
        } else {
            rayon::join(|| sha256.update(bytes), || blake2b.update(bytes));
        }
    })?;
    Ok((digests, Blake2b256::new(blake2b.finalize().into())))
}

/// Makes the digest of an upload of `source`, which must be what `judged` was made of, to its end.
pub(crate) fn blake2b_of(source: &mut dyn Read, judged: &Digests) -> Result<Blake2b256, DigestError> {
    let (found, blake2b) = upload_digests(source, judged.size)?;
    if found == *judged { Ok(blake2b) } else { Err(DigestError::Changed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests_of_abc() {
        let digests = Digests::of(&mut &b"abc"[..], 3).unwrap();
        assert_eq!(digests.size, 3);
        assert!(digests.sha256.to_hex().starts_with("ba7816bf8f01cfea"));
        let blake2b = blake2b_of(&mut &b"abc"[..], &digests).unwrap();
        assert!(blake2b.to_hex().starts_with("bddd813c634239723171ef3fee98579b"));
    }

    #[test]
    fn other_bytes_than_the_judged_ones_have_no_digests() {
        let digests = Digests::of(&mut &b"abc"[..], 3).unwrap();
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            let made = blake2b_of(&mut &other[..], &digests);
            assert!(matches!(made, Err(DigestError::Changed)), "{made:?}");
        }
    }

    #[test]
    fn a_large_file_has_the_digests_of_its_bytes() {
        let bytes: Vec<u8> = (0..3 * CHUNK + 5).map(|at| (at % 251) as u8).collect();
        let digests = Digests::of(&mut &bytes[..], bytes.len() as u64).unwrap();
        let (found, blake2b) = upload_digests(&mut &bytes[..], bytes.len() as u64).unwrap();
        let whole = Blake2b256::new(Blake2b::<U32>::digest(&bytes).into());
        assert_eq!((found, blake2b), (digests, whole));
    }
}
