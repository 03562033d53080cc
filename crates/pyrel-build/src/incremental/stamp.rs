//! What the file system says about a path, precise enough to notice every change.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use fs_err as fs;
use serde::{Deserialize, Serialize};

/// Seconds and nanoseconds since 1970.
pub(super) type Moment = (i64, i64);

/// How long before a build a file must have last changed: the clock of a file system moves in ticks of up to ten
/// milliseconds, and within one tick a second change leaves no trace.
const FINE_TICK: i64 = 50_000_000;
/// The same for file systems that only know seconds, of which FAT has every second one.
const COARSE_TICK: i64 = 2;

/// The bits of a mode that say what an inode is, and those of a folder.
const KIND: u32 = 0o170_000;
const FOLDER: u32 = 0o040_000;

/// One path as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stamp {
    /// There is nothing.
    #[serde(rename = "-")]
    Absent,
    /// A file, a folder, or something special.
    #[serde(rename = "i")]
    Present(Inode),
    /// A symbolic link, and what it leads to.
    #[serde(rename = "l")]
    Link(Inode, Option<Inode>),
}

/// The fields that change with every change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Fields", from = "Fields")]
pub(super) struct Inode {
    device: u64,
    number: u64,
    mode: u32,
    size: u64,
    modified: Moment,
    changed: Moment,
}

/// An inode as it is written down: short, for there are many.
type Fields = (u64, u64, u32, u64, Moment, Moment);

impl From<Fields> for Inode {
    fn from((device, number, mode, size, modified, changed): Fields) -> Self {
        Self { device, number, mode, size, modified, changed }
    }
}

impl From<Inode> for Fields {
    fn from(inode: Inode) -> Self {
        (inode.device, inode.number, inode.mode, inode.size, inode.modified, inode.changed)
    }
}

impl Stamp {
    /// Looks at a path; `None` when the file system refuses, or cannot say enough to be trusted.
    pub(super) fn of(path: &Path) -> Option<Self> {
        Self::from_look(path, &fs::symlink_metadata(path))
    }

    /// Takes what was found at a path, links not followed; `None` as for [`of`](Self::of).
    pub(super) fn from_look(path: &Path, found: &io::Result<Metadata>) -> Option<Self> {
        match found {
            Ok(own) if own.is_symlink() => {
                let target = fs::metadata(path).ok();
                let target = match target {
                    Some(target) => Some(Inode::of(&target)?),
                    None => None,
                };
                Some(Self::Link(Inode::of(own)?, target))
            }
            Ok(own) => Inode::of(own).map(Self::Present),
            Err(error) if is_absence(error) => Some(Self::Absent),
            Err(_) => None,
        }
    }

    /// Returns when something was last changed here; `None` where nothing is.
    pub(super) fn changed(&self) -> Option<Moment> {
        match self {
            Self::Absent => None,
            Self::Present(inode) | Self::Link(inode, _) => Some(inode.changed),
        }
    }

    /// Tells whether there is a folder, no link to one.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self, Self::Present(inode) if inode.mode & KIND == FOLDER)
    }

    /// Tells whether both are one and the same folder, whatever happened in it.
    pub(super) fn is_same_folder(&self, other: &Self) -> bool {
        let place = |stamp: &Self| match stamp {
            Self::Present(inode) => Some((inode.device, inode.number)),
            Self::Absent | Self::Link(..) => None,
        };
        self.is_folder() && other.is_folder() && place(self) == place(other)
    }

    /// Tells whether a change after `now` would show: nothing here changed so shortly before that a further
    /// change could fall into the same tick of the clock.
    pub(super) fn is_settled(&self, now: Moment) -> bool {
        match self {
            Self::Absent => true,
            Self::Present(inode) => inode.is_settled(now),
            Self::Link(own, target) => {
                own.is_settled(now) && target.as_ref().is_none_or(|inode| inode.is_settled(now))
            }
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

impl Inode {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        Some(Self {
            device: metadata.dev(),
            number: metadata.ino(),
            mode: metadata.mode(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Windows shows no time that a program cannot set, so nothing is remembered there.
    #[cfg(not(unix))]
    fn of(_metadata: &Metadata) -> Option<Self> {
        None
    }

    fn is_settled(&self, now: Moment) -> bool {
        let last = self.modified.max(self.changed);
        if last.1 == 0 {
            last.0 + COARSE_TICK < now.0
        } else {
            nanoseconds(last) + FINE_TICK < nanoseconds(now)
        }
    }
}

/// Good for some 290 years around 1970; beyond that the nearest bound.
fn nanoseconds(moment: Moment) -> i64 {
    moment.0.saturating_mul(1_000_000_000).saturating_add(moment.1)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(path: &Path) -> Stamp {
        Stamp::of(path).unwrap()
    }

    #[test]
    fn every_change_shows() {
        let room = tempfile::tempdir().unwrap();
        let file = room.path().join("a");
        let mut seen = vec![stamp(&file)];
        fs::write(&file, "1").unwrap();
        seen.push(stamp(&file));
        fs::write(&file, "12").unwrap();
        seen.push(stamp(&file));
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("b", &file).unwrap();
        seen.push(stamp(&file));
        fs::write(room.path().join("b"), "").unwrap();
        seen.push(stamp(&file));
        for (index, one) in seen.iter().enumerate() {
            assert!(seen[index + 1..].iter().all(|other| other != one), "{seen:?}");
        }
        assert_eq!(stamp(&room.path().join("a/b")), Stamp::Absent);
    }

    #[test]
    fn a_time_that_was_set_back_shows() {
        let room = tempfile::tempdir().unwrap();
        let file = room.path().join("a");
        fs::write(&file, "1").unwrap();
        let before = stamp(&file);
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(&file, "2").unwrap();
        fs::OpenOptions::new().append(true).open(&file).unwrap().file().set_modified(modified).unwrap();
        assert_ne!(stamp(&file), before);
    }

    #[test]
    fn what_just_changed_is_not_settled() {
        let inode = |modified, changed| {
            Stamp::Present(Inode { device: 1, number: 1, mode: 0, size: 0, modified, changed })
        };
        let now = (100, 500_000_000);
        assert!(inode((100, 1), (100, 1)).is_settled(now));
        assert!(!inode((100, 1), (100, 460_000_000)).is_settled(now));
        assert!(!inode((99, 0), (99, 0)).is_settled(now));
        assert!(inode((97, 0), (97, 0)).is_settled(now));
        assert!(!inode((200, 1), (50, 1)).is_settled(now));
    }
}
