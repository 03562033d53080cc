//! The paths that planning a package looked at, each with how it was before it was looked at.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::stamp::{Moment, Stamp};
use crate::tree::{Listing, list_folder};

/// Written while a plan is made; a path counts as it was at the first look.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    seen: RefCell<BTreeMap<PathBuf, Glance>>,
    /// Whether the plan depends on something that is no path.
    is_spoiled: Cell<bool>,
}

/// How a path was at the first look, where that could be told, and the digest of the names in it once it was
/// listed.
type Glance = (Option<Stamp>, Option<String>);

/// A path as a plan saw it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sight {
    stamp: Stamp,
    /// Whether every change since would show in the stamp.
    settled: bool,
    /// The digest of the names in a folder that was listed.
    names: Option<String>,
}

impl Trace {
    /// Notes a path that is about to be looked at.
    pub(crate) fn touch(&self, path: &Path) {
        let mut seen = self.seen.borrow_mut();
        if !seen.contains_key(path) {
            seen.insert(path.to_path_buf(), (Stamp::of(path), None));
        }
    }

    /// Notes what a folder held, which was touched before.
    pub(crate) fn listed(&self, path: &Path, listing: &Listing) {
        if let Some((_, names)) = self.seen.borrow_mut().get_mut(path) {
            names.get_or_insert_with(|| digest(listing));
        }
    }

    /// Notes that the plan depends on something that no look at paths would tell, such as an answer of git.
    pub(crate) fn spoil(&self) {
        self.is_spoiled.set(true);
    }

    /// Returns all paths, if a later change of any will show; `start` is a moment before the first look, by the
    /// clock of the file system.
    pub(super) fn into_sights(self, start: Moment) -> Option<BTreeMap<PathBuf, Sight>> {
        if self.is_spoiled.get() {
            return None;
        }
        let mut sights = BTreeMap::new();
        for (path, (stamp, names)) in self.seen.into_inner() {
            let stamp = stamp?;
            let settled = stamp.is_settled(start);
            if !settled && !stamp.is_folder() {
                return None;
            }
            sights.insert(path, Sight { stamp, settled, names });
        }
        Some(sights)
    }
}

impl Sight {
    /// Tells whether a plan now would see the same at a path.
    ///
    /// Files count by their stamp. Of a folder only the names matter and that it is the same folder, so that
    /// passing files, such as those of editors, change nothing.
    pub(super) fn is_same(&self, path: &Path) -> bool {
        let Some(now) = Stamp::of(path) else { return false };
        if self.settled && now == self.stamp {
            return true;
        }
        now.is_same_folder(&self.stamp)
            && self.names.as_ref().is_none_or(|names| {
                list_folder(path, &|_| ()).is_ok_and(|listing| digest(&listing) == *names)
            })
    }
}

/// Digests the names in a folder, by kind.
fn digest(listing: &Listing) -> String {
    let mut hasher = sha2::Sha256::new();
    for names in [&listing.dirs, &listing.files, &listing.odd] {
        for name in names {
            hasher.update(name.as_bytes());
            hasher.update([0]);
        }
        hasher.update([0]);
    }
    pyrel_model::Sha256::new(hasher.finalize().into()).to_hex()
}
