//! Who signs during a run: asks the CI for an identity, Sigstore for a certificate, and renews both before they lapse.

use std::sync::Arc;
use std::time::Duration;

use pyrel_index::{IndexClient, SigningSession, SigstoreClient, SigstoreError};
use pyrel_model::{Secret, Sha256};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::credentials::{Identity, IdentityError};
use crate::plan::Attesting;

/// How long a certificate is used. It is good for ten minutes, and the log counts by its own clock.
const LIFETIME: Duration = Duration::from_mins(7);

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
    /// There is no identity token.
    #[error("{provider} hands out no identity for Sigstore")]
    Identity {
        /// The CI.
        provider: &'static str,
        /// Why.
        #[source]
        source: IdentityError,
    },
    /// Sigstore makes no certificate for the identity.
    #[error("Sigstore gives the identity of {provider} no certificate")]
    Certificate {
        /// The CI.
        provider: &'static str,
        /// Why.
        #[source]
        source: SigstoreError,
    },
    /// A signature did not get into the log.
    #[error("`{filename}` cannot be attested")]
    Signature {
        /// The file.
        filename: String,
        /// Why.
        #[source]
        source: SigstoreError,
    },
}

impl AttestError {
    /// Returns the remedy, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Identity { source, .. } => source.hint(),
            Self::Certificate { source, .. } | Self::Signature { source, .. } => source.hint(),
        }
    }
}

/// What an index gets besides the files.
#[derive(Debug, Clone, Default)]
pub enum Attestations {
    /// Nothing: the index does not take attestations.
    #[default]
    Withheld,
    /// The attestations that lie beside the files.
    Found,
    /// Those, and new ones for the files that have no `publish` attestation.
    Signed(Arc<Attester>),
}

impl Attestations {
    /// Returns what a plan says of it.
    #[must_use]
    pub fn attesting(&self) -> Attesting {
        match self {
            Self::Withheld => Attesting::Withheld,
            Self::Found => Attesting::Found,
            Self::Signed(_) => Attesting::Signed,
        }
    }
}

/// Signs files with the identity of a CI.
#[derive(Debug)]
pub struct Attester {
    client: IndexClient,
    sigstore: SigstoreClient,
    identity: Identity,
    session: Mutex<Option<(Arc<SigningSession>, Instant)>>,
}

impl Attester {
    /// Makes an attester; nothing is asked yet. The client of the index asks the identity service too.
    #[must_use]
    pub fn new(client: IndexClient, sigstore: SigstoreClient, identity: Identity) -> Self {
        Self { client, sigstore, identity, session: Mutex::new(None) }
    }

    /// Makes sure before anything is sent that the CI hands out an identity. Sigstore is not asked: each certificate
    /// gets into a public log.
    ///
    /// # Errors
    /// When the CI hands out no identity.
    pub async fn prove(&self) -> Result<(), AttestError> {
        self.token().await.map(drop)
    }

    /// Signs that a file was published; returns the attestation. That it was signed is public from then on.
    ///
    /// # Errors
    /// When there is no certificate, or the log does not take the signature.
    pub async fn attest(&self, filename: &str, sha256: &Sha256) -> Result<String, AttestError> {
        let session = self.session().await?;
        let signed = self.sigstore.attest(&session, filename, sha256).await;
        signed.map_err(|source| AttestError::Signature { filename: filename.to_owned(), source })
    }

    async fn session(&self) -> Result<Arc<SigningSession>, AttestError> {
        let mut held = self.session.lock().await;
        if let Some((session, _)) = held.as_ref().filter(|(_, since)| since.elapsed() < LIFETIME) {
            return Ok(Arc::clone(session));
        }
        let provider = self.identity.provider();
        let began = Instant::now();
        let token = self.token().await?;
        let session = self.sigstore.certify(&token).await;
        let session = Arc::new(session.map_err(|source| AttestError::Certificate { provider, source })?);
        *held = Some((Arc::clone(&session), began));
        Ok(session)
    }

    async fn token(&self) -> Result<Secret, AttestError> {
        let provider = self.identity.provider();
        // Sigstore takes an identity as often as it is shown, until it lapses.
        let token = self.identity.token(&self.client, SigstoreClient::AUDIENCE, false).await;
        token.map_err(|source| AttestError::Identity { provider, source })
    }
}
