//! The central directory of a zip as CPython's `zipfile` reads it: what an installer believes is in a wheel.

use std::io::{self, Read, Seek, SeekFrom};

use super::budget::limit;
use super::bytes::{u16_at, u32_at, u64_at};
use super::zip_end::{CENTRAL_SIGNATURE, End, NoDirectory, find, read_up_to};
use crate::fault::{Fault, FaultKind};
use crate::limits::Limits;

const ENTRY_SIZE: usize = 46;
const UTF8_FLAG: u16 = 0x0800;
const SENTINEL: u64 = 0xffff_ffff;

/// One entry of the central directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The name as Python decodes it: UTF-8 when the flag says so, else code page 437.
    pub(super) name: String,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Offset of the local header in the file.
    pub(super) offset: u64,
    pub(super) system: u8,
    pub(super) attributes: u32,
}

impl Entry {
    /// Returns the Unix mode with its file type bits, when a Unix system made the entry.
    pub(super) fn unix_mode(&self) -> Option<u32> {
        let mode = self.attributes >> 16;
        (self.system == 3 && mode != 0).then_some(mode)
    }
}

/// Reads the central directory. The outer error is the operating system's.
pub(super) fn read(
    source: &mut (impl Read + Seek),
    length: u64,
    limits: &Limits,
) -> io::Result<Result<Vec<Entry>, Fault>> {
    let end = match find(source, length)? {
        Ok(end) => end,
        Err(NoDirectory::NotZip) => {
            return Ok(Err(Fault::new(FaultKind::Refused, "File is not a zipfile")));
        }
        Err(NoDirectory::Broken(reason)) => return Ok(Err(refused(reason))),
    };
    if end.size > limits.directory {
        return Ok(Err(limit(format!("its central directory is larger than {} bytes", limits.directory))));
    }
    source.seek(SeekFrom::Start(end.directory))?;
    let bytes = read_up_to(source, end.size)?;
    Ok(parse(&bytes, end, limits))
}

/// CPython raises `BadZipFile`, for which PyPI has no words.
fn refused(reason: &str) -> Fault {
    Fault::new(FaultKind::Refused, "None").because(reason)
}

fn parse(bytes: &[u8], end: End, limits: &Limits) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if entries.len() >= limits.members {
            return Err(limit(format!("it has more than {} members", limits.members)));
        }
        let (entry, length) = parse_entry(rest, end.prepended)?;
        entries.push(entry);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(entries)
}

fn parse_entry(bytes: &[u8], prepended: u64) -> Result<(Entry, usize), Fault> {
    let truncated = || refused("the central directory is cut off");
    if bytes.len() < ENTRY_SIZE {
        return Err(truncated());
    }
    if !bytes.starts_with(CENTRAL_SIGNATURE) {
        return Err(refused("the central directory has a record of another kind"));
    }
    let short = |at: usize| u16_at(bytes, at).ok_or_else(truncated);
    let long = |at: usize| u32_at(bytes, at).ok_or_else(truncated);
    let name_end = ENTRY_SIZE + usize::from(short(28)?);
    let extra_end = name_end + usize::from(short(30)?);
    let length = extra_end + usize::from(short(32)?);
    let flags = short(8)?;
    let name = decode(bytes.get(ENTRY_SIZE..name_end).ok_or_else(truncated)?, flags)?;
    let mut entry = Entry {
        name,
        flags,
        method: short(10)?,
        crc: long(16)?,
        packed: long(20)?.into(),
        size: long(24)?.into(),
        offset: long(42)?.into(),
        system: bytes[5],
        attributes: long(38)?,
    };
    read_zip64(&mut entry, bytes.get(name_end..extra_end).ok_or_else(truncated)?)?;
    entry.offset = entry.offset.saturating_add(prepended);
    Ok((entry, length))
}

/// Sizes and offset of 32 bits that are full stand in a zip64 extra field, in this order.
fn read_zip64(entry: &mut Entry, mut extra: &[u8]) -> Result<(), Fault> {
    while let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(length);
        let Some(data) = extra.get(4..end) else {
            return Err(refused("an extra field is longer than its room"));
        };
        if id == 1 {
            let mut at = 0;
            for value in [&mut entry.size, &mut entry.packed, &mut entry.offset] {
                if *value == SENTINEL {
                    *value = u64_at(data, at).ok_or_else(|| refused("a zip64 extra field is too short"))?;
                    at += 8;
                }
            }
        }
        extra = &extra[end..];
    }
    Ok(())
}

fn decode(name: &[u8], flags: u16) -> Result<String, Fault> {
    if flags & UTF8_FLAG == 0 {
        return Ok(name.iter().map(|byte| code_page_437(*byte)).collect());
    }
    let damaged = |_| Fault::new(FaultKind::Damaged, "a member name that claims to be UTF-8 is not");
    String::from_utf8(name.to_vec()).map_err(damaged)
}

/// Characters 128 to 255 of code page 437.
const HIGH_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

fn code_page_437(byte: u8) -> char {
    if byte.is_ascii() {
        return char::from(byte);
    }
    HIGH_437.chars().nth(usize::from(byte) - 128).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_page_is_whole() {
        assert_eq!(HIGH_437.chars().count(), 128);
        assert_eq!((code_page_437(b'a'), code_page_437(0x81), code_page_437(0xff)), ('a', 'ü', '\u{a0}'));
    }
}
