//! The three digests that an upload carries, computed in one pass over the bytes of a file.

use std::io::{self, Read};

use blake2::Blake2b;
use blake2::digest::consts::U32;
use md5::Md5;
use pyrel_model::{Blake2b256, Sha256};
use sha2::Digest as _;

/// Size and digests of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) size: u64,
    pub(crate) sha256: Sha256,
    pub(crate) blake2b: Blake2b256,
    pub(crate) md5: [u8; 16],
}

/// Bytes read at a time.
pub(crate) const CHUNK: usize = 128 * 1024;

impl Digests {
    /// Reads `source` to its end; `length` is what it is expected to have.
    pub(crate) fn of(source: &mut dyn Read, length: u64) -> io::Result<Self> {
        let mut buffer = vec![0; usize::try_from(length).unwrap_or(CHUNK).clamp(512, CHUNK)];
        let (mut sha256, mut blake2b, mut md5) = (sha2::Sha256::new(), Blake2b::<U32>::new(), Md5::new());
        let mut size = 0;
        loop {
            let count = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let bytes = &buffer[..count];
            sha256.update(bytes);
            blake2b.update(bytes);
            md5.update(bytes);
            size += count as u64;
        }
        Ok(Self {
            size,
            sha256: Sha256::new(sha256.finalize().into()),
            blake2b: Blake2b256::new(blake2b.finalize().into()),
            md5: md5.finalize().into(),
        })
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
        assert!(digests.blake2b.to_hex().starts_with("bddd813c634239723171ef3fee98579b"));
        assert_eq!(hex(&digests.md5), "900150983cd24fb0d6963f7d28e17f72");
    }
}
