//! Reads one member of a wheel: finds its data, unpacks it, hashes it, and takes from it what rules want to know.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use fs_err as fs;

use super::budget::Budget;
use super::bytes::u16_at;
use super::code_scan;
use super::sink::{Sink, Taken};
use super::wheel::Ahead;
use super::zip_directory::Entry;
use super::zip_end::read_up_to;
use pyrel_model::python::PythonModule;

use crate::digest::CHUNK;
use crate::fault::{Fault, FaultKind};
use crate::limits::Limits;
use crate::member::{MemberInfo, MemberKind};
use crate::secret::Secret;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED_FLAG: u16 = 0x0001;
const LOCAL_HEADER_SIZE: u64 = 30;
const BAD_CRC: &str = "its CRC-32 checksum does not match its data";
/// Members up to this size, packed and unpacked, are unpacked in one go, which spares the sliding window.
const SMALL: u64 = 1024 * 1024;

/// What came of unpacking one member.
pub(super) enum Outcome {
    Taken(Taken),
    Fault(Fault),
}

/// One member with everything that was learned from it.
pub(super) struct ReadMember {
    pub(super) member: MemberInfo,
    pub(super) faults: Vec<Fault>,
    /// Its bytes when it is a describing text; the inner `None` means that it was too long.
    pub(super) text: Option<Option<Vec<u8>>>,
    /// The product that encrypted it, when it is such code.
    pub(super) refused: Option<&'static str>,
    pub(super) secrets: Vec<Secret>,
    /// What is known of it as Python, when that is anything.
    pub(super) python: Option<PythonModule>,
}

/// Reads members of one wheel, one after the other.
pub(super) struct MemberReader<'a> {
    file: BufReader<fs::File>,
    buffer: Vec<u8>,
    packed: Vec<u8>,
    inflate: Decompress,
    budget: Budget<'a>,
}

impl<'a> MemberReader<'a> {
    /// Opens the file, which has `length` bytes. Buffers are no larger than it needs.
    pub(super) fn open(path: &Path, length: u64, limits: &'a Limits) -> io::Result<Self> {
        let capacity = usize::try_from(length).unwrap_or(CHUNK).clamp(512, CHUNK);
        Ok(Self {
            file: BufReader::with_capacity(capacity, fs::File::open(path)?),
            buffer: Vec::new(),
            packed: Vec::new(),
            inflate: Decompress::new(false),
            budget: Budget::new(limits, length),
        })
    }

    /// Reads one member.
    pub(super) fn read(&mut self, entry: &Entry, ahead: &Ahead<'_>) -> io::Result<ReadMember> {
        let member = declared_member(entry);
        let mut read = ReadMember {
            member,
            faults: Vec::new(),
            text: None,
            refused: None,
            secrets: Vec::new(),
            python: None,
        };
        if read.member.kind == MemberKind::Directory {
            return Ok(read);
        }
        let keep = self.copy_limit(&read.member);
        let other = ahead.algorithms.get(&entry.name);
        match self.unpack(entry, other.map(String::as_str), keep)? {
            Outcome::Fault(fault) => {
                if fault.detail == BAD_CRC && is_read_by_server(ahead, &entry.name) {
                    let reason = format!("{BAD_CRC}: `{}`", entry.name);
                    let refused = Fault::new(FaultKind::Refused, "None").because(reason);
                    read.faults.push(refused.at(&entry.name));
                }
                let is_limit = fault.kind == FaultKind::Limit;
                read.faults.push(if is_limit { fault } else { fault.at(&entry.name) });
            }
            Outcome::Taken(taken) => learn(&mut read, taken, ahead),
        }
        Ok(read)
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

    /// Unpacks one member; a fault says why that cannot be done.
    pub(super) fn unpack(&mut self, entry: &Entry, other: Option<&str>, keep: u64) -> io::Result<Outcome> {
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
        self.buffer.resize(self.buffer.len().max(CHUNK), 0);
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

/// Takes from the bytes of a member what is wanted.
fn learn(read: &mut ReadMember, taken: Taken, ahead: &Ahead<'_>) {
    let member = &mut read.member;
    member.size = taken.size;
    if let Some(digests) = taken.digests.filter(|_| member.is_file()) {
        member.sha256 = Some(digests.sha256);
        member.other_digest = digests.other;
    }
    read.secrets = taken.secrets;
    if is_describing_text(&member.name) {
        read.text = Some(taken.copy);
        return;
    }
    let Some(bytes) = taken.copy else { return };
    if let MemberKind::Symlink(target) = &mut member.kind {
        *target = String::from_utf8_lossy(&bytes).into_owned();
        return;
    }
    read.refused = code_scan::scan(&bytes);
    if member.name.ends_with(".py") {
        let module = PythonModule::read(&bytes, ahead.modules.contains(&member.name));
        read.python = Some(module).filter(|module| *module != PythonModule::default());
    }
}

/// PyPI reads `WHEEL` and scans Python source, and gives up when a checksum is wrong.
fn is_read_by_server(ahead: &Ahead<'_>, name: &str) -> bool {
    let is_wheel_file = ahead
        .dist_info
        .as_ref()
        .and_then(|directory| name.strip_prefix(directory.as_str()))
        .is_some_and(|rest| rest == "/WHEEL");
    is_wheel_file || code_scan::is_scanned(name)
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

/// Returns a member as the directory has it.
pub(super) fn declared_member(entry: &Entry) -> MemberInfo {
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
pub(super) fn is_describing_text(name: &str) -> bool {
    match name.split_once('/') {
        Some((directory, file)) => {
            directory.ends_with(".dist-info")
                && matches!(file, "METADATA" | "WHEEL" | "RECORD" | "entry_points.txt")
        }
        None => false,
    }
}
