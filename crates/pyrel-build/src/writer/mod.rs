//! From an entry set to files: deterministic, in parallel, within bounded memory, complete or absent.

mod atomic;
mod clash;
mod deflate;
mod header;
mod member;
mod output;
mod pipeline;
mod sdist;
mod time;
mod wheel;
mod zip;

pub(crate) use atomic::{Committed, Finished, OutDir, Unnamed, commit_all};
use clash::refuse_clashes;
pub(crate) use member::Shelf;
pub(crate) use output::Output;
pub(crate) use sdist::write_sdist;
pub(crate) use time::civil;
pub(crate) use wheel::{Leftover, write_wheel};

/// Is told the uncompressed bytes that went into an archive since the last call.
pub(crate) type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// How much uncompressed data one archive may hold in memory at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// In bytes, for what is read and deflated at the same time; at least one segment is always taken.
    pub(crate) batch: usize,
    /// In bytes, for what the sdist's writer keeps for that of the wheel.
    pub(crate) shelf: usize,
}

impl Budget {
    /// Divides the memory of the whole process among archives that are written at the same time.
    ///
    /// The bytes of an archive do not depend on it: segments have a fixed size.
    pub(crate) fn shared_by(archives: usize) -> Self {
        const TOTAL: usize = 8 << 20;
        // More than a segment for each processor would only wait.
        let most = (rayon::current_num_threads() * deflate::SEGMENT).clamp(2 * deflate::SEGMENT, TOTAL / 2);
        let share = (TOTAL / archives.max(1)).clamp(deflate::SEGMENT, most);
        Self { batch: share, shelf: share }
    }
}
