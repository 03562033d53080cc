//! Members read and deflated: short ones whole, long ones in segments that serve both archives.
//!
//! A file is read once. A short one is deflated twice, for the wheel alone and for the sdist together with its
//! neighbours, for alone it takes a third more room. A long one is deflated once, in segments that stand on their
//! own: joined they are part of the sdist's stream, and the wheel takes them from there.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Crc;
use fs_err as fs;
use sha2::{Digest as _, Sha256};

use super::deflate::{End, SEGMENT, deflate, is_noise, store};
use crate::entry_set::{Entry, Source};
use crate::error::BuildError;

/// From this size on a member has segments of its own. Part of the format of our archives.
///
/// Measured on 12 sdists from PyPI: their sum shrinks by two thousandths, the worst grows by four; with half the
/// size the sum grows by 2.6 hundredths, and with every member on its own by 28.
pub(super) const LONG: u64 = 64 << 10;

/// Tells whether a member has segments of its own.
pub(super) fn is_long(entry: &Entry) -> bool {
    entry.source.size() >= LONG
}

/// A part of one long member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) entry: &'a Entry,
    offset: u64,
    pub(super) len: usize,
    /// Whether it is the last of its member.
    pub(super) is_last: bool,
}

/// A short member as it stands in a wheel.
pub(super) struct Short {
    /// Deflated, or as it is when that is no longer.
    pub(super) bytes: Vec<u8>,
    pub(super) is_stored: bool,
    pub(super) crc32: u32,
    pub(super) sha256: [u8; 32],
}

/// A segment of a long member after reading and deflating.
pub(super) struct Part<'a> {
    pub(super) segment: Segment<'a>,
    pub(super) raw: Cow<'a, [u8]>,
    pub(super) bytes: Vec<u8>,
    pub(super) is_stored: bool,
    pub(super) crc: Crc,
}

/// A long member whose segments lie in a file.
#[derive(Default)]
pub(super) struct Long {
    /// Where the segments are: offset and length, and how long they were before.
    pub(super) places: Vec<(u64, usize, usize)>,
    /// Whether no segment is deflated.
    pub(super) is_stored: bool,
    pub(super) crc: Crc,
    sha256: Sha256,
    pub(super) size: u64,
}

/// What the sdist's writer leaves for that of the wheel.
pub(super) enum Known {
    /// In memory.
    Short(Short),
    /// In the file of the sdist.
    Long(Long),
}

/// Members of the wheel that the sdist's writer has met, by their file.
pub(crate) struct Shelf<'a> {
    wanted: HashMap<&'a Path, Option<Known>>,
    room: AtomicUsize,
}

impl<'a> Shelf<'a> {
    /// Wants the files of the entries, and keeps at most `room` bytes of them in memory.
    pub(crate) fn new(entries: &'a [Entry], room: usize) -> Self {
        let files = entries.iter().filter_map(file).map(|path| (path, None));
        Self { wanted: files.collect(), room: AtomicUsize::new(room) }
    }

    /// Tells whether an entry is wanted.
    pub(super) fn wants(&self, entry: &Entry) -> bool {
        file(entry).is_some_and(|path| self.wanted.contains_key(path))
    }

    /// Packs a short member for the wheel, if it is wanted and there is room.
    pub(super) fn pack(&self, entry: &Entry, raw: &[u8]) -> Option<Short> {
        if !self.wants(entry) || self.room.load(Ordering::Relaxed) < raw.len() {
            return None;
        }
        let short = pack(raw);
        let take = |room: usize| room.checked_sub(short.bytes.len());
        self.room.try_update(Ordering::Relaxed, Ordering::Relaxed, take).ok().map(|_| short)
    }

    /// Keeps what is known of an entry.
    pub(super) fn keep(&mut self, entry: &'a Entry, known: Known) {
        if let Some(place) = file(entry).and_then(|path| self.wanted.get_mut(path)) {
            place.get_or_insert(known);
        }
    }

    /// Returns what is known of an entry.
    pub(super) fn get(&self, entry: &Entry) -> Option<&Known> {
        self.wanted.get(file(entry)?)?.as_ref()
    }
}

fn file(entry: &Entry) -> Option<&Path> {
    match &entry.source {
        Source::File { path, .. } => Some(path),
        Source::Bytes(_) => None,
    }
}

/// Cuts a long member into segments.
pub(super) fn segments(entry: &Entry) -> impl Iterator<Item = Segment<'_>> {
    let size = entry.source.size();
    let count = size.div_ceil(SEGMENT as u64);
    (0..count).map(move |index| {
        let offset = index * SEGMENT as u64;
        let len = usize::try_from((size - offset).min(SEGMENT as u64)).unwrap_or(SEGMENT);
        Segment { entry, offset, len, is_last: index + 1 == count }
    })
}

/// Packs a short member.
pub(super) fn pack(raw: &[u8]) -> Short {
    thread_local! {
        static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    let mut crc = Crc::new();
    crc.update(raw);
    // What does not shrink is stored: smaller, and faster to read.
    let (bytes, is_stored) = ROOM.with_borrow_mut(|deflated| {
        deflated.clear();
        deflate(raw, End::Stream, deflated);
        if deflated.len() < raw.len() { (deflated.to_vec(), false) } else { (raw.to_vec(), true) }
    });
    Short { bytes, is_stored, crc32: crc.sum(), sha256: Sha256::digest(raw).into() }
}

/// Reads and deflates a segment.
pub(super) fn pack_segment(segment: Segment<'_>) -> Result<Part<'_>, BuildError> {
    let raw = match &segment.entry.source {
        Source::Bytes(bytes) => {
            let start = usize::try_from(segment.offset).unwrap_or(usize::MAX);
            Cow::Borrowed(&bytes[start..start + segment.len])
        }
        Source::File { path, size } => {
            let mut raw = Vec::new();
            let place = (segment.offset, segment.len, segment.is_last);
            read_part((path, *size), place, &mut raw)?;
            Cow::Owned(raw)
        }
    };
    let mut crc = Crc::new();
    crc.update(&raw);
    let is_stored = is_noise(&raw);
    let mut bytes = Vec::new();
    if is_stored {
        store(&raw, &mut bytes);
    } else {
        deflate(&raw, End::Open, &mut bytes);
    }
    Ok(Part { segment, raw, bytes, is_stored, crc })
}

/// Appends the bytes of a whole member to `out`.
pub(super) fn read_whole(entry: &Entry, out: &mut Vec<u8>) -> Result<(), BuildError> {
    match &entry.source {
        Source::Bytes(bytes) => out.extend_from_slice(bytes),
        Source::File { path, size } => {
            let len = usize::try_from(*size).expect("only short members are read whole");
            read_part((path, *size), (0, len, true), out)?;
        }
    }
    Ok(())
}

/// Appends one part; a file that has grown or shrunk since it was listed is an error.
fn read_part(
    (path, listed): (&Path, u64),
    (offset, len, is_last): (u64, usize, bool),
    out: &mut Vec<u8>,
) -> Result<(), BuildError> {
    let read = |source| BuildError::Read { path: path.to_path_buf(), source };
    let mut file = fs::File::open(path).map_err(read)?;
    if offset > 0 {
        file.seek(SeekFrom::Start(offset)).map_err(read)?;
    }
    let start = out.len();
    // One byte more than there should be shows a file that has grown.
    out.resize(start + len + usize::from(is_last), 0);
    let found = fill(&mut file, &mut out[start..], len).map_err(read)?;
    if found != len {
        let found = fs::metadata(path).map_err(read)?.len();
        return Err(BuildError::Changed { path: path.to_path_buf(), listed, found });
    }
    out.truncate(start + len);
    Ok(())
}

/// Reads until the buffer is full or the file ends; a read of just what was expected is taken for the end.
fn fill(file: &mut fs::File, buffer: &mut [u8], expected: usize) -> io::Result<usize> {
    let mut found = 0;
    while found < buffer.len() {
        match file.read(&mut buffer[found..]) {
            Ok(0) => break,
            Ok(count) => found += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if found == expected {
            break;
        }
    }
    Ok(found)
}

impl Long {
    /// Takes the next segment, which lies at `offset` of a file.
    pub(super) fn push(&mut self, part: &Part<'_>, offset: u64) {
        self.is_stored = part.is_stored && (self.is_stored || self.places.is_empty());
        self.places.push((offset, part.bytes.len(), part.raw.len()));
        self.crc.combine(&part.crc);
        self.sha256.update(&part.raw);
        self.size += part.raw.len() as u64;
    }

    /// Returns the digest of the whole member.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }
}
