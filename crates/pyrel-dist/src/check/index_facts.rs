//! What an index holds of a project, as far as rules judge by it. The caller asks the index; rules only compare.

use pyrel_model::{DistFilename, Sha256};

/// What one index has of one project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexFacts {
    /// The name that people use for the index, such as `pypi`.
    pub index: String,
    /// Whether the index has PyPI's rules; others take new files for old releases, several sdists, and so on.
    pub is_pypi: bool,
    /// Whether the project is there.
    pub exists: bool,
    /// Whether its owner has archived it, so that it takes no files.
    pub is_archived: bool,
    /// Its files.
    pub files: Vec<IndexFile>,
    /// A project of the index whose name looks like this one's, when this one is not there.
    pub similar: Option<String>,
    /// The time of the question in seconds since 1970.
    pub now: i64,
}

/// One file of a project on an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// Its name.
    pub filename: String,
    /// Its hash, when the index tells it.
    pub sha256: Option<Sha256>,
    /// Its size in bytes, when the index tells it.
    pub size: Option<u64>,
    /// When it was uploaded, in seconds since 1970, when the index tells it.
    pub uploaded: Option<i64>,
    /// How many members the archive has, when that is known. Only for a file that
    /// [`CheckReport::files_to_count`](super::CheckReport::files_to_count) names it is worth asking for.
    pub members: Option<u64>,
}

impl IndexFacts {
    /// Returns the file to which one of the same kind is compared: the largest of the newest release before it.
    pub(crate) fn last_like(&self, own: &DistFilename) -> Option<(DistFilename, &IndexFile)> {
        let parsed = self.files.iter().filter_map(|file| Some((file.filename.parse().ok()?, file)));
        parsed
            .filter(|(name, _): &(DistFilename, _)| {
                name.kind() == own.kind() && name.version() < own.version()
            })
            .max_by(|(a, one), (b, other)| (a.version(), one.size).cmp(&(b.version(), other.size)))
    }
}

/// Returns what a name looks like at a glance: PyPI creates no project that looks like another.
#[must_use]
pub fn look_of(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '.' | '_' | '-'))
        .map(|c| match c.to_ascii_lowercase() {
            'l' | 'i' => '1',
            'o' => '0',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike() {
        assert_eq!(look_of("Li-o_n.x"), look_of("1i0nx"));
        assert_ne!(look_of("demo"), look_of("demos"));
    }
}
