//! What indexes have of a project, for `info --remote`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pyrel_index::{Certificates, ClientError, ClientOptions, IndexSpec, ProjectListing, RetryPolicy};
use pyrel_model::{DistFilename, Version};
use pyrel_project::{IndexConfig, Package, Workspace};
use pyrel_release::credentials::Pypirc;
use serde::Serialize;

use crate::context::Context;
use crate::exit::{CommandError, Failure};
use crate::releaser::find_readable;
use crate::runtime;
use crate::ui::plural;

/// What one index has of one project.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RemoteVersions {
    /// Whether the project exists there.
    exists: bool,
    /// Versions with files, newest first.
    versions: Vec<Version>,
    /// How many files.
    files: usize,
}

impl RemoteVersions {
    /// Returns one line for a person.
    pub(crate) fn to_text(&self) -> String {
        match self.versions.first() {
            None if self.exists => "no files".to_owned(),
            None => "not there".to_owned(),
            Some(newest) => {
                let count = plural(self.versions.len(), "version");
                format!("{newest} is the newest of {count}, {}", plural(self.files, "file"))
            }
        }
    }

    fn of(listing: Option<&ProjectListing>) -> Self {
        let files = listing.map(|listing| listing.files.as_slice()).unwrap_or_default();
        let mut versions: Vec<Version> = files
            .iter()
            .filter_map(|file| file.filename.parse::<DistFilename>().ok())
            .map(|filename| filename.version().clone())
            .collect();
        versions.sort_by(|a, b| b.cmp(a));
        versions.dedup();
        Self { exists: listing.is_some(), versions, files: files.len() }
    }
}

/// Asks every configured index for every package, in the order given.
pub(crate) fn versions(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
) -> Result<Vec<BTreeMap<String, RemoteVersions>>, CommandError> {
    if context.offline() {
        return Err(CommandError::message(
            Failure::Usage,
            "`--remote` needs the network that `--offline` forbids",
        ));
    }
    let options = client_options(context, workspace, &Certificates::default())?;
    let mut clients = Vec::new();
    for name in workspace.config().indexes.keys() {
        let client = find_readable(context, workspace, name)?.client(&options).map_err(unreachable)?;
        clients.push((name.clone(), client));
    }
    runtime::block_on(async {
        let mut rows = Vec::with_capacity(packages.len());
        for package in packages {
            let mut row = BTreeMap::new();
            for (name, client) in &clients {
                let listing = client.project(&package.name).await.map_err(unreachable)?;
                row.insert(name.clone(), RemoteVersions::of(listing.as_ref()));
            }
            rows.push(row);
        }
        Ok(rows)
    })
}

/// Returns an index as the wire knows it.
pub(crate) fn spec(name: &str, config: &IndexConfig) -> Result<IndexSpec, CommandError> {
    let parse = |url: &str| {
        url::Url::parse(url).map_err(|error| {
            CommandError::message(
                Failure::Usage,
                format!("the index `{name}` has an invalid URL `{url}`: {error}"),
            )
        })
    };
    Ok(IndexSpec {
        name: name.to_owned(),
        upload_url: parse(&config.upload_url)?,
        simple_url: parse(&config.simple_url)?,
        production: config.production,
    })
}

/// Returns how this command line talks to indexes: how patiently, and with which certificates.
pub(crate) fn client_options(
    context: &Context,
    workspace: &Workspace,
    named: &Certificates,
) -> Result<ClientOptions, CommandError> {
    let number = |name: &str, default: u64| {
        context.environment().get(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let seconds = |name: &str, default: u64| Duration::from_secs(number(name, default));
    Ok(ClientOptions {
        user_agent: format!(
            "pyrel/{} ({}; {})",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
        connect_timeout: seconds("PYREL_CONNECT_TIMEOUT", 15),
        read_timeout: seconds("PYREL_READ_TIMEOUT", 120),
        retries: RetryPolicy {
            attempts: 5,
            base: Duration::from_millis(number("PYREL_RETRY_BASE_MS", 500)),
            max: Duration::from_secs(30),
            ..RetryPolicy::default()
        },
        certificates: certificates(context, workspace, named)?,
    })
}

/// Returns the certificates of each index: those named, else those of the variables that twine and requests read, else
/// those of the index's section in `.pypirc`.
fn certificates(
    context: &Context,
    workspace: &Workspace,
    named: &Certificates,
) -> Result<BTreeMap<String, Certificates>, CommandError> {
    let variable = |names: &[&str]| {
        let found = names.iter().find_map(|name| context.environment().get(name));
        found.map(|path| context.directory().join(path))
    };
    let authorities = variable(&["TWINE_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]);
    let client = variable(&["TWINE_CLIENT_CERT"]);
    let home = context.environment().home();
    let file = match &home {
        Some(home) => Pypirc::read(&home.join(".pypirc")).map_err(|error| {
            let hint = error.hint();
            CommandError::new(Failure::Refused, error).hint(hint)
        })?,
        None => None,
    };
    let absolute = |path: &PathBuf| home.as_ref().map_or_else(|| path.clone(), |home| expanded(home, path));
    let mut all = BTreeMap::new();
    for (name, config) in &workspace.config().indexes {
        let section = file.as_ref().and_then(|file| file.section(name, &config.upload_url));
        let found = Certificates {
            authorities: named
                .authorities
                .clone()
                .or_else(|| authorities.clone())
                .or_else(|| section.and_then(|section| section.ca_cert.as_ref()).map(absolute)),
            client: named
                .client
                .clone()
                .or_else(|| client.clone())
                .or_else(|| section.and_then(|section| section.client_cert.as_ref()).map(absolute)),
        };
        if found != Certificates::default() {
            all.insert(name.clone(), found);
        }
    }
    Ok(all)
}

/// Returns a path of `.pypirc`: `~` is the home directory, where relative ones begin too.
fn expanded(home: &Path, path: &Path) -> PathBuf {
    home.join(path.strip_prefix("~").unwrap_or(path))
}

/// Says that an index cannot be asked.
pub(crate) fn unreachable(error: ClientError) -> CommandError {
    let hint = error.hint();
    CommandError::new(Failure::Remote, error).hint(hint)
}
