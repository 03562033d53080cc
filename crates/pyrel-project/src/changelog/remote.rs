//! Links to a forge, in the shapes that the kinds of forges use.

use url::Url;

use crate::config::{ChangelogConfig, Forge};

/// The page of a repository on a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    forge: Forge,
    page: String,
}

impl Remote {
    /// Derives the page from the address that git fetches from, and the kind of the forge from its host; the
    /// configuration decides where it says something. `None` when there is no page or its kind is unknown.
    #[must_use]
    pub fn find(address: Option<&str>, settings: &ChangelogConfig) -> Option<Self> {
        let page = settings.url.clone().or_else(|| page_of(address?))?;
        let url = Url::parse(&page).ok()?;
        let forge = settings.forge.or_else(|| Forge::of_host(url.host_str()?))?;
        Some(Self { forge, page })
    }

    /// Returns a pull request as it is written (`#12`, at GitLab `!12`) and its address.
    #[must_use]
    pub fn pull_request(&self, number: u64) -> (String, String) {
        let (sign, path) = match self.forge {
            Forge::GitHub => ('#', "pull"),
            Forge::GitLab => ('!', "-/merge_requests"),
            Forge::Bitbucket => ('#', "pull-requests"),
            Forge::Gitea => ('#', "pulls"),
        };
        (format!("{sign}{number}"), format!("{}/{path}/{number}", self.page))
    }

    /// Returns the address of an issue.
    #[must_use]
    pub fn issue(&self, number: u64) -> String {
        let path = if self.forge == Forge::GitLab { "-/issues" } else { "issues" };
        format!("{}/{path}/{number}", self.page)
    }

    /// Returns the address of a commit.
    #[must_use]
    pub fn commit(&self, hash: &str) -> String {
        let path = match self.forge {
            Forge::GitHub | Forge::Gitea => "commit",
            Forge::GitLab => "-/commit",
            Forge::Bitbucket => "commits",
        };
        format!("{}/{path}/{hash}", self.page)
    }

    /// Returns the address of what changed from one tag or branch to another.
    #[must_use]
    pub fn compare(&self, from: &str, to: &str) -> String {
        let (from, to) = (escaped(from), escaped(to));
        match self.forge {
            Forge::GitHub | Forge::Gitea => format!("{}/compare/{from}...{to}", self.page),
            Forge::GitLab => format!("{}/-/compare/{from}...{to}", self.page),
            Forge::Bitbucket => format!("{}/branches/compare/{to}..{from}", self.page),
        }
    }

    /// Returns the address of a release.
    #[must_use]
    pub fn release(&self, tag: &str) -> String {
        let path = match self.forge {
            Forge::GitHub | Forge::Gitea => "releases/tag",
            Forge::GitLab => "-/tags",
            Forge::Bitbucket => "src",
        };
        format!("{}/{path}/{}", self.page, escaped(tag))
    }
}

/// Escapes what would end a link or a part of its path.
fn escaped(reference: &str) -> String {
    let mut out = String::new();
    for c in reference.chars() {
        match c {
            '#' => out.push_str("%23"),
            '%' => out.push_str("%25"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            c => out.push(c),
        }
    }
    out
}

/// Returns the page of a repository by the address that git fetches from: `https://…`, `ssh://…`, `git@host:path`.
fn page_of(address: &str) -> Option<String> {
    let address = address.trim();
    let (scheme, host, path) = match address.split_once("://") {
        Some(_) => {
            let url = Url::parse(address).ok()?;
            let host = url.host_str()?.to_owned();
            match url.scheme() {
                "http" | "https" => {
                    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                    (url.scheme().to_owned(), format!("{host}{port}"), url.path().to_owned())
                }
                "ssh" | "git" | "git+ssh" | "ssh+git" => ("https".to_owned(), host, url.path().to_owned()),
                _ => return None,
            }
        }
        None => {
            let (host, path) = address.split_once(':').filter(|(host, _)| !host.contains(['/', '\\']))?;
            let host = host.rsplit('@').next().unwrap_or(host);
            if host.len() < 2 {
                return None;
            }
            ("https".to_owned(), host.to_owned(), path.to_owned())
        }
    };
    // Some forges answer SSH on a host of its own.
    let host = ["ssh.", "altssh."].iter().find_map(|label| host.strip_prefix(label)).unwrap_or(&host);
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (path.contains('/') && host.contains('.')).then(|| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_derived_from_what_git_fetches() {
        for (address, page) in [
            ("https://github.example.org/a/b.git", Some("https://github.example.org/a/b")),
            (
                "https://user:not-a-real-token@git.example.org:8443/a/b/",
                Some("https://git.example.org:8443/a/b"),
            ),
            ("git@gitlab.example.org:group/sub/b.git", Some("https://gitlab.example.org/group/sub/b")),
            ("ssh://git@bitbucket.example.org:7999/a/b.git", Some("https://bitbucket.example.org/a/b")),
            ("ssh://git@ssh.github.example.org:443/a/b.git", Some("https://github.example.org/a/b")),
            ("git://gitea.example.org/a/b", Some("https://gitea.example.org/a/b")),
            ("/srv/git/a.git", None),
            ("../a/b", None),
            ("C:\\git\\a", None),
            ("file:///srv/a/b", None),
            ("https://github.example.org/a", None),
            ("", None),
        ] {
            assert_eq!(page_of(address).as_deref(), page, "{address}");
        }
    }

    #[test]
    fn each_kind_of_forge_has_its_shapes() {
        let links = |host: &str| {
            let remote =
                Remote::find(Some(&format!("https://{host}/a/b")), &ChangelogConfig::default()).unwrap();
            let short = |text: String| text.split_once("/a/b/").unwrap().1.to_owned();
            let (sign, request) = remote.pull_request(12);
            let issue = short(remote.issue(3));
            [
                sign,
                short(request),
                issue,
                short(remote.commit("c")),
                short(remote.compare("v1", "HEAD")),
                short(remote.release("v1")),
            ]
            .join(" ")
        };
        assert_eq!(
            links("github.example.org"),
            "#12 pull/12 issues/3 commit/c compare/v1...HEAD releases/tag/v1"
        );
        assert_eq!(
            links("gitlab.example.org"),
            "!12 -/merge_requests/12 -/issues/3 -/commit/c -/compare/v1...HEAD -/tags/v1"
        );
        assert_eq!(
            links("bitbucket.example.org"),
            "#12 pull-requests/12 issues/3 commits/c branches/compare/HEAD..v1 src/v1"
        );
        assert_eq!(
            links("forgejo.example.org"),
            "#12 pulls/12 issues/3 commit/c compare/v1...HEAD releases/tag/v1"
        );
        assert_eq!(links("gitea.example.org"), links("forgejo.example.org"));
    }

    #[test]
    fn the_configuration_decides() {
        let mut settings = ChangelogConfig::default();
        let address = Some("git@code.example.org:a/b.git");
        assert_eq!(Remote::find(address, &settings), None);
        settings.forge = Some(Forge::Gitea);
        assert_eq!(
            Remote::find(address, &settings).unwrap().issue(1),
            "https://code.example.org/a/b/issues/1"
        );
        settings.url = Some("https://other.example.org/c/d".to_owned());
        assert_eq!(Remote::find(None, &settings).unwrap().issue(1), "https://other.example.org/c/d/issues/1");
    }
}
