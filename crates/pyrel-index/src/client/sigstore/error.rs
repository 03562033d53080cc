//! Why nothing was signed.

use super::super::certificates::SetupError;
use super::super::error::Cause;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigstoreError {
    /// The authority or the log says no.
    #[error("`{url}` answers {status}: {message}")]
    Refused {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The answer.
        message: String,
    },
    /// Nobody answers.
    #[error("cannot reach `{url}`")]
    Unreachable {
        /// The URL.
        url: String,
        /// The last failure.
        #[source]
        source: Cause,
    },
    /// The answer makes no sense.
    #[error("`{url}` does not answer as Sigstore does: {detail}")]
    Protocol {
        /// The URL.
        url: String,
        /// What is wrong with the answer.
        detail: String,
    },
    /// An identity would go unencrypted to another machine. Nothing was sent.
    #[error("an identity would go unencrypted to `{url}`")]
    Insecure {
        /// The URL.
        url: String,
    },
    /// HTTP or TLS could not be set up.
    #[error("cannot set up HTTP")]
    Setup(#[source] SetupError),
    /// The system gives no randomness for a key.
    #[error("cannot make a signature: the system gives no randomness")]
    Key,
}

impl SigstoreError {
    /// Returns the remedy, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { status: 400 | 401 | 403, .. } => Some(
                "Sigstore takes identities of CIs that it knows, made out for `sigstore`; publish without `--attest` \
                 elsewhere"
                    .to_owned(),
            ),
            Self::Insecure { .. } => Some("use an `https://` URL".to_owned()),
            _ => None,
        }
    }
}
