//! What can go wrong on the wire, and the remedies.

use std::error::Error;
use std::io;
use std::time::Duration;

use super::advice::{advice, is_maintenance};
use super::certificates::SetupError;

/// A cause of any kind.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// A lookup or a wait that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// A file of certificates cannot be used.
    #[error("cannot use the certificates of `{path}`: {reason}")]
    Certificates {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The scheme of an index URL is not HTTP.
    #[error("an index URL must start with `https://` or `http://`: `{url}`")]
    Scheme {
        /// The URL.
        url: String,
    },
    /// Credentials would go over plain HTTP to another machine.
    #[error("credentials would go unencrypted to `{url}`")]
    Insecure {
        /// The URL.
        url: String,
    },
    /// HTTP or TLS could not be set up.
    #[error("cannot set up HTTP")]
    Setup(#[source] SetupError),
    /// Installers of this machine cannot be let at a private index.
    #[error("cannot open a port of this machine for installers")]
    Relay(#[source] io::Error),
    /// Nothing usable came back, however often it was asked.
    #[error("cannot reach `{url}` ({attempts} {})", times(*attempts))]
    Unreachable {
        /// The URL.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        #[source]
        source: Cause,
    },
    /// The index refused to show the page.
    #[error("`{url}` answers {status}: {message}")]
    Refused {
        /// The URL.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the index says.
        message: String,
    },
    /// The index does not let this reader read.
    #[error(transparent)]
    Private(Box<Unreadable>),
    /// The answer is not one of a package index.
    #[error("`{url}` does not answer as a package index: {detail}")]
    Protocol {
        /// The URL.
        url: String,
        /// What is wrong with the answer.
        detail: String,
    },
    /// The files did not appear in time.
    #[error("`{url}` does not list every file after {} s, missing: {}", waited.as_secs(), list(missing))]
    NotVisible {
        /// The project's page.
        url: String,
        /// How long was waited.
        waited: Duration,
        /// The files that are not listed.
        missing: Vec<String>,
        /// The last lookup's failure, when the last one failed.
        #[source]
        source: Option<Box<ClientError>>,
    },
    /// The index lists other bytes under an expected name.
    #[error("`{url}` lists other bytes under the name `{filename}`")]
    Different {
        /// The project's page.
        url: String,
        /// The file.
        filename: String,
    },
}

/// A refusal of an index to be read.
#[derive(Debug, thiserror::Error)]
#[error("the index `{index}` does not let `{url}` be read ({status}, {tried}): {message}")]
pub struct Unreadable {
    /// The index.
    pub index: String,
    /// The URL.
    pub url: String,
    /// 401 or 403.
    pub status: u16,
    /// What the index says.
    pub message: String,
    /// The source of the credentials that were tried, or why there were none.
    pub tried: String,
    /// What to do.
    pub remedy: String,
}

impl ClientError {
    /// Tells of a client that cannot even be made.
    pub(super) fn of_setup(error: SetupError) -> Self {
        match error {
            SetupError::Certificates { path, reason } => Self::Certificates { path, reason },
            error @ SetupError::Client(_) => Self::Setup(error),
        }
    }

    /// Returns the remedy, where one exists.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Certificates { .. } => Some(
                "name a file in PEM with `--ca-cert` or `--client-cert`, a variable, or `.pypirc`".to_owned(),
            ),
            Self::Scheme { .. } => Some("correct the URL in the configuration of the index".to_owned()),
            Self::Insecure { .. } => Some(INSECURE.to_owned()),
            Self::Setup(_) => Some(CERTIFICATES.to_owned()),
            Self::Unreachable { source, .. } => Some(unreachable_hint(source.as_ref())),
            Self::Relay(_) => None,
            Self::Private(refusal) => Some(refusal.remedy.clone()),
            Self::Refused { status: 401 | 403, .. } => {
                Some("the index sends readers there, and its credentials go to no other address".to_owned())
            }
            Self::Refused { .. } => None,
            Self::Protocol { .. } => {
                Some("check the index's `simple-url`, which usually ends in `/simple/`".to_owned())
            }
            Self::NotVisible { .. } => {
                Some("the index may only be slow; resume the run after a while".to_owned())
            }
            Self::Different { .. } => Some(CONFLICT.to_owned()),
        }
    }
}

/// An upload that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The index will not take the file, now or later.
    #[error("the index refuses `{filename}` with {status}: {message}")]
    Refused {
        /// The file.
        filename: String,
        /// The HTTP status.
        status: u16,
        /// What the index says.
        message: String,
    },
    /// The index has other bytes under this name.
    #[error("the index already has other bytes under the name `{filename}`")]
    Conflict {
        /// The file.
        filename: String,
    },
    /// The index does not accept who uploads.
    #[error("the index does not accept the credentials for `{filename}` ({status}): {message}")]
    Credentials {
        /// The file.
        filename: String,
        /// 401 or 403.
        status: u16,
        /// What the index says.
        message: String,
    },
    /// The index takes no uploads for now, from nobody.
    #[error("the index takes no uploads for now: {message}")]
    Maintenance {
        /// What the index says.
        message: String,
    },
    /// Credentials would go over plain HTTP to another machine. Nothing was sent.
    #[error("credentials would go unencrypted to `{url}`")]
    Insecure {
        /// The upload URL.
        url: String,
    },
    /// The upload did not get through, and the index does not list the file.
    #[error("cannot upload `{filename}` to `{url}` ({attempts} {})", times(*attempts))]
    Unreachable {
        /// The file.
        filename: String,
        /// The upload URL.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        #[source]
        source: Cause,
    },
    /// The file on disk is no longer the one that was checked. The upload was broken off.
    #[error("`{path}` has changed since it was checked: {detail}")]
    Changed {
        /// The file.
        path: String,
        /// What differs.
        detail: String,
    },
    /// The upload URL sends uploads elsewhere, which is not followed.
    #[error("the index redirects the upload from `{url}` to `{target}`")]
    Redirected {
        /// The upload URL.
        url: String,
        /// Where the index points.
        target: String,
    },
    /// The answer makes no sense.
    #[error("`{url}` does not answer as a package index: {detail}")]
    Protocol {
        /// The URL.
        url: String,
        /// What is wrong with the answer.
        detail: String,
    },
    /// HTTP or TLS could not be set up.
    #[error("cannot set up HTTP")]
    Setup(#[source] SetupError),
    /// The file cannot be read.
    #[error("cannot read the file to upload")]
    Io(#[source] io::Error),
}

impl UploadError {
    /// Returns the remedy, where one exists.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { status: 404 | 405 | 410, message, .. } if advice(message).is_none() => Some(
                "the `upload-url` of the index is wrong, PyPI's is `https://upload.pypi.org/legacy/`; or the index \
                 hides it from these credentials"
                    .to_owned(),
            ),
            Self::Refused { status: 413, .. } => Some("the file is too large for this index".to_owned()),
            Self::Refused { message, .. } => Some(
                advice(message)
                    .unwrap_or("correct the package, build it again, and release again")
                    .to_owned(),
            ),
            Self::Maintenance { message } => {
                Some(advice(message).unwrap_or("resume the run later").to_owned())
            }
            Self::Conflict { .. } => Some(CONFLICT.to_owned()),
            Self::Credentials { message, .. } => {
                let general = "use a token that is valid for this index and project; tokens of PyPI and TestPyPI are separate";
                Some(advice(message).unwrap_or(general).to_owned())
            }
            Self::Insecure { .. } => Some(INSECURE.to_owned()),
            Self::Unreachable { source, .. } => Some(unreachable_hint(source.as_ref())),
            Self::Changed { .. } => Some("check the file again before uploading it".to_owned()),
            Self::Redirected { url, target } if *target == format!("{url}/") => {
                Some("add the missing slash at the end of `upload-url`".to_owned())
            }
            Self::Redirected { target, .. } => {
                Some(format!("if you trust it, set `upload-url` of the index to `{target}`"))
            }
            Self::Protocol { .. } => Some("check the index's `upload-url` and `simple-url`".to_owned()),
            Self::Setup(_) => Some(CERTIFICATES.to_owned()),
            Self::Io(_) => None,
        }
    }
}

const CONFLICT: &str = "a published file never changes; bump the version";
const INSECURE: &str = "use `https://`; plain HTTP is for this machine only";
const CERTIFICATES: &str = "the system's certificates could not be loaded; install them (package `ca-certificates`) \
    or point `SSL_CERT_FILE` to a bundle";

/// An answer that is worth another try.
#[derive(Debug, thiserror::Error)]
#[error("the index answers {status}: {message}")]
pub(super) struct Busy {
    pub(super) status: u16,
    pub(super) message: String,
    /// How long the index asks to stay away, when that is more than the policy's patience.
    pub(super) too_long: Option<Duration>,
}

/// Nothing came for too long.
#[derive(Debug, thiserror::Error)]
#[error("no answer for {} s", .0.as_secs_f32())]
pub(super) struct Silence(pub(super) Duration);

fn unreachable_hint(source: &(dyn Error + Send + Sync + 'static)) -> String {
    if let Some(busy) = source.downcast_ref::<Busy>() {
        return match busy.too_long {
            Some(wait) => format!("the index asks to come back in {} s; resume the run then", wait.as_secs()),
            None if is_maintenance(&busy.message) => {
                "the index is being maintained; resume the run later".to_owned()
            }
            None => "the index is in trouble; resume the run when it is well".to_owned(),
        };
    }
    if is_certificate_error(source) {
        return "the server's certificate is not trusted here; when it is your own, name a bundle that has \
                its authority with `--ca-cert` or `SSL_CERT_FILE`"
            .to_owned();
    }
    "check the network, the proxy variables, and the index's URL".to_owned()
}

/// Tells whether TLS refused the other side's certificate, which no retry mends.
pub(super) fn is_certificate_error(error: &(dyn Error + 'static)) -> bool {
    let mut current = Some(error);
    while let Some(error) = current {
        if matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        current = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

fn times(attempts: u32) -> &'static str {
    if attempts == 1 { "attempt" } else { "attempts" }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
