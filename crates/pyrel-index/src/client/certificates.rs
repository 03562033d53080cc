//! TLS beyond the system's trust: authorities of one's own, and a certificate that proves who connects.

use std::path::{Path, PathBuf};

use fs_err as fs;
use reqwest::{Certificate, ClientBuilder, Identity};

/// Files in PEM that connections to one index use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificates {
    /// Authorities that are trusted instead of the system's.
    pub authorities: Option<PathBuf>,
    /// A certificate with its key, shown to a server that asks who connects.
    pub client: Option<PathBuf>,
}

/// Why HTTP or TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A file of certificates cannot be used.
    #[error("cannot use the certificates of `{path}`: {reason}")]
    Certificates {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The HTTP client says no.
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

/// The same files, read or to be read when there is something to encrypt: bundles of a system have hundreds of
/// certificates, and an index on this machine needs none of them.
#[derive(Debug)]
pub(super) enum Trust {
    Read(Box<Read>),
    Unread(Certificates),
}

/// Certificates that were read.
#[derive(Debug, Default)]
pub(super) struct Read {
    authorities: Option<Vec<Certificate>>,
    client: Option<Identity>,
}

impl Default for Trust {
    fn default() -> Self {
        Self::Read(Box::default())
    }
}

impl Trust {
    /// Reads the files.
    pub(super) fn read(files: &Certificates) -> Result<Self, SetupError> {
        Ok(Self::Read(Box::new(Read::of(files)?)))
    }

    /// Sets a client up for encrypted connections.
    pub(super) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, SetupError> {
        Ok(match self {
            Self::Read(read) => read.apply(builder),
            Self::Unread(files) => Read::of(files)?.apply(builder),
        })
    }
}

impl Read {
    fn of(files: &Certificates) -> Result<Self, SetupError> {
        let authorities = files.authorities.as_deref().map(authorities).transpose()?;
        let client = files.client.as_deref().map(identity).transpose()?;
        Ok(Self { authorities, client })
    }

    fn apply(&self, mut builder: ClientBuilder) -> ClientBuilder {
        if let Some(authorities) = &self.authorities {
            builder = builder.tls_certs_only(authorities.iter().cloned());
        }
        match &self.client {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        }
    }
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, SetupError> {
    let found =
        Certificate::from_pem_bundle(&read(path)?).map_err(|_| no_pem(path, "no certificates in PEM"))?;
    if found.is_empty() { Err(no_pem(path, "no certificates in PEM")) } else { Ok(found) }
}

fn identity(path: &Path) -> Result<Identity, SetupError> {
    // What the parser says may quote the file, which holds a key.
    Identity::from_pem(&read(path)?).map_err(|_| no_pem(path, "not one certificate and its key in PEM"))
}

fn read(path: &Path) -> Result<Vec<u8>, SetupError> {
    fs::read(path).map_err(|error| SetupError::Certificates {
        path: path.display().to_string(),
        reason: error.kind().to_string(),
    })
}

fn no_pem(path: &Path, reason: &str) -> SetupError {
    SetupError::Certificates { path: path.display().to_string(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_hold_no_certificates_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("authority.pem");
        let of = |authorities: Option<&Path>, client: Option<&Path>| {
            let files = Certificates {
                authorities: authorities.map(Path::to_path_buf),
                client: client.map(Path::to_path_buf),
            };
            let later = Trust::Unread(files.clone()).apply(ClientBuilder::new()).unwrap_err().to_string();
            let now = Trust::read(&files).unwrap_err().to_string();
            assert_eq!(now, later);
            now
        };
        assert!(of(Some(&path), None).contains("authority.pem"), "missing");
        fs::write(&path, "not PEM").unwrap();
        assert!(of(Some(&path), None).contains("no certificates in PEM"));
        assert!(of(None, Some(&path)).contains("not one certificate and its key"));
        assert!(Trust::read(&Certificates::default()).is_ok());
    }
}
