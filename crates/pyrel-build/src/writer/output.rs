//! A stream that counts and hashes what goes through it, in long runs.

use std::io::{self, Write};

use blake2::Blake2b;
use blake2::digest::consts::U32;
use pyrel_model::{Blake2b256, Sha256};
use sha2::Digest as _;

/// How much is collected before it is hashed and handed on: records of a few bytes would cost a call each.
const BUFFER: usize = 64 << 10;

/// Writes through to `inner`, computing size, SHA-256, and BLAKE2b-256 on the way.
pub(crate) struct Output<W> {
    inner: W,
    buffer: Vec<u8>,
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
        let buffer = Vec::with_capacity(BUFFER);
        Self { inner, buffer, written: 0, sha256: sha2::Sha256::new(), blake2b: Blake2b::new() }
    }

    /// Returns how many bytes went through.
    pub(crate) fn position(&self) -> u64 {
        self.written
    }

    /// Flushes and returns the stream with what is known about its content.
    pub(crate) fn finish(mut self) -> io::Result<(W, Digests)> {
        self.flush()?;
        let digests = Digests {
            size: self.written,
            sha256: Sha256::new(self.sha256.finalize().into()),
            blake2b: Blake2b256::new(self.blake2b.finalize().into()),
        };
        Ok((self.inner, digests))
    }

    fn hand_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_all(bytes)?;
        self.sha256.update(bytes);
        self.blake2b.update(bytes);
        Ok(())
    }

    fn drain(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let done = self.hand_on(&buffer);
        buffer.clear();
        self.buffer = buffer;
        done
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.drain()?;
        }
        if bytes.len() > BUFFER {
            self.hand_on(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        self.written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain()?;
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

    #[test]
    fn short_and_long_writes_keep_their_order() {
        let mut output = Output::new(Vec::new());
        let mut expected = Vec::new();
        for (byte, length) in [(1, 10), (2, BUFFER), (3, 1), (4, 3 * BUFFER), (5, BUFFER - 1), (6, 2)] {
            output.write_all(&vec![byte; length]).unwrap();
            expected.extend(vec![byte; length]);
            assert_eq!(output.position(), expected.len() as u64);
        }
        assert_eq!(output.finish().unwrap().0, expected);
    }
}
