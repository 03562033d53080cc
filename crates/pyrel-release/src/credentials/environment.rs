//! Credentials in variables: which names count for which index, in which order, and which contradict.

use std::collections::BTreeMap;

use pyrel_index::{Credentials, IndexSpec};
use pyrel_model::Secret;

use super::account::Account;

/// Variables as the edge read them, or as a `.env` file has them.
pub type EnvMap = BTreeMap<String, String>;

/// The two indexes that have variables of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Pypi,
    TestPypi,
    Other,
}

impl Known {
    /// Recognises PyPI and TestPyPI by the index's name or by the host of its upload URL.
    pub(super) fn of(index: &IndexSpec) -> Self {
        match (index.name.as_str(), index.upload_url.host_str()) {
            ("testpypi", _) | (_, Some("test.pypi.org")) => Self::TestPypi,
            ("pypi", _) | (_, Some("upload.pypi.org")) => Self::Pypi,
            _ => Self::Other,
        }
    }

    /// Tells whether the index takes API tokens only, whose user name is `__token__`.
    pub(super) fn takes_tokens_only(self) -> bool {
        self != Self::Other
    }
}

/// Two variables of one rank that disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// One variable.
    pub first: String,
    /// The other.
    pub second: String,
}

/// A find in the variables.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) account: Account,
    pub(super) origin: String,
}

/// What the variables hold for an index.
pub(super) enum Lookup {
    Found(Found),
    /// A password for an index whose user name is not known from the variables.
    NeedsUsername {
        password: Secret,
        variable: &'static str,
    },
    Nothing,
}

/// Returns the name of the variable that holds the token of one index: `PYREL_TOKEN_` and the index's name in
/// capitals, everything but letters and digits as `_`.
#[must_use]
pub fn token_variable(index: &str) -> String {
    let name = index.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("PYREL_TOKEN_{}", name.collect::<String>())
}

/// Tells whether a variable name is one of those that credentials are read from.
pub(super) fn is_read(name: &str) -> bool {
    name == "PYREL_TOKEN"
        || name.starts_with("PYREL_TOKEN_")
        || matches!(
            name,
            "TWINE_TEST_USERNAME"
                | "TWINE_TEST_PASSWORD"
                | "TEST_PYPI_API_TOKEN"
                | "PYPI_API_TOKEN"
                | "TWINE_USERNAME"
                | "TWINE_PASSWORD"
                | "UV_PUBLISH_TOKEN"
        )
}

/// Returns the first class of variables that holds something, from the most particular to the most general.
/// A variable that is set to nothing counts as unset, because CI sets missing secrets that way.
pub(super) fn look_up(env: &EnvMap, index: &IndexSpec) -> Result<Lookup, Conflict> {
    let own = token_variable(&index.name);
    for variable in [own.as_str(), "PYREL_TOKEN"] {
        if let Some(token) = value(env, variable) {
            let origin = format!("the variable `{variable}`");
            return Ok(Lookup::Found(Found { account: Credentials::token(&token).into(), origin }));
        }
    }
    for class in classes(Known::of(index)) {
        match read_class(env, index, class)? {
            Lookup::Nothing => {}
            found => return Ok(found),
        }
    }
    Ok(Lookup::Nothing)
}

/// One way that a class of variables may hold credentials.
enum Source {
    Pair(&'static str, &'static str),
    Token(&'static str),
}

fn classes(known: Known) -> Vec<Vec<Source>> {
    let general = [Source::Pair("TWINE_USERNAME", "TWINE_PASSWORD"), Source::Token("UV_PUBLISH_TOKEN")];
    match known {
        // A variable made for TestPyPI and one made for everything may well differ: that is precedence.
        Known::TestPypi => vec![
            vec![
                Source::Pair("TWINE_TEST_USERNAME", "TWINE_TEST_PASSWORD"),
                Source::Token("TEST_PYPI_API_TOKEN"),
            ],
            general.into(),
        ],
        // Those that people set for PyPI mean the same account: if they differ, one of them is a mistake.
        Known::Pypi => vec![std::iter::once(Source::Token("PYPI_API_TOKEN")).chain(general).collect()],
        Known::Other => vec![general.into()],
    }
}

fn read_class(env: &EnvMap, index: &IndexSpec, class: Vec<Source>) -> Result<Lookup, Conflict> {
    let mut first: Option<(&'static str, Lookup, Secret)> = None;
    for source in class {
        let (variable, lookup) = match source {
            Source::Token(variable) => (variable, read_token(env, variable)),
            Source::Pair(user, password) => (password, read_pair(env, index, user, password)),
        };
        let Some((lookup, secret)) = lookup else { continue };
        match &first {
            None => first = Some((variable, lookup, secret)),
            Some((earlier, _, known)) if known.expose().trim() != secret.expose().trim() => {
                return Err(Conflict { first: (*earlier).to_owned(), second: variable.to_owned() });
            }
            Some(_) => {}
        }
    }
    Ok(first.map_or(Lookup::Nothing, |(_, lookup, _)| lookup))
}

fn read_token(env: &EnvMap, variable: &'static str) -> Option<(Lookup, Secret)> {
    let token = value(env, variable)?;
    let origin = format!("the variable `{variable}`");
    Some((Lookup::Found(Found { account: Credentials::token(&token).into(), origin }), token))
}

fn read_pair(
    env: &EnvMap,
    index: &IndexSpec,
    user: &'static str,
    variable: &'static str,
) -> Option<(Lookup, Secret)> {
    let password = value(env, variable)?;
    let username = match value(env, user) {
        Some(username) => username.expose().trim().to_owned(),
        None if is_token(index, &password) => "__token__".to_owned(),
        None => return Some((Lookup::NeedsUsername { password: password.clone(), variable }, password)),
    };
    let origin = format!("the variable `{variable}`");
    let found = Found { account: basic(&username, &password).into(), origin };
    Some((Lookup::Found(found), password))
}

/// Tells whether a password without a user name is an API token.
pub(super) fn is_token(index: &IndexSpec, password: &Secret) -> bool {
    Known::of(index).takes_tokens_only() || password.expose().trim_start().starts_with("pypi-")
}

/// Makes credentials of a user name and a password; a token loses white space at its ends.
pub(super) fn basic(username: &str, password: &Secret) -> Credentials {
    if username == "__token__" {
        Credentials::token(password)
    } else {
        Credentials::Basic { username: username.to_owned(), password: password.clone() }
    }
}

fn value(env: &EnvMap, name: &str) -> Option<Secret> {
    env.get(name).filter(|text| !text.trim().is_empty()).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(name: &str, url: &str) -> IndexSpec {
        IndexSpec {
            name: name.to_owned(),
            upload_url: url.parse().unwrap(),
            simple_url: url.parse().unwrap(),
            production: true,
        }
    }

    fn kind(found: &Found) -> &'static str {
        match &found.account {
            Account::Fixed(credentials) => credentials.account_kind(),
            Account::Trusted(_) => "trusted",
        }
    }

    fn env(pairs: &[(&str, &str)]) -> EnvMap {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn pypi() -> IndexSpec {
        index("pypi", "https://upload.pypi.org/legacy/")
    }

    fn testpypi() -> IndexSpec {
        index("testpypi", "https://test.pypi.org/legacy/")
    }

    fn other() -> IndexSpec {
        index("in-house.2", "https://index.example/")
    }

    fn origin(index: &IndexSpec, pairs: &[(&str, &str)]) -> String {
        match look_up(&env(pairs), index) {
            Ok(Lookup::Found(found)) => found.origin,
            Ok(Lookup::Nothing) => "nothing".to_owned(),
            Ok(Lookup::NeedsUsername { variable, .. }) => format!("{variable} without user"),
            Err(conflict) => format!("{} against {}", conflict.first, conflict.second),
        }
    }

    #[test]
    fn each_index_has_its_order_from_particular_to_general() {
        let orders: [(IndexSpec, &[&str]); 3] = [
            (
                pypi(),
                &["PYREL_TOKEN_PYPI", "PYREL_TOKEN", "PYPI_API_TOKEN", "TWINE_PASSWORD", "UV_PUBLISH_TOKEN"],
            ),
            (
                testpypi(),
                &[
                    "PYREL_TOKEN_TESTPYPI",
                    "PYREL_TOKEN",
                    "TWINE_TEST_PASSWORD",
                    "TEST_PYPI_API_TOKEN",
                    "TWINE_PASSWORD",
                    "UV_PUBLISH_TOKEN",
                ],
            ),
            (other(), &["PYREL_TOKEN_IN_HOUSE_2", "PYREL_TOKEN", "TWINE_PASSWORD", "UV_PUBLISH_TOKEN"]),
        ];
        for (index, order) in orders {
            for first in 0..order.len() {
                // The same value everywhere, so that nothing contradicts and only the order decides.
                let pairs: Vec<(&str, &str)> = order[first..].iter().map(|name| (*name, "pypi-x")).collect();
                assert_eq!(origin(&index, &pairs), format!("the variable `{}`", order[first]));
            }
            assert_eq!(origin(&index, &[]), "nothing");
        }
    }

    #[test]
    fn variables_of_other_indexes_do_not_count() {
        assert_eq!(origin(&pypi(), &[("TEST_PYPI_API_TOKEN", "a"), ("TWINE_TEST_PASSWORD", "a")]), "nothing");
        assert_eq!(origin(&testpypi(), &[("PYPI_API_TOKEN", "a"), ("PYREL_TOKEN_PYPI", "a")]), "nothing");
        assert_eq!(origin(&other(), &[("PYPI_API_TOKEN", "a"), ("TEST_PYPI_API_TOKEN", "a")]), "nothing");
    }

    #[test]
    fn one_rank_may_not_disagree_and_two_ranks_may() {
        let clash =
            |index: &IndexSpec, a, b| origin(index, &[(a, "one"), (b, "two"), ("TWINE_USERNAME", "u")]);
        assert_eq!(
            clash(&pypi(), "PYPI_API_TOKEN", "TWINE_PASSWORD"),
            "PYPI_API_TOKEN against TWINE_PASSWORD"
        );
        assert_eq!(
            clash(&pypi(), "PYPI_API_TOKEN", "UV_PUBLISH_TOKEN"),
            "PYPI_API_TOKEN against UV_PUBLISH_TOKEN"
        );
        assert_eq!(
            clash(&testpypi(), "TWINE_TEST_PASSWORD", "TEST_PYPI_API_TOKEN"),
            "TWINE_TEST_PASSWORD against TEST_PYPI_API_TOKEN"
        );
        assert_eq!(
            clash(&other(), "TWINE_PASSWORD", "UV_PUBLISH_TOKEN"),
            "TWINE_PASSWORD against UV_PUBLISH_TOKEN"
        );
        assert_eq!(clash(&pypi(), "PYREL_TOKEN_PYPI", "PYREL_TOKEN"), "the variable `PYREL_TOKEN_PYPI`");
        assert_eq!(clash(&pypi(), "PYREL_TOKEN", "PYPI_API_TOKEN"), "the variable `PYREL_TOKEN`");
        assert_eq!(
            clash(&testpypi(), "TEST_PYPI_API_TOKEN", "TWINE_PASSWORD"),
            "the variable `TEST_PYPI_API_TOKEN`"
        );
    }

    #[test]
    fn empty_counts_as_unset_and_white_space_is_dropped() {
        let pairs = [("PYREL_TOKEN", ""), ("PYPI_API_TOKEN", " \n"), ("TWINE_PASSWORD", " pypi-x\n")];
        let Ok(Lookup::Found(found)) = look_up(&env(&pairs), &pypi()) else { panic!("nothing found") };
        let Account::Fixed(credentials) = found.account else { panic!("not fixed") };
        assert_eq!(credentials, Credentials::token(&Secret::new("pypi-x")));
    }

    #[test]
    fn a_password_needs_a_user_name_unless_it_is_a_token() {
        assert_eq!(origin(&other(), &[("TWINE_PASSWORD", "word")]), "TWINE_PASSWORD without user");
        let Ok(Lookup::Found(found)) =
            look_up(&env(&[("TWINE_PASSWORD", "word"), ("TWINE_USERNAME", "someone")]), &other())
        else {
            panic!("nothing found")
        };
        assert_eq!(kind(&found), "password");
        let Ok(Lookup::Found(found)) = look_up(&env(&[("TWINE_PASSWORD", "pypi-x")]), &other()) else {
            panic!("nothing found")
        };
        assert_eq!(kind(&found), "token");
    }
}
