//! The blocks that stand before a member of a tar file: pax where the path needs it, no owners.

use std::io;

use tar::{EntryType, Header};

use crate::entry_set::Entry;

/// The size of every block of a tar file.
pub(super) const BLOCK: usize = 512;

/// Appends the header of a member, with a pax record before it when the path needs one.
pub(super) fn put_header(entry: &Entry, source_date: u64, out: &mut Vec<u8>) -> io::Result<()> {
    let mut header = Header::new_ustar();
    let size = entry.source.size();
    if !entry.path.is_ascii() || header.set_path(&entry.path).is_err() {
        let record = pax_record("path", &entry.path);
        let mut pax = Header::new_ustar();
        pax.set_path("PaxHeaders/path")?;
        finish_header(&mut pax, (EntryType::XHeader, 0o644), record.len() as u64, source_date);
        out.extend_from_slice(pax.as_bytes());
        out.extend_from_slice(record.as_bytes());
        put_padding(record.len() as u64, out);
        header.set_path(fallback_path(&entry.path))?;
    }
    finish_header(&mut header, (EntryType::Regular, entry.mode()), size, source_date);
    out.extend_from_slice(header.as_bytes());
    Ok(())
}

/// Appends what fills up the last block of a member of `size` bytes.
pub(super) fn put_padding(size: u64, out: &mut Vec<u8>) {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    if over > 0 {
        out.resize(out.len() + BLOCK - over, 0);
    }
}

fn finish_header(header: &mut Header, (kind, mode): (EntryType, u32), size: u64, source_date: u64) {
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(source_date);
    header.set_size(size);
    header.set_cksum();
}

/// What an old reader without pax sees: the end of the path in ASCII.
fn fallback_path(path: &str) -> String {
    let ascii: Vec<char> = path.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let short: String = ascii[ascii.len().saturating_sub(90)..].iter().collect();
    short.trim_start_matches('/').to_owned()
}

/// Returns `{length} {key}={value}\n`, the length counting itself.
fn pax_record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pax_length_counts_itself() {
        assert_eq!(pax_record("path", "a"), "9 path=a\n");
        assert_eq!(pax_record("path", &"a".repeat(90)).split(' ').next(), Some("99"));
        assert_eq!(pax_record("path", &"a".repeat(91)).split(' ').next(), Some("101"));
    }

    #[test]
    fn padding_fills_blocks() {
        for (size, padding) in [(0, 0), (1, 511), (512, 0), (513, 511)] {
            let mut out = Vec::new();
            put_padding(size, &mut out);
            assert_eq!(out.len(), padding, "{size}");
        }
    }
}
