//! Sdists: a tar without owners in a gzip stream without a name, in pieces that are read and deflated in parallel.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::Path;

use flate2::Crc;

use super::deflate::{End, SEGMENT, deflate};
use super::header::{BLOCK, put_header, put_padding};
use super::member::{Known, Long, Part, Segment, Shelf, Short, is_long, pack_segment, read_whole, segments};
use super::pipeline::pipeline;
use super::{Budget, Output, Progress, refuse_clashes};
use crate::entry_set::{Entry, EntrySet};
use crate::error::BuildError;

/// Writes the sdist of an entry set, and shelves what the wheel can use; `target` is named in errors.
pub(crate) fn write_sdist<'a, W: Write + Send>(
    set: &'a EntrySet,
    (output, target): (&mut Output<W>, &Path),
    shelf: &mut Shelf<'a>,
    (source_date, budget): (u64, Budget),
    progress: Progress<'_>,
) -> Result<(), BuildError> {
    refuse_clashes(&set.sdist, target)?;
    let write = |source| BuildError::Write { path: target.to_path_buf(), source };
    let pieces = cut(&set.sdist);
    let mut gzip = Gzip::start(output, source_date).map_err(write)?;
    // What the pieces find is shelved at the end, for they look at the shelf meanwhile.
    let mut found = Vec::new();
    let mut long = Long::default();
    let put = |done: Done<'a>| {
        progress(done.bytes());
        gzip.put(done, &mut long, &mut found).map_err(write)
    };
    let work = |piece: &Piece<'a>| piece.work(source_date, shelf).map_err(|error| error.of(&write));
    pipeline(&pieces, (Piece::weight, budget.batch), work, put)?;
    found.into_iter().for_each(|(entry, known)| shelf.keep(entry, known));
    gzip.finish().map_err(write)
}

/// A stretch of the tar file that is deflated on its own.
enum Piece<'a> {
    /// Short members, and what stands around long ones.
    Run { items: Vec<Item<'a>>, weight: usize, end: End },
    /// A part of a long member.
    Segment(Segment<'a>),
}

enum Item<'a> {
    /// A short member with its header and padding.
    Short(&'a Entry),
    /// The header of a long member.
    Head(&'a Entry),
    /// The padding of a long member.
    Tail(&'a Entry),
    /// The two blocks at the end.
    End,
}

/// A piece after reading and deflating.
enum Done<'a> {
    Run { bytes: Vec<u8>, crc: Crc, size: u64, packed: Vec<(&'a Entry, Short)> },
    Part(Part<'a>),
}

/// Why a piece cannot be made.
enum Failure {
    Build(BuildError),
    Header(io::Error),
}

impl Failure {
    fn of(self, write: &impl Fn(io::Error) -> BuildError) -> BuildError {
        match self {
            Self::Build(error) => error,
            Self::Header(error) => write(error),
        }
    }
}

/// Cuts a tar file into pieces. Where it is cut depends on the sizes alone.
fn cut(entries: &[Entry]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut items = Vec::new();
    let mut weight = 0;
    for entry in entries {
        let is_long = is_long(entry);
        let size = if is_long { 0 } else { usize::try_from(entry.source.size()).unwrap_or(SEGMENT) };
        if weight + size > SEGMENT {
            pieces.push(Piece::Run { items: std::mem::take(&mut items), weight, end: End::Open });
            weight = 0;
        }
        weight += BLOCK + size.next_multiple_of(BLOCK);
        if is_long {
            items.push(Item::Head(entry));
            pieces.push(Piece::Run { items: std::mem::take(&mut items), weight, end: End::Open });
            pieces.extend(segments(entry).map(Piece::Segment));
            items.push(Item::Tail(entry));
            weight = BLOCK;
        } else {
            items.push(Item::Short(entry));
        }
    }
    items.push(Item::End);
    pieces.push(Piece::Run { items, weight, end: End::Stream });
    pieces
}

impl<'a> Piece<'a> {
    fn weight(&self) -> usize {
        match self {
            Self::Run { weight, .. } => *weight,
            Self::Segment(segment) => segment.len,
        }
    }

    fn work(&self, source_date: u64, shelf: &Shelf<'_>) -> Result<Done<'a>, Failure> {
        thread_local! {
            static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        match self {
            Self::Segment(segment) => pack_segment(*segment).map(Done::Part).map_err(Failure::Build),
            Self::Run { items, end, .. } => ROOM.with_borrow_mut(|raw| {
                raw.clear();
                let mut packed = Vec::new();
                let mut size = 0;
                for item in items {
                    item.read(source_date, raw, |entry, bytes| {
                        size += bytes.len() as u64;
                        packed.extend(shelf.pack(entry, bytes).map(|short| (entry, short)));
                    })?;
                }
                let mut crc = Crc::new();
                crc.update(raw);
                let mut bytes = Vec::new();
                deflate(raw, *end, &mut bytes);
                Ok(Done::Run { bytes, crc, size, packed })
            }),
        }
    }
}

impl<'a> Item<'a> {
    /// Appends the blocks of the item; `seen` is told the bytes of a member.
    fn read(
        &self,
        source_date: u64,
        raw: &mut Vec<u8>,
        seen: impl FnOnce(&'a Entry, &[u8]),
    ) -> Result<(), Failure> {
        match *self {
            Self::Short(entry) => {
                put_header(entry, source_date, raw).map_err(Failure::Header)?;
                let start = raw.len();
                read_whole(entry, raw).map_err(Failure::Build)?;
                seen(entry, &raw[start..]);
                put_padding(entry.source.size(), raw);
            }
            Self::Head(entry) => put_header(entry, source_date, raw).map_err(Failure::Header)?,
            Self::Tail(entry) => put_padding(entry.source.size(), raw),
            Self::End => raw.resize(raw.len() + 2 * BLOCK, 0),
        }
        Ok(())
    }
}

impl Done<'_> {
    /// Returns how many bytes of members it holds.
    fn bytes(&self) -> u64 {
        match self {
            Self::Run { size, .. } => *size,
            Self::Part(part) => part.raw.len() as u64,
        }
    }
}

/// A gzip stream made of pieces.
struct Gzip<'w, W> {
    output: &'w mut Output<W>,
    crc: Crc,
}

impl<'w, W: Write> Gzip<'w, W> {
    fn start(output: &'w mut Output<W>, source_date: u64) -> io::Result<Self> {
        let mtime = u32::try_from(source_date).unwrap_or(0).to_le_bytes();
        // Deflate, no name, time, no hint about the level, unknown system.
        output.write_all(&[0x1f, 0x8b, 8, 0])?;
        output.write_all(&mtime)?;
        output.write_all(&[0, 255])?;
        Ok(Self { output, crc: Crc::new() })
    }

    fn put<'a>(
        &mut self,
        done: Done<'a>,
        long: &mut Long,
        found: &mut Vec<(&'a Entry, Known)>,
    ) -> io::Result<()> {
        match done {
            Done::Run { bytes, crc, packed, .. } => {
                self.crc.combine(&crc);
                found.extend(packed.into_iter().map(|(entry, short)| (entry, Known::Short(short))));
                self.output.write_all(&bytes)
            }
            Done::Part(part) => {
                self.crc.combine(&part.crc);
                long.push(&part, self.output.position());
                if part.segment.is_last {
                    found.push((part.segment.entry, Known::Long(std::mem::take(long))));
                }
                self.output.write_all(&part.bytes)
            }
        }
    }

    fn finish(self) -> io::Result<()> {
        self.output.write_all(&self.crc.sum().to_le_bytes())?;
        self.output.write_all(&self.crc.amount().to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn write(entries: Vec<Entry>, batch: usize) -> Vec<u8> {
        let set = EntrySet {
            dialect: "test",
            name: "p".parse().unwrap(),
            version: "1".parse().unwrap(),
            metadata: String::new(),
            tags: "py3-none-any".parse().unwrap(),
            sdist: entries,
            wheel: Vec::new(),
        };
        let mut output = Output::new(Vec::new());
        let when = (1_580_601_600, Budget { batch, shelf: 0 });
        let mut shelf = Shelf::new(&set.wheel, 0);
        write_sdist(&set, (&mut output, Path::new("x")), &mut shelf, when, &|_| {}).unwrap();
        output.finish().unwrap().0
    }

    fn read(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 1_580_601_600);
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            (entry.path().unwrap().to_string_lossy().into_owned(), data)
        });
        entries.collect()
    }

    #[test]
    fn long_and_non_ascii_paths_go_round() {
        let long = format!("p-1/{}/file.txt", "folder/".repeat(60).trim_end_matches('/'));
        let name = format!("p-1/{}", "n".repeat(150));
        let paths = ["p-1/PKG-INFO".to_owned(), long, name, "p-1/naïve file.txt".to_owned()];
        let entries = paths.iter().map(|path| Entry::generated(path, path.as_bytes())).collect();
        let found = read(&write(entries, 1));
        assert_eq!(found, paths.map(|path| (path.clone(), path.into_bytes())));
    }

    #[test]
    fn the_bytes_do_not_depend_on_the_batch() {
        let data: Vec<u8> = (0..5_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 21) as u8).collect();
        let make = || {
            let short = (0..100).map(|n| Entry::generated(format!("p-1/{n}"), &data[n..n + 40_000]));
            let mut entries: Vec<Entry> = short.collect();
            entries.insert(50, Entry::generated("p-1/a", data.clone()));
            entries
        };
        let one = write(make(), 1);
        assert_eq!(one, write(make(), 100 << 20));
        let found = read(&one);
        assert_eq!(found[50].1, data);
        assert_eq!(found[100].1, &data[99..40_099]);
    }

    #[test]
    fn members_of_all_sizes_go_round() {
        let sizes = [0, 1, 511, 512, 513, 65_535, 65_536, 65_537, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 << 20];
        for end in 0..=sizes.len() {
            let make = |size: &usize| Entry::generated(format!("p-1/{size}"), vec![b'x'; *size]);
            let found = read(&write(sizes[..end].iter().map(make).collect(), 1));
            let lengths: Vec<usize> = found.iter().map(|(_, data)| data.len()).collect();
            assert_eq!(lengths, &sizes[..end]);
        }
    }
}
