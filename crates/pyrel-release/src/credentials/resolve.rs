//! One order of sources for the credentials of an index: the first that has some wins, and is named.

use std::path::Path;

use pyrel_index::{ClientError, ClientOptions, Credentials, IndexSpec};
use pyrel_model::Secret;
use url::{Host, Url};

use super::account::Account;
use super::dotenv::DotenvError;
use super::environment::{Conflict, EnvMap};
use super::pypirc::PypircError;
use super::search::find;

/// What a person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// An API token; what is typed is not shown.
    Token,
    /// A user name.
    Username,
    /// The password of that user; what is typed is not shown.
    Password,
}

/// A person at a terminal.
pub trait Prompt {
    /// Asks one question about an index; `None` when the person gives up.
    fn ask(&mut self, index: &IndexSpec, question: Question) -> Option<Secret>;
}

/// What credentials are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To upload: an identity of a CI may be exchanged for a token.
    Upload,
    /// To read: such a token is for uploads.
    Reading,
}

/// Where to look for the credentials of one index.
pub struct CredentialRequest<'a> {
    /// The index.
    pub index: &'a IndexSpec,
    /// The environment.
    pub env: &'a EnvMap,
    /// What for.
    pub purpose: Purpose,
    /// What `--token-stdin` read.
    pub token_stdin: Option<Secret>,
    /// The workspace root, whose `.env` is read.
    pub workspace_root: &'a Path,
    /// The home directory, whose `.pypirc` is read.
    pub home: Option<&'a Path>,
    /// The audience of trusted publishing that is configured for the index. PyPI and TestPyPI tell theirs.
    pub audience: Option<&'a str>,
    /// How requests for trusted publishing are made.
    pub client: &'a ClientOptions,
    /// Somebody to ask at last.
    pub prompt: Option<&'a mut dyn Prompt>,
}

/// Credentials, and where they came from.
#[derive(Debug, Clone)]
pub struct ResolvedCredentials {
    /// The credentials.
    pub account: Account,
    /// The source in words, without any value: ``the variable `PYPI_API_TOKEN` ``.
    pub origin: String,
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Two sources of one rank disagree.
    #[error("`{first}` and `{second}` are both set{} and differ", within(.file))]
    Conflict {
        /// One variable.
        first: String,
        /// The other.
        second: String,
        /// The file that sets them; none for the environment.
        file: Option<String>,
    },
    /// `--token-stdin` read nothing.
    #[error("`--token-stdin` was given, and standard input holds no token")]
    EmptyStdin,
    /// A password without a user name.
    #[error("`{variable}` is set for the index `{index}`, and no source tells the user name")]
    NoUsername {
        /// The variable.
        variable: &'static str,
        /// The index.
        index: String,
    },
    /// Credentials would go unencrypted over the network.
    #[error("credentials for the index `{index}` would go unencrypted to `{host}`")]
    Insecure {
        /// The index.
        index: String,
        /// The host.
        host: String,
    },
    /// The index's URLs cannot be used.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The `.env` file is broken.
    #[error(transparent)]
    Dotenv(#[from] DotenvError),
    /// The `.pypirc` file is broken.
    #[error(transparent)]
    Pypirc(#[from] PypircError),
    /// No source has any.
    #[error("there are no credentials for the index `{index}`{}", passed_over(.notes))]
    Missing {
        /// The index.
        index: String,
        /// Sources that were there and did not count, with the reason.
        notes: Vec<String>,
        /// The variable that would be read first.
        variable: String,
    },
}

fn within(file: &Option<String>) -> String {
    file.as_ref().map(|file| format!(" in {file}")).unwrap_or_default()
}

fn passed_over(notes: &[String]) -> String {
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) }
}

impl CredentialError {
    pub(super) fn conflict(Conflict { first, second }: Conflict, file: Option<&str>) -> Self {
        Self::Conflict { first, second, file: file.map(str::to_owned) }
    }

    /// Returns the remedy.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Conflict { first, second, .. } => format!("unset `{first}` or `{second}`"),
            Self::EmptyStdin => {
                "pipe the token in: `printf %s \"$TOKEN\" | pyrel … --token-stdin`".to_owned()
            }
            Self::NoUsername { .. } => "set `TWINE_USERNAME` too".to_owned(),
            Self::Insecure { .. } => "use an `https://` URL for `upload-url`".to_owned(),
            Self::Missing { variable, .. } => {
                format!("set `{variable}` to an API token, or pipe one to `--token-stdin`")
            }
            Self::Pypirc(error) => return error.hint(),
            Self::Client(error) => return error.hint(),
            Self::Dotenv(_) => return None,
        })
    }
}

/// Finds the credentials for an index. The order: `--token-stdin`, the variables of pyrel and of other tools,
/// the index's own URL, trusted publishing, `.env`, `.pypirc`, the `keyring` command, a person.
///
/// # Errors
///
/// Fails when no source has any, two sources of one rank disagree, a source is broken, or the credentials
/// would go unencrypted to another machine.
pub fn resolve_credentials(
    mut request: CredentialRequest<'_>,
) -> Result<ResolvedCredentials, CredentialError> {
    let found = find(&mut request)?;
    refuse_insecure(request.index, &found.account)?;
    Ok(ResolvedCredentials { account: found.account, origin: found.origin })
}

/// Refuses credentials that would go unencrypted to another machine.
pub(super) fn refuse_insecure(index: &IndexSpec, account: &Account) -> Result<(), CredentialError> {
    let url = &index.upload_url;
    let names_somebody = !matches!(account, Account::Fixed(Credentials::Anonymous));
    if names_somebody && url.scheme() != "https" && !is_loopback(url) {
        let host = url.host_str().unwrap_or_default().to_owned();
        return Err(CredentialError::Insecure { index: index.name.clone(), host });
    }
    Ok(())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    struct World {
        dir: tempfile::TempDir,
        env: EnvMap,
        index: IndexSpec,
        client: ClientOptions,
    }

    fn world(name: &str, url: &str) -> World {
        let index = IndexSpec {
            name: name.to_owned(),
            upload_url: url.parse().unwrap(),
            simple_url: url.parse().unwrap(),
            production: false,
        };
        World {
            dir: tempfile::tempdir().unwrap(),
            env: EnvMap::new(),
            index,
            client: ClientOptions::default(),
        }
    }

    fn pypi() -> World {
        world("pypi", "https://upload.pypi.org/legacy/")
    }

    struct Answers(Vec<(Question, &'static str)>);

    impl Prompt for Answers {
        fn ask(&mut self, _index: &IndexSpec, question: Question) -> Option<Secret> {
            let at = self.0.iter().position(|(asked, _)| *asked == question)?;
            Some(Secret::new(self.0.remove(at).1))
        }
    }

    impl World {
        fn set(mut self, name: &str, value: &str) -> Self {
            self.env.insert(name.to_owned(), value.to_owned());
            self
        }

        fn file(self, name: &str, text: &str) -> Self {
            fs::write(self.dir.path().join(name), text).unwrap();
            self
        }

        fn request(&self) -> CredentialRequest<'_> {
            CredentialRequest {
                index: &self.index,
                env: &self.env,
                purpose: Purpose::Upload,
                token_stdin: None,
                workspace_root: self.dir.path(),
                home: Some(self.dir.path()),
                audience: None,
                client: &self.client,
                prompt: None,
            }
        }

        fn resolve(&self) -> Result<ResolvedCredentials, CredentialError> {
            resolve_credentials(self.request())
        }
    }

    fn password(resolved: &ResolvedCredentials) -> (&str, &str) {
        match &resolved.account {
            Account::Fixed(Credentials::Basic { username, password }) => (username, password.expose()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_source_wins_and_is_named() {
        let world = pypi()
            .set("PYPI_API_TOKEN", "from-env")
            .file(".env", "PYPI_API_TOKEN=from-dotenv\n")
            .file(".pypirc", "[pypi]\nusername = ignored\npassword = from-pypirc\n");
        let mut answers = Answers(vec![(Question::Token, "from-person")]);

        let mut request = world.request();
        request.token_stdin = Some(Secret::new("from-stdin\n"));
        let resolved = resolve_credentials(request).unwrap();
        assert_eq!(
            (password(&resolved), resolved.origin.as_str()),
            (("__token__", "from-stdin"), "standard input")
        );

        let resolved = world.resolve().unwrap();
        assert_eq!(password(&resolved).1, "from-env");
        assert_eq!(resolved.origin, "the variable `PYPI_API_TOKEN`");

        let world = World { env: github(), ..world };
        let resolved = world.resolve().unwrap();
        assert_eq!(resolved.origin, "trusted publishing with the identity of GitHub Actions");
        assert!(matches!(resolved.account, Account::Trusted(_)));

        let world = World { env: EnvMap::new(), ..world };
        let resolved = world.resolve().unwrap();
        assert_eq!(resolved.origin, "the variable `PYPI_API_TOKEN` of `.env`");

        fs::remove_file(world.dir.path().join(".env")).unwrap();
        let resolved = world.resolve().unwrap();
        assert_eq!(resolved.origin, "`[pypi]` of `.pypirc`");
        assert_eq!(password(&resolved), ("__token__", "from-pypirc"));

        fs::remove_file(world.dir.path().join(".pypirc")).unwrap();
        let mut request = world.request();
        request.prompt = Some(&mut answers);
        assert_eq!(resolve_credentials(request).unwrap().origin, "the prompt");
        let error = world.resolve().unwrap_err();
        assert!(error.hint().unwrap().contains("`PYREL_TOKEN_PYPI`"));
    }

    fn github() -> EnvMap {
        let pairs = [
            ("GITHUB_ACTIONS", "true"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://identity.example/"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "not-a-real-token"),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn an_identity_is_offered_to_indexes_that_take_one() {
        let own = World { env: github(), ..world("own", "https://index.example/legacy/") };
        assert!(matches!(own.resolve(), Err(CredentialError::Missing { .. })));
        let mut request = own.request();
        request.audience = Some("index.example");
        assert!(matches!(resolve_credentials(request).unwrap().account, Account::Trusted(_)));
    }

    #[test]
    fn a_job_without_an_identity_is_told_what_it_lacks() {
        let error = pypi().set("GITHUB_ACTIONS", "true").resolve().unwrap_err();
        assert!(error.to_string().contains("`permissions: id-token: write`"), "{error}");
    }

    #[test]
    fn no_message_holds_a_value() {
        let value = "not-a-real-token";
        let conflict = pypi().set("PYPI_API_TOKEN", value).set("TWINE_PASSWORD", "not-a-real-token-2");
        let error = conflict.resolve().unwrap_err();
        assert_eq!(error.to_string(), "`PYPI_API_TOKEN` and `TWINE_PASSWORD` are both set and differ");
        let in_file = pypi().file(".env", "PYPI_API_TOKEN=a\nTWINE_PASSWORD=b\n").resolve().unwrap_err();
        assert!(in_file.to_string().ends_with("are both set in `.env` and differ"), "{in_file}");
        for text in [error.to_string(), format!("{error:?}"), error.hint().unwrap()] {
            assert!(!text.contains(value), "{text}");
        }
        let resolved = pypi().set("PYPI_API_TOKEN", value).resolve().unwrap();
        assert!(!format!("{resolved:?}").contains(value));
    }

    #[test]
    fn passwords_do_not_go_over_plain_http_except_to_this_machine() {
        for (url, fine) in [
            ("http://index.example/", false),
            ("http://10.0.0.1/", false),
            ("http://localhost:8080/", true),
            ("http://127.0.0.1:8080/", true),
            ("http://[::1]:8080/", true),
            ("https://index.example/", true),
        ] {
            let result = world("own", url).set("PYREL_TOKEN_OWN", "t").resolve();
            assert_eq!(result.is_ok(), fine, "{url}");
        }
        let error = world("own", "http://a:not-a-real-token@index.example/").resolve().unwrap_err();
        assert!(matches!(error, CredentialError::Insecure { .. }));
        assert!(!error.to_string().contains("not-a-real-token"));
    }

    #[test]
    fn the_url_of_an_index_may_carry_them() {
        let resolved = world("own", "https://some%40one:pa%3Ass@index.example/").resolve().unwrap();
        assert_eq!(password(&resolved), ("some@one", "pa:ss"));
    }

    #[test]
    fn a_user_name_comes_from_pypirc_when_only_the_password_is_a_variable() {
        let text = "[distutils]\nindex-servers = own\n[own]\nrepository = https://index.example/\nusername = someone\n";
        let own = || world("own", "https://index.example/").set("TWINE_PASSWORD", "word");
        assert_eq!(password(&own().file(".pypirc", text).resolve().unwrap()), ("someone", "word"));
        let error = own().resolve().unwrap_err();
        assert!(matches!(error, CredentialError::NoUsername { variable: "TWINE_PASSWORD", .. }));
    }

    #[test]
    fn sections_that_do_not_count_are_mentioned() {
        let unlisted = "[distutils]\nindex-servers = testpypi\n[pypi]\npassword = x\n";
        let error = pypi().file(".pypirc", unlisted).resolve().unwrap_err();
        assert!(
            error.to_string().contains("`[pypi]` of `.pypirc` is not listed in `index-servers`"),
            "{error}"
        );
        let elsewhere = "[pypi]\nrepository = https://u:not-a-real-token@mirror.example/\npassword = x\n";
        let error = pypi().file(".pypirc", elsewhere).resolve().unwrap_err().to_string();
        assert!(error.contains("another repository: https://mirror.example/"), "{error}");
    }

    #[test]
    fn broken_sources_are_errors_and_not_passed_over() {
        let error = pypi().file(".pypirc", "[pypi]\nbroken\n").resolve().unwrap_err();
        assert!(matches!(error, CredentialError::Pypirc(_)) && error.hint().is_some());
        let world = pypi().set("PYPI_API_TOKEN", "t");
        let mut request = world.request();
        request.token_stdin = Some(Secret::new(" \n"));
        assert!(matches!(resolve_credentials(request), Err(CredentialError::EmptyStdin)));
    }

    #[test]
    fn a_person_is_asked_for_what_the_index_wants() {
        let own = world("own", "https://index.example/");
        let mut answers = Answers(vec![(Question::Username, "someone"), (Question::Password, "word")]);
        let mut request = own.request();
        request.prompt = Some(&mut answers);
        assert_eq!(password(&resolve_credentials(request).unwrap()), ("someone", "word"));
        let mut request = own.request();
        request.prompt = Some(&mut answers);
        assert!(matches!(resolve_credentials(request), Err(CredentialError::Missing { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn the_keyring_is_asked_last_before_a_person() {
        use std::os::unix::fs::PermissionsExt;
        let world = pypi().file("keyring", "#!/bin/sh\necho \"stored for $2 $3\"\n");
        fs::set_permissions(world.dir.path().join("keyring"), PermissionsExt::from_mode(0o755)).unwrap();
        let path = world.dir.path().to_str().unwrap().to_owned();
        let resolved = world.set("PATH", &path).resolve().unwrap();
        assert_eq!(resolved.origin, "the keyring");
        assert_eq!(
            password(&resolved),
            ("__token__", "stored for https://upload.pypi.org/legacy/ __token__")
        );
    }
}
