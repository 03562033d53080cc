//! Makes the files that an attacker would write, byte by byte, since no library writes them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

const MIB: usize = 1024 * 1024;

/// One entry of a zip as it is to be written, whatever is true.
struct Entry<'a> {
    name: &'a str,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    offset: u32,
}

fn local_header(entry: &Entry<'_>) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04\x14\0\0\0".to_vec();
    bytes.extend(entry.method.to_le_bytes());
    bytes.extend([0, 0, 0x21, 0x28]);
    for value in [entry.crc, entry.packed, entry.size] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(u16::try_from(entry.name.len()).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(entry.name.as_bytes());
    bytes
}

fn central_header(entry: &Entry<'_>) -> Vec<u8> {
    let local = local_header(entry);
    let mut bytes = b"PK\x01\x02\x14\x03".to_vec();
    bytes.extend(&local[4..30]);
    bytes.extend([0; 6]);
    bytes.extend((0o100_644_u32 << 16).to_le_bytes());
    bytes.extend(entry.offset.to_le_bytes());
    bytes.extend(entry.name.as_bytes());
    bytes
}

/// Ends a zip, with a zip64 record when the numbers need one.
fn end(bytes: &mut Vec<u8>, directory: &[u8], count: u64) {
    let (start, size) = (bytes.len() as u64, directory.len() as u64);
    bytes.extend(directory);
    if count > 0xffff {
        let at = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for value in [count, count, size, start] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(at.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    let short = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    bytes.extend([short, short].concat());
    bytes.extend(u32::try_from(size).unwrap().to_le_bytes());
    bytes.extend(u32::try_from(start).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
}

fn deflated(chunks: impl Iterator<Item = Vec<u8>>) -> (Vec<u8>, u32, u32) {
    let (mut encoder, mut crc) = (DeflateEncoder::new(Vec::new(), Compression::fast()), flate2::Crc::new());
    for chunk in chunks {
        encoder.write_all(&chunk).unwrap();
        crc.update(&chunk);
    }
    (encoder.finish().unwrap(), crc.sum(), crc.amount())
}

fn zeros(mib: usize) -> impl Iterator<Item = Vec<u8>> {
    std::iter::repeat_n(vec![0; MIB], mib)
}

/// Blocks of zeros with a little noise, so that they shrink less than fifty times.
fn dense(mib: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..mib).map(|number| {
        let mut block = vec![0; MIB];
        let mut state = u32::try_from(number).unwrap() + 1;
        for at in (0..MIB).step_by(64) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            block[at] = state.to_be_bytes()[0];
        }
        block
    })
}

/// A zip of one member, honest about its size.
fn one_member(name: &str, (data, crc, size): &(Vec<u8>, u32, u32)) -> Vec<u8> {
    let packed = u32::try_from(data.len()).unwrap();
    let entry = Entry { name, method: 8, crc: *crc, packed, size: *size, offset: 0 };
    let mut bytes = local_header(&entry);
    bytes.extend(data);
    end(&mut bytes, &central_header(&entry), 1);
    bytes
}

pub(crate) fn zip_bomb(mib: usize) -> Vec<u8> {
    one_member("demo/zeros.bin", &deflated(zeros(mib)))
}

pub(crate) fn dense_zip(mib: usize) -> Vec<u8> {
    one_member("demo/dense.bin", &deflated(dense(mib)))
}

/// Many files that each say what the wheel is.
pub(crate) fn many_texts(count: usize) -> Vec<u8> {
    let (data, crc, size) = deflated(dense(9));
    let packed = u32::try_from(data.len()).unwrap();
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for number in 0..count {
        let (name, offset) =
            (format!("demo-{number}.dist-info/METADATA"), u32::try_from(bytes.len()).unwrap());
        let entry = Entry { name: &name, method: 8, crc, packed, size, offset };
        bytes.extend(local_header(&entry));
        bytes.extend(&data);
        directory.extend(central_header(&entry));
    }
    end(&mut bytes, &directory, count as u64);
    bytes
}

/// A zip in a zip in a zip, each of which says that it is four gibibytes.
pub(crate) fn nested_claim() -> Vec<u8> {
    let mut inner = zip_bomb(64);
    for _ in 0..3 {
        let packed = u32::try_from(inner.len()).unwrap();
        let entry =
            Entry { name: "demo/inner.zip", method: 8, crc: 0, packed, size: u32::MAX - 1, offset: 0 };
        let mut bytes = local_header(&entry);
        bytes.extend(&inner);
        end(&mut bytes, &central_header(&entry), 1);
        inner = bytes;
    }
    inner
}

/// One member that the directory lists many times, each time under another name.
pub(crate) fn overlapping(times: usize) -> Vec<u8> {
    let (data, crc, size) = deflated(dense(1));
    let packed = u32::try_from(data.len()).unwrap();
    let first = Entry { name: "demo/0000", method: 8, crc, packed, size, offset: 0 };
    let mut bytes = local_header(&first);
    bytes.extend(&data);
    let mut directory = Vec::new();
    for number in 0..times {
        let name = format!("demo/{number:04}");
        // The sizes are small lies, so that no sum gives it away.
        directory.extend(central_header(&Entry { name: &name, size: 1024, ..first }));
    }
    end(&mut bytes, &directory, times as u64);
    bytes
}

pub(crate) fn million_zip(count: u32) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for number in 0..count {
        let name = format!("{number:x}");
        let offset = u32::try_from(bytes.len()).unwrap();
        let entry = Entry { name: &name, method: 0, crc: 0, packed: 0, size: 0, offset };
        bytes.extend(local_header(&entry));
        directory.extend(central_header(&entry));
    }
    end(&mut bytes, &directory, count.into());
    bytes
}

/// A zip64 end record with numbers that are not true.
pub(crate) fn zip64_lies() -> Vec<(&'static str, Vec<u8>)> {
    let with = |offset: usize, value: u64| {
        let mut bytes = million_zip(70_000);
        let at = bytes.windows(4).rposition(|part| part == b"PK\x06\x06").unwrap() + offset;
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    vec![
        ("a record as long as can be", with(4, u64::MAX)),
        ("as many members as can be", with(32, u64::MAX)),
        ("a directory as large as can be", with(40, u64::MAX)),
        ("a directory that starts behind everything", with(48, u64::MAX)),
        ("a directory that starts in the middle", with(48, 1 << 20)),
    ]
}

/// Writes a header of a tar.
fn tar_header(name: &str, kind: tar::EntryType, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).unwrap();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn gzipped(chunks: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    gzipped_as(Compression::fast(), chunks)
}

fn gzipped_as(level: Compression, chunks: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    chunks.for_each(|chunk| encoder.write_all(&chunk).unwrap());
    encoder.finish().unwrap()
}

pub(crate) fn tar_bomb(mib: usize) -> Vec<u8> {
    let header = tar_header("demo-1.0/zeros", tar::EntryType::Regular, (mib * MIB) as u64);
    gzipped_as(Compression::best(), std::iter::once(header).chain(zeros(mib)))
}

pub(crate) fn dense_tar(mib: usize) -> Vec<u8> {
    let header = tar_header("demo-1.0/dense", tar::EntryType::Regular, (mib * MIB) as u64);
    gzipped(std::iter::once(header).chain(dense(mib)).chain([vec![0; 1024]]))
}

pub(crate) fn million_tar(count: u32) -> Vec<u8> {
    let mut header = tar_header("demo-1.0/00000000", tar::EntryType::Regular, 0);
    let sum = |header: &[u8]| header.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    header[148..156].fill(b' ');
    let base = sum(&header) - sum(&header[9..17]);
    let headers = (0..count).map(move |number| {
        let mut header = header.clone();
        header[9..17].copy_from_slice(format!("{number:08}").as_bytes());
        let sum = base + sum(&header[9..17]);
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header
    });
    gzipped(headers.chain([vec![0; 1024]]))
}

/// Tars whose headers say what is not so.
pub(crate) fn tar_lies() -> Vec<(&'static str, Vec<u8>)> {
    use tar::EntryType;
    let pax =
        |size: u64, text: Vec<u8>| gzipped([tar_header("pax", EntryType::XHeader, size), text].into_iter());
    let mut records = Vec::new();
    for _ in 0..8000 {
        records.extend(b"31 comment=aaaaaaaaaaaaaaaaaaa\n");
    }
    records.resize(records.len().next_multiple_of(512), 0);
    let many: Vec<Vec<u8>> = (0..20_000)
        .flat_map(|_| {
            let mut text = b"17 path=demo/aaa\n".to_vec();
            text.resize(512, 0);
            [tar_header("pax", EntryType::XHeader, 17), text]
        })
        .collect();
    let mut huge = tar_header("demo-1.0/x", EntryType::Regular, 0);
    huge[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    huge[148..156].fill(b' ');
    let sum: u32 = huge.iter().map(|byte| u32::from(*byte)).sum();
    huge[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    vec![
        ("a pax header of a tebibyte", pax(1 << 32, vec![b'1'; 4096])),
        ("a pax header of many records", pax(records.len() as u64, records)),
        ("pax headers without a member", gzipped(many.into_iter())),
        (
            "a long name of a gibibyte",
            gzipped([tar_header("x", EntryType::GNULongName, 1 << 30)].into_iter()),
        ),
        ("a member as large as can be", gzipped([huge, vec![0; 4096]].into_iter())),
    ]
}
