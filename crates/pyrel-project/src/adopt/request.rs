//! What an adoption is asked to do, and what it is told about the world.

use pyrel_model::{PackageName, Version};

/// Wishes of a person; each has a default.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// The project's name; else what its files say, else the name of the repository or directory.
    pub name: Option<PackageName>,
    /// The version to start from, when no file says one; `0.1.0` by default.
    pub version: Option<Version>,
    /// The licence as an SPDX expression.
    pub license: Option<String>,
    /// Who holds the copyright, for the text of the licence.
    pub holder: Option<String>,
    /// What starts the program: `FILE`, `MODULE`, or `MODULE:FUNCTION`.
    pub entry: Option<String>,
    /// Take the version from the tags of git instead of a field.
    pub version_from_git: bool,
    /// Turn `==1.2.3` of requirements files into `>=1.2.3,<2`.
    pub loosen: bool,
}

/// Facts that are not in the files.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The name that git writes into commits.
    pub git_user: Option<String>,
    /// The URL of the repository's remote.
    pub remote: Option<String>,
    /// The year of today.
    pub year: i64,
    /// Whether the directory is the top of its repository, or in none.
    pub is_top: bool,
}

/// The whole request.
#[derive(Debug, Clone, Default)]
pub struct AdoptRequest {
    /// Wishes of a person.
    pub wishes: Wishes,
    /// Facts that are not in the files.
    pub surroundings: Surroundings,
}

impl Surroundings {
    /// Returns the web address of the repository, without user, password, and `.git`.
    pub(super) fn web_address(&self) -> Option<String> {
        let remote = self.remote.as_deref()?.trim().trim_end_matches('/').trim_end_matches(".git");
        let (host, path) = match remote.split_once("://") {
            Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
            Some(_) => return None,
            None => remote.split_once(':').filter(|(host, _)| host.contains('@'))?,
        };
        let host = host.rsplit('@').next()?.split(':').next()?;
        let is_public = host.contains('.') && !path.trim_matches('/').is_empty();
        is_public.then(|| format!("https://{host}/{}", path.trim_matches('/')))
    }

    /// Returns the last part of the remote's path.
    pub(super) fn repository_name(&self) -> Option<String> {
        Some(self.web_address()?.rsplit('/').next()?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_become_web_addresses() {
        let address = |remote: &str| {
            Surroundings { remote: Some(remote.to_owned()), ..Surroundings::default() }.web_address()
        };
        for remote in [
            "https://user:not-a-real-token@forge.example.org/team/tool.git",
            "git@forge.example.org:team/tool.git",
            "ssh://git@forge.example.org:22/team/tool",
        ] {
            assert_eq!(address(remote).as_deref(), Some("https://forge.example.org/team/tool"), "{remote}");
        }
        for remote in ["/srv/git/tool", "../tool", "file:///srv/tool", "C:\\tool", "https://host/"] {
            assert_eq!(address(remote), None, "{remote}");
        }
    }
}
