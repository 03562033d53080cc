//! Deflate with one pinned backend and level: the bytes of every archive depend on both.

use std::cell::RefCell;

use flate2::{Compress, Compression, FlushCompress, Status};

/// The deflate level of every archive.
///
/// Measured on 11,700 Python files (177 MB): level 9 takes 5.2 s of processor time and gives 31.94 MB (wheel) and
/// 26.62 MB (sdist), level 6 takes 3.2 s and gives 32.08 MB and 26.94 MB. One hundredth of the size is not worth
/// two thirds more time.
pub(super) const LEVEL: u32 = 6;

/// Longer data is cut into pieces of at most this size, each deflated on its own, so that pieces can be deflated
/// at the same time and memory stays bounded. Part of the format of our archives: another value gives other bytes.
pub(super) const SEGMENT: usize = 1 << 20;

/// A stored block holds no more than this.
pub(super) const STORED_BLOCK: usize = 65_535;
/// What stands before the data of a stored block that starts on a byte boundary.
pub(super) const STORED_HEADER: usize = 5;

/// Ends a stream of joined pieces: a last block with nothing in it.
pub(super) const EMPTY_LAST_BLOCK: [u8; 2] = [3, 0];

/// How the deflated form of a piece ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As a whole stream does.
    Stream,
    /// On a byte boundary, so that another piece can follow.
    Open,
}

thread_local! {
    /// A deflate state takes a quarter of a mebibyte; small files would spend their time on making it.
    static STATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// Appends the deflated form of one piece to `out`.
pub(super) fn deflate(piece: &[u8], end: End, out: &mut Vec<u8>) {
    STATE.with_borrow_mut(|state| {
        state.reset();
        let flush = if end == End::Stream { FlushCompress::Finish } else { FlushCompress::Full };
        out.reserve(piece.len() / 2 + 64);
        loop {
            let before = usize::try_from(state.total_in()).unwrap_or(usize::MAX);
            let status = state
                .compress_vec(&piece[before.min(piece.len())..], out, flush)
                .expect("deflate fails only on a broken state, and this one was just reset");
            let consumed = state.total_in() == piece.len() as u64;
            let done = match end {
                End::Stream => status == Status::StreamEnd,
                End::Open => consumed && out.len() < out.capacity(),
            };
            if done {
                return;
            }
            out.reserve(piece.len() / 2 + 64);
        }
    });
}

/// Appends a piece to `out` in stored blocks, none of them the last of a stream.
pub(super) fn store(piece: &[u8], out: &mut Vec<u8>) {
    out.reserve_exact(piece.len() + piece.len().div_ceil(STORED_BLOCK) * STORED_HEADER);
    for block in piece.chunks(STORED_BLOCK) {
        let length = u16::try_from(block.len()).expect("a chunk is no longer than a stored block");
        out.push(0);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
}

/// Tells by samples whether deflating a long piece would be in vain: noise, pictures, archives.
pub(super) fn is_noise(piece: &[u8]) -> bool {
    const SAMPLE: usize = 4 << 10;
    const SAMPLES: usize = 4;
    if piece.len() < 2 * SAMPLE * SAMPLES {
        return false;
    }
    let mut sample = Vec::with_capacity(SAMPLE * SAMPLES);
    for index in 0..SAMPLES {
        let start = (piece.len() - SAMPLE) / (SAMPLES - 1) * index;
        sample.extend_from_slice(&piece[start..start + SAMPLE]);
    }
    let mut deflated = Vec::new();
    deflate(&sample, End::Stream, &mut deflated);
    deflated.len() >= sample.len() / 50 * 49
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn inflate(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::DeflateDecoder::new(bytes).read_to_end(&mut out).unwrap();
        out
    }

    fn deflated(piece: &[u8], end: End) -> Vec<u8> {
        let mut out = Vec::new();
        deflate(piece, end, &mut out);
        out
    }

    pub(in crate::writer) fn noise(length: usize) -> Vec<u8> {
        let mut state = 88_172_645_463_325_252u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn joined_pieces_are_one_stream() {
        for data in [&b""[..], b"a", &noise(300_000), &b"again and ".repeat(50_000)] {
            let whole = deflated(data, End::Stream);
            assert_eq!(inflate(&whole), data);
            let (left, right) = data.split_at(data.len() / 2);
            let mut joined = deflated(left, End::Open);
            joined.extend(deflated(right, End::Stream));
            assert_eq!(inflate(&joined), data);
            let mut stored = deflated(left, End::Open);
            store(right, &mut stored);
            stored.extend(EMPTY_LAST_BLOCK);
            assert_eq!(inflate(&stored), data);
        }
    }

    #[test]
    fn the_state_leaves_no_trace() {
        let first = deflated(b"the same text, the same bytes", End::Stream);
        deflated(&[7; 10_000], End::Open);
        assert_eq!(deflated(b"the same text, the same bytes", End::Stream), first);
    }

    #[test]
    fn noise_is_told_from_data() {
        assert!(is_noise(&noise(100_000)));
        assert!(!is_noise(&noise(1_000)), "too short to tell");
        assert!(!is_noise(&b"print(1)\n".repeat(10_000)));
        let letters: Vec<u8> = noise(100_000).iter().map(|byte| b'a' + byte % 64).collect();
        assert!(!is_noise(&letters), "six of eight bits");
    }
}
