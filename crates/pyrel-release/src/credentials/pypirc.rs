//! `.pypirc` as twine reads it: INI without interpolation, sections listed in `index-servers`.
//!
//! Syntax errors name the line and never its text, which may be a secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::Secret;

const PYPI: &str = "https://upload.pypi.org/legacy/";
const TEST_PYPI: &str = "https://test.pypi.org/legacy/";

/// Why a `.pypirc` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PypircError {
    /// It cannot be read.
    #[error("cannot read the configuration of package indexes")]
    Io(#[from] std::io::Error),
    /// It is no UTF-8 text.
    #[error("the file is not UTF-8: {}", .path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
    },
    /// A line is no INI. Its text is withheld.
    #[error("{}:{line}: {reason}", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

impl PypircError {
    /// Returns the remedy.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io(_) => None,
            Self::Encoding { .. } => Some("save the file as UTF-8".to_owned()),
            Self::Syntax { .. } => Some(
                "a line is `[section]`, `key = value`, or a comment that starts with `#` or `;`".to_owned(),
            ),
        }
    }
}

/// One index of a `.pypirc`, with the fallbacks of `[server-login]` and the known URLs filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The name of the section.
    pub name: String,
    /// Where files are uploaded to; a listed section without it cannot be used for anything.
    pub repository: Option<String>,
    /// The user name.
    pub username: Option<String>,
    /// The password or token.
    pub password: Option<Secret>,
    /// `ca_cert`: authorities to trust, a file in PEM.
    pub ca_cert: Option<PathBuf>,
    /// `client_cert`: a certificate with its key, a file in PEM.
    pub client_cert: Option<PathBuf>,
}

/// A `.pypirc`, as far as it is about credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pypirc {
    /// The sections that `index-servers` lists, in its order, and `pypi`, which always exists.
    pub sections: Vec<Section>,
    /// The sections that have credentials and are not listed, so that they do not count.
    pub unlisted: Vec<String>,
}

type Keys = BTreeMap<String, String>;

impl Pypirc {
    /// Reads a file; `None` when it does not exist.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be read, is no UTF-8, or is no INI.
    pub fn read(path: &Path) -> Result<Option<Self>, PypircError> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let text =
            String::from_utf8(bytes).map_err(|_| PypircError::Encoding { path: path.to_path_buf() })?;
        let raw = parse(&text).map_err(|(line, reason)| PypircError::Syntax {
            path: path.to_path_buf(),
            line,
            reason,
        })?;
        Ok(Some(Self::from_raw(&raw)))
    }

    /// Returns the listed section for an index: the one of its name, else the first with its upload URL.
    ///
    /// A section of that name that speaks of another repository is not meant, because its credentials would go
    /// to a host that they were not made for.
    #[must_use]
    pub fn section(&self, name: &str, upload_url: &str) -> Option<&Section> {
        let mut fitting = self.sections.iter().filter(|section| {
            section.repository.as_deref().is_some_and(|repository| same_url(repository, upload_url))
        });
        let named = fitting.clone().find(|section| section.name == name);
        named.or_else(|| fitting.next())
    }

    fn from_raw(raw: &BTreeMap<String, Keys>) -> Self {
        let listed: Vec<String> = match raw.get("distutils").and_then(|keys| keys.get("index-servers")) {
            Some(text) => text.split_whitespace().map(str::to_owned).collect(),
            None => vec!["pypi".to_owned(), "testpypi".to_owned()],
        };
        let login = raw.get("server-login");
        let mut sections: Vec<Section> = Vec::new();
        for name in &listed {
            if sections.iter().any(|section| section.name == *name) {
                continue;
            }
            let keys = raw.get(name);
            let key = |key: &str| {
                let text =
                    keys.and_then(|keys| keys.get(key)).or_else(|| login.and_then(|keys| keys.get(key)));
                text.filter(|text| !text.is_empty()).cloned()
            };
            let default = match name.as_str() {
                "pypi" => Some(PYPI.to_owned()),
                "testpypi" => Some(TEST_PYPI.to_owned()),
                _ => None,
            };
            let own = |key: &str| keys.and_then(|keys| keys.get(key)).filter(|text| !text.is_empty());
            sections.push(Section {
                name: name.clone(),
                repository: own("repository").cloned().or(default),
                username: key("username"),
                password: key("password").map(Secret::new),
                ca_cert: own("ca_cert").map(PathBuf::from),
                client_cert: own("client_cert").map(PathBuf::from),
            });
        }
        let special = |name: &str| matches!(name, "distutils" | "server-login");
        let unlisted = raw
            .iter()
            .filter(|(name, keys)| !special(name) && !listed.contains(name) && keys.contains_key("password"))
            .map(|(name, _)| name.clone())
            .collect();
        Self { sections, unlisted }
    }
}

fn same_url(a: &str, b: &str) -> bool {
    let normal = |text: &str| text.trim().trim_end_matches('/').to_ascii_lowercase();
    normal(a) == normal(b)
}

/// Parses INI as Python's `RawConfigParser` does: keys in lower case, `=` or `:`, indented lines continue a
/// value, `#` and `;` begin comment lines. Fails with a line number and a reason.
fn parse(text: &str) -> Result<BTreeMap<String, Keys>, (usize, &'static str)> {
    let mut out: BTreeMap<String, Keys> = BTreeMap::new();
    let mut section: Option<String> = None;
    let mut key: Option<String> = None;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let fail = |reason| Err((index + 1, reason));
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with(char::is_whitespace)
            && let (Some(section), Some(key)) = (&section, &key)
        {
            let keys = out.entry(section.clone()).or_default();
            let value = keys.entry(key.clone()).or_default();
            value.push('\n');
            value.push_str(content);
            continue;
        }
        if let Some(rest) = content.strip_prefix('[') {
            let Some((name, _)) = rest.rsplit_once(']') else { return fail("the section header has no `]`") };
            if out.contains_key(name) {
                return fail("the section exists already");
            }
            out.insert(name.to_owned(), Keys::new());
            section = Some(name.to_owned());
            key = None;
            continue;
        }
        let Some(name) = &section else { return fail("a key stands before the first section") };
        let Some((left, right)) = content.split_once(['=', ':']) else {
            return fail("the line is no `key = value`");
        };
        let left = left.trim().to_lowercase();
        if left.is_empty() {
            return fail("the line has no key");
        }
        let keys = out.entry(name.clone()).or_default();
        if keys.insert(left.clone(), right.trim().to_owned()).is_some() {
            return fail("the key exists already in its section");
        }
        key = Some(left);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Pypirc, PypircError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".pypirc");
        fs::write(&path, text).unwrap();
        Pypirc::read(&path).map(Option::unwrap)
    }

    #[test]
    fn reads_what_twine_reads() {
        let file = read(
            "[distutils]\nindex-servers =\n    pypi\n    in-house\n\n[pypi]\nusername: __token__\n\
             password = 100%s;#x\n; comment\n[in-house]\nRepository = https://index.example/up\n\
             USERNAME=someone\n\n[server-login]\npassword = fallback\n[testpypi]\npassword = unused\n",
        )
        .unwrap();
        let pypi = file.section("pypi", PYPI).unwrap();
        assert_eq!(pypi.password.as_ref().unwrap().expose(), "100%s;#x");
        let own = file.section("in-house", "https://INDEX.example/up/").unwrap();
        assert_eq!(own.username.as_deref(), Some("someone"));
        assert_eq!(own.password.as_ref().unwrap().expose(), "fallback");
        assert!(file.section("testpypi", TEST_PYPI).is_none(), "not listed");
        assert_eq!(file.unlisted, ["testpypi"]);
    }

    #[test]
    fn without_a_list_pypi_and_testpypi_are_listed() {
        let file = read("[testpypi]\npassword = a\n[other]\nrepository = https://o.example/\npassword = b\n")
            .unwrap();
        assert!(file.section("testpypi", TEST_PYPI).unwrap().password.is_some());
        assert!(file.section("pypi", PYPI).unwrap().password.is_none());
        assert!(file.section("other", "https://o.example/").is_none());
    }

    #[test]
    fn credentials_stay_with_their_repository() {
        let file =
            read("[distutils]\nindex-servers = pypi mirror\n[pypi]\nrepository = https://a.example/\npassword = a\n[mirror]\nrepository = https://b.example/\npassword = b\n")
                .unwrap();
        assert!(file.section("pypi", PYPI).is_none());
        assert_eq!(file.section("pypi", "https://a.example").unwrap().name, "pypi");
        assert_eq!(file.section("pypi", "https://b.example/").unwrap().name, "mirror");
    }

    #[test]
    fn errors_name_the_line_and_withhold_its_text() {
        for (text, line) in [
            ("[pypi]\nnot-a-real-token\n", 2),
            ("password = not-a-real-token\n", 1),
            ("[pypi]\n\n[pypi]\n", 3),
            ("[pypi\n", 1),
            ("[pypi]\npassword = not-a-real-token\nPassword: not-a-real-token\n", 3),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.to_string().contains(&format!(".pypirc:{line}: ")), "{error}");
            assert!(!error.to_string().contains("not-a-real-token"));
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn a_missing_file_is_no_error() {
        assert_eq!(Pypirc::read(Path::new("/nowhere/.pypirc")).unwrap(), None);
    }
}
