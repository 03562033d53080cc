//! Reads a wheel: the strict walk, what must be known ahead, then every member by the central directory, unpacked
//! and hashed in file order, the parts of a large one at the same time.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

use fs_err as fs;
use rayon::prelude::*;

use super::budget::{Budget, limit};
use super::sink::OTHERS;
use super::tar_header;
use super::wheel_member::{MemberReader, Outcome, ReadMember, declared_member, is_describing_text};
use super::zip_directory::{self, Entry};
use super::zip_end::read_up_to;
use super::zip_structure::{self, Stop};
use crate::entry_points::EntryPoints;
use crate::fault::{Fault, FaultKind};
use crate::limits::Limits;
use crate::reading::Archive;
use crate::{filename, record};

/// Packed bytes of the members that one thread reads in a row; a smaller wheel is read by one thread.
const SHARE: u64 = 1024 * 1024;
/// PyPI refuses a wheel that unpacks to more than this many times its size, so that nothing is lost by not reading it.
const SERVER_RATIO: u64 = 50;

/// What is known of a wheel before its members are read.
pub(super) struct Ahead<'a> {
    path: &'a Path,
    limits: &'a Limits,
    /// Bytes of the file.
    length: u64,
    pub(super) dist_info: Option<String>,
    /// Members that `RECORD` gives a digest other than SHA-256.
    pub(super) algorithms: HashMap<String, String>,
    /// Members whose names an entry point refers to.
    pub(super) modules: BTreeSet<String>,
}

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
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|index| entries[*index].offset);
    if let Err(fault) = within_limits(&entries, &order, archive.declared, limits, length) {
        archive.faults.push(fault);
        archive.members = entries.iter().map(declared_member).collect();
        return Ok(archive);
    }
    let mut reader = MemberReader::open(path, length, limits)?;
    let mut ahead = Ahead {
        path,
        limits,
        length,
        dist_info: filename::wheel_stem(filename).map(|stem| format!("{stem}.dist-info")),
        algorithms: HashMap::new(),
        modules: BTreeSet::new(),
    };
    ahead.learn(&mut reader, &entries)?;
    let read = read_members(&entries, &order, &ahead, reader)?;
    Ok(collect(archive, &entries, &order, read, limits))
}

/// Tests what can be tested before anything is unpacked. No member may unpack to more than it declares, so that
/// no further sum is needed.
fn within_limits(
    entries: &[Entry],
    order: &[usize],
    declared: u64,
    limits: &Limits,
    length: u64,
) -> Result<(), Fault> {
    let limits = &Limits { ratio: limits.ratio.min(SERVER_RATIO), ..*limits };
    let mut budget = Budget::new(limits, length);
    budget.test(declared)?;
    // They are kept until all members are read.
    let texts = entries.iter().filter(|entry| is_describing_text(&entry.name)).map(|entry| entry.size);
    if texts.fold(0, u64::saturating_add) > limits.text.saturating_mul(3) {
        return Err(limit("its describing texts are larger than all limits together".to_owned()));
    }
    order.iter().try_for_each(|index| budget.member(&entries[*index].name))
}

/// Reads all members in file order. A crossed limit ends its part of the list early.
fn read_members(
    entries: &[Entry],
    order: &[usize],
    ahead: &Ahead<'_>,
    mut reader: MemberReader<'_>,
) -> io::Result<Vec<ReadMember>> {
    let mut shares = Vec::new();
    let (mut start, mut sum) = (0, 0_u64);
    for (position, index) in order.iter().enumerate() {
        sum = sum.saturating_add(entries[*index].packed);
        if sum >= SHARE {
            shares.push(&order[start..=position]);
            (start, sum) = (position + 1, 0);
        }
    }
    shares.push(&order[start..]);
    if let [only] = shares.as_slice() {
        return only.iter().map(|index| reader.read(&entries[*index], ahead)).collect();
    }
    let read_share = |share: &&[usize]| -> io::Result<Vec<ReadMember>> {
        let mut reader = MemberReader::open(ahead.path, ahead.length, ahead.limits)?;
        share.iter().map(|index| reader.read(&entries[*index], ahead)).collect()
    };
    let read: io::Result<Vec<Vec<ReadMember>>> = shares.par_iter().with_max_len(1).map(read_share).collect();
    Ok(read?.into_iter().flatten().collect())
}

/// Puts what was read together: members in the order of the directory, all else in that of the file.
fn collect(
    mut archive: Archive,
    entries: &[Entry],
    order: &[usize],
    read: Vec<ReadMember>,
    limits: &Limits,
) -> Archive {
    let mut members = vec![None; entries.len()];
    for (index, read) in order.iter().zip(read) {
        let limit = read.faults.iter().find(|fault| fault.kind == FaultKind::Limit).cloned();
        if let Some(fault) = limit {
            archive.faults.push(fault);
            archive.members = entries.iter().map(declared_member).collect();
            return archive;
        }
        archive.faults.extend(read.faults);
        let name = &read.member.name;
        if let Some(copy) = read.text {
            archive.keep_text(limits, name, copy);
        }
        archive.refused_code.extend(read.refused.map(|product| (name.clone(), product)));
        archive.keep_secrets(name, read.secrets);
        archive.python.extend(read.python.map(|module| (name.clone(), module)));
        members[*index] = Some(read.member);
    }
    archive.members = members.into_iter().flatten().collect();
    archive.complete = true;
    archive
}

impl Ahead<'_> {
    /// Reads `RECORD` and `entry_points.txt` ahead of all: they say by which algorithm each member is to be hashed
    /// and of which modules the names are wanted.
    fn learn(&mut self, reader: &mut MemberReader<'_>, entries: &[Entry]) -> io::Result<()> {
        if let Some(bytes) = self.text(reader, entries, "RECORD")? {
            for row in record::parse(&bytes).rows {
                if let Some((algorithm, _)) = row.hash_parts()
                    && OTHERS.contains(&algorithm.as_str())
                {
                    self.algorithms.insert(row.path, algorithm);
                }
            }
        }
        if let Some(bytes) = self.text(reader, entries, "entry_points.txt")?
            && let Ok(points) = EntryPoints::parse(&bytes)
        {
            self.modules = points.module_files().collect();
        }
        Ok(())
    }

    fn text(
        &self,
        reader: &mut MemberReader<'_>,
        entries: &[Entry],
        file: &str,
    ) -> io::Result<Option<Vec<u8>>> {
        let Some(directory) = &self.dist_info else { return Ok(None) };
        let name = format!("{directory}/{file}");
        let Some(entry) = entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
        match reader.unpack(entry, None, self.limits.text)? {
            Outcome::Taken(taken) => Ok(taken.copy),
            Outcome::Fault(_) => Ok(None),
        }
    }
}
