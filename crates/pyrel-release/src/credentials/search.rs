//! The search itself: each source in turn, and notes on those that were there and did not count.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use pyrel_index::{ClientOptions, Credentials, IndexClient, IndexSpec};
use pyrel_model::Secret;
use url::Url;

use super::account::Account;
use super::dotenv;
use super::environment::{EnvMap, Found, Known, Lookup, basic, is_token, look_up, token_variable};
use super::keyring::{Keyring, KeyringCommand};
use super::pypirc::{Pypirc, Section};
use super::resolve::{CredentialError, CredentialRequest, Prompt, Purpose, Question};
use super::trusted::{Identity, Offer, TrustedPublisher};

/// Returns what the first source has that has any.
pub(super) fn find(request: &mut CredentialRequest<'_>) -> Result<Found, CredentialError> {
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
    if request.purpose == Purpose::Upload
        && let Some(found) = search.identity(request.audience, request.client)?
    {
        return Ok(found);
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
        let found =
            match look_up(env, self.index).map_err(|conflict| CredentialError::conflict(conflict, file))? {
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

    /// Returns the publisher that the index may trust for the identity of this environment.
    fn identity(
        &mut self,
        audience: Option<&str>,
        client: &ClientOptions,
    ) -> Result<Option<Found>, CredentialError> {
        if audience.is_none() && !Known::of(self.index).takes_tokens_only() {
            return Ok(None);
        }
        match Identity::offered(self.env) {
            Offer::Nothing => Ok(None),
            Offer::Withheld(reason) => {
                self.notes.push(reason);
                Ok(None)
            }
            Offer::Identity(identity) => {
                let origin = format!("trusted publishing with the identity of {}", identity.provider());
                let client = IndexClient::new(self.index.clone(), client.clone())?;
                let publisher = TrustedPublisher::new(client, identity, audience.map(str::to_owned));
                Ok(Some(Found { account: Account::Trusted(Arc::new(publisher)), origin }))
            }
        }
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
    Found { account: credentials.into(), origin: origin.to_owned() }
}

/// Returns a URL without user and password.
#[must_use]
pub fn bare(url: &Url) -> Url {
    let mut url = url.clone();
    // Both fail only for URLs without a host, and those have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
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
