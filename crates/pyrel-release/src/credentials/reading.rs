//! What a private index is read with: the sources of uploads in their order, without those that are for uploads alone.
//! Nobody is asked at a terminal, and no identity of a CI is exchanged.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use pyrel_index::{
    ClientError, ClientOptions, Credentials, IndexClient, IndexSpec, KeyFinder, NoKey, ReadKey,
};

use super::account::Account;
use super::environment::{EnvMap, Found, token_variable};
use super::macaroon::TokenFacts;
use super::resolve::{CredentialError, CredentialRequest, Purpose, refuse_insecure};
use super::search::find;

/// An index that is read, and what with once it refuses strangers.
#[derive(Debug, Clone)]
pub struct ReadableIndex {
    /// The index.
    pub spec: IndexSpec,
    /// Who finds the credentials.
    pub keys: Arc<dyn KeyFinder>,
}

impl ReadableIndex {
    /// Makes a client that reads the index.
    ///
    /// # Errors
    /// See [`IndexClient::new`].
    pub fn client(&self, options: &ClientOptions) -> Result<IndexClient, ClientError> {
        Ok(IndexClient::new(self.spec.clone(), options.clone())?.with_keys(Arc::clone(&self.keys)))
    }
}

/// Looks for the credentials that one index is read with.
#[derive(Clone)]
pub struct Reading {
    /// The index.
    pub index: IndexSpec,
    /// The environment.
    pub env: EnvMap,
    /// The workspace root, whose `.env` is read.
    pub workspace_root: PathBuf,
    /// The home directory, whose `.pypirc` is read.
    pub home: Option<PathBuf>,
}

impl fmt::Debug for Reading {
    /// Leaves the environment out, which holds secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reading").field("index", &self.index.name).finish_non_exhaustive()
    }
}

impl Reading {
    fn resolve(&self) -> Result<Found, CredentialError> {
        let found = find(&mut CredentialRequest {
            index: &self.index,
            env: &self.env,
            purpose: Purpose::Reading,
            token_stdin: None,
            workspace_root: &self.workspace_root,
            home: self.home.as_deref(),
            audience: None,
            client: &ClientOptions::default(),
            prompt: None,
        })?;
        refuse_insecure(&self.index, &found.account)?;
        Ok(found)
    }
}

impl Reading {
    /// Returns what finds the credentials where an upload has an account: those of the account, unless they are for
    /// uploads alone or belong to another index.
    #[must_use]
    pub fn beside(self, account: &Account, origin: String) -> Arc<dyn KeyFinder> {
        match account {
            Account::Fixed(credentials) if foreign_token(&self.index, credentials).is_none() => {
                Arc::new(ReadKey { credentials: credentials.clone(), origin })
            }
            Account::Fixed(_) | Account::Trusted(_) => Arc::new(self),
        }
    }
}

impl KeyFinder for Reading {
    fn find(&self) -> Result<ReadKey, NoKey> {
        let Found { account, origin } =
            self.resolve().map_err(|error| NoKey { reason: error.to_string(), remedy: error.hint() })?;
        match account {
            Account::Fixed(credentials) => match foreign_token(&self.index, &credentials) {
                None => Ok(ReadKey { credentials, origin }),
                // Uploads to several indexes may share a variable; a reading that nobody asked for by name must not
                // hand the token of one to another.
                Some(home) => Err(NoKey {
                    reason: format!("{origin} holds a token of {home}, which goes nowhere else"),
                    remedy: Some(format!("set `{}` for this index", token_variable(&self.index.name))),
                }),
            },
            Account::Trusted(_) => {
                Err(NoKey { reason: "an identity of a CI is for uploads".to_owned(), remedy: None })
            }
        }
    }
}

/// Returns the host that made an API token of PyPI or TestPyPI, when the index is another one.
pub(crate) fn foreign_token(index: &IndexSpec, credentials: &Credentials) -> Option<String> {
    let home = credentials.password().and_then(TokenFacts::of)?.location;
    let host = index.upload_url.host_str().unwrap_or_default();
    let is_known = matches!(home.as_str(), "pypi.org" | "test.pypi.org");
    (is_known && host != home && host.strip_prefix("upload.") != Some(home.as_str())).then_some(home)
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    fn reading(dir: &std::path::Path, pairs: &[(&str, &str)]) -> Reading {
        let url: url::Url = "https://index.example/".parse().unwrap();
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Reading {
            index: IndexSpec {
                name: "own".to_owned(),
                upload_url: url.clone(),
                simple_url: url,
                production: false,
            },
            env: pairs.collect(),
            workspace_root: dir.to_path_buf(),
            home: Some(dir.to_path_buf()),
        }
    }

    #[test]
    fn the_sources_of_uploads_count_and_identities_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let identity = [
            ("GITHUB_ACTIONS", "true"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://identity.example/"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "not-a-real-token"),
        ];
        let none = reading(dir.path(), &identity).find().unwrap_err();
        assert!(none.reason.contains("no credentials for the index `own`"), "{none:?}");
        assert!(none.remedy.unwrap().contains("`PYREL_TOKEN_OWN`"));
        let text = "[distutils]\nindex-servers = own\n[own]\nrepository = https://index.example/\nusername = someone\npassword = not-a-real-one\n";
        fs::write(dir.path().join(".pypirc"), text).unwrap();
        assert_eq!(reading(dir.path(), &identity).find().unwrap().origin, "`[own]` of `.pypirc`");
        let found = reading(dir.path(), &[("PYREL_TOKEN_OWN", "not-a-real-token")]);
        assert_eq!(found.find().unwrap().origin, "the variable `PYREL_TOKEN_OWN`");
        assert!(!format!("{found:?}").contains("not-a-real"));
    }

    #[test]
    fn a_token_of_pypi_is_shown_to_pypi_alone() {
        let dir = tempfile::tempdir().unwrap();
        let token = super::super::macaroon::tests::token("pypi.org", &[]);
        let own = reading(dir.path(), &[("PYREL_TOKEN", token.expose())]);
        let error = own.find().unwrap_err();
        let account = Account::Fixed(Credentials::token(&token));
        assert_eq!(own.clone().beside(&account, "an upload".to_owned()).find().unwrap_err(), error);
        assert_eq!(
            error.reason,
            "the variable `PYREL_TOKEN` holds a token of pypi.org, which goes nowhere else"
        );
        let mut pypi = own;
        pypi.index.upload_url = "https://upload.pypi.org/legacy/".parse().unwrap();
        assert!(pypi.find().is_ok());
        assert_eq!(pypi.beside(&account, "an upload".to_owned()).find().unwrap().origin, "an upload");
    }
}
