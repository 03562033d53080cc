//! One header block of a tar, read as CPython's `tarfile` reads it. Knows 512 bytes, not the archive round them.

/// Bytes of a block.
pub(super) const BLOCK: usize = 512;

/// What a header block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// A header.
    Header(Header),
    /// Nothing but zeros: the end of the archive.
    End,
    /// No header: wrong checksum or a number that is none.
    Invalid,
}

/// The fields of a header that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) link: String,
    pub(super) kind: u8,
    pub(super) mode: u32,
    pub(super) size: u64,
}

impl Header {
    /// Tells whether the bytes behind the header are this member's.
    pub(super) fn has_data(&self) -> bool {
        self.is_regular() || !matches!(self.kind, b'1'..=b'6')
    }

    /// Tells whether it is a regular file.
    pub(super) fn is_regular(&self) -> bool {
        matches!(self.kind, b'0' | 0 | b'7' | b'S')
    }
}

/// Tells whether bytes start as an uncompressed tar does.
pub(super) fn is_tar(start: &[u8]) -> bool {
    start.len() == BLOCK && matches!(parse(start), Block::Header(_))
}

/// Parses one block of 512 bytes.
pub(super) fn parse(block: &[u8]) -> Block {
    if block.iter().all(|byte| *byte == 0) {
        return Block::End;
    }
    match parse_header(block) {
        Some(header) => Block::Header(header),
        None => Block::Invalid,
    }
}

fn parse_header(block: &[u8]) -> Option<Header> {
    let stored = number(block.get(148..156)?)?;
    if !checksums(block).contains(&stored) {
        return None;
    }
    // Python refuses a header with any number that is none, also those that are of no use here.
    for field in [108..116, 116..124, 136..148, 329..337, 337..345] {
        number(block.get(field)?)?;
    }
    let mut kind = *block.get(156)?;
    let mut name = text(block.get(0..100)?);
    if kind == 0 && name.ends_with('/') {
        kind = b'5';
    }
    if kind == b'5' {
        name.truncate(name.trim_end_matches('/').len());
    }
    let prefix = text(block.get(345..500)?);
    if !prefix.is_empty() && !matches!(kind, b'L' | b'K' | b'S') {
        name = format!("{prefix}/{name}");
    }
    Some(Header {
        name,
        link: text(block.get(157..257)?),
        kind,
        mode: u32::try_from(number(block.get(100..108)?)? & 0o7777).ok()?,
        size: u64::try_from(number(block.get(124..136)?)?).ok()?,
    })
}

/// The checksum field counts as blanks; some old tars summed signed bytes.
fn checksums(block: &[u8]) -> [i128; 2] {
    let mut sums = [256, 256];
    for (at, byte) in block.iter().enumerate() {
        if !(148..156).contains(&at) {
            sums[0] += i128::from(*byte);
            sums[1] += i128::from(byte.cast_signed());
        }
    }
    sums
}

/// Reads an octal text, or a big-endian number behind a first byte of 128 (255: a negative one).
fn number(field: &[u8]) -> Option<i128> {
    let (first, rest) = field.split_first()?;
    if matches!(first, 0x80 | 0xff) {
        let value = rest.iter().fold(0_i128, |value, byte| (value << 8) | i128::from(*byte));
        let bits = 8 * rest.len();
        return Some(if *first == 0xff { value - (1 << bits) } else { value });
    }
    let digits = text(field);
    let digits = digits.trim();
    if digits.is_empty() { Some(0) } else { i128::from_str_radix(digits, 8).ok() }
}

/// Returns the text up to the first NUL; bytes that are not UTF-8 are replaced.
pub(super) fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_both_forms() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   12 \0"), Some(0o12));
        assert_eq!(number(&[0x80, 0, 1, 2]), Some(258));
        assert_eq!(number(b"9\0"), None);
        assert_eq!(number(&[0xff; 12]), Some(-1), "a time before 1970");
    }

    #[test]
    fn zeros_end_and_garbage_is_invalid() {
        assert_eq!(parse(&[0; 512]), Block::End);
        assert_eq!(parse(&[1; 512]), Block::Invalid);
        assert!(!is_tar(&[0; 512]));
    }

    #[test]
    fn a_written_header_is_read() {
        let mut header = tar::Header::new_ustar();
        header.set_path("a/b.py").unwrap();
        header.set_size(77);
        header.set_mode(0o755);
        header.set_cksum();
        let Block::Header(parsed) = parse(header.as_bytes()) else { panic!("no header") };
        assert_eq!((parsed.name.as_str(), parsed.size, parsed.mode), ("a/b.py", 77, 0o755));
        assert!(parsed.has_data() && is_tar(header.as_bytes()));
    }
}
