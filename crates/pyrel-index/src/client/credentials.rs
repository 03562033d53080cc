//! Who uploads: nobody, or a user name with a password. Decides nothing about where credentials come from.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pyrel_model::Secret;
use reqwest::header::HeaderValue;
use url::Url;

/// What a request proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing is sent.
    Anonymous,
    /// HTTP Basic. A token is a password of the user `__token__`.
    Basic {
        /// The user name.
        username: String,
        /// The password or token.
        password: Secret,
    },
}

impl Credentials {
    /// Returns the credentials of an API token. White space around it is dropped, as PyPI does.
    #[must_use]
    pub fn token(token: &Secret) -> Self {
        Self::Basic { username: "__token__".to_owned(), password: Secret::new(token.expose().trim()) }
    }

    /// Returns `token`, `password`, or `anonymous`.
    #[must_use]
    pub fn account_kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Basic { username, .. } if username == "__token__" => "token",
            Self::Basic { .. } => "password",
        }
    }

    /// Returns the password or token, when there is one.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        match self {
            Self::Anonymous => None,
            Self::Basic { password, .. } => Some(password),
        }
    }

    /// Takes user and password out of a URL, percent-decoded.
    pub(super) fn take_from(url: &mut Url) -> Self {
        if url.username().is_empty() && url.password().is_none() {
            return Self::Anonymous;
        }
        let credentials = Self::Basic {
            username: decoded(url.username()),
            password: Secret::new(decoded(url.password().unwrap_or_default())),
        };
        // Both fail only for URLs that have no host, and those have no user either.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        credentials
    }

    /// Returns the value of the `Authorization` header, marked as sensitive.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Anonymous => None,
            Self::Basic { username, password } => {
                let pair = STANDARD.encode(format!("{username}:{}", password.expose()));
                let mut value = HeaderValue::try_from(format!("Basic {pair}"))
                    .expect("base64 consists of characters that a header may have");
                value.set_sensitive(true);
                Some(value)
            }
        }
    }
}

fn decoded(text: &str) -> String {
    // A query pair is percent-decoded on parsing; `+` alone means a space there and must be shielded.
    let shielded = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("x={shielded}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_out_of_a_url() {
        let mut url: Url = "https://us%40er:a+b%2F@index.example/x".parse().unwrap();
        let expected = Credentials::Basic { username: "us@er".to_owned(), password: Secret::new("a+b/") };
        assert_eq!(Credentials::take_from(&mut url), expected);
        assert_eq!(url.as_str(), "https://index.example/x");
        assert_eq!(Credentials::take_from(&mut url), Credentials::Anonymous);
    }

    #[test]
    fn header_and_kind() {
        let token = Credentials::token(&Secret::new(" not-a-real-token\n"));
        assert_eq!(token.account_kind(), "token");
        let header = token.header().unwrap();
        assert!(header.is_sensitive());
        assert_eq!(
            STANDARD.decode(&header.as_bytes()["Basic ".len()..]).unwrap(),
            b"__token__:not-a-real-token"
        );
        assert!(!format!("{token:?}").contains("not-a-real"));
    }
}
