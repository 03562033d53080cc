//! Members cut into segments, and batches of segments read and deflated at the same time.

use std::borrow::Cow;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use flate2::Crc;
use fs_err as fs;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::deflate::{SEGMENT, deflate};
use crate::entry_set::{Entry, Source};
use crate::error::BuildError;

/// Less than this is not worth handing to other threads.
const PARALLEL_FROM: usize = 128 << 10;

/// A part of one member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) entry: &'a Entry,
    offset: u64,
    len: usize,
    /// Whether it is the last of its member.
    pub(super) is_last: bool,
}

/// A segment after reading and deflating.
pub(super) struct Deflated<'a> {
    pub(super) segment: Segment<'a>,
    pub(super) raw: Cow<'a, [u8]>,
    pub(super) bytes: Vec<u8>,
    pub(super) crc: Crc,
    /// Of the whole member, when the segment is all of it.
    pub(super) sha256: Option<[u8; 32]>,
}

impl Segment<'_> {
    pub(super) fn is_first(&self) -> bool {
        self.offset == 0
    }

    fn is_whole(&self) -> bool {
        self.is_first() && self.is_last
    }
}

/// Cuts members into segments.
pub(super) fn segments(entries: &[Entry]) -> impl Iterator<Item = Segment<'_>> {
    entries.iter().flat_map(|entry| {
        let size = entry.source.size();
        let count = size.div_ceil(SEGMENT as u64).max(1);
        (0..count).map(move |index| {
            let offset = index * SEGMENT as u64;
            let len = usize::try_from((size - offset).min(SEGMENT as u64)).unwrap_or(SEGMENT);
            Segment { entry, offset, len, is_last: index + 1 == count }
        })
    })
}

/// Takes the next segments that fit into `batch` bytes, at least one.
pub(super) fn next_batch<'a>(
    segments: &mut std::iter::Peekable<impl Iterator<Item = Segment<'a>>>,
    batch: usize,
) -> Vec<Segment<'a>> {
    let mut taken = Vec::new();
    let mut bytes = 0;
    while let Some(next) = segments.peek() {
        if !taken.is_empty() && bytes + next.len > batch {
            break;
        }
        bytes += next.len;
        taken.push(*next);
        segments.next();
    }
    taken
}

/// Reads and deflates a batch, results in order.
pub(super) fn deflate_batch<'a>(batch: &[Segment<'a>]) -> Result<Vec<Deflated<'a>>, BuildError> {
    let bytes: usize = batch.iter().map(|segment| segment.len).sum();
    if bytes < PARALLEL_FROM || batch.len() == 1 {
        batch.iter().map(|segment| deflate_segment(*segment)).collect()
    } else {
        batch.par_iter().map(|segment| deflate_segment(*segment)).collect()
    }
}

fn deflate_segment(segment: Segment<'_>) -> Result<Deflated<'_>, BuildError> {
    let raw = match &segment.entry.source {
        Source::Bytes(bytes) => {
            let start = usize::try_from(segment.offset).unwrap_or(usize::MAX);
            Cow::Borrowed(&bytes[start..start + segment.len])
        }
        Source::File { path, size } => Cow::Owned(read_part(path, *size, &segment)?),
    };
    let mut crc = Crc::new();
    crc.update(&raw);
    let sha256 = segment.is_whole().then(|| Sha256::digest(&raw).into());
    let bytes = deflate(&raw, segment.is_last);
    Ok(Deflated { segment, raw, bytes, crc, sha256 })
}

/// Reads one part; a file that has grown or shrunk since it was listed is an error.
fn read_part(path: &Path, listed: u64, segment: &Segment<'_>) -> Result<Vec<u8>, BuildError> {
    let read = |source| BuildError::Read { path: path.to_path_buf(), source };
    let mut file = fs::File::open(path).map_err(read)?;
    if segment.offset > 0 {
        file.seek(SeekFrom::Start(segment.offset)).map_err(read)?;
    }
    let mut raw = Vec::with_capacity(segment.len + usize::from(segment.is_last));
    let limit = segment.len as u64 + u64::from(segment.is_last);
    file.take(limit).read_to_end(&mut raw).map_err(read)?;
    if raw.len() != segment.len {
        let found = fs::metadata(path).map_err(read)?.len();
        return Err(BuildError::Changed { path: path.to_path_buf(), listed, found });
    }
    Ok(raw)
}
