//! Starts and stops the embedded index: listens only where told.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use url::Url;

use super::account::Account;
use super::fault::{FaultGate, Faults};
use super::overlay::{CacheOptions, Overlay};
use super::router::{App, router};
use super::store::{Store, StoreError};
use crate::wire::shown;

/// How long requests may take to end when the server is shut down.
const GRACE: Duration = Duration::from_secs(10);

/// Where and how an index is served.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The directory that holds everything; made when absent.
    pub dir: PathBuf,
    /// The address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The simple API of another index, to which readers are sent for projects that the store does not have.
    pub overlay: Option<Url>,
    /// Lets what is read of the overlay pass through this server, and keeps it; `None` redirects readers.
    pub overlay_cache: Option<CacheOptions>,
    /// The tokens that may upload; none at all takes any that is not empty.
    pub accounts: Vec<Account>,
    /// Whether readers need a token too.
    pub is_private: bool,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// How long readers may keep lists and files without asking again; PyPI says ten minutes, zero is always right.
    pub max_age: Duration,
}

impl ServerOptions {
    /// Serves a directory at an address: without overlay, open to every token, without faults.
    #[must_use]
    pub fn new(dir: PathBuf, bind: SocketAddr) -> Self {
        Self {
            dir,
            bind,
            overlay: None,
            overlay_cache: None,
            accounts: Vec::new(),
            is_private: false,
            faults: Faults::default(),
            max_age: Duration::ZERO,
        }
    }
}

/// Why an index does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address cannot be listened on.
    #[error("cannot listen on `{bind}`")]
    Bind {
        /// The address.
        bind: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The directory of the overlay's cache cannot be used.
    #[error("cannot use the directory of the cache: `{}`", dir.display())]
    Cache {
        /// The directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The overlay's URL is not HTTP or carries credentials.
    #[error("the overlay must be an `http` or `https` URL without credentials: `{0}`")]
    Overlay(String),
}

impl ServerError {
    /// Returns the remedy, where one exists.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Some("take another port, or port 0 for any free one".to_owned())
            }
            Self::Bind { .. } | Self::Cache { .. } => None,
            Self::Overlay(_) => Some(
                "every reader is sent there and would see credentials; give them to the installers instead"
                    .to_owned(),
            ),
        }
    }
}

/// An index that is being served. Dropping it stops it at once; [`RunningServer::shutdown`] lets requests end.
#[derive(Debug)]
pub struct RunningServer {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
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
        base_url(self.addr)
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

    /// Stops listening, lets running requests end for up to ten seconds, and returns.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone when the server has ended by itself.
            let _ = stop.send(());
        }
        match tokio::time::timeout(GRACE, &mut self.task).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(%error, "the index ended with an error"),
            Ok(Err(error)) => tracing::error!(%error, "the index ended with an error"),
            Err(_) => tracing::warn!("requests were still running and are broken off"),
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves an index until it is shut down. Must be called within a tokio runtime.
///
/// # Errors
/// When the directory cannot be used, the address cannot be listened on, or the overlay is not usable.
pub async fn serve(options: ServerOptions) -> Result<RunningServer, ServerError> {
    let overlay = match options.overlay {
        None => None,
        Some(url) => Some(open_overlay(url, options.overlay_cache).await?),
    };
    let (dir, lag) = (options.dir, options.faults.lag());
    let store = tokio::task::spawn_blocking(move || Store::open(&dir, lag))
        .await
        .map_err(|error| StoreError::Io(io::Error::other(error)))??;
    let failed = |source| ServerError::Bind { bind: options.bind, source };
    let listener = TcpListener::bind(options.bind).await.map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    let judges = std::thread::available_parallelism().map_or(1, usize::from);
    let app = App {
        store,
        overlay,
        accounts: options.accounts,
        is_private: options.is_private,
        faults: FaultGate::new(options.faults),
        max_age: options.max_age,
        base_url: base_url(addr),
        judges: Semaphore::new(judges),
    };
    let (stop, stopped) = oneshot::channel();
    // Small answers must not wait for the other side's acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection stays slow");
        }
    });
    let server = axum::serve(listener, router(Arc::new(app))).with_graceful_shutdown(async {
        // Ends as well when the sender is dropped.
        let _ = stopped.await;
    });
    let task = tokio::spawn(server.into_future());
    Ok(RunningServer { addr, stop: Some(stop), task })
}

async fn open_overlay(url: Url, cache: Option<CacheOptions>) -> Result<Overlay, ServerError> {
    let shown = shown(&url);
    let overlay = Overlay::new(url).ok_or(ServerError::Overlay(shown))?;
    let Some(cache) = cache else { return Ok(overlay) };
    let dir = cache.dir.clone();
    tokio::task::spawn_blocking(move || overlay.cached(&cache))
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(|source| ServerError::Cache { dir, source })
}

fn base_url(addr: SocketAddr) -> Url {
    format!("http://{addr}/").parse().expect("a socket address makes a URL")
}
