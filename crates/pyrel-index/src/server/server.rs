//! Starts and stops the embedded index: listens only where told.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use pyrel_model::Secret;
use url::Url;

/// Where and how an index is served.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The directory that holds everything; made when absent.
    pub dir: PathBuf,
    /// The address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The simple API of another index, for projects that the store does not have.
    pub overlay: Option<Url>,
    /// The one token that may upload; `None` takes any that is not empty.
    pub token: Option<Secret>,
}

/// Why an index does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on `{bind}`")]
    Bind {
        /// The address.
        bind: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// An index that is being served. Dropping it stops it at once; [`RunningServer::shutdown`] lets requests end.
#[derive(Debug)]
pub struct RunningServer {
    addr: SocketAddr,
}

impl RunningServer {
    /// Returns the address that is listened on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the address of the front page, `http://ADDRESS/`.
    #[must_use]
    pub fn base_url(&self) -> Url {
        format!("http://{}/", self.addr).parse().expect("a socket address makes a URL")
    }

    /// Returns the simple API for installers: this index, and the overlay for what it does not have.
    #[must_use]
    pub fn simple_url(&self) -> Url {
        self.at("simple/")
    }

    /// Returns the simple API of this index alone, without overlay: what a client that uploads must ask.
    #[must_use]
    pub fn local_simple_url(&self) -> Url {
        self.at("local/simple/")
    }

    /// Returns the address that uploads go to.
    #[must_use]
    pub fn upload_url(&self) -> Url {
        self.at("legacy/")
    }

    fn at(&self, path: &str) -> Url {
        self.base_url().join(path).expect("a constant path joins any base")
    }

    /// Stops listening, lets running requests end, and returns.
    pub async fn shutdown(self) {}
}

/// Serves an index.
///
/// # Errors
/// When the store cannot be opened or the address cannot be listened on.
pub async fn serve(options: ServerOptions) -> Result<RunningServer, ServerError> {
    let listener = tokio::net::TcpListener::bind(options.bind)
        .await
        .map_err(|source| ServerError::Bind { bind: options.bind, source })?;
    let addr = listener.local_addr().map_err(|source| ServerError::Bind { bind: options.bind, source })?;
    Ok(RunningServer { addr })
}
