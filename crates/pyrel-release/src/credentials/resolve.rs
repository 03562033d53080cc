//! One order of sources for the credentials of an index: the first that has some wins, and is named.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use pyrel_index::{Credentials, IndexSpec};
use pyrel_model::Secret;
use url::{Host, Url};

use super::dotenv::{self, DotenvError};
use super::environment::{Conflict, EnvMap, Found, Known, Lookup, basic, is_token, look_up, token_variable};
use super::keyring::{Keyring, KeyringCommand};
use super::pypirc::{Pypirc, PypircError, Section};

/// Exchanges the identity that an environment offers for a token that lives as long as a run: trusted
/// publishing. Whoever can do that implements this; without one the source is passed over.
pub trait TokenMint {
    /// Returns a token for an index; `None` when the environment offers no identity.
    ///
    /// # Errors
    ///
    /// Says in one line why the offered identity was not taken.
    fn mint(&self, index: &IndexSpec) -> Result<Option<Secret>, String>;
}

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

/// Where to look for the credentials of one index.
pub struct CredentialRequest<'a> {
    /// The index.
    pub index: &'a IndexSpec,
    /// The environment.
    pub env: &'a EnvMap,
    /// What `--token-stdin` read.
    pub token_stdin: Option<Secret>,
    /// The workspace root, whose `.env` is read.
    pub workspace_root: &'a Path,
    /// The home directory, whose `.pypirc` is read.
    pub home: Option<&'a Path>,
    /// Trusted publishing, when there is somebody who can do it.
    pub mint: Option<&'a dyn TokenMint>,
    /// Somebody to ask at last.
    pub prompt: Option<&'a mut dyn Prompt>,
}

/// Credentials, and where they came from.
#[derive(Debug, Clone)]
pub struct ResolvedCredentials {
    /// The credentials.
    pub credentials: Credentials,
    /// The source in words, without any value: ``the variable `PYPI_API_TOKEN` ``.
    pub origin: String,
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Two sources of one rank disagree.
    #[error("`{first}` and `{second}` are both set and differ")]
    Conflict {
        /// One variable.
        first: String,
        /// The other.
        second: String,
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
    /// The environment's identity was not taken.
    #[error("trusted publishing failed: {0}")]
    Mint(String),
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

fn passed_over(notes: &[String]) -> String {
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) }
}

impl CredentialError {
    /// Returns the remedy.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Conflict { first, second } => format!("unset `{first}` or `{second}`"),
            Self::EmptyStdin => {
                "pipe the token in: `printf %s \"$TOKEN\" | pyrel … --token-stdin`".to_owned()
            }
            Self::NoUsername { .. } => "set `TWINE_USERNAME` too".to_owned(),
            Self::Insecure { .. } => "use an `https://` URL for `upload-url`".to_owned(),
            Self::Missing { variable, .. } => {
                format!("set `{variable}` to an API token, or pipe one to `--token-stdin`")
            }
            Self::Pypirc(error) => return error.hint(),
            Self::Mint(_) | Self::Dotenv(_) => return None,
        })
    }
}

impl From<Conflict> for CredentialError {
    fn from(Conflict { first, second }: Conflict) -> Self {
        Self::Conflict { first, second }
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
    let url = &request.index.upload_url;
    if found.credentials != Credentials::Anonymous && url.scheme() != "https" && !is_loopback(url) {
        return Err(CredentialError::Insecure {
            index: request.index.name.clone(),
            host: url.host_str().unwrap_or_default().to_owned(),
        });
    }
    Ok(ResolvedCredentials { credentials: found.credentials, origin: found.origin })
}

fn find(request: &mut CredentialRequest<'_>) -> Result<Found, CredentialError> {
    if let Some(token) = &request.token_stdin {
        if token.expose().trim().is_empty() {
            return Err(CredentialError::EmptyStdin);
        }
        return Ok(found(Credentials::token(token), "standard input"));
    }
    let pypirc_path = request.home.map(|home| home.join(".pypirc"));
    let mut search = Search { index: request.index, env: request.env, pypirc_path, notes: Vec::new() };
    if let Some(found) = search.variables(request.env, None)? {
        return Ok(found);
    }
    if let Some(found) = search.url() {
        return Ok(found);
    }
    if let Some(mint) = request.mint
        && let Some(token) = mint.mint(request.index).map_err(CredentialError::Mint)?
    {
        return Ok(found(Credentials::token(&token), "trusted publishing"));
    }
    let dotenv = dotenv::read(&request.workspace_root.join(".env"))?;
    if let Some(found) = search.variables(&dotenv, Some("`.env`"))? {
        return Ok(found);
    }
    let section = search.section()?;
    if let Some(found) = search.pypirc(section.as_ref()) {
        return Ok(found);
    }
    let keyring = request.env.get("PATH").and_then(|path| KeyringCommand::find(OsStr::new(path)));
    if let Some(keyring) = keyring
        && let Some(found) = search.keyring(&keyring, section.as_ref())
    {
        return Ok(found);
    }
    if let Some(prompt) = request.prompt.as_deref_mut()
        && let Some(found) = search.prompt(prompt, section.as_ref())
    {
        return Ok(found);
    }
    Err(CredentialError::Missing {
        index: request.index.name.clone(),
        notes: search.notes,
        variable: token_variable(&request.index.name),
    })
}

struct Search<'a> {
    index: &'a IndexSpec,
    env: &'a EnvMap,
    pypirc_path: Option<PathBuf>,
    notes: Vec<String>,
}

impl Search<'_> {
    /// Looks into variables: the environment, or a file with such lines.
    fn variables(&self, env: &EnvMap, file: Option<&str>) -> Result<Option<Found>, CredentialError> {
        let found = match look_up(env, self.index)? {
            Lookup::Nothing => return Ok(None),
            Lookup::Found(found) => found,
            Lookup::NeedsUsername { password, variable } => {
                let username = self.section()?.and_then(|section| section.username).ok_or_else(|| {
                    CredentialError::NoUsername { variable, index: self.index.name.clone() }
                })?;
                found(basic(&username, &password), &format!("the variable `{variable}`"))
            }
        };
        let origin = file.map_or(found.origin.clone(), |file| format!("{} of {file}", found.origin));
        Ok(Some(Found { origin, ..found }))
    }

    /// Returns the user and the password that the upload URL itself carries.
    fn url(&self) -> Option<Found> {
        let url = &self.index.upload_url;
        let password = url.password()?;
        let credentials = basic(&decoded(url.username()), &Secret::new(decoded(password)));
        Some(found(credentials, "the index's `upload-url`"))
    }

    fn section(&self) -> Result<Option<Section>, CredentialError> {
        let Some(path) = &self.pypirc_path else { return Ok(None) };
        let Some(file) = Pypirc::read(path)? else { return Ok(None) };
        Ok(file.section(&self.index.name, bare(&self.index.upload_url).as_str()).cloned())
    }

    fn pypirc(&mut self, section: Option<&Section>) -> Option<Found> {
        if let Some(section) = section {
            let password = section.password.as_ref();
            let username = match &section.username {
                // These two take nothing but tokens, and a user name in the file is ignored, as twine does.
                _ if Known::of(self.index).takes_tokens_only() => Some("__token__".to_owned()),
                None if password.is_some_and(|password| is_token(self.index, password)) => {
                    Some("__token__".to_owned())
                }
                other => other.clone(),
            };
            if let (Some(username), Some(password)) = (username, password) {
                let origin = format!("`[{}]` of `.pypirc`", section.name);
                return Some(found(basic(&username, password), &origin));
            }
        }
        self.note_unused_sections();
        None
    }

    /// Notes a section of the index's name that does not count, which twine passes over without a word.
    fn note_unused_sections(&mut self) {
        let Some(Ok(Some(file))) = self.pypirc_path.as_deref().map(Pypirc::read) else { return };
        let name = &self.index.name;
        if file.unlisted.contains(name) {
            self.notes.push(format!("`[{name}]` of `.pypirc` is not listed in `index-servers`"));
        }
        let elsewhere = |section: &&Section| section.name == *name && section.password.is_some();
        if let Some(section) = file.sections.iter().find(elsewhere)
            && file.section(name, bare(&self.index.upload_url).as_str()).is_none()
        {
            let repository = section.repository.as_deref().and_then(|url| url.parse::<Url>().ok());
            let shown = repository.map_or_else(|| "no `repository`".to_owned(), |url| bare(&url).to_string());
            self.notes.push(format!("`[{name}]` of `.pypirc` speaks of another repository: {shown}"));
        }
    }

    fn username(&self, section: Option<&Section>) -> Option<String> {
        if Known::of(self.index).takes_tokens_only() {
            return Some("__token__".to_owned());
        }
        let variable = self.env.get("TWINE_USERNAME").filter(|name| !name.trim().is_empty());
        let url = Some(self.index.upload_url.username()).filter(|name| !name.is_empty());
        let given = variable.map(|name| name.trim().to_owned()).or_else(|| url.map(decoded));
        given.or_else(|| section.and_then(|section| section.username.clone()))
    }

    fn keyring(&mut self, keyring: &dyn Keyring, section: Option<&Section>) -> Option<Found> {
        let Some(username) = self.username(section) else {
            self.notes.push("the keyring was not asked, because no source tells the user name".to_owned());
            return None;
        };
        match keyring.password(bare(&self.index.upload_url).as_str(), &username) {
            Ok(password) => password.map(|password| found(basic(&username, &password), "the keyring")),
            Err(reason) => {
                self.notes.push(reason);
                None
            }
        }
    }

    fn prompt(&self, prompt: &mut dyn Prompt, section: Option<&Section>) -> Option<Found> {
        if Known::of(self.index).takes_tokens_only() {
            let token = prompt.ask(self.index, Question::Token)?;
            return Some(found(Credentials::token(&token), "the prompt")).filter(|_| !token.is_empty());
        }
        let username = match self.username(section) {
            Some(username) => username,
            None => prompt.ask(self.index, Question::Username)?.expose().trim().to_owned(),
        };
        let password = prompt.ask(self.index, Question::Password)?;
        Some(found(basic(&username, &password), "the prompt")).filter(|_| !password.is_empty())
    }
}

fn found(credentials: Credentials, origin: &str) -> Found {
    Found { credentials, origin: origin.to_owned() }
}

/// Returns a URL without user and password.
pub(crate) fn bare(url: &Url) -> Url {
    let mut url = url.clone();
    // Both fail only for URLs without a host, and those have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    struct World {
        dir: tempfile::TempDir,
        env: EnvMap,
        index: IndexSpec,
    }

    fn world(name: &str, url: &str) -> World {
        let index = IndexSpec {
            name: name.to_owned(),
            upload_url: url.parse().unwrap(),
            simple_url: url.parse().unwrap(),
            production: false,
        };
        World { dir: tempfile::tempdir().unwrap(), env: EnvMap::new(), index }
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

    struct Mint(Result<Option<Secret>, String>);

    impl TokenMint for Mint {
        fn mint(&self, _index: &IndexSpec) -> Result<Option<Secret>, String> {
            self.0.clone()
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
                token_stdin: None,
                workspace_root: self.dir.path(),
                home: Some(self.dir.path()),
                mint: None,
                prompt: None,
            }
        }

        fn resolve(&self) -> Result<ResolvedCredentials, CredentialError> {
            resolve_credentials(self.request())
        }
    }

    fn password(resolved: &ResolvedCredentials) -> (&str, &str) {
        match &resolved.credentials {
            Credentials::Basic { username, password } => (username, password.expose()),
            Credentials::Anonymous => panic!("anonymous"),
        }
    }

    #[test]
    fn the_first_source_wins_and_is_named() {
        let world = pypi()
            .set("PYPI_API_TOKEN", "from-env")
            .file(".env", "PYPI_API_TOKEN=from-dotenv\n")
            .file(".pypirc", "[pypi]\nusername = ignored\npassword = from-pypirc\n");
        let mint = Mint(Ok(Some(Secret::new("from-mint"))));
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

        let world = World { env: EnvMap::new(), ..world };
        let mut request = world.request();
        request.mint = Some(&mint);
        assert_eq!(resolve_credentials(request).unwrap().origin, "trusted publishing");

        let none = Mint(Ok(None));
        let mut request = world.request();
        request.mint = Some(&none);
        let resolved = resolve_credentials(request).unwrap();
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

    #[test]
    fn no_message_holds_a_value() {
        let value = "not-a-real-token";
        let conflict = pypi().set("PYPI_API_TOKEN", value).set("TWINE_PASSWORD", "not-a-real-token-2");
        let error = conflict.resolve().unwrap_err();
        assert_eq!(error.to_string(), "`PYPI_API_TOKEN` and `TWINE_PASSWORD` are both set and differ");
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
        let mut request = pypi();
        request.env.clear();
        let failing = Mint(Err("the audience is unknown".to_owned()));
        let mut request = request.request();
        request.mint = Some(&failing);
        let error = resolve_credentials(request).unwrap_err();
        assert_eq!(error.to_string(), "trusted publishing failed: the audience is unknown");
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
