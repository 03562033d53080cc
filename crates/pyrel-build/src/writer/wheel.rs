//! Wheels: members as planned, `RECORD` last.

use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fs_err as fs;
use tempfile::SpooledTempFile;

use super::deflate::{EMPTY_LAST_BLOCK, STORED_BLOCK, STORED_HEADER};
use super::member::{
    Known, Long, Part, Segment, Shelf, Short, is_long, pack, pack_segment, read_whole, segments,
};
use super::pipeline::pipeline;
use super::zip::{Member, Method, Zip};
use super::{Budget, Output, Progress, refuse_clashes};
use crate::entry_set::{Entry, EntrySet};
use crate::error::BuildError;

/// Deflated data of one long member beyond this waits on disk until its size is known.
const SPOOL: usize = 2 << 20;

/// What the sdist's writer left.
pub(crate) struct Leftover<'a> {
    pub(crate) shelf: Shelf<'a>,
    /// The file that long members of the shelf lie in, and a folder for data that does not fit into memory.
    pub(crate) sdist: Option<fs::File>,
    pub(crate) scratch: &'a Path,
}

/// Writes the wheel of an entry set; `target` is named in errors.
pub(crate) fn write_wheel<W: Write + Send>(
    set: &EntrySet,
    (output, target): (&mut Output<W>, &Path),
    leftover: Leftover<'_>,
    (source_date, budget): (u64, Budget),
    progress: Progress<'_>,
) -> Result<(), BuildError> {
    refuse_clashes(&set.wheel, target)?;
    let write = |source| BuildError::Write { path: target.to_path_buf(), source };
    let record_path = format!("{}/RECORD", set.dist_info());
    let Leftover { shelf, sdist, scratch } = leftover;
    let mut writer =
        Writer { zip: Zip::new(output, source_date), sdist, scratch, record: String::new(), spool: None };
    let items = items(&set.wheel, &shelf);
    let put = |done: Done<'_>| {
        progress(done.bytes());
        writer.put(done).map_err(write)
    };
    pipeline(&items, (Item::weight, budget.batch), Item::work, put)?;
    writer.put_record(&record_path, &write)?;
    writer.zip.finish().map_err(write)
}

/// A member, or a part of one.
enum Item<'a> {
    Known(&'a Entry, &'a Known),
    Short(&'a Entry),
    Segment(Segment<'a>),
}

/// An item after reading and deflating.
enum Done<'a> {
    Known(&'a Entry, &'a Known),
    Short(&'a Entry, Short),
    Part(Part<'a>),
}

fn items<'a>(entries: &'a [Entry], shelf: &'a Shelf<'_>) -> Vec<Item<'a>> {
    let mut items = Vec::with_capacity(entries.len());
    for entry in entries {
        match shelf.get(entry) {
            Some(known) => items.push(Item::Known(entry, known)),
            None if is_long(entry) => items.extend(segments(entry).map(Item::Segment)),
            None => items.push(Item::Short(entry)),
        }
    }
    items
}

impl<'a> Item<'a> {
    fn weight(&self) -> usize {
        match self {
            Self::Known(..) => 0,
            Self::Short(entry) => usize::try_from(entry.source.size()).unwrap_or(usize::MAX),
            Self::Segment(segment) => segment.len,
        }
    }

    fn work(&self) -> Result<Done<'a>, BuildError> {
        match *self {
            Self::Known(entry, known) => Ok(Done::Known(entry, known)),
            Self::Short(entry) => {
                let mut raw = Vec::new();
                read_whole(entry, &mut raw)?;
                Ok(Done::Short(entry, pack(&raw)))
            }
            Self::Segment(segment) => pack_segment(segment).map(Done::Part),
        }
    }
}

impl Done<'_> {
    fn bytes(&self) -> u64 {
        match self {
            Self::Known(entry, _) | Self::Short(entry, _) => entry.source.size(),
            Self::Part(part) => part.raw.len() as u64,
        }
    }
}

struct Writer<'w, W> {
    zip: Zip<'w, W>,
    sdist: Option<fs::File>,
    scratch: &'w Path,
    record: String,
    /// A long member that no sdist holds, until its last segment has come.
    spool: Option<(Long, SpooledTempFile)>,
}

impl<W: Write> Writer<'_, W> {
    fn put(&mut self, done: Done<'_>) -> io::Result<()> {
        match done {
            Done::Short(entry, short) => self.put_short(entry, &short),
            Done::Known(entry, Known::Short(short)) => self.put_short(entry, short),
            Done::Known(entry, Known::Long(long)) => {
                let mut sdist = self.sdist.take().ok_or_else(|| io::Error::other("no sdist to copy from"))?;
                let copied = self.put_long(entry, long, &mut sdist);
                self.sdist = Some(sdist);
                copied
            }
            Done::Part(part) => self.put_part(&part),
        }
    }

    fn put_short(&mut self, entry: &Entry, short: &Short) -> io::Result<()> {
        let method = if short.is_stored { Method::Stored } else { Method::Deflated };
        let sizes = (short.bytes.len() as u64, entry.source.size());
        self.start(entry, (method, sizes, short.crc32), short.sha256)?;
        self.zip.data(&short.bytes)
    }

    fn put_part(&mut self, part: &Part<'_>) -> io::Result<()> {
        let (mut long, mut file) = match self.spool.take() {
            Some(spool) => spool,
            None => (Long::default(), tempfile::spooled_tempfile_in(SPOOL, self.scratch)),
        };
        long.push(part, file.stream_position()?);
        file.write_all(&part.bytes)?;
        if part.segment.is_last {
            return self.put_long(part.segment.entry, &long, &mut file);
        }
        self.spool = Some((long, file));
        Ok(())
    }

    /// Copies the segments of a long member from where they are.
    fn put_long(
        &mut self,
        entry: &Entry,
        long: &Long,
        from: &mut (impl io::Read + io::Seek),
    ) -> io::Result<()> {
        let deflated: u64 = long.places.iter().map(|(_, length, _)| *length as u64).sum();
        let (method, compressed) = if long.is_stored {
            (Method::Stored, long.size)
        } else {
            (Method::Deflated, deflated + EMPTY_LAST_BLOCK.len() as u64)
        };
        self.start(entry, (method, (compressed, long.size), long.crc.sum()), long.sha256())?;
        let mut buffer = Vec::new();
        for (offset, length, _) in &long.places {
            from.seek(SeekFrom::Start(*offset))?;
            buffer.resize(*length, 0);
            from.read_exact(&mut buffer)?;
            if long.is_stored {
                let blocks = buffer.chunks(STORED_HEADER + STORED_BLOCK);
                blocks.map(|block| &block[STORED_HEADER..]).try_for_each(|data| self.zip.data(data))?;
            } else {
                self.zip.data(&buffer)?;
            }
        }
        if long.is_stored { Ok(()) } else { self.zip.data(&EMPTY_LAST_BLOCK) }
    }

    fn start(
        &mut self,
        entry: &Entry,
        (method, (compressed, size), crc32): (Method, (u64, u64), u32),
        sha256: [u8; 32],
    ) -> io::Result<()> {
        let digest = URL_SAFE_NO_PAD.encode(sha256);
        self.record.push_str(&format!("{},sha256={digest},{size}\n", csv_field(&entry.path)));
        self.zip.start(Member {
            path: entry.path.clone(),
            mode: entry.mode(),
            method,
            crc32,
            compressed,
            size,
        })
    }

    fn put_record(
        &mut self,
        record_path: &str,
        write: &impl Fn(io::Error) -> BuildError,
    ) -> Result<(), BuildError> {
        self.record.push_str(&format!("{},,\n", csv_field(record_path)));
        let entry = Entry::generated(record_path, std::mem::take(&mut self.record).into_bytes());
        let entries = [entry];
        let nothing = Shelf::new(&[], 0);
        items(&entries, &nothing).iter().try_for_each(|item| self.put(item.work()?).map_err(write))
    }
}

/// Writes a field as Python's `csv` does with minimal quoting.
fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
