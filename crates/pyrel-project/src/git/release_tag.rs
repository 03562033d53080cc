//! The tags of releases, read once for all packages.

use pyrel_model::{PackageName, Version};

use super::{Git, GitError};
use crate::config::TagTemplate;

/// A release's tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseTag {
    /// The name of the tag.
    pub name: String,
    /// The version that it stands for.
    pub version: Version,
    /// The hash of the tagged commit.
    pub commit: String,
}

/// The tags whose commits `HEAD` contains.
#[derive(Debug, Clone)]
pub struct ReleaseTags {
    template: TagTemplate,
    /// Names and commits, sorted by name.
    tags: Vec<(String, String)>,
}

impl ReleaseTags {
    /// Makes a list without tags, for a source tree that git does not know.
    #[must_use]
    pub fn none(template: TagTemplate) -> Self {
        Self { template, tags: Vec::new() }
    }

    /// Reads the tags whose commits `HEAD` contains.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn read(git: &Git, template: TagTemplate) -> Result<Self, GitError> {
        match git.commit("HEAD") {
            Ok(_) => {}
            Err(GitError::UnknownRevision { .. }) => return Ok(Self::none(template)),
            Err(error) => return Err(error),
        }
        let format = "--format=%(refname:strip=2) %(objectname) %(*objectname)";
        let text = git.text(&["for-each-ref", "--merged=HEAD", format, "refs/tags"])?;
        let tag = |line: &str| {
            let mut words = line.split(' ');
            let (name, object) = (words.next()?, words.next()?);
            let commit = words.next().filter(|peeled| !peeled.is_empty()).unwrap_or(object);
            Some((name.to_owned(), commit.to_owned()))
        };
        let mut tags: Vec<(String, String)> = text.lines().filter_map(tag).collect();
        tags.sort_unstable();
        Ok(Self { template, tags })
    }

    /// Returns the template that names tags.
    #[must_use]
    pub fn template(&self) -> &TagTemplate {
        &self.template
    }

    /// Returns the releases of a project, lowest version first.
    #[must_use]
    pub fn of(&self, name: &PackageName) -> Vec<ReleaseTag> {
        let mut found: Vec<ReleaseTag> = Vec::new();
        for (before, after) in self.template.frames(name) {
            let start = self.tags.partition_point(|(tag, _)| tag.as_str() < before.as_str());
            for (tag, commit) in self.tags[start..].iter().take_while(|(tag, _)| tag.starts_with(&before)) {
                let inner = tag[before.len()..].strip_suffix(after.as_str());
                if let Some(version) = inner.and_then(|text| text.parse::<Version>().ok())
                    && !found.iter().any(|known| known.name == *tag)
                {
                    found.push(ReleaseTag { name: tag.clone(), version, commit: commit.clone() });
                }
            }
        }
        found.sort_by(|a, b| a.version.cmp(&b.version));
        found
    }

    /// Returns the last release of a project.
    #[must_use]
    pub fn last(&self, name: &PackageName) -> Option<ReleaseTag> {
        self.of(name).pop()
    }

    /// Returns the release that a new version follows: the highest one below it. A final version follows the
    /// last final one, because its entry tells what changed since then; pre-releases in between do not count.
    #[must_use]
    pub fn before(&self, name: &PackageName, version: &Version) -> Option<ReleaseTag> {
        let counts = |tag: &ReleaseTag| {
            tag.version < *version && (version.is_pre_release() || !tag.version.is_pre_release())
        };
        self.of(name).into_iter().rfind(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(template: &str, names: &[&str]) -> ReleaseTags {
        let mut tags: Vec<_> = names.iter().map(|name| ((*name).to_owned(), format!("of {name}"))).collect();
        tags.sort_unstable();
        ReleaseTags { template: template.parse().unwrap(), tags }
    }

    fn before(tags: &ReleaseTags, version: &str) -> Option<String> {
        tags.before(&"my.pkg".parse().unwrap(), &version.parse().unwrap()).map(|tag| tag.name)
    }

    #[test]
    fn a_final_version_follows_the_last_final_one() {
        let tags = tags("v{version}", &["v1.0", "v1.1rc1", "v1.1rc2", "v1.10", "vnext", "x1.5"]);
        assert_eq!(before(&tags, "1.1").as_deref(), Some("v1.0"));
        assert_eq!(before(&tags, "1.1rc3").as_deref(), Some("v1.1rc2"));
        assert_eq!(before(&tags, "2.0").as_deref(), Some("v1.10"));
        assert_eq!(before(&tags, "1.0"), None);
        assert_eq!(tags.last(&"a".parse().unwrap()).unwrap().commit, "of v1.10");
    }

    #[test]
    fn each_project_has_its_own() {
        let tags = tags("{name}-v{version}", &["my-pkg-v1", "my_pkg-v2", "my-pkg-extra-v3", "other-v4"]);
        let found = tags.of(&"My.Pkg".parse().unwrap());
        assert_eq!(found.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["my-pkg-v1", "my_pkg-v2"]);
    }
}
