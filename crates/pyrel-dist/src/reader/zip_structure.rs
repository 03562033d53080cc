//! The strict walk over the records of a zip, from offset 0 to the end, as PyPI makes it.
//!
//! A reader that follows local headers and one that follows the central directory must see the same archive.
//! The first fault ends the walk; its text is the server's.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};

use super::bytes::{u16_at, u32_at, u64_at};
use super::zip_directory::Entry;
use super::zip_end::{CENTRAL_SIGNATURE, END_SIGNATURE, END64_SIGNATURE, LOCATOR_SIGNATURE};

const LOCAL_SIGNATURE: &[u8; 4] = b"PK\x03\x04";
const MALFORMED: &str = "Malformed zip file";
const BAD_CHARACTER: &str = "Invalid character in filename";
const SENTINEL: u64 = 0xffff_ffff;

/// Why the walk stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// PyPI's detail text, and the member where known.
    Fault(&'static str, Option<String>),
    /// The operating system's error.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::UnexpectedEof { fault(MALFORMED) } else { Self::Io(error) }
    }
}

fn fault(text: &'static str) -> Stop {
    Stop::Fault(text, None)
}

fn fault_at(text: &'static str, member: &[u8]) -> Stop {
    Stop::Fault(text, Some(String::from_utf8_lossy(member).into_owned()))
}

/// Walks all records; `entries` is what the central directory said to a usual reader.
pub(super) fn walk<R: Read + Seek>(source: R, length: u64, entries: &[Entry]) -> Result<(), Stop> {
    let expected = entries.iter().map(|entry| (entry.name.as_str(), (entry.packed, entry.size))).collect();
    let mut walk = Walk {
        source: BufReader::new(source),
        position: 0,
        expected,
        local: HashSet::new(),
        central: HashSet::new(),
        records: 0,
        start: None,
        size: 0,
        end: None,
        end64: false,
        locator: false,
    };
    walk.source.seek(SeekFrom::Start(0))?;
    while walk.step()? {}
    if walk.central != walk.local {
        return Err(fault("Mis-matched local headers and central directory"));
    }
    if walk.position == length { Ok(()) } else { Err(fault("Trailing data")) }
}

struct Walk<'a, R> {
    source: BufReader<R>,
    position: u64,
    expected: HashMap<&'a str, (u64, u64)>,
    local: HashSet<Vec<u8>>,
    central: HashSet<Vec<u8>>,
    records: u64,
    start: Option<u64>,
    size: u64,
    /// Records, size, and offset of the central directory by the zip64 end record, or else the end record.
    end: Option<(u64, u64, u64)>,
    end64: bool,
    locator: bool,
}

impl<R: Read + Seek> Walk<'_, R> {
    fn read(&mut self, count: usize) -> Result<Vec<u8>, Stop> {
        let mut bytes = vec![0; count];
        self.source.read_exact(&mut bytes)?;
        self.position += count as u64;
        Ok(bytes)
    }

    fn skip(&mut self, count: u64) -> Result<(), Stop> {
        let target = self.position.checked_add(count).ok_or_else(|| fault(MALFORMED))?;
        let count = i64::try_from(count).map_err(|_| fault(MALFORMED))?;
        self.source.seek_relative(count).map_err(|_| fault(MALFORMED))?;
        self.position = target;
        Ok(())
    }

    /// Reads one record; false after the end record.
    fn step(&mut self) -> Result<bool, Stop> {
        let signature = self.read(4)?;
        let signature = signature.as_slice();
        if signature == END_SIGNATURE && self.end64 && !self.locator {
            return Err(fault(MALFORMED));
        }
        if signature == CENTRAL_SIGNATURE {
            self.central_header()?;
        } else if signature == LOCAL_SIGNATURE {
            self.local_header()?;
        } else if signature == END_SIGNATURE {
            self.end_record()?;
            return Ok(false);
        } else if signature == END64_SIGNATURE {
            self.end64 = true;
            self.end = Some(self.end64_record()?);
        } else if signature == LOCATOR_SIGNATURE {
            self.read(16)?;
            self.locator = true;
        } else {
            return Err(fault("Unknown record signature"));
        }
        Ok(true)
    }

    fn local_header(&mut self) -> Result<(), Stop> {
        let header = self.read(26)?;
        let name = self.read(usize::from(u16_at(&header, 22).unwrap_or(0)))?;
        let extra = self.read(usize::from(u16_at(&header, 24).unwrap_or(0)))?;
        if has_control(&name) {
            return Err(fault_at(BAD_CHARACTER, &name));
        }
        let mut sizes = LocalSizes {
            stored: u16_at(&header, 4) == Some(0),
            packed: u32_at(&header, 14).unwrap_or(0).into(),
            size: u32_at(&header, 18).unwrap_or(0).into(),
        };
        read_extra(&extra, &mut sizes).map_err(|text| fault_at(text, &name))?;
        if u16_at(&header, 2).is_some_and(|flags| flags & 0x08 != 0) {
            return Err(fault_at("ZIP contains a data descriptor", &name));
        }
        let text = std::str::from_utf8(&name).map_err(|_| fault_at("Filename not unicode", &name))?;
        let Some((packed, size)) = self.expected.get(text) else {
            return Err(fault_at("Filename not in central directory", &name));
        };
        if *packed != sizes.packed {
            return Err(fault_at("Mis-matched data size", &name));
        }
        if *size != sizes.size {
            return Err(fault_at("Mis-matched file size", &name));
        }
        self.skip(sizes.packed)?;
        if self.local.insert(name.clone()) {
            Ok(())
        } else {
            Err(fault_at("Duplicate filename in local headers", &name))
        }
    }

    fn central_header(&mut self) -> Result<(), Stop> {
        self.start.get_or_insert(self.position - 4);
        self.records += 1;
        let header = self.read(42)?;
        let length = |at: usize| usize::from(u16_at(&header, at).unwrap_or(0));
        if length(28) != 0 {
            return Err(fault("Comment in central directory"));
        }
        let name = self.read(length(24))?;
        let extra = self.read(length(26))?;
        if has_control(&name) {
            return Err(fault_at(BAD_CHARACTER, &name));
        }
        self.size += 46 + name.len() as u64 + extra.len() as u64;
        if self.central.contains(&name) {
            return Err(fault_at("Duplicate filename in central directory", &name));
        }
        if !self.local.contains(&name) {
            return Err(fault_at("Missing filename in local headers", &name));
        }
        self.central.insert(name);
        Ok(())
    }

    fn end64_record(&mut self) -> Result<(u64, u64, u64), Stop> {
        let record = self.read(52)?;
        let value = |at: usize| u64_at(&record, at).unwrap_or(0);
        if value(20) != value(28) {
            return Err(fault(MALFORMED));
        }
        if value(0) != 44 {
            return Err(fault("ZIP64 extensible data not allowed"));
        }
        Ok((value(28), value(36), value(44)))
    }

    fn end_record(&mut self) -> Result<(), Stop> {
        let start = *self.start.get_or_insert(self.position - 4);
        let record = self.read(18)?;
        let short = |at: usize| u16_at(&record, at).unwrap_or(0);
        if short(4) != short(6) {
            return Err(fault(MALFORMED));
        }
        self.skip(short(16).into())?;
        let own = (
            u64::from(short(6)),
            u64::from(u32_at(&record, 8).unwrap_or(0)),
            u64::from(u32_at(&record, 12).unwrap_or(0)),
        );
        let (records, size, offset) = match self.end {
            Some(end64) if self.locator => end64,
            _ => own,
        };
        if records != self.records {
            return Err(fault("Mismatched central directory records"));
        }
        if offset != start {
            return Err(fault("Mismatched central directory offset"));
        }
        if size != self.size {
            return Err(fault("Mismatched central directory size"));
        }
        Ok(())
    }
}

struct LocalSizes {
    stored: bool,
    packed: u64,
    size: u64,
}

fn read_extra(mut extra: &[u8], sizes: &mut LocalSizes) -> Result<(), &'static str> {
    let (mut seen_zip64, mut seen_path) = (false, false);
    while !extra.is_empty() {
        let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) else { return Err(MALFORMED) };
        let end = 4 + usize::from(length);
        let data = extra.get(4..end).ok_or(MALFORMED)?;
        let seen = match id {
            0x0001 => std::mem::replace(&mut seen_zip64, true),
            0x7075 => std::mem::replace(&mut seen_path, true),
            _ => false,
        };
        if seen {
            return Err("Invalid duplicate extra in local file");
        }
        match id {
            0x0001 => read_zip64(data, sizes)?,
            0x7075 => check_unicode_path(data.get(5..).unwrap_or_default())?,
            _ => {}
        }
        extra = &extra[end..];
    }
    Ok(())
}

fn read_zip64(data: &[u8], sizes: &mut LocalSizes) -> Result<(), &'static str> {
    match data.len() {
        0 if sizes.packed == SENTINEL || sizes.size == SENTINEL => Err(MALFORMED),
        0 => Ok(()),
        8 if !sizes.stored => Err(MALFORMED),
        8 => {
            let size = u64_at(data, 0).ok_or(MALFORMED)?;
            sizes.packed = size;
            if sizes.size == SENTINEL {
                sizes.size = size;
            }
            Ok(())
        }
        16 | 24 | 28 => {
            if sizes.size == SENTINEL {
                sizes.size = u64_at(data, 0).ok_or(MALFORMED)?;
            }
            sizes.packed = u64_at(data, 8).ok_or(MALFORMED)?;
            Ok(())
        }
        _ => Err(MALFORMED),
    }
}

fn check_unicode_path(name: &[u8]) -> Result<(), &'static str> {
    if has_control(name) {
        return Err(BAD_CHARACTER);
    }
    std::str::from_utf8(name).map(|_| ()).map_err(|_| "Filename not valid UTF-8")
}

fn has_control(name: &[u8]) -> bool {
    name.iter().any(|byte| *byte < 0x20 || *byte == 0x7f)
}
