//! Who uploads during a run: one set of credentials, or a publisher that gets a new token before the last one lapses.

use std::sync::Arc;

use pyrel_index::Credentials;

use super::trusted::{TrustedError, TrustedPublisher};

/// Who uploads.
#[derive(Debug, Clone)]
pub enum Account {
    /// The same credentials for the whole run.
    Fixed(Credentials),
    /// A trusted publisher.
    Trusted(Arc<TrustedPublisher>),
}

impl Account {
    /// Returns the credentials for the next request.
    ///
    /// # Errors
    /// When a trusted publisher gets no token.
    pub async fn credentials(&self) -> Result<Credentials, TrustedError> {
        match self {
            Self::Fixed(credentials) => Ok(credentials.clone()),
            Self::Trusted(publisher) => publisher.credentials().await,
        }
    }

    /// Returns the credentials that hold for the whole run; a trusted publisher has none.
    #[must_use]
    pub fn fixed(&self) -> Credentials {
        match self {
            Self::Fixed(credentials) => credentials.clone(),
            Self::Trusted(_) => Credentials::Anonymous,
        }
    }

    /// Returns other credentials after the index turned these down; `None` when there are no others.
    ///
    /// # Errors
    /// When a trusted publisher gets no token.
    pub async fn replaced(&self, refused: &Credentials) -> Result<Option<Credentials>, TrustedError> {
        match self {
            Self::Fixed(_) => Ok(None),
            Self::Trusted(publisher) => publisher.replaced(refused).await,
        }
    }

    /// Makes sure before anything is done that there will be a token, where trying it out costs nothing.
    ///
    /// # Errors
    /// When a trusted publisher gets no token.
    pub async fn prove(&self) -> Result<(), TrustedError> {
        match self {
            Self::Trusted(publisher) if publisher.is_renewable() => publisher.credentials().await.map(drop),
            Self::Fixed(_) | Self::Trusted(_) => Ok(()),
        }
    }
}

impl From<Credentials> for Account {
    fn from(credentials: Credentials) -> Self {
        Self::Fixed(credentials)
    }
}
