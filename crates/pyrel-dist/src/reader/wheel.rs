//! Reads a wheel: the strict walk, then every member by the central directory, unpacked and hashed in file order.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use fs_err as fs;

use super::budget::Budget;
use super::bytes::u16_at;
use super::code_scan;
use super::sink::{OTHERS, Sink, Taken};
use super::tar_header;
use super::zip_directory::{self, Entry};
use super::zip_end::read_up_to;
use super::zip_structure::{self, Stop};
use crate::digest::CHUNK;
use crate::fault::{Fault, FaultKind};
use crate::limits::Limits;
use crate::member::{MemberInfo, MemberKind};
use crate::reading::Archive;
use crate::{filename, record};

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED_FLAG: u16 = 0x0001;
const LOCAL_HEADER_SIZE: u64 = 30;
const BAD_CRC: &str = "its CRC-32 checksum does not match its data";
/// Members up to this size, packed and unpacked, are unpacked in one go, which spares the sliding window.
const SMALL: u64 = 1024 * 1024;

/// Reads a wheel. Only an operating system error is an error.
pub(crate) fn read(path: &Path, filename: &str, limits: &Limits) -> io::Result<Archive> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    let mut archive = Archive::default();
    let entries = match zip_directory::read(&mut file, length, limits)? {
        Ok(entries) => entries,
        Err(fault) => {
            archive.faults.push(fault);
            return Ok(archive);
        }
    };
    file.seek(SeekFrom::Start(0))?;
    if tar_header::is_tar(&read_up_to(&mut file, 512)?) {
        archive.faults.push(Fault::new(FaultKind::TwoFormats, "File is both a zip and a tar file"));
    }
    match zip_structure::walk(&mut file, length, &entries) {
        Ok(()) => {}
        Err(Stop::Fault(text, member)) => {
            let fault = Fault::new(FaultKind::Structure, text);
            archive.faults.push(Fault { member, ..fault });
        }
        Err(Stop::Io(error)) => return Err(error),
    }
    archive.declared = entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.size));
    let reader = Reader {
        file: BufReader::with_capacity(CHUNK, file),
        buffer: vec![0; CHUNK],
        packed: Vec::new(),
        inflate: Decompress::new(false),
        budget: Budget::new(limits, length),
        dist_info: filename::wheel_stem(filename).map(|stem| format!("{stem}.dist-info")),
        algorithms: HashMap::new(),
        archive,
    };
    reader.read_all(&entries)
}

/// What came of one member.
enum Outcome {
    Taken(Taken),
    Fault(Fault),
}

struct Reader<'a> {
    file: BufReader<fs::File>,
    buffer: Vec<u8>,
    packed: Vec<u8>,
    inflate: Decompress,
    budget: Budget<'a>,
    dist_info: Option<String>,
    /// Members that `RECORD` gives a digest other than SHA-256.
    algorithms: HashMap<String, String>,
    archive: Archive,
}

impl Reader<'_> {
    fn read_all(mut self, entries: &[Entry]) -> io::Result<Archive> {
        if let Err(fault) = self.budget.test(self.archive.declared) {
            self.archive.faults.push(fault);
            self.archive.members = entries.iter().map(declared_member).collect();
            return Ok(self.archive);
        }
        self.learn_algorithms(entries)?;
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|index| entries[*index].offset);
        let mut members: Vec<Option<MemberInfo>> = vec![None; entries.len()];
        for index in order {
            match self.read_member(&entries[index])? {
                Ok(member) => members[index] = Some(member),
                Err(fault) => {
                    self.archive.faults.push(fault);
                    self.archive.members = entries.iter().map(declared_member).collect();
                    return Ok(self.archive);
                }
            }
        }
        self.archive.members = members.into_iter().flatten().collect();
        self.archive.complete = true;
        Ok(self.archive)
    }

    /// Reads `RECORD` ahead of all, because it says by which algorithm each member is to be hashed.
    fn learn_algorithms(&mut self, entries: &[Entry]) -> io::Result<()> {
        let Some(directory) = &self.dist_info else { return Ok(()) };
        let name = format!("{directory}/RECORD");
        let Some(entry) = entries.iter().find(|entry| entry.name == name) else { return Ok(()) };
        let Outcome::Taken(taken) = self.unpack(entry, None, self.budget.limits.text)? else { return Ok(()) };
        let Some(bytes) = taken.copy else { return Ok(()) };
        for row in record::parse(&bytes).rows {
            if let Some((algorithm, _)) = row.hash_parts()
                && OTHERS.contains(&algorithm.as_str())
            {
                self.algorithms.insert(row.path, algorithm);
            }
        }
        Ok(())
    }

    /// Reads one member. The inner error is a crossed limit, after which nothing more is read.
    fn read_member(&mut self, entry: &Entry) -> io::Result<Result<MemberInfo, Fault>> {
        if let Err(fault) = self.budget.member(&entry.name) {
            return Ok(Err(fault));
        }
        let mut member = declared_member(entry);
        if member.kind == MemberKind::Directory {
            return Ok(Ok(member));
        }
        let keep = self.copy_limit(&member);
        let other = self.algorithms.get(&entry.name).cloned();
        match self.unpack(entry, other.as_deref(), keep)? {
            Outcome::Fault(fault) if fault.kind == FaultKind::Limit => Ok(Err(fault)),
            Outcome::Fault(fault) => {
                if fault.detail == BAD_CRC && self.is_read_by_server(&entry.name) {
                    let reason = format!("{BAD_CRC}: `{}`", entry.name);
                    let refused = Fault::new(FaultKind::Refused, "None").because(reason);
                    self.archive.faults.push(refused.at(&entry.name));
                }
                self.archive.faults.push(fault.at(&entry.name));
                Ok(Ok(member))
            }
            Outcome::Taken(taken) => {
                member.size = taken.size;
                if let Some(digests) = taken.digests.filter(|_| member.is_file()) {
                    member.sha256 = Some(digests.sha256);
                    member.other_digest = digests.other;
                }
                self.keep(&mut member, taken.copy);
                Ok(Ok(member))
            }
        }
    }

    /// PyPI reads `WHEEL` and scans Python source, and gives up when a checksum is wrong.
    fn is_read_by_server(&self, name: &str) -> bool {
        let is_wheel_file = self
            .dist_info
            .as_ref()
            .and_then(|directory| name.strip_prefix(directory.as_str()))
            .is_some_and(|rest| rest == "/WHEEL");
        is_wheel_file || code_scan::is_scanned(name)
    }

    fn copy_limit(&self, member: &MemberInfo) -> u64 {
        if matches!(member.kind, MemberKind::Symlink(_)) {
            return self.budget.limits.name as u64;
        }
        if is_describing_text(&member.name) {
            return self.budget.limits.text;
        }
        if code_scan::is_scanned(&member.name) { code_scan::LARGEST } else { 0 }
    }

    /// Uses the copy of a member that was small enough for one.
    fn keep(&mut self, member: &mut MemberInfo, copy: Option<Vec<u8>>) {
        if is_describing_text(&member.name) {
            self.archive.keep_text(self.budget.limits, &member.name, copy);
            return;
        }
        let Some(bytes) = copy else { return };
        if let MemberKind::Symlink(target) = &mut member.kind {
            *target = String::from_utf8_lossy(&bytes).into_owned();
        } else if let Some(product) = code_scan::scan(&bytes) {
            self.archive.refused_code.push((member.name.clone(), product));
        }
    }

    fn unpack(&mut self, entry: &Entry, other: Option<&str>, keep: u64) -> io::Result<Outcome> {
        if entry.flags & ENCRYPTED_FLAG != 0 {
            return Ok(Outcome::Fault(Fault::new(FaultKind::Encrypted, "the member is encrypted")));
        }
        if !matches!(entry.method, STORED | DEFLATED) {
            let detail = format!("compression method {}", entry.method);
            return Ok(Outcome::Fault(Fault::new(FaultKind::Method, detail)));
        }
        if let Err(fault) = self.find_data(entry)? {
            return Ok(Outcome::Fault(fault));
        }
        let mut sink = Sink::hashing(other, keep);
        if entry.method == DEFLATED && entry.packed <= SMALL && entry.size <= SMALL {
            return Ok(match self.unpack_small(entry, &mut sink)? {
                Ok(()) => judge(entry, sink),
                Err(fault) => Outcome::Fault(fault),
            });
        }
        let mut packed = (&mut self.file).take(entry.packed);
        let result = if entry.method == DEFLATED {
            let mut source = DeflateDecoder::new(&mut packed);
            pump(&mut source, &mut sink, entry.size, &mut self.buffer, &mut self.budget)
        } else {
            pump(&mut packed, &mut sink, entry.size, &mut self.buffer, &mut self.budget)
        };
        match result {
            Ok(Ok(())) => Ok(judge(entry, sink)),
            Ok(Err(fault)) => Ok(Outcome::Fault(fault)),
            Err(error) if error.raw_os_error().is_some() => Err(error),
            Err(error) => Ok(Outcome::Fault(damaged(format!("its data cannot be unpacked ({error})")))),
        }
    }

    /// Unpacks a deflated member of little size in one call.
    fn unpack_small(&mut self, entry: &Entry, sink: &mut Sink) -> io::Result<Result<(), Fault>> {
        self.packed.clear();
        (&mut self.file).take(entry.packed).read_to_end(&mut self.packed)?;
        // One byte more than declared, so that a longer member shows.
        let size = usize::try_from(entry.size.min(SMALL)).unwrap_or_default();
        if self.buffer.len() <= size {
            self.buffer.resize(size + 1, 0);
        }
        let out = &mut self.buffer[..=size];
        self.inflate.reset(false);
        let status = self.inflate.decompress(&self.packed, out, FlushDecompress::Finish);
        let count = usize::try_from(self.inflate.total_out()).unwrap_or(out.len()).min(out.len());
        if let Err(fault) = self.budget.spend(count as u64) {
            return Ok(Err(fault));
        }
        match status {
            _ if count > size => Ok(Err(too_long(entry.size))),
            Ok(Status::StreamEnd) => {
                sink.take(&out[..count]);
                Ok(Ok(()))
            }
            Ok(_) => Ok(Err(damaged("its data cannot be unpacked (it is cut off)".to_owned()))),
            Err(error) => Ok(Err(damaged(format!("its data cannot be unpacked ({error})")))),
        }
    }

    /// Moves to the data of an entry, behind its local header.
    fn find_data(&mut self, entry: &Entry) -> io::Result<Result<(), Fault>> {
        self.seek(entry.offset)?;
        let header = read_up_to(&mut self.file, LOCAL_HEADER_SIZE)?;
        if header.len() < 30 || !header.starts_with(b"PK\x03\x04") {
            return Ok(Err(damaged("its local header is not where the central directory says".to_owned())));
        }
        let skip = u64::from(u16_at(&header, 26).unwrap_or(0)) + u64::from(u16_at(&header, 28).unwrap_or(0));
        self.seek(entry.offset.saturating_add(LOCAL_HEADER_SIZE + skip))?;
        Ok(Ok(()))
    }

    /// Seeks without throwing the buffer away when the target is near.
    fn seek(&mut self, target: u64) -> io::Result<()> {
        let here = self.file.stream_position()?;
        match i64::try_from(i128::from(target) - i128::from(here)) {
            Ok(distance) => self.file.seek_relative(distance),
            // Farther than any file is long: reading there finds the end.
            Err(_) => self.file.seek(SeekFrom::End(0)).map(|_| ()),
        }
    }
}

fn damaged(detail: String) -> Fault {
    Fault::new(FaultKind::Damaged, detail)
}

fn too_long(declared: u64) -> Fault {
    damaged(format!("it unpacks to more than the {declared} bytes declared"))
}

/// Moves all bytes from a source to the sink; stops above the declared size and at a limit.
fn pump(
    source: &mut impl Read,
    sink: &mut Sink,
    declared: u64,
    buffer: &mut [u8],
    budget: &mut Budget<'_>,
) -> io::Result<Result<(), Fault>> {
    loop {
        let count = match source.read(buffer) {
            Ok(0) => return Ok(Ok(())),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if let Err(fault) = budget.spend(count as u64) {
            return Ok(Err(fault));
        }
        sink.take(&buffer[..count]);
        if sink.size() > declared {
            return Ok(Err(too_long(declared)));
        }
    }
}

fn judge(entry: &Entry, sink: Sink) -> Outcome {
    let taken = sink.finish();
    if taken.size != entry.size {
        let detail = format!("it unpacks to {} bytes, not to the {} declared", taken.size, entry.size);
        return Outcome::Fault(damaged(detail));
    }
    if taken.digests.as_ref().is_none_or(|digests| digests.crc != entry.crc) {
        return Outcome::Fault(damaged(BAD_CRC.to_owned()));
    }
    Outcome::Taken(taken)
}

fn declared_member(entry: &Entry) -> MemberInfo {
    let mode = entry.unix_mode();
    let kind = match mode.map(|mode| mode & 0o170_000) {
        _ if entry.name.ends_with('/') => MemberKind::Directory,
        Some(0o120_000) => MemberKind::Symlink(String::new()),
        Some(0 | 0o100_000) | None => MemberKind::File,
        Some(_) => MemberKind::Special,
    };
    MemberInfo {
        name: entry.name.clone(),
        kind,
        size: entry.size,
        packed: entry.packed,
        mode: mode.map(|mode| mode & 0o7777),
        sha256: None,
        other_digest: None,
    }
}

/// The files of a `.dist-info` directory that say what the wheel is.
fn is_describing_text(name: &str) -> bool {
    match name.split_once('/') {
        Some((directory, file)) => {
            directory.ends_with(".dist-info")
                && matches!(file, "METADATA" | "WHEEL" | "RECORD" | "entry_points.txt")
        }
        None => false,
    }
}
