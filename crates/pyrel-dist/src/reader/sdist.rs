//! Reads an sdist: gzip and tar in one stream, nothing kept but `PKG-INFO`.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use fs_err as fs;

use super::budget::{Budget, limit};
use super::code_scan;
use super::sink::Sink;
use super::tar_header::{self, BLOCK, Block, Header};
use super::zip_end;
use crate::digest::CHUNK;
use crate::fault::{Fault, FaultKind};
use crate::limits::Limits;
use crate::member::{MemberInfo, MemberKind};
use crate::reading::Archive;

const NOT_A_TAR: &str = "File is not a tarfile";

/// Reads an sdist. Only an operating system error is an error.
pub(crate) fn read(path: &Path, limits: &Limits) -> io::Result<Archive> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    let mut archive = Archive::default();
    let is_zip = matches!(zip_end::find(&mut file, length)?, Ok(end) if end.size > 0);
    let mut file = fs::File::open(path)?;
    let start = zip_end::read_up_to(&mut file, BLOCK as u64)?;
    if let Some(fault) = not_gzip(&start) {
        archive.faults.push(fault);
        return Ok(archive);
    }
    let capacity = usize::try_from(length).unwrap_or(CHUNK).clamp(512, CHUNK);
    let source = BufReader::with_capacity(capacity, fs::File::open(path)?);
    let reader = Reader {
        source: MultiGzDecoder::new(source),
        buffer: vec![0; CHUNK],
        budget: Budget::new(limits, length),
        next: Extended::default(),
        global: BTreeMap::new(),
        archive,
    };
    let mut archive = reader.read_all()?;
    let is_tar = !archive.faults.iter().any(|fault| fault.detail == NOT_A_TAR);
    if is_zip && is_tar {
        archive.faults.push(Fault::new(FaultKind::TwoFormats, "File is both a zip and a tar file"));
    }
    Ok(archive)
}

/// PyPI opens any compression first and insists on gzip second, with different words.
fn not_gzip(start: &[u8]) -> Option<Fault> {
    if start.starts_with(&[0x1f, 0x8b]) {
        return None;
    }
    if tar_header::is_tar(start) {
        return Some(refused("None").because("it is a tar that is not compressed"));
    }
    for (magic, name) in [(&b"BZh"[..], "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd")] {
        if start.starts_with(magic) {
            return Some(refused("None").because(format!("it is compressed with {name}, not gzip")));
        }
    }
    let reason = if start.is_empty() { "the file is empty" } else { "it does not start as gzip does" };
    Some(refused(NOT_A_TAR).because(reason))
}

fn refused(detail: &str) -> Fault {
    Fault::new(FaultKind::Refused, detail)
}

/// Why reading ends before the end of the archive.
enum Halt {
    Fault(Fault),
    Io(io::Error),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a header was.
enum Next {
    /// A member, which is read.
    Member,
    /// A description of the member that follows.
    Described,
    /// A description that cannot be parsed.
    Unreadable,
}

/// What extended headers say about the next member.
#[derive(Default)]
struct Extended {
    name: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    sparse: bool,
}

impl Extended {
    fn apply(&mut self, records: &BTreeMap<&'static str, String>) {
        for (key, value) in records {
            match *key {
                "path" => self.name = Some(value.clone()),
                "linkpath" => self.link = Some(value.clone()),
                "size" => self.size = value.parse().ok(),
                SPARSE => self.sparse = true,
                _ => {}
            }
        }
    }
}

struct Reader<'a> {
    source: MultiGzDecoder<BufReader<fs::File>>,
    buffer: Vec<u8>,
    budget: Budget<'a>,
    next: Extended,
    global: BTreeMap<&'static str, String>,
    archive: Archive,
}

impl Reader<'_> {
    fn read_all(mut self) -> io::Result<Archive> {
        match self.read_members() {
            Ok(()) => {
                self.archive.complete = true;
                self.read_rest()?;
            }
            Err(Halt::Fault(fault)) => self.archive.faults.push(fault),
            Err(Halt::Io(error)) => return Err(error),
        }
        Ok(self.archive)
    }

    fn read_members(&mut self) -> Result<(), Halt> {
        let mut first = true;
        // An extended header that nothing follows is an error, a plain end is none.
        let mut pending = false;
        loop {
            let block = self.read_header_block()?;
            let block = match block {
                Some(block) => tar_header::parse(&block),
                None if first || pending => {
                    let detail = if first { NOT_A_TAR } else { "None" };
                    return Err(refused(detail).because("the archive is cut off").into());
                }
                None => {
                    self.end_fault("the archive has no end marker");
                    return Ok(());
                }
            };
            match block {
                Block::Header(header) => match self.member(&header)? {
                    Next::Member => pending = false,
                    Next::Described => pending = true,
                    Next::Unreadable if first => {
                        return Err(refused(NOT_A_TAR).because("its first header is damaged").into());
                    }
                    Next::Unreadable => {
                        self.damaged_header();
                        return Ok(());
                    }
                },
                Block::End if !pending => return Ok(()),
                Block::Invalid if first => {
                    return Err(refused(NOT_A_TAR).because("the first block is no tar header").into());
                }
                Block::Invalid | Block::End if pending => {
                    return Err(refused("None").because("a header is damaged").into());
                }
                Block::Invalid | Block::End => {
                    self.damaged_header();
                    return Ok(());
                }
            }
            first = first && pending;
        }
    }

    /// Reads one block; `None` at the end of the stream or when only a part of a block is left.
    fn read_header_block(&mut self) -> Result<Option<Vec<u8>>, Halt> {
        let mut block = vec![0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            let count = read_some(&mut self.source, &mut block[filled..])
                .map_err(|error| unpack_halt(error, self.budget.unpacked()))?;
            if count == 0 {
                return Ok(None);
            }
            filled += count;
        }
        self.budget.spend(BLOCK as u64)?;
        Ok(Some(block))
    }

    /// Handles one header and its data.
    fn member(&mut self, header: &Header) -> Result<Next, Halt> {
        match header.kind {
            b'L' => self.next.name = Some(tar_header::text(&self.read_text(header.size)?)),
            b'K' => self.next.link = Some(tar_header::text(&self.read_text(header.size)?)),
            b'x' | b'X' | b'g' => {
                let bytes = self.read_text(header.size)?;
                let Some(records) = parse_pax(&bytes) else { return Ok(Next::Unreadable) };
                if header.kind == b'g' {
                    self.global.extend(records);
                } else {
                    self.next.apply(&records);
                }
            }
            _ => {
                self.real_member(header)?;
                return Ok(Next::Member);
            }
        }
        Ok(Next::Described)
    }

    fn real_member(&mut self, header: &Header) -> Result<(), Halt> {
        let own = std::mem::take(&mut self.next);
        let mut shared = Extended::default();
        shared.apply(&self.global);
        let mut name = own.name.or(shared.name).unwrap_or(header.name.clone());
        if header.kind == b'5' {
            name.truncate(name.trim_end_matches('/').len());
        }
        self.budget.member(&name)?;
        if own.sparse || shared.sparse || header.kind == b'S' {
            // The map of a sparse member may go on in blocks of its own; PyPI refuses the file anyway.
            return Err(Fault::new(FaultKind::Sparse, "the member is sparse").at(name).into());
        }
        let size = own.size.or(shared.size).unwrap_or(header.size);
        let link = own.link.or(shared.link).unwrap_or(header.link.clone());
        let mut member = MemberInfo {
            name,
            kind: kind_of(header, link),
            size: if header.has_data() { size } else { 0 },
            packed: if header.has_data() { size } else { 0 },
            mode: Some(header.mode),
            sha256: None,
            other_digest: None,
        };
        if header.has_data() {
            self.data(&mut member)?;
        }
        self.archive.declared = self.archive.declared.saturating_add(member.size);
        self.archive.members.push(member);
        Ok(())
    }

    fn data(&mut self, member: &mut MemberInfo) -> Result<(), Halt> {
        let is_metadata = is_metadata(&member.name);
        let keep = if is_metadata {
            self.budget.limits.text
        } else if code_scan::is_scanned(&member.name) {
            code_scan::LARGEST
        } else {
            0
        };
        // Modules are hashed because they are compared with those of the wheel.
        let is_module = member.name.ends_with(".py");
        let mut sink = if is_module { Sink::hashing(None, keep) } else { Sink::new(keep) };
        self.pump(member.size, &mut sink, &member.name)?;
        self.pump_padding(member.size, &member.name)?;
        let taken = sink.finish();
        member.sha256 = taken.digests.map(|digests| digests.sha256);
        self.archive.keep_secrets(&member.name, taken.secrets);
        if is_metadata {
            self.archive.keep_text(self.budget.limits, &member.name, taken.copy);
        } else if let Some(product) = taken.copy.as_deref().and_then(code_scan::scan) {
            self.archive.refused_code.push((member.name.clone(), product));
        }
        Ok(())
    }

    fn pump(&mut self, mut left: u64, sink: &mut Sink, name: &str) -> Result<(), Halt> {
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let count = read_some(&mut self.source, &mut self.buffer[..want])
                .map_err(|error| unpack_halt(error, self.budget.unpacked()))?;
            if count == 0 {
                let fault = refused("None").because("the archive is cut off inside a member").at(name);
                return Err(fault.into());
            }
            self.budget.spend(count as u64)?;
            sink.take(&self.buffer[..count]);
            left -= count as u64;
        }
        Ok(())
    }

    fn pump_padding(&mut self, size: u64, name: &str) -> Result<(), Halt> {
        let over = size % BLOCK as u64;
        if over == 0 {
            return Ok(());
        }
        self.pump(BLOCK as u64 - over, &mut Sink::new(0), name)
    }

    /// Reads the data of an extended header, which is kept in memory and so must be small.
    fn read_text(&mut self, size: u64) -> Result<Vec<u8>, Halt> {
        let most = self.budget.limits.text.min(1024 * 1024);
        if size > most {
            return Err(limit(format!("an extended header is larger than {most} bytes")).into());
        }
        let mut sink = Sink::new(most);
        self.pump(size, &mut sink, "extended header")?;
        self.pump_padding(size, "extended header")?;
        Ok(sink.finish().copy.unwrap_or_default())
    }

    /// Reads on behind the end marker: what follows must be zeros, and the gzip stream must end well.
    fn read_rest(&mut self) -> io::Result<()> {
        loop {
            let count = match read_some(&mut self.source, &mut self.buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.raw_os_error().is_some() => return Err(error),
                Err(error) => {
                    self.end_fault(&format!("the gzip stream does not end well ({error})"));
                    return Ok(());
                }
            };
            if self.buffer[..count].iter().any(|byte| *byte != 0) {
                self.end_fault("there is data behind the end of the archive");
                return Ok(());
            }
            if let Err(fault) = self.budget.spend(count as u64) {
                self.archive.faults.push(fault);
                return Ok(());
            }
        }
    }

    fn damaged_header(&mut self) {
        let detail = "a header is damaged; readers end there and see no member behind it";
        self.archive.faults.push(Fault::new(FaultKind::Damaged, detail));
    }

    fn end_fault(&mut self, detail: &str) {
        self.archive.faults.push(Fault::new(FaultKind::End, detail));
    }
}

/// Python decompresses this much when it looks whether a file is a tar; damage in it has that answer.
const FIRST_LOOK: u64 = 128 * 1024;

fn unpack_halt(error: io::Error, unpacked: u64) -> Halt {
    if error.raw_os_error().is_some() {
        return Halt::Io(error);
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        let detail = if unpacked == 0 { NOT_A_TAR } else { "None" };
        return Halt::Fault(refused(detail).because("the gzip stream is cut off"));
    }
    let detail = if unpacked < FIRST_LOOK { NOT_A_TAR } else { "None" };
    Halt::Fault(refused(detail).because(format!("the gzip stream is damaged ({error})")))
}

fn read_some(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn kind_of(header: &Header, link: String) -> MemberKind {
    match header.kind {
        b'1' => MemberKind::Hardlink(link),
        b'2' => MemberKind::Symlink(link),
        b'3' | b'4' | b'6' => MemberKind::Special,
        b'5' => MemberKind::Directory,
        _ => MemberKind::File,
    }
}

/// `PKG-INFO` near the top; which directory is the top is known only at the end.
fn is_metadata(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    match parts[..] {
        [.., parent, "PKG-INFO"] => parts.len() <= 4 && !parent.ends_with(".egg-info"),
        _ => false,
    }
}

/// What all keys of sparse members start with.
const SPARSE: &str = "GNU.sparse.";
const KEYS: [&str; 4] = ["path", "linkpath", "size", SPARSE];

/// Parses `length key=value\n` records; `None` when one is broken.
fn parse_pax(mut bytes: &[u8]) -> Option<BTreeMap<&'static str, String>> {
    let mut records = BTreeMap::new();
    while !bytes.is_empty() && bytes[0] != 0 {
        let blank = bytes.iter().take(20).position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&bytes[..blank]).ok()?.parse().ok()?;
        let record = bytes.get(blank + 1..length)?;
        let record = record.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        let key = if key.starts_with(SPARSE.as_bytes()) { SPARSE.as_bytes() } else { key };
        // Only what is used is kept, because global headers add up.
        if let Some(known) = KEYS.into_iter().find(|known| known.as_bytes() == key) {
            records.insert(known, String::from_utf8_lossy(value).into_owned());
        }
        bytes = bytes.get(length..)?;
    }
    Some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pax_records_are_read_and_broken_ones_refused() {
        let records = parse_pax(b"12 path=a/b\n9 size=3\n11 own=abc\n20 GNU.sparse.map=1\n").unwrap();
        assert_eq!(records.keys().copied().collect::<Vec<_>>(), [SPARSE, "path", "size"]);
        assert_eq!(records["path"], "a/b");
        assert_eq!(records["size"], "3");
        for bad in [&b"99 path=a\n"[..], b"x path=a\n", b"9 path=a ", b"3 \n", b"18446744073709551615 a=b\n"]
        {
            assert_eq!(parse_pax(bad), None, "{bad:?}");
        }
    }
}
