//! The accounts of an index: tokens, each for all projects or for some. No text of this module shows a token or
//! anything that may be a part of one.

use std::path::{Path, PathBuf};

use pyrel_model::{PackageName, Secret};
use sha2::{Digest as _, Sha256};

/// A token that may upload.
#[derive(Debug, Clone)]
pub struct Account {
    token: Secret,
    /// The projects that the token is limited to; none means all.
    projects: Vec<PackageName>,
}

/// Why a text is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// There is no token.
    #[error("a token is written `TOKEN` or `TOKEN=PROJECT,...`, and here is none")]
    Empty,
    /// The token has a character that no header takes.
    #[error("a token is of visible ASCII characters, and this one is not")]
    Characters,
    /// There is `=` and nothing usable behind it.
    #[error("number {0} of the projects behind the `=` of a token is no project name")]
    Project(usize),
    /// A token was given before.
    #[error("number {0} of the tokens was given before")]
    Double(usize),
    /// A line of a file is no account.
    #[error("`{}`, line {line}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        #[source]
        source: Box<AccountError>,
    },
    /// A file has no account at all, which would leave the index open.
    #[error("`{}` has no token", .0.display())]
    NoToken(PathBuf),
}

impl Account {
    /// Takes a token for some projects, or for all when none is named.
    #[must_use]
    pub fn new(token: Secret, projects: Vec<PackageName>) -> Self {
        Self { token, projects }
    }

    /// Reads `TOKEN` or `TOKEN=PROJECT,...`; the last `=` divides.
    ///
    /// # Errors
    /// When there is no token, or what is behind `=` is no list of project names.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let text = text.trim();
        let (token, projects) =
            text.rsplit_once('=').map_or((text, None), |(token, rest)| (token, Some(rest)));
        if token.is_empty() {
            return Err(AccountError::Empty);
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(AccountError::Characters);
        }
        let named = projects.into_iter().flat_map(|projects| projects.split(',')).enumerate();
        let projects = named
            .map(|(number, name)| name.trim().parse().map_err(|_| AccountError::Project(number + 1)))
            .collect::<Result<_, _>>()?;
        Ok(Self::new(Secret::new(token), projects))
    }

    /// Reads the text of a file: an account a line; blank lines and those that start with `#` are passed over.
    ///
    /// # Errors
    /// When a line is no account, or there is none.
    pub fn parse_file(path: &Path, text: &str) -> Result<Vec<Self>, AccountError> {
        let mut accounts = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                let line_error = |source| AccountError::Line {
                    path: path.to_path_buf(),
                    line: number + 1,
                    source: Box::new(source),
                };
                accounts.push(Self::parse(line).map_err(line_error)?);
            }
        }
        if accounts.is_empty() { Err(AccountError::NoToken(path.to_path_buf())) } else { Ok(accounts) }
    }

    /// Refuses accounts of which two have the same token: which projects it is for would be unclear.
    ///
    /// # Errors
    /// When a token is there twice.
    pub fn all_differ(accounts: &[Self]) -> Result<(), AccountError> {
        let double = (1..accounts.len())
            .find(|at| accounts[..*at].iter().any(|earlier| earlier.token == accounts[*at].token));
        double.map_or(Ok(()), |at| Err(AccountError::Double(at + 1)))
    }

    /// Tells whether this is the account of a token. Compares by digest, so that the time taken tells nothing.
    pub(super) fn has(&self, given: &Secret) -> bool {
        Sha256::digest(given.expose()) == Sha256::digest(self.token.expose().trim())
    }

    /// Tells whether the account may upload to a project.
    pub(super) fn covers(&self, project: &PackageName) -> bool {
        self.projects.is_empty() || self.projects.contains(project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_as_people_write_them() {
        let all = Account::parse("token").unwrap();
        assert!(all.has(&Secret::new("token")) && !all.has(&Secret::new("token ")));
        assert!(all.covers(&"anything".parse().unwrap()));
        let some = Account::parse(" a=b=Demo.App, other ").unwrap();
        assert!(some.has(&Secret::new("a=b")));
        assert!(some.covers(&"demo-app".parse().unwrap()) && some.covers(&"other".parse().unwrap()));
        assert!(!some.covers(&"third".parse().unwrap()));
    }

    #[test]
    fn nonsense_is_refused_and_never_shown() {
        for (text, expected) in [
            ("", AccountError::Empty),
            ("=demo", AccountError::Empty),
            ("hush hush", AccountError::Characters),
            ("hüsh", AccountError::Characters),
            ("hush=", AccountError::Project(1)),
            ("hush=a,hush!", AccountError::Project(2)),
        ] {
            let error = Account::parse(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }
        assert!(!format!("{:?}", Account::parse("hush=a")).contains("hush"));
        let accounts = ["x", "y=a", "x=b"].map(|text| Account::parse(text).unwrap());
        assert_eq!(Account::all_differ(&accounts), Err(AccountError::Double(3)));
        assert_eq!(Account::all_differ(&accounts[..2]), Ok(()));
    }

    #[test]
    fn files_name_their_lines() {
        let read = |text| Account::parse_file(Path::new("tokens"), text);
        assert_eq!(read("# ours\n\none\r\ntwo=demo\n").unwrap().len(), 2);
        let error = read("one\n\ntwo=!\n").unwrap_err();
        assert_eq!(error.to_string(), "`tokens`, line 3");
        assert_eq!(read("# none\n").unwrap_err().to_string(), "`tokens` has no token");
    }
}
