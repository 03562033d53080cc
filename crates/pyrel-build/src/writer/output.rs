//! A stream that counts and hashes what goes through it.

use std::io::{self, Write};

use blake2::Blake2b;
use blake2::digest::consts::U32;
use pyrel_model::{Blake2b256, Sha256};
use sha2::Digest as _;

/// Writes through to `inner`, computing size, SHA-256, and BLAKE2b-256 on the way.
pub(crate) struct Output<W> {
    inner: W,
    written: u64,
    sha256: sha2::Sha256,
    blake2b: Blake2b<U32>,
}

/// Size and hashes of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) size: u64,
    pub(crate) sha256: Sha256,
    pub(crate) blake2b: Blake2b256,
}

impl<W: Write> Output<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, written: 0, sha256: sha2::Sha256::new(), blake2b: Blake2b::new() }
    }

    /// Returns how many bytes went through.
    pub(crate) fn position(&self) -> u64 {
        self.written
    }

    /// Flushes and returns the stream with what is known about its content.
    pub(crate) fn finish(mut self) -> io::Result<(W, Digests)> {
        self.inner.flush()?;
        let digests = Digests {
            size: self.written,
            sha256: Sha256::new(self.sha256.finalize().into()),
            blake2b: Blake2b256::new(self.blake2b.finalize().into()),
        };
        Ok((self.inner, digests))
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.sha256.update(&buffer[..count]);
        self.blake2b.update(&buffer[..count]);
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        let mut output = Output::new(Vec::new());
        output.write_all(b"abc").unwrap();
        let (bytes, digests) = output.finish().unwrap();
        assert_eq!((bytes.as_slice(), digests.size), (&b"abc"[..], 3));
        assert_eq!(
            digests.sha256.to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            digests.blake2b.to_hex(),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
        );
    }
}
