//! What an index holds of a project, as far as rules judge by it. The caller asks the index; rules only compare.

use pyrel_model::Sha256;

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
