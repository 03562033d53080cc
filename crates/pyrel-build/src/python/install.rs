//! What to install into an environment, and from where.

use std::ffi::OsString;
use std::path::PathBuf;

use pyrel_model::Secret;

/// Requirements and the places they come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstallRequest {
    /// Requirements (PEP 508) or paths of wheels and sdists.
    pub requirements: Vec<String>,
    /// The main simple index; by default the installer's own.
    pub index_url: Option<String>,
    /// A file of constraints: versions and files of what is installed only when something needs it.
    pub constraints: Option<PathBuf>,
    /// Further simple indexes.
    pub extra_index_urls: Vec<String>,
    /// Folders or pages with distributions.
    pub find_links: Vec<String>,
    /// Installs nothing but the requirements themselves.
    pub no_deps: bool,
    /// Refuses to build anything from source.
    pub only_binary: bool,
    /// Forbids every download.
    pub offline: bool,
    /// Where the installer keeps downloads; by default its own place.
    pub cache_dir: Option<PathBuf>,
    /// Variables for the installer alone, and for what it starts: what other users of the machine must not see on its
    /// command line.
    pub environment: Vec<(String, Secret)>,
}

impl InstallRequest {
    /// Returns the arguments behind `pip install` or `uv pip install`.
    pub(super) fn arguments(&self, with_uv: bool) -> Vec<OsString> {
        let mut out: Vec<OsString> = Vec::new();
        let mut pair = |flag: &str, value: OsString| out.extend([flag.into(), value]);
        // uv asks indexes one after another and stops at the first that knows a project, `--default-index` being
        // the last. The main index must be the first: it has the version that is wanted.
        let urls: Vec<&String> = self.index_url.iter().chain(&self.extra_index_urls).collect();
        let own_default = self.index_url.is_none();
        for (at, url) in urls.iter().enumerate() {
            let flag = match (with_uv, own_default) {
                (true, false) if at + 1 == urls.len() => "--default-index",
                (true, _) => "--index",
                (false, false) if at == 0 => "--index-url",
                (false, _) => "--extra-index-url",
            };
            pair(flag, (*url).into());
        }
        for place in &self.find_links {
            pair("--find-links", place.into());
        }
        if let Some(file) = &self.constraints {
            pair("--constraint", file.into());
        }
        if self.only_binary {
            pair("--only-binary", ":all:".into());
        }
        if let Some(dir) = &self.cache_dir {
            pair("--cache-dir", dir.into());
        }
        if self.no_deps {
            out.push("--no-deps".into());
        }
        if self.offline {
            out.push(if with_uv { "--offline" } else { "--no-index" }.into());
        }
        out.push("--".into());
        out.extend(self.requirements.iter().map(OsString::from));
        out
    }

    /// Returns the requirements for a message, each in backticks.
    pub(super) fn listed(&self) -> String {
        let quoted: Vec<String> = self.requirements.iter().map(|text| format!("`{text}`")).collect();
        quoted.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_installer_gets_its_own_word_for_offline() {
        let request = InstallRequest {
            requirements: vec!["a>=1".into()],
            index_url: Some("https://example.org/simple/".into()),
            only_binary: true,
            no_deps: true,
            offline: true,
            ..InstallRequest::default()
        };
        let pip = request.arguments(false);
        assert_eq!(
            pip,
            [
                "--index-url",
                "https://example.org/simple/",
                "--only-binary",
                ":all:",
                "--no-deps",
                "--no-index",
                "--",
                "a>=1"
            ]
        );
        assert!(request.arguments(true).contains(&"--offline".into()));
    }

    #[test]
    fn the_main_index_is_asked_first() {
        let request = InstallRequest {
            index_url: Some("main".into()),
            extra_index_urls: vec!["third".into()],
            ..InstallRequest::default()
        };
        assert_eq!(request.arguments(false)[..4], ["--index-url", "main", "--extra-index-url", "third"]);
        assert_eq!(request.arguments(true)[..4], ["--index", "main", "--default-index", "third"]);
        let only = InstallRequest { index_url: Some("main".into()), ..InstallRequest::default() };
        assert_eq!(only.arguments(true)[..2], ["--default-index", "main"]);
    }
}
