//! What an index holds, read before anything is written: the target's files, and the proof of staging.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use futures_util::stream;
use pyrel_index::{ClientError, IndexClient, ProjectListing};
use pyrel_model::{PackageName, Sha256};

use crate::plan::{Remote, Staged, Standing};

/// How many lookups are under way at once: as many downloads as uv begins at a time unless told otherwise, so that
/// every index has met it.
const LOOKUPS: usize = 50;

/// What one index tells about a set of projects.
#[derive(Debug, Default)]
pub struct IndexView {
    projects: BTreeMap<PackageName, Option<ProjectListing>>,
}

impl IndexView {
    /// Reads the pages of all projects, fifty at a time.
    ///
    /// An index that sends readers on to another host, as some do for projects that they do not have, does not have
    /// the project: what another index has says nothing about what *this* one holds.
    ///
    /// # Errors
    ///
    /// Fails with the first lookup that fails for good.
    pub async fn read(
        client: &IndexClient,
        names: impl IntoIterator<Item = &PackageName>,
    ) -> Result<Self, ClientError> {
        let names: Vec<PackageName> = names.into_iter().cloned().collect();
        let lookups = names.into_iter().map(|name| async move {
            let answer = client.own_project(&name).await;
            (name, answer)
        });
        let mut answers = stream::iter(lookups).buffer_unordered(LOOKUPS);
        let mut projects = BTreeMap::new();
        while let Some((name, answer)) = answers.next().await {
            projects.insert(name, answer?);
        }
        Ok(Self { projects })
    }

    /// Reads the pages of the files' projects. Where the index lists one of the files without its hash, the file is
    /// read too, so that the same bytes are known to be the same.
    ///
    /// # Errors
    ///
    /// Fails with the first lookup that fails for good.
    pub async fn read_files(
        client: &IndexClient,
        files: Vec<(PackageName, String)>,
    ) -> Result<Self, ClientError> {
        let names: BTreeSet<&PackageName> = files.iter().map(|(name, _)| name).collect();
        let mut view = Self::read(client, names).await?;
        for (name, filename) in files {
            let Some(Some(listing)) = view.projects.get_mut(&name) else { continue };
            for file in listing.files.iter_mut().filter(|file| file.filename == filename) {
                file.sha256 = client.hash_of(file).await;
            }
        }
        Ok(view)
    }

    /// Tells whether the index knows the project.
    #[must_use]
    pub fn standing(&self, name: &PackageName) -> Standing {
        if self.listing(name).is_some() { Standing::Update } else { Standing::New }
    }

    /// Tells what the index has under a file's name. A file whose hash is not known counts as other
    /// bytes, because nobody can say that they are the same.
    #[must_use]
    pub fn remote(&self, name: &PackageName, filename: &str, sha256: &Sha256) -> Remote {
        match self.listing(name).and_then(|listing| listing.file(filename)) {
            None => Remote::Absent,
            Some(file) if file.sha256 == Some(*sha256) => Remote::Same,
            Some(_) => Remote::Other,
        }
    }

    /// Tells whether the index, as the staging index, proves a file.
    #[must_use]
    pub fn staged(&self, name: &PackageName, filename: &str, sha256: &Sha256) -> Staged {
        match self.remote(name, filename, sha256) {
            Remote::Same => Staged::Yes,
            Remote::Absent | Remote::Other => Staged::No,
        }
    }

    /// Returns what the index has, project by project; nothing for one that it does not know.
    pub fn listings(&self) -> impl Iterator<Item = (&PackageName, Option<&ProjectListing>)> {
        self.projects.iter().map(|(name, listing)| (name, listing.as_ref()))
    }

    /// Returns what the index has of a project.
    #[must_use]
    pub fn listing(&self, name: &PackageName) -> Option<&ProjectListing> {
        self.projects.get(name)?.as_ref()
    }
}
