//! Finds the end record of a zip as CPython's `zipfile` finds it, because PyPI opens wheels with that.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

use super::bytes::{u16_at, u32_at, u64_at};

pub(super) const END_SIGNATURE: &[u8; 4] = b"PK\x05\x06";
pub(super) const END64_SIGNATURE: &[u8; 4] = b"PK\x06\x06";
pub(super) const LOCATOR_SIGNATURE: &[u8; 4] = b"PK\x06\x07";
pub(super) const CENTRAL_SIGNATURE: &[u8; 4] = b"PK\x01\x02";
const END_SIZE: u64 = 22;
const END64_SIZE: u64 = 56;
const LOCATOR_SIZE: u64 = 20;
const LONGEST_COMMENT: u64 = 65_535;

/// Where the central directory is, by the end record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Offset of the central directory in the file.
    pub(super) directory: u64,
    /// Its size in bytes.
    pub(super) size: u64,
    /// Bytes before the archive proper, which every stored offset must be moved by.
    pub(super) prepended: u64,
}

/// Why there is no central directory.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoDirectory {
    /// The bytes are no zip.
    NotZip,
    /// The end records contradict the file.
    Broken(&'static str),
}

/// Finds the end record. The outer error is the operating system's.
pub(super) fn find(source: &mut (impl Read + Seek), length: u64) -> io::Result<Result<End, NoDirectory>> {
    let Some((position, record)) = find_record(source, length)? else {
        return Ok(Err(NoDirectory::NotZip));
    };
    let zip64 = find_zip64(source, position)?;
    let (end_of_directory, size, offset, entries) = match zip64 {
        Zip64::Absent => (
            position,
            u64::from(u32_at(&record, 12).unwrap_or(0)),
            u64::from(u32_at(&record, 16).unwrap_or(0)),
            u64::from(u16_at(&record, 10).unwrap_or(0)),
        ),
        Zip64::At { position, record } => (
            position,
            u64_at(&record, 40).unwrap_or(0),
            u64_at(&record, 48).unwrap_or(0),
            u64_at(&record, 32).unwrap_or(0),
        ),
        Zip64::Broken(reason) => return Ok(Err(NoDirectory::Broken(reason))),
    };
    if size == 0 && offset == 0 && entries == 0 {
        return Ok(Ok(End { directory: end_of_directory, size: 0, prepended: 0 }));
    }
    let Some(directory) = end_of_directory.checked_sub(size) else {
        return Ok(Err(NoDirectory::NotZip));
    };
    let Some(prepended) = directory.checked_sub(offset) else {
        return Ok(Err(NoDirectory::Broken("the central directory is not where the end record says")));
    };
    if !starts_with_entry(source, directory, size)? {
        return Ok(Err(NoDirectory::NotZip));
    }
    Ok(Ok(End { directory, size, prepended }))
}

fn starts_with_entry(source: &mut (impl Read + Seek), directory: u64, size: u64) -> io::Result<bool> {
    if size < 46 {
        return Ok(false);
    }
    source.seek(SeekFrom::Start(directory))?;
    let bytes = read_up_to(source, 46)?;
    Ok(bytes.len() == 46 && bytes.starts_with(CENTRAL_SIGNATURE))
}

/// Returns the offset of the end record and its 22 bytes.
fn find_record(source: &mut (impl Read + Seek), length: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
    let Some(last) = length.checked_sub(END_SIZE) else { return Ok(None) };
    source.seek(SeekFrom::Start(last))?;
    let record = read_up_to(source, END_SIZE)?;
    if record.starts_with(END_SIGNATURE) && record.ends_with(&[0, 0]) {
        return Ok(Some((last, record)));
    }
    let start = last.saturating_sub(LONGEST_COMMENT + 1);
    source.seek(SeekFrom::Start(start))?;
    let tail = read_up_to(source, LONGEST_COMMENT + 1 + END_SIZE)?;
    let Some(at) = memmem::rfind(&tail, END_SIGNATURE) else { return Ok(None) };
    let record = tail.get(at..at + 22).map(<[u8]>::to_vec);
    Ok(record.map(|record| (start + at as u64, record)))
}

enum Zip64 {
    Absent,
    At { position: u64, record: Vec<u8> },
    Broken(&'static str),
}

fn find_zip64(source: &mut (impl Read + Seek), end: u64) -> io::Result<Zip64> {
    let Some(at) = end.checked_sub(LOCATOR_SIZE) else { return Ok(Zip64::Absent) };
    source.seek(SeekFrom::Start(at))?;
    let locator = read_up_to(source, LOCATOR_SIZE)?;
    if !locator.starts_with(LOCATOR_SIGNATURE) {
        return Ok(Zip64::Absent);
    }
    if u32_at(&locator, 4) != Some(0) || u32_at(&locator, 16).is_none_or(|disks| disks > 1) {
        return Ok(Zip64::Broken("the archive spans several disks"));
    }
    let Some(position) = at.checked_sub(END64_SIZE) else {
        return Ok(Zip64::Broken("the zip64 end record is missing"));
    };
    source.seek(SeekFrom::Start(position))?;
    let record = read_up_to(source, END64_SIZE)?;
    if record.starts_with(END64_SIGNATURE) {
        Ok(Zip64::At { position, record })
    } else {
        Ok(Zip64::Broken("the zip64 end record is missing"))
    }
}

/// Reads `count` bytes, or fewer at the end of the source.
pub(super) fn read_up_to(source: &mut impl Read, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn find_in(bytes: &[u8]) -> Result<End, NoDirectory> {
        find(&mut Cursor::new(bytes), bytes.len() as u64).unwrap()
    }

    #[test]
    fn an_empty_zip_is_a_zip_and_garbage_is_none() {
        let mut empty = END_SIGNATURE.to_vec();
        empty.extend([0; 18]);
        assert_eq!(find_in(&empty), Ok(End { directory: 0, size: 0, prepended: 0 }));
        assert_eq!(find_in(b""), Err(NoDirectory::NotZip));
        assert_eq!(find_in(&[7; 100]), Err(NoDirectory::NotZip));
        assert_eq!(find_in(&empty[..20]), Err(NoDirectory::NotZip));
    }

    #[test]
    fn a_directory_before_the_start_is_none() {
        let mut bytes = END_SIGNATURE.to_vec();
        bytes.extend([0, 0, 0, 0, 1, 0, 1, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(find_in(&bytes), Err(NoDirectory::NotZip));
    }
}
