//! The records of a zip file: what PyPI's strict reader walks, and nothing it refuses.
//!
//! No data descriptors, no comments, sizes in every local header, ZIP64 only where a number needs it.

use std::io::{self, Write};

use super::Output;
use super::time::dos_time;

/// How a member is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored = 0,
    Deflated = 8,
}

/// What the headers say about a member.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) path: String,
    pub(super) mode: u32,
    pub(super) method: Method,
    pub(super) crc32: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
}

/// Writes members one after another, then the central directory.
pub(super) struct Zip<'w, W> {
    output: &'w mut Output<W>,
    time: (u16, u16),
    /// Numbers from here on go into ZIP64 fields; lower than the format's own bound only in tests.
    limit: u64,
    members: Vec<(Member, u64)>,
}

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END64: u32 = 0x0606_4b50;
const LOCATOR64: u32 = 0x0706_4b50;
const UNIX: u16 = 3 << 8;
const REGULAR_FILE: u32 = 0o100_000;
const NON_ASCII_NAME: u16 = 0x800;

impl<'w, W: Write> Zip<'w, W> {
    pub(super) fn new(output: &'w mut Output<W>, source_date: u64) -> Self {
        Self { output, time: dos_time(source_date), limit: u64::from(u32::MAX), members: Vec::new() }
    }

    /// Writes the local header of a member; its data must follow.
    pub(super) fn start(&mut self, member: Member) -> io::Result<()> {
        let offset = self.output.position();
        let mut record = Record::new(LOCAL);
        let is_large = member.size.max(member.compressed) >= self.limit;
        self.fields(&mut record, &member, is_large);
        let mut extra = Record::default();
        if is_large {
            extra.u16(1).u16(16).u64(member.size).u64(member.compressed);
        }
        record.u16(extra.len16()).bytes(member.path.as_bytes()).bytes(&extra.0);
        self.output.write_all(&record.0)?;
        self.members.push((member, offset));
        Ok(())
    }

    /// Writes data of the member that was started last.
    pub(super) fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.write_all(bytes)
    }

    /// Writes the fields that a local and a central header share, from "version needed" to the name's length.
    fn fields(&self, record: &mut Record, member: &Member, is_large: bool) {
        let flags = if member.path.is_ascii() { 0 } else { NON_ASCII_NAME };
        let name = u16::try_from(member.path.len()).unwrap_or(u16::MAX);
        record.u16(if is_large { 45 } else { 20 }).u16(flags).u16(member.method as u16);
        record.u16(self.time.0).u16(self.time.1).u32(member.crc32);
        if is_large {
            record.u32(u32::MAX).u32(u32::MAX);
        } else {
            record.u32(low(member.compressed)).u32(low(member.size));
        }
        record.u16(name);
    }

    /// Writes the central directory and the end records.
    pub(super) fn finish(self) -> io::Result<()> {
        let start = self.output.position();
        for (member, offset) in &self.members {
            let record = self.central(member, *offset);
            self.output.write_all(&record.0)?;
        }
        let size = self.output.position() - start;
        let count = self.members.len() as u64;
        let mut record = Record::default();
        let is_large = count >= self.limit.min(u64::from(u16::MAX)) || start.max(size) >= self.limit;
        if is_large {
            let end64 = self.output.position();
            record.u32(END64).u64(44).u16(UNIX | 45).u16(45).u32(0).u32(0);
            record.u64(count).u64(count).u64(size).u64(start);
            record.u32(LOCATOR64).u32(0).u64(end64).u32(1);
        }
        let count16 = if is_large { u16::MAX } else { u16::try_from(count).unwrap_or(u16::MAX) };
        let narrow = |value| if is_large { u32::MAX } else { low(value) };
        record.u32(END).u16(0).u16(0).u16(count16).u16(count16);
        record.u32(narrow(size)).u32(narrow(start)).u16(0);
        self.output.write_all(&record.0)
    }

    fn central(&self, member: &Member, offset: u64) -> Record {
        let is_large = member.size.max(member.compressed).max(offset) >= self.limit;
        let mut record = Record::new(CENTRAL);
        record.u16(UNIX | if is_large { 45 } else { 20 });
        self.fields(&mut record, member, is_large);
        let mut extra = Record::default();
        if is_large {
            extra.u16(1).u16(24).u64(member.size).u64(member.compressed).u64(offset);
        }
        record.u16(extra.len16()).u16(0).u16(0).u16(0).u32((REGULAR_FILE | member.mode) << 16);
        record.u32(if is_large { u32::MAX } else { low(offset) });
        record.bytes(member.path.as_bytes()).bytes(&extra.0);
        record
    }
}

/// Narrows a number that is known to be below the limit.
fn low(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Little-endian fields.
#[derive(Default)]
struct Record(Vec<u8>);

impl Record {
    fn new(signature: u32) -> Self {
        let mut record = Self::default();
        record.u32(signature);
        record
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn len16(&self) -> u16 {
        u16::try_from(self.0.len()).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::*;

    fn write(limit: u64) -> Vec<u8> {
        let mut output = Output::new(Vec::new());
        let mut zip = Zip::new(&mut output, 1_580_601_600);
        zip.limit = limit;
        for (path, data) in [("a.txt", &b"hello"[..]), ("naïve/b", b""), ("c", &[b'x'; 300])] {
            let mut crc = flate2::Crc::new();
            crc.update(data);
            let size = data.len() as u64;
            let member = Member {
                path: path.to_owned(),
                mode: 0o644,
                method: Method::Stored,
                crc32: crc.sum(),
                compressed: size,
                size,
            };
            zip.start(member).unwrap();
            zip.data(data).unwrap();
        }
        zip.finish().unwrap();
        output.finish().unwrap().0
    }

    fn read(bytes: Vec<u8>) -> Vec<(String, Vec<u8>)> {
        let mut archive = ::zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        (0..archive.len())
            .map(|index| {
                let mut file = archive.by_index(index).unwrap();
                assert_eq!(file.unix_mode(), Some(0o100_644));
                let mut data = Vec::new();
                file.read_to_end(&mut data).unwrap();
                (file.name().unwrap().into_owned(), data)
            })
            .collect()
    }

    #[test]
    fn small_and_large_forms_read_the_same() {
        let small = write(u64::from(u32::MAX));
        let large = write(0);
        let mixed = write(200);
        assert!(!small.windows(4).any(|w| w == END64.to_le_bytes()));
        assert!(large.windows(4).any(|w| w == END64.to_le_bytes()));
        assert_eq!(read(small.clone())[1], ("naïve/b".to_owned(), Vec::new()));
        assert_eq!(read(small.clone()), read(large));
        assert_eq!(read(small), read(mixed));
    }

    #[test]
    fn flags_are_set_for_non_ascii_names_only() {
        let bytes = write(u64::from(u32::MAX));
        let flags: Vec<u16> = bytes
            .windows(4)
            .enumerate()
            .filter(|(_, window)| *window == LOCAL.to_le_bytes())
            .map(|(at, _)| u16::from_le_bytes([bytes[at + 6], bytes[at + 7]]))
            .collect();
        assert_eq!(flags, [0, 0x800, 0]);
    }
}
