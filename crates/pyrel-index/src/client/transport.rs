//! HTTP itself: connections for plain and for encrypted URLs, each set up when first needed. Knows nothing of
//! packages. Redirects are never followed here.

use std::sync::OnceLock;

use reqwest::{Client, Method, RequestBuilder, redirect};
use url::Url;

use super::certificates::{SetupError, Trust};
use super::index_client::ClientOptions;
use crate::wire::is_loopback;

/// Connection pools, empty at first.
///
/// TLS and the system's certificates are loaded with the first `https` request, so that commands without
/// network, and those that only talk to this machine, pay nothing for them.
#[derive(Debug)]
pub(super) struct Transport {
    trust: Trust,
    loopback: OnceLock<Client>,
    remote: OnceLock<Client>,
}

impl Transport {
    /// Makes empty pools whose encrypted connections use these certificates.
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, loopback: OnceLock::new(), remote: OnceLock::new() }
    }

    /// Begins a request. Proxies of the environment are used, but never for this machine.
    pub(super) fn request(
        &self,
        options: &ClientOptions,
        method: Method,
        url: &Url,
    ) -> Result<RequestBuilder, SetupError> {
        let plain = is_plain(url);
        let slot = if plain { &self.loopback } else { &self.remote };
        let client = match slot.get() {
            Some(client) => client,
            None => {
                let made = self.build(options, plain)?;
                slot.get_or_init(|| made)
            }
        };
        Ok(client.request(method, url.clone()))
    }

    fn build(&self, options: &ClientOptions, plain: bool) -> Result<Client, SetupError> {
        // Fails only when a provider is installed already, and then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .user_agent(&options.user_agent)
            .connect_timeout(options.connect_timeout)
            .redirect(redirect::Policy::none());
        let builder =
            if plain { builder.no_proxy().tls_certs_only([]) } else { self.trust.apply(builder)? };
        Ok(builder.build()?)
    }
}

/// Tells whether a URL is at this machine and unencrypted.
pub(super) fn is_plain(url: &Url) -> bool {
    url.scheme() == "http" && is_loopback(url)
}
