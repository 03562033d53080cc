//! How much of an archive is read before it is called hostile. Owns the numbers, not their enforcement.

/// Bounds on what one archive may make the reader do.
///
/// They hold for every file, because a file to check may come from anywhere. An archive that crosses one gets a
/// finding (`archive-limits`) instead of the machine's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Members of one archive.
    pub members: usize,
    /// Bytes of all members unpacked.
    pub unpacked: u64,
    /// Unpacked bytes for each byte of the file, tested once [`Limits::ratio_floor`] bytes are unpacked.
    pub ratio: u64,
    /// Unpacked bytes below which the ratio is not tested.
    pub ratio_floor: u64,
    /// Bytes of one text that is kept (`METADATA`, `RECORD`, a pax header, …).
    pub text: u64,
    /// Bytes of one member name.
    pub name: usize,
    /// Directories above one member.
    pub depth: usize,
    /// Bytes of a zip's central directory.
    pub directory: u64,
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 80_000,
            unpacked: 8 * 1024 * MIB,
            ratio: 200,
            ratio_floor: 64 * MIB,
            text: 10 * MIB,
            name: 4096,
            depth: 100,
            directory: 64 * MIB,
        }
    }
}
