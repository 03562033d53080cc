//! The paths that planning a package looked at, each with how it was before it was looked at.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::ops::Bound;
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
    #[serde(rename = "is")]
    stamp: Stamp,
    /// Whether every change since would show in the stamp.
    #[serde(rename = "ok")]
    settled: bool,
    /// The digest of the names in a folder that was listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    names: Option<String>,
}

impl Trace {
    /// Notes a path that is about to be looked at.
    pub(crate) fn touch(&self, path: &Path) {
        if !self.seen.borrow().contains_key(path) {
            self.note(path, Stamp::of(path));
        }
    }

    /// Notes a path that was looked at, links not followed.
    pub(crate) fn touched(&self, path: &Path, found: &io::Result<Metadata>) {
        if !self.seen.borrow().contains_key(path) {
            self.note(path, Stamp::from_look(path, found));
        }
    }

    fn note(&self, path: &Path, stamp: Option<Stamp>) {
        self.seen.borrow_mut().insert(path.to_path_buf(), (stamp, None));
    }

    /// Notes what a folder held, which was touched before.
    pub(crate) fn listed(&self, path: &Path, listing: &Listing) {
        if let Some((_, names)) = self.seen.borrow_mut().get_mut(path) {
            names.get_or_insert_with(|| digest(listing));
        }
    }

    /// Tells whether a folder was listed, or something in it looked at.
    pub(crate) fn looked_into(&self, folder: &Path) -> bool {
        let seen = self.seen.borrow();
        let below = seen.range::<Path, _>((Bound::Included(folder), Bound::Unbounded));
        let mut below = below.take_while(|(path, _)| path.starts_with(folder));
        below.any(|(path, (_, names))| path != folder || names.is_some())
    }

    /// Notes that the plan depends on something that no look at paths would tell, such as an answer of git.
    pub(crate) fn spoil(&self) {
        self.is_spoiled.set(true);
    }

    /// Returns all paths, if a later change of any will show; `start` is a moment before the first look, by the
    /// clock of the file system.
    pub(super) fn into_sights(self, start: Moment) -> Option<Vec<(PathBuf, Sight)>> {
        if self.is_spoiled.get() {
            return None;
        }
        let mut sights = Vec::new();
        for (path, (stamp, names)) in self.seen.into_inner() {
            let stamp = stamp?;
            let settled = stamp.is_settled(start);
            if !settled && !stamp.is_folder() {
                return None;
            }
            sights.push((path, Sight { stamp, settled, names }));
        }
        Some(sights)
    }
}

impl Sight {
    /// Returns `None` when a plan now would see something else at a path, else whether more is known about it.
    ///
    /// Files count by their stamp. Of a folder only the names matter and that it is the same folder, so that
    /// passing files, such as those of editors, change nothing; next time its new stamp is enough. `start` is a
    /// moment before the look.
    pub(super) fn look(&mut self, path: &Path, start: Option<Moment>) -> Option<bool> {
        let now = Stamp::of(path)?;
        if self.settled && now == self.stamp {
            return Some(false);
        }
        let is_same = now.is_same_folder(&self.stamp)
            && self.names.as_ref().is_none_or(|names| {
                list_folder(path, &|_| ()).is_ok_and(|listing| digest(&listing) == *names)
            });
        if !is_same {
            return None;
        }
        self.settled = start.is_some_and(|start| now.is_settled(start));
        self.stamp = now;
        Some(self.settled)
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
