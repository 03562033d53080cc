//! Sdists: a pax tar without owners, in a gzip stream without a name, deflated in parallel.

use std::io::{self, Read as _, Write};
use std::path::Path;

use flate2::Crc;
use fs_err as fs;
use rayon::prelude::*;
use tar::{EntryType, Header};

use super::deflate::{SEGMENT, deflate};
use super::{Budget, Output, Progress, refuse_clashes};
use crate::entry_set::{Entry, EntrySet, Source};
use crate::error::BuildError;

/// Writes the sdist of an entry set; `target` is named in errors.
pub(crate) fn write_sdist<W: Write>(
    set: &EntrySet,
    output: &mut Output<W>,
    target: &Path,
    (source_date, budget): (u64, Budget),
    progress: Progress<'_>,
) -> Result<(), BuildError> {
    refuse_clashes(&set.sdist, target)?;
    let write = |source| BuildError::Write { path: target.to_path_buf(), source };
    let mut gzip = Gzip::start(output, source_date, budget).map_err(write)?;
    for entry in &set.sdist {
        for block in headers(entry, source_date).map_err(write)? {
            gzip.write_all(&block).map_err(write)?;
        }
        copy(entry, &mut gzip, &write)?;
        let padding = (512 - entry.source.size() % 512) % 512;
        gzip.write_all(&vec![0; usize::try_from(padding).unwrap_or(0)]).map_err(write)?;
        progress(entry.source.size());
    }
    gzip.write_all(&[0; 1024]).map_err(write)?;
    gzip.finish().map_err(write)
}

/// Returns the header block of a member, with a pax record before it when the path needs one.
fn headers(entry: &Entry, source_date: u64) -> io::Result<Vec<Vec<u8>>> {
    let mut blocks = Vec::new();
    let mut header = Header::new_ustar();
    let size = entry.source.size();
    if !entry.path.is_ascii() || header.set_path(&entry.path).is_err() {
        let record = pax_record("path", &entry.path);
        let mut pax = Header::new_ustar();
        pax.set_path("PaxHeaders/path")?;
        finish_header(&mut pax, (EntryType::XHeader, 0o644), record.len() as u64, source_date);
        blocks.push(pax.as_bytes().to_vec());
        let padded = record.len().next_multiple_of(512);
        let mut body = record.into_bytes();
        body.resize(padded, 0);
        blocks.push(body);
        header.set_path(fallback_path(&entry.path))?;
    }
    finish_header(&mut header, (EntryType::Regular, entry.mode()), size, source_date);
    blocks.push(header.as_bytes().to_vec());
    Ok(blocks)
}

fn finish_header(header: &mut Header, (kind, mode): (EntryType, u32), size: u64, source_date: u64) {
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(source_date);
    header.set_size(size);
    header.set_cksum();
}

/// What an old reader without pax sees: the end of the path in ASCII.
fn fallback_path(path: &str) -> String {
    let ascii: Vec<char> = path.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let short: String = ascii[ascii.len().saturating_sub(90)..].iter().collect();
    short.trim_start_matches('/').to_owned()
}

/// Returns `{length} {key}={value}\n`, the length counting itself.
fn pax_record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

fn copy(
    entry: &Entry,
    gzip: &mut Gzip<'_, impl Write>,
    write: &impl Fn(io::Error) -> BuildError,
) -> Result<(), BuildError> {
    let (path, listed) = match &entry.source {
        Source::Bytes(bytes) => return gzip.write_all(bytes).map_err(write),
        Source::File { path, size } => (path, *size),
    };
    let read = |source| BuildError::Read { path: path.clone(), source };
    let mut file = fs::File::open(path).map_err(read)?;
    let mut found = 0;
    loop {
        let space = gzip.space();
        let count = file.read(space).map_err(read)? as u64;
        if count == 0 {
            break;
        }
        found += count;
        if found > listed {
            break;
        }
        gzip.filled(usize::try_from(count).unwrap_or(0)).map_err(write)?;
    }
    if found == listed {
        return Ok(());
    }
    let found = fs::metadata(path).map_err(read)?.len();
    Err(BuildError::Changed { path: path.clone(), listed, found })
}

/// A gzip stream whose segments are deflated in batches.
struct Gzip<'w, W> {
    output: &'w mut Output<W>,
    full: Vec<Vec<u8>>,
    current: Vec<u8>,
    fill: usize,
    batch: usize,
    crc: Crc,
}

impl<'w, W: Write> Gzip<'w, W> {
    fn start(output: &'w mut Output<W>, source_date: u64, budget: Budget) -> io::Result<Self> {
        let mtime = u32::try_from(source_date).unwrap_or(0).to_le_bytes();
        // Deflate, no name, time, no hint about the level, unknown system.
        output.write_all(&[0x1f, 0x8b, 8, 0])?;
        output.write_all(&mtime)?;
        output.write_all(&[0, 255])?;
        let batch = (budget.batch / SEGMENT).max(1);
        Ok(Self { output, full: Vec::new(), current: Vec::new(), fill: 0, batch, crc: Crc::new() })
    }

    /// Returns where the next bytes of the stream go, never empty.
    fn space(&mut self) -> &mut [u8] {
        if self.current.len() < SEGMENT && self.current.len() - self.fill < 64 << 10 {
            let grown = (self.current.len() * 2).clamp(64 << 10, SEGMENT);
            self.current.resize(grown, 0);
        }
        &mut self.current[self.fill..]
    }

    /// Says how many bytes were put into [`space`](Self::space).
    fn filled(&mut self, count: usize) -> io::Result<()> {
        self.fill += count;
        if self.fill < SEGMENT {
            return Ok(());
        }
        self.full.push(std::mem::take(&mut self.current));
        self.fill = 0;
        if self.full.len() > self.batch { self.write_batch() } else { Ok(()) }
    }

    /// Deflates and writes the full segments, all but the newest, which may be the last of the stream.
    fn write_batch(&mut self) -> io::Result<()> {
        let newest = self.full.pop();
        self.put(false)?;
        self.full.extend(newest);
        Ok(())
    }

    fn put(&mut self, ends: bool) -> io::Result<()> {
        let pieces = std::mem::take(&mut self.full);
        let last = pieces.len().saturating_sub(1);
        let work = |(index, piece): (usize, &Vec<u8>)| {
            let mut crc = Crc::new();
            crc.update(piece);
            (crc, deflate(piece, ends && index == last))
        };
        let deflated: Vec<(Crc, Vec<u8>)> = if pieces.len() > 1 {
            pieces.par_iter().enumerate().map(work).collect()
        } else {
            pieces.iter().enumerate().map(work).collect()
        };
        for (crc, bytes) in deflated {
            self.crc.combine(&crc);
            self.output.write_all(&bytes)?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        if self.fill > 0 {
            self.current.truncate(self.fill);
            self.full.push(std::mem::take(&mut self.current));
        }
        self.put(true)?;
        self.output.write_all(&self.crc.sum().to_le_bytes())?;
        self.output.write_all(&self.crc.amount().to_le_bytes())
    }
}

impl<W: Write> Write for Gzip<'_, W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let space = self.space();
        let count = buffer.len().min(space.len());
        space[..count].copy_from_slice(&buffer[..count]);
        self.filled(count)?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
        let when = (1_580_601_600, Budget { batch });
        write_sdist(&set, &mut output, Path::new("x"), when, &|_| {}).unwrap();
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
        let make = || vec![Entry::generated("p-1/a", data.clone()), Entry::generated("p-1/b", *b"b")];
        let one = write(make(), 1);
        assert_eq!(one, write(make(), 100 << 20));
        assert_eq!(read(&one)[0].1, data);
    }

    #[test]
    fn a_stream_that_ends_on_a_segment_is_whole() {
        let size = SEGMENT - 512 - 1024;
        let entries = vec![Entry::generated("p-1/a", vec![b'x'; size])];
        assert_eq!(read(&write(entries, 1))[0].1.len(), size);
    }

    #[test]
    fn a_pax_length_counts_itself() {
        assert_eq!(pax_record("path", "a"), "9 path=a\n");
        assert_eq!(pax_record("path", &"a".repeat(90)).split(' ').next(), Some("99"));
        assert_eq!(pax_record("path", &"a".repeat(91)).split(' ').next(), Some("101"));
    }
}
