//! What mutation knows of archives: the records of a zip, the headers of a tar, and how to pack a text as a wheel.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::chance::Chance;

/// Offsets and widths of numbers.
type Numbers = &'static [(usize, usize)];

/// Places in the records of a zip where numbers stand, behind their signatures.
const FIELDS: [(&[u8], Numbers); 5] = [
    (b"PK\x03\x04", &[(4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)]),
    (
        b"PK\x01\x02",
        &[(8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (34, 2), (38, 4), (42, 4)],
    ),
    (b"PK\x05\x06", &[(4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)]),
    (b"PK\x06\x06", &[(4, 8), (24, 8), (32, 8), (40, 8), (48, 8)]),
    (b"PK\x06\x07", &[(8, 8), (16, 4)]),
];

/// Edits one number of one record of a zip.
pub(crate) fn edit_zip(input: &mut [u8], chance: &mut Chance) {
    let mut fields = Vec::new();
    for (signature, numbers) in FIELDS {
        let places = input.windows(4).enumerate().filter(|(_, part)| *part == signature);
        for (at, _) in places {
            fields.extend(numbers.iter().map(|(offset, width)| at + offset..at + offset + width));
        }
    }
    let Some(field) = chance.pick(&fields).cloned() else { return };
    let Some(place) = input.get_mut(field) else { return };
    let mut bytes = [0; 8];
    bytes[..place.len()].copy_from_slice(place);
    let old = u64::from_le_bytes(bytes);
    let new = match chance.below(5) {
        0 => old.wrapping_add(1),
        1 => old.wrapping_sub(1),
        2 => u64::MAX,
        3 => chance.number() >> chance.below(64),
        _ => old ^ (1 << chance.below(8 * place.len())),
    };
    place.copy_from_slice(&new.to_le_bytes()[..place.len()]);
}

const BLOCK: usize = 512;
/// Fields of a tar header: name, mode, size, kind, link, magic, prefix.
const HEADER: [std::ops::Range<usize>; 7] =
    [0..100, 100..108, 124..136, 156..157, 157..257, 257..265, 345..500];

/// Edits one field of one header of a tar, and mostly makes its checksum right again.
pub(crate) fn edit_tar(input: &mut [u8], chance: &mut Chance, words: &[&[u8]]) {
    let headers: Vec<usize> =
        (0..input.len() / BLOCK).map(|block| block * BLOCK).filter(|at| is_header(&input[*at..])).collect();
    let Some(at) = chance.pick(&headers).copied() else { return };
    let Some(field) = chance.pick(&HEADER).cloned() else { return };
    let header = &mut input[at..at + BLOCK];
    match chance.below(3) {
        0 => header[field.start + chance.below(field.len())] = chance.byte(),
        1 => {
            let digits = format!("{:o}", chance.number() >> chance.below(64));
            put(&mut header[field], digits.as_bytes());
        }
        _ => {
            if let Some(word) = chance.pick(words) {
                put(&mut header[field], word);
            }
        }
    }
    if !chance.once_in(10) {
        seal(header);
    }
}

fn is_header(block: &[u8]) -> bool {
    block.get(257..262) == Some(b"ustar")
}

fn put(field: &mut [u8], text: &[u8]) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
    if let Some(end) = field.get_mut(length) {
        *end = 0;
    }
}

/// Writes the checksum of a header.
fn seal(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Compresses as an sdist is.
pub(crate) fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Packs members as a wheel would, stored.
pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let offset = number(bytes.len());
        let mut entry = Vec::new();
        entry.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x28]);
        let mut crc = flate2::Crc::new();
        crc.update(data);
        entry.extend(crc.sum().to_le_bytes());
        entry.extend(number(data.len()));
        entry.extend(number(data.len()));
        entry.extend(&number(name.len())[..2]);
        entry.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&entry);
        bytes.extend(name.as_bytes());
        bytes.extend(*data);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&entry);
        directory.extend([0; 8]);
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend(offset);
        directory.extend(name.as_bytes());
    }
    let (start, count) = (number(bytes.len()), number(members.len()));
    let size = number(directory.len());
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count[0], count[1], count[0], count[1]]);
    bytes.extend(size);
    bytes.extend(start);
    bytes.extend([0, 0]);
    bytes
}

fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_keep_the_length_and_know_their_records() {
        let wheel = zip(&[("a/b.py", b"x = 1\n"), ("a/c.py", b"")]);
        let changed = (0..200).filter(|seed| {
            let mut copy = wheel.clone();
            edit_zip(&mut copy, &mut Chance::new(*seed));
            assert_eq!(copy.len(), wheel.len());
            copy != wheel
        });
        assert!(changed.count() > 150);
        edit_zip(&mut [], &mut Chance::new(1));
        edit_tar(&mut [0; 700], &mut Chance::new(1), &[b"x"]);
    }

    #[test]
    fn a_sealed_header_has_its_sum() {
        let mut header = vec![0; BLOCK];
        header[..8].copy_from_slice(b"demo-1.0");
        seal(&mut header);
        assert_eq!(&header[148..156], b"001541\0 ");
    }
}
