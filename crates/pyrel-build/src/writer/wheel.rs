//! Wheels: members as planned, `RECORD` last.

use std::io::{self, Seek as _, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Crc;
use sha2::{Digest as _, Sha256};
use tempfile::SpooledTempFile;

use super::segment::{Deflated, deflate_batch, next_batch, segments};
use super::zip::{Member, Method, Zip};
use super::{Budget, Output, Progress, refuse_clashes};
use crate::entry_set::{Entry, EntrySet};
use crate::error::BuildError;

/// Deflated data of one long member beyond this waits on disk until its size is known.
const SPOOL: usize = 2 << 20;

/// Writes the wheel of an entry set.
///
/// `scratch` is a folder for data that does not fit into memory; `target` is named in errors.
pub(crate) fn write_wheel<W: Write + Send>(
    set: &EntrySet,
    output: &mut Output<W>,
    (scratch, target): (&Path, &Path),
    (source_date, budget): (u64, Budget),
    progress: Progress<'_>,
) -> Result<(), BuildError> {
    refuse_clashes(&set.wheel, target)?;
    let record_path = format!("{}/RECORD", set.dist_info());
    let mut writer =
        Writer { zip: Zip::new(output, source_date), scratch, target, record: String::new(), long: None };
    let mut rest = segments(&set.wheel).peekable();
    let mut ready = deflate_batch(&next_batch(&mut rest, budget.batch))?;
    while !ready.is_empty() {
        let batch = next_batch(&mut rest, budget.batch);
        let bytes: u64 = ready.iter().map(|done| done.raw.len() as u64).sum();
        ready = if batch.is_empty() {
            writer.put_all(&ready)?;
            Vec::new()
        } else {
            let (next, written) = rayon::join(|| deflate_batch(&batch), || writer.put_all(&ready));
            written?;
            next?
        };
        progress(bytes);
    }
    writer.finish(&record_path)
}

struct Writer<'w, W> {
    zip: Zip<'w, W>,
    scratch: &'w Path,
    target: &'w Path,
    record: String,
    long: Option<Long>,
}

/// A member of several segments, until its last one has come.
struct Long {
    data: SpooledTempFile,
    crc: Crc,
    sha256: Sha256,
    compressed: u64,
    size: u64,
}

impl<W: Write> Writer<'_, W> {
    fn put_all(&mut self, batch: &[Deflated<'_>]) -> Result<(), BuildError> {
        batch
            .iter()
            .try_for_each(|done| self.put(done))
            .map_err(|source| BuildError::Write { path: self.target.to_path_buf(), source })
    }

    fn put(&mut self, done: &Deflated<'_>) -> io::Result<()> {
        match done.sha256 {
            Some(sha256) => self.put_whole(done, sha256),
            None => self.put_part(done),
        }
    }

    fn put_whole(&mut self, done: &Deflated<'_>, sha256: [u8; 32]) -> io::Result<()> {
        let entry = done.segment.entry;
        // What does not shrink is stored: smaller, and faster to read.
        let (method, data) = if done.bytes.len() < done.raw.len() {
            (Method::Deflated, done.bytes.as_slice())
        } else {
            (Method::Stored, &*done.raw)
        };
        let (compressed, size) = (data.len() as u64, done.raw.len() as u64);
        self.start(
            entry,
            Member { compressed, size, crc32: done.crc.sum(), ..member(entry, method) },
            sha256,
        )?;
        self.zip.data(data)
    }

    fn put_part(&mut self, done: &Deflated<'_>) -> io::Result<()> {
        let mut long = match self.long.take() {
            Some(long) if !done.segment.is_first() => long,
            _ => Long {
                data: tempfile::spooled_tempfile_in(SPOOL, self.scratch),
                crc: Crc::new(),
                sha256: Sha256::new(),
                compressed: 0,
                size: 0,
            },
        };
        long.data.write_all(&done.bytes)?;
        long.crc.combine(&done.crc);
        long.sha256.update(&done.raw);
        long.compressed += done.bytes.len() as u64;
        long.size += done.raw.len() as u64;
        if done.segment.is_last {
            return self.put_long(done.segment.entry, long);
        }
        self.long = Some(long);
        Ok(())
    }

    fn put_long(&mut self, entry: &Entry, mut long: Long) -> io::Result<()> {
        let (compressed, size) = (long.compressed, long.size);
        let header = Member { compressed, size, crc32: long.crc.sum(), ..member(entry, Method::Deflated) };
        self.start(entry, header, long.sha256.finalize().into())?;
        long.data.rewind()?;
        let mut buffer = vec![0; 256 << 10];
        loop {
            match io::Read::read(&mut long.data, &mut buffer)? {
                0 => return Ok(()),
                count => self.zip.data(&buffer[..count])?,
            }
        }
    }

    fn start(&mut self, entry: &Entry, member: Member, sha256: [u8; 32]) -> io::Result<()> {
        let digest = URL_SAFE_NO_PAD.encode(sha256);
        self.record.push_str(&format!("{},sha256={digest},{}\n", csv_field(&entry.path), member.size));
        self.zip.start(member)
    }

    fn finish(mut self, record_path: &str) -> Result<(), BuildError> {
        self.record.push_str(&format!("{},,\n", csv_field(record_path)));
        let entry = Entry::generated(record_path, std::mem::take(&mut self.record).into_bytes());
        let entries = [entry];
        for segment in segments(&entries) {
            self.put_all(&deflate_batch(&[segment])?)?;
        }
        self.zip.finish().map_err(|source| BuildError::Write { path: self.target.to_path_buf(), source })
    }
}

fn member(entry: &Entry, method: Method) -> Member {
    Member { path: entry.path.clone(), mode: entry.mode(), method, crc32: 0, compressed: 0, size: 0 }
}

/// Writes a field as Python's `csv` does with minimal quoting.
fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
