//! Cases about the archives (Z, T, and what makes the server fail: X).

use super::{Case, case, crash, df, zip};
use crate::fixture::{Fixture, gzip, replace};

fn places(bytes: &[u8], part: &[u8]) -> Vec<usize> {
    bytes.windows(part.len()).enumerate().filter(|(_, found)| *found == part).map(|(at, _)| at).collect()
}

fn first(bytes: &[u8], part: &[u8]) -> usize {
    places(bytes, part)[0]
}

fn last(bytes: &[u8], part: &[u8]) -> usize {
    *places(bytes, part).last().unwrap()
}

fn wheel(patch: fn(&mut Vec<u8>)) -> Fixture {
    Fixture::wheel().patched(patch)
}

fn sdist(patch: fn(&mut Vec<u8>)) -> Fixture {
    Fixture::sdist().patched(patch)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = zips();
    cases.extend(walks());
    cases.extend(local_extras());
    cases.extend(ends());
    cases.extend(tars());
    cases.extend(code());
    cases.extend(crashes());
    cases
}

fn zips() -> Vec<Case> {
    vec![
        case(
            "Z1",
            "two-formats",
            wheel(|bytes| {
                let mut header = tar::Header::new_ustar();
                header.set_path("a").unwrap();
                header.set_size(0);
                header.set_cksum();
                bytes.splice(0..0, header.as_bytes().iter().copied());
            }),
            df("File is both a zip and a tar file"),
        ),
        case("Z2", "not-an-archive", wheel(|bytes| bytes.truncate(100)), df("File is not a zipfile")),
        case(
            "Z3",
            "not-an-archive",
            wheel(|bytes| {
                let at = last(bytes, b"PK\x01\x02");
                bytes[at + 1] = b'X';
            }),
            df("None"),
        ),
        case(
            "Z3",
            "not-an-archive",
            wheel(|bytes| {
                // The checksum of a Python module in the central directory, which the malware scan reads.
                let at = last(bytes, b"demo/__init__.py");
                bytes[at - 30] ^= 0xff;
            }),
            df("None"),
        ),
        case(
            "Z5",
            "compression-method",
            wheel(|bytes| {
                let at = first(bytes, b"PK\x01\x02");
                bytes[at + 10] = 14;
            }),
            df("File does not use a supported compression type"),
        ),
        case(
            "Z8",
            "wheel-file-missing",
            Fixture::wheel().named("demo-1.0.0-py3-none-any.whl"),
            df("WHEEL not found at demo-1.0.0.dist-info/WHEEL"),
        ),
    ]
}

fn walks() -> Vec<Case> {
    let twice = Fixture::wheel().another("demo/__init__.py", "VALUE = 1\n");
    vec![
        case(
            "Z11",
            "zip-stray-bytes",
            wheel(|bytes| {
                bytes.splice(0..0, *b"#!/bin/sh\n");
            }),
            zip("Unknown record signature"),
        ),
        case(
            "Z12",
            "zip-data-descriptor",
            wheel(|bytes| bytes[6] |= 8),
            zip("ZIP contains a data descriptor"),
        ),
        case(
            "Z13",
            "zip-hidden-member",
            wheel(|bytes| bytes[30] = b'D'),
            zip("Filename not in central directory"),
        ),
        case(
            "Z14",
            "zip-hidden-member",
            // The second entry of the directory gets the name of no local header; the first is found as a double.
            wheel(|bytes| {
                let at = last(bytes, b"demo/__init__.py");
                let end = first(bytes, b"PK\x05\x06");
                let next = at + 16;
                let entry: Vec<u8> = bytes[at - 46..next].to_vec();
                let mut added = entry.clone();
                added[46] = b'D';
                let size = u32::try_from(added.len()).unwrap();
                bytes.splice(end..end, added);
                let end = first(bytes, b"PK\x05\x06");
                for count in [8, 10] {
                    bytes[end + count] += 1;
                }
                let length = u32::from_le_bytes(bytes[end + 12..end + 16].try_into().unwrap()) + size;
                bytes[end + 12..end + 16].copy_from_slice(&length.to_le_bytes());
            }),
            zip("Missing filename in local headers"),
        ),
        case("Z15", "zip-duplicate-member", twice, zip("Duplicate filename in local headers")),
        case("Z16", "zip-structure", wheel(|bytes| bytes[18] ^= 1), zip("Mis-matched data size")),
        case("Z16", "zip-structure", wheel(|bytes| bytes[22] ^= 1), zip("Mis-matched file size")),
        case(
            "Z17",
            "zip-member-name",
            wheel(|bytes| replace(bytes, b"demo/__init__.py", b"demo/__\x7fnit__.py")),
            zip("Invalid character in filename"),
        ),
        case(
            "Z18",
            "zip-member-name",
            wheel(|bytes| replace(bytes, b"demo/__init__.py", b"demo/__\xffnit__.py")),
            zip("Filename not unicode"),
        ),
    ]
}

/// Puts an extra field into the first local header.
fn insert_extra(bytes: &mut Vec<u8>, extra: &[u8]) {
    let name = usize::from(bytes[26]);
    let old = usize::from(bytes[28]);
    bytes[28] = u8::try_from(old + extra.len()).unwrap();
    bytes.splice(30 + name..30 + name, extra.iter().copied());
    // The directory starts later; its offset stands in the end record, those of the members do not matter here.
    let end = first(bytes, b"PK\x05\x06");
    let start = u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap());
    let start = start + u32::try_from(extra.len()).unwrap();
    bytes[end + 16..end + 20].copy_from_slice(&start.to_le_bytes());
}

fn local_extras() -> Vec<Case> {
    vec![
        case(
            "Z18",
            "zip-member-name",
            wheel(|bytes| insert_extra(bytes, b"\x75\x70\x06\x00\x01\0\0\0\0\xff")),
            zip("Filename not valid UTF-8"),
        ),
        case(
            "Z19",
            "zip-structure",
            wheel(|bytes| insert_extra(bytes, b"\x01\0\0\0\x01\0\0\0")),
            zip("Invalid duplicate extra in local file"),
        ),
        case(
            "Z21",
            "zip-structure",
            wheel(|bytes| insert_extra(bytes, b"\x99\x99\x09\0")),
            zip("Malformed zip file"),
        ),
        case(
            "Z21",
            "zip-structure",
            wheel(|bytes| insert_extra(bytes, b"\x01\0\x03\0abc")),
            zip("Malformed zip file"),
        ),
        case(
            "Z20",
            "zip-member-comment",
            wheel(|bytes| {
                let end = first(bytes, b"PK\x05\x06");
                let at = last(bytes, b"PK\x01\x02");
                bytes[at + 32] = 1;
                bytes.insert(end, b'x');
                let size = u32::from_le_bytes(bytes[end + 13..end + 17].try_into().unwrap()) + 1;
                bytes[end + 13..end + 17].copy_from_slice(&size.to_le_bytes());
            }),
            zip("Comment in central directory"),
        ),
    ]
}

/// Puts a zip64 end record whose size is wrong, and its locator, before the end record.
fn with_long_end64(bytes: &mut Vec<u8>) {
    let end = first(bytes, b"PK\x05\x06");
    let count = u64::from(bytes[end + 8]);
    let number = |at: usize| u64::from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()));
    let (size, start) = (number(end + 12), number(end + 16));
    let mut record = b"PK\x06\x06".to_vec();
    record.extend(45_u64.to_le_bytes());
    record.extend([45, 3, 45, 0]);
    record.extend([0; 8]);
    for value in [count, count, size, start] {
        record.extend(value.to_le_bytes());
    }
    record.extend(b"PK\x06\x07\0\0\0\0");
    record.extend((end as u64).to_le_bytes());
    record.extend(1_u32.to_le_bytes());
    bytes.splice(end..end, record);
}

fn ends() -> Vec<Case> {
    vec![
        case("Z22", "zip-structure", wheel(with_long_end64), zip("ZIP64 extensible data not allowed")),
        case(
            "Z23",
            "zip-structure",
            wheel(|bytes| {
                let end = first(bytes, b"PK\x05\x06");
                bytes[end + 8] += 1;
                bytes[end + 10] += 1;
            }),
            zip("Mismatched central directory records"),
        ),
        case(
            "Z24",
            "zip-stray-bytes",
            wheel(|bytes| {
                let at = bytes.len() - 2;
                bytes[at] = 1;
                bytes.extend(*b"xy");
            }),
            zip("Trailing data"),
        ),
    ]
}

fn tars() -> Vec<Case> {
    let top = df("Incorrect number of top-level directories in sdist");
    vec![
        case("T1", "not-an-archive", sdist(|bytes| *bytes = b"<html>".to_vec()), df("File is not a tarfile")),
        case("T2", "not-an-archive", sdist(|bytes| bytes.truncate(bytes.len() / 2)), df("None")),
        case("T2", "not-an-archive", sdist(|bytes| *bytes = b"BZh91AY&SY".to_vec()), df("None")),
        case(
            "T3",
            "tar-sparse",
            sdist(|bytes| {
                let mut header = tar::Header::new_gnu();
                header.set_entry_type(tar::EntryType::GNUSparse);
                header.set_path("demo-1.0/hole").unwrap();
                header.set_size(0);
                header.set_cksum();
                *bytes = gzip(&[header.as_bytes().as_slice(), &[0; 1024]].concat());
            }),
            df(
                "tar archive not accepted: Sparse members are not allowed. See https://docs.pypi.org/archives for \
                more information",
            ),
        ),
        case("T4", "sdist-layout", Fixture::sdist().file("other/file", "x"), top.clone()),
        case("T4", "sdist-layout", sdist(|bytes| *bytes = gzip(&[0; 1024])), top),
        case(
            "T5",
            "sdist-layout",
            Fixture::sdist().metadata(b""),
            df("PKG-INFO not found at demo-1.0/PKG-INFO"),
        ),
        case(
            "T5",
            "sdist-layout",
            Fixture::sdist().missing("demo-1.0/pyproject.toml").missing("demo-1.0/demo/__init__.py"),
            df("PKG-INFO not found at demo-1.0/PKG-INFO/PKG-INFO"),
        ),
    ]
}

fn code() -> Vec<Case> {
    let refused = |product: &str| {
        df(&format!(
            "{product}-encrypted content is not allowed. See https://pypi.org/policy/acceptable-use-policy/ for more \
             information."
        ))
    };
    let (armor, defender) = ("__pyarmor_enter__()\n", "---BEGIN PYE FILE---\nx\n---END PYE FILE---\n");
    vec![
        case("Z9", "encrypted-code", Fixture::wheel().file("demo/a.py", armor), refused("PyArmor")),
        case(
            "Z10",
            "encrypted-code",
            Fixture::wheel().file("demo/a.pye", defender),
            refused("SourceDefender"),
        ),
        case("T6", "encrypted-code", Fixture::sdist().file("demo-1.0/a.py", armor), refused("PyArmor")),
    ]
}

fn crashes() -> Vec<Case> {
    let record = "demo-1.0.dist-info/RECORD,,\n";
    vec![
        case(
            "X2",
            "record-blank-line",
            Fixture::wheel().record_edit(record, &format!("{record}\n")),
            crash("line 5 of `RECORD`, which is blank"),
        ),
        case(
            "X3",
            "member-unreadable",
            wheel(|bytes| {
                let at = last(bytes, b"demo-1.0.dist-info/METADATA");
                bytes[at - 30] ^= 0xff;
            }),
            crash("`demo-1.0.dist-info/METADATA`, which is damaged"),
        ),
        case(
            "X3",
            "member-unreadable",
            wheel(|bytes| {
                let at = last(bytes, b"demo-1.0.dist-info/RECORD");
                bytes[at - 38] |= 1;
            }),
            crash("`demo-1.0.dist-info/RECORD`, which is encrypted"),
        ),
        case(
            "X4",
            "tar-mixed-names",
            Fixture::sdist().file("/etc/demo.conf", "x"),
            crash("a tarball that mixes absolute and relative names"),
        ),
    ]
}
