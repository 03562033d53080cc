//! Deflate with one pinned backend and level: the bytes of every archive depend on both.

use std::cell::RefCell;

use flate2::{Compress, Compression, FlushCompress, Status};

/// The deflate level of every archive.
///
/// Measured on 11,700 Python files (177 MB): level 9 takes 5.2 s of processor time and gives 31.94 MB (wheel) and
/// 26.62 MB (sdist), level 6 takes 3.2 s and gives 32.08 MB and 26.94 MB. One hundredth of the size is not worth
/// two thirds more time.
pub(super) const LEVEL: u32 = 6;

/// Longer data is cut into pieces of this size, each deflated on its own, so that pieces can be deflated at the
/// same time and memory stays bounded. Part of the format of our archives: another value gives other bytes.
pub(super) const SEGMENT: usize = 1 << 20;

thread_local! {
    /// A deflate state takes a quarter of a mebibyte; small files would spend their time on making it.
    static STATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// Deflates one piece. Pieces but the last end on a byte boundary, so that they can be joined.
pub(super) fn deflate(piece: &[u8], is_last: bool) -> Vec<u8> {
    STATE.with_borrow_mut(|state| {
        state.reset();
        let flush = if is_last { FlushCompress::Finish } else { FlushCompress::Full };
        let mut out = Vec::with_capacity(piece.len() / 2 + 64);
        loop {
            let before = (state.total_in(), state.total_out());
            let rest = &piece[usize::try_from(before.0).unwrap_or(usize::MAX).min(piece.len())..];
            let status = state
                .compress_vec(rest, &mut out, flush)
                .expect("deflate fails only on a broken state, and this one was just reset");
            let consumed = state.total_in() == piece.len() as u64;
            let done =
                if is_last { status == Status::StreamEnd } else { consumed && out.len() < out.capacity() };
            if done {
                return out;
            }
            out.reserve(out.capacity().max(64));
        }
    })
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

    #[test]
    fn joined_pieces_are_one_stream() {
        let noise: Vec<u8> = (0..300_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for data in [&b""[..], b"a", &noise] {
            let whole = deflate(data, true);
            assert_eq!(inflate(&whole), data);
            let (left, right) = data.split_at(data.len() / 2);
            let mut joined = deflate(left, false);
            joined.extend(deflate(right, true));
            assert_eq!(inflate(&joined), data);
        }
    }

    #[test]
    fn the_state_leaves_no_trace() {
        let first = deflate(b"the same text, the same bytes", true);
        deflate(&[7; 10_000], false);
        assert_eq!(deflate(b"the same text, the same bytes", true), first);
    }
}
