//! Who publishes without a stored secret: gets a token when one is needed, and a new one before it lapses.

use std::time::Duration;

use pyrel_index::{Credentials, IndexClient, MintError};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::claims::Claims;
use super::identity::{Identity, IdentityError};

/// A token that has less than this left is not used for another file.
const RESERVE: Duration = Duration::from_mins(2);
/// How often an exchange that got no answer is tried, each time with a new identity.
const ATTEMPTS: u32 = 3;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TrustedError {
    /// The index tells no audience.
    #[error("trusted publishing to `{index}` failed")]
    Audience {
        /// The index.
        index: String,
        /// Why.
        #[source]
        source: MintError,
    },
    /// There is no identity token.
    #[error("{provider} hands out no identity for `{index}`")]
    Identity {
        /// The CI.
        provider: &'static str,
        /// The index.
        index: String,
        /// Why.
        #[source]
        source: IdentityError,
    },
    /// The index did not mint.
    #[error("trusted publishing to `{index}` failed{}", shown(.claims))]
    Mint {
        /// The index.
        index: String,
        /// Who asked.
        claims: Box<Claims>,
        /// Why.
        #[source]
        source: MintError,
    },
}

fn shown(claims: &Claims) -> String {
    let listed: Vec<String> = claims.shown().map(|(name, value)| format!("{name}={value}")).collect();
    if listed.is_empty() { String::new() } else { format!(" for the identity {}", listed.join(", ")) }
}

impl TrustedError {
    /// Returns the remedy: for a publisher that the index does not know, the values to enter there.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Audience { .. } => Some(
                "set `audience` of the index, or give it a token (`pyrel upload --help` says where from)"
                    .to_owned(),
            ),
            Self::Identity { source, .. } => source.hint(),
            Self::Mint { index, claims, source: MintError::Refused(reasons) } => {
                let unknown = |code: &str| matches!(code, "invalid-publisher" | "invalid-pending-publisher");
                let form = claims.form().filter(|_| reasons.iter().any(|reason| unknown(&reason.code)))?;
                let fields: Vec<String> =
                    form.fields.iter().map(|(label, value)| format!("{label}: `{value}`")).collect();
                Some(format!(
                    "add a {} publisher to the project at the index, with {}; for a project that does not exist yet, \
                     `pyrel auth bootstrap --index {index}` shows the steps",
                    form.provider,
                    fields.join(", ")
                ))
            }
            Self::Mint { .. } => None,
        }
    }
}

/// A token in hand.
#[derive(Debug)]
struct Held {
    credentials: Credentials,
    lapses: Instant,
}

#[derive(Debug, Default)]
struct State {
    audience: Option<String>,
    held: Option<Held>,
    exchanges: u32,
}

/// A publisher that an index trusts for its identity.
#[derive(Debug)]
pub struct TrustedPublisher {
    index: String,
    client: IndexClient,
    identity: Identity,
    state: Mutex<State>,
}

impl TrustedPublisher {
    /// Makes a publisher; nothing is asked yet. `audience` is the configured one, if there is any.
    #[must_use]
    pub fn new(client: IndexClient, identity: Identity, audience: Option<String>) -> Self {
        let index = client.spec().name.clone();
        Self { index, client, identity, state: Mutex::new(State { audience, ..State::default() }) }
    }

    /// Returns the CI whose identity is used.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        self.identity.provider()
    }

    /// Tells whether trying it out costs nothing, because another token can be had later.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        self.identity.is_renewable()
    }

    /// Returns a token that lives long enough for another file: the one in hand, or a new one. However many ask at
    /// once, one exchange is made.
    ///
    /// # Errors
    /// When the CI hands out no identity or the index does not take it.
    pub async fn credentials(&self) -> Result<Credentials, TrustedError> {
        let mut state = self.state.lock().await;
        match &state.held {
            // A token that cannot be renewed is used to its end.
            Some(held) if !self.is_renewable() || Instant::now() + RESERVE < held.lapses => {
                Ok(held.credentials.clone())
            }
            _ => self.exchange(&mut state).await,
        }
    }

    /// Returns another token than the one that the index turned down; `None` when there is no other to be had.
    ///
    /// # Errors
    /// As [`Self::credentials`].
    pub async fn replaced(&self, refused: &Credentials) -> Result<Option<Credentials>, TrustedError> {
        let mut state = self.state.lock().await;
        match &state.held {
            Some(held) if held.credentials != *refused => Ok(Some(held.credentials.clone())),
            _ if !self.is_renewable() => Ok(None),
            _ => self.exchange(&mut state).await.map(Some),
        }
    }

    async fn exchange(&self, state: &mut State) -> Result<Credentials, TrustedError> {
        let audience = match &state.audience {
            Some(audience) => audience.clone(),
            None => {
                let asked = self.client.trusted_audience().await;
                let index = || self.index.clone();
                let audience = asked.map_err(|source| TrustedError::Audience { index: index(), source })?;
                state.audience.insert(audience).clone()
            }
        };
        let mut attempts = 0;
        loop {
            let identity = self.identity.token(&self.client, &audience, state.exchanges > 0).await;
            let identity = identity.map_err(|source| TrustedError::Identity {
                provider: self.provider(),
                index: self.index.clone(),
                source,
            })?;
            state.exchanges += 1;
            attempts += 1;
            let began = Instant::now();
            match self.client.mint(&identity).await {
                Ok(minted) => {
                    let credentials = Credentials::token(&minted.token);
                    let lapses = began + minted.lifetime;
                    state.held = Some(Held { credentials: credentials.clone(), lapses });
                    return Ok(credentials);
                }
                Err(MintError::Unreachable { .. }) if attempts < ATTEMPTS && self.is_renewable() => {
                    tokio::time::sleep(Duration::from_millis(500) * attempts).await;
                }
                Err(source) => {
                    let claims = Box::new(Claims::of(&identity));
                    return Err(TrustedError::Mint { index: self.index.clone(), claims, source });
                }
            }
        }
    }
}
