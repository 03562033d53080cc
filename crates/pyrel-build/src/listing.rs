//! What the archives of a native build would hold, without writing them.

use std::path::PathBuf;

use pyrel_model::ArtifactKind;

use crate::entry_set::{Entry, EntrySet, Source};
use crate::request::Kinds;

/// One archive and its members, in archive order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Whether it is the sdist or the wheel.
    pub kind: ArtifactKind,
    /// The file name that the archive would get.
    pub file_name: String,
    /// Its members.
    pub members: Vec<ListedMember>,
}

/// A member of an archive that need not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMember {
    /// The path in the archive, `/` between parts.
    pub path: String,
    /// Unpacked size in bytes; `None` for `RECORD`, whose size follows from the hashes in it.
    pub size: Option<u64>,
    /// Whether it is executable (mode 755, else 644).
    pub executable: bool,
    /// The file that its bytes come from, absolute; `None` when they are generated.
    pub origin: Option<PathBuf>,
}

impl EntrySet {
    /// Lists what the writers would put into the archives: the very entries that they take.
    #[must_use]
    pub fn listings(&self, kinds: Kinds) -> Vec<Listing> {
        let mut listings = Vec::new();
        if kinds.sdist {
            let members = self.sdist.iter().map(listed).collect();
            listings.push(Listing { kind: ArtifactKind::Sdist, file_name: self.sdist_file_name(), members });
        }
        if kinds.wheel {
            let mut members: Vec<ListedMember> = self.wheel.iter().map(listed).collect();
            let path = format!("{}/RECORD", self.dist_info());
            members.push(ListedMember { path, size: None, executable: false, origin: None });
            listings.push(Listing { kind: ArtifactKind::Wheel, file_name: self.wheel_file_name(), members });
        }
        listings
    }
}

fn listed(entry: &Entry) -> ListedMember {
    let origin = match &entry.source {
        Source::File { path, .. } => Some(path.clone()),
        Source::Bytes(_) => None,
    };
    ListedMember {
        path: entry.path.clone(),
        size: Some(entry.source.size()),
        executable: entry.executable,
        origin,
    }
}
