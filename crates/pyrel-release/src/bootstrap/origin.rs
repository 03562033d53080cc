//! Where a repository is hosted, from the address of its remote.

use url::Url;

/// A host of repositories whose jobs PyPI knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hoster {
    /// GitHub.
    GitHub,
    /// GitLab.
    GitLab,
}

/// A hosted repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who hosts it.
    pub hoster: Hoster,
    /// The account, or the groups with `/` between them.
    pub owner: String,
    /// The repository.
    pub repository: String,
}

impl Origin {
    /// Reads the address of a remote, as a URL or as `user@host:path`; none when its host is not known.
    #[must_use]
    pub fn of(remote: &str) -> Option<Self> {
        let remote = remote.trim();
        let (host, path) = match Url::parse(remote) {
            Ok(url) if url.has_host() => (url.host_str()?.to_owned(), url.path().to_owned()),
            _ => {
                let (host, path) = remote.split_once(':')?;
                (host.rsplit('@').next()?.to_owned(), path.to_owned())
            }
        };
        let hoster = match host.to_ascii_lowercase().trim_start_matches("www.") {
            "github.com" | "ssh.github.com" => Hoster::GitHub,
            "gitlab.com" | "altssh.gitlab.com" => Hoster::GitLab,
            _ => return None,
        };
        let path = path.trim_matches('/');
        let (owner, repository) = path.strip_suffix(".git").unwrap_or(path).rsplit_once('/')?;
        let plain = !owner.is_empty() && !repository.is_empty();
        let fits = hoster == Hoster::GitLab || !owner.contains('/');
        (plain && fits).then(|| Self { hoster, owner: owner.to_owned(), repository: repository.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_are_read_in_all_their_forms() {
        for remote in [
            "https://github.com/acme/tools.git",
            "https://someone:not-a-real-token@github.com/acme/tools",
            "git@github.com:acme/tools.git\n",
            "ssh://git@ssh.github.com:443/acme/tools.git",
            "git://GitHub.com/acme/tools/",
        ] {
            let origin = Origin::of(remote).unwrap();
            assert_eq!((origin.hoster, origin.owner.as_str()), (Hoster::GitHub, "acme"), "{remote}");
            assert_eq!(origin.repository, "tools", "{remote}");
        }
        let origin = Origin::of("git@gitlab.com:acme/group/tools.git").unwrap();
        assert_eq!((origin.hoster, origin.owner.as_str()), (Hoster::GitLab, "acme/group"));
        for remote in
            ["", "/srv/tools.git", "https://code.example/acme/tools", "https://github.com/acme", "x:y"]
        {
            assert_eq!(Origin::of(remote), None, "{remote}");
        }
    }
}
