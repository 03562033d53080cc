//! `[index.NAME]`: package indexes, the two predefined ones included.

use std::collections::BTreeMap;

use pyrel_model::Diagnostic;
use pyrel_model::pyproject::TableReader;
use toml_edit::Item;
use url::{Host, Url};

/// The name of the predefined production index.
pub const PYPI: &str = "pypi";
/// The name of the predefined index for rehearsals.
pub const TEST_PYPI: &str = "testpypi";

/// Hosts that take uploads to PyPI itself.
const PYPI_HOSTS: &[&str] = &["upload.pypi.org", "pypi.org"];

/// Hosts whose indexes take attestations.
const ATTESTING_HOSTS: &[&str] = &["upload.pypi.org", "test.pypi.org"];

/// A package index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexConfig {
    /// `upload-url`: the endpoint of the legacy upload API.
    pub upload_url: String,
    /// `simple-url`: the root of the simple API.
    pub simple_url: String,
    /// `production`: whether an upload needs both confirmations. Default: false, but true for PyPI.
    pub production: bool,
    /// `audience`: what a trusted publishing token is minted for, when the index does not say.
    pub audience: Option<String>,
    /// `attestations`: whether the index takes attestations (PEP 740). Default: false, but true for PyPI and TestPyPI.
    pub attestations: bool,
}

/// Returns the indexes that need no configuration.
pub(super) fn predefined() -> BTreeMap<String, IndexConfig> {
    let index = |upload_url: &str, simple_url: &str, production| IndexConfig {
        upload_url: upload_url.to_owned(),
        simple_url: simple_url.to_owned(),
        production,
        audience: None,
        attestations: true,
    };
    BTreeMap::from([
        (PYPI.to_owned(), index("https://upload.pypi.org/legacy/", "https://pypi.org/simple/", true)),
        (
            TEST_PYPI.to_owned(),
            index("https://test.pypi.org/legacy/", "https://test.pypi.org/simple/", false),
        ),
    ])
}

/// Reads the table `[index]` over the predefined indexes.
pub(super) fn read_all(table: &TableReader<'_>) -> Result<BTreeMap<String, IndexConfig>, Box<Diagnostic>> {
    let mut indexes = predefined();
    let mut variables: BTreeMap<String, String> =
        indexes.keys().map(|name| (variable_part(name), name.clone())).collect();
    for (name, item) in table.table().iter() {
        let key_span = table.table().get_key_value(name).and_then(|(key, _)| key.span());
        let span = key_span.or_else(|| item.span());
        if !is_index_name(name) {
            let message = format!(
                "the name of an index must consist of ASCII letters, digits, `-`, and `_` and start with a letter: `{name}`"
            );
            return Err(table.fault_at(span, &message));
        }
        match variables.insert(variable_part(name), name.to_owned()) {
            Some(other) if other != name => {
                let message = format!("indexes `{other}` and `{name}` would share one token variable");
                return Err(table.fault_at(span, &message));
            }
            _ => {}
        }
        let inner = item.as_table_like().ok_or_else(|| table.fault(name, "must be a table"))?;
        let dotted = table.dotted(name);
        let reader = TableReader::new(table.path(), table.text(), &dotted, inner);
        let index = read(&reader, name, indexes.get(name))?;
        indexes.insert(name.to_owned(), index);
    }
    Ok(indexes)
}

fn read(
    table: &TableReader<'_>,
    name: &str,
    predefined: Option<&IndexConfig>,
) -> Result<IndexConfig, Box<Diagnostic>> {
    table.known_keys(&["upload-url", "simple-url", "production", "audience", "attestations"])?;
    let upload_url = read_url(table, "upload-url", predefined.map(|index| index.upload_url.as_str()))?;
    let simple_url = read_url(table, "simple-url", predefined.map(|index| index.simple_url.as_str()))?;
    let is_pypi = name == PYPI || upload_url.host_str().is_some_and(|host| PYPI_HOSTS.contains(&host));
    let production = match table.boolean("production")? {
        Some(false) if is_pypi => {
            let fault = table.fault("production", "may not be `false` for PyPI");
            return Err(Box::new(fault.with_hint("uploads to PyPI always ask for both confirmations")));
        }
        Some(given) => given,
        None => is_pypi || predefined.is_some_and(|index| index.production),
    };
    // A predefined name may stand for another server.
    let takes_attestations = upload_url.host_str().is_some_and(|host| ATTESTING_HOSTS.contains(&host));
    Ok(IndexConfig {
        attestations: table.boolean("attestations")?.unwrap_or(takes_attestations),
        upload_url: upload_url.into(),
        simple_url: simple_url.into(),
        production,
        audience: table.string("audience")?.map(str::to_owned),
    })
}

fn read_url(table: &TableReader<'_>, key: &str, default: Option<&str>) -> Result<Url, Box<Diagnostic>> {
    let Some(text) = table.string(key)?.or(default) else {
        let span = table.table().iter().next().and_then(|(_, item)| item.span());
        let mut fault = *table.fault_at(span, &format!("`{}` is missing", table.dotted(key)));
        fault.hint = Some(format!("add `{key} = \"https://…\"` to the table `[{}]`", table.name()));
        return Err(Box::new(fault));
    };
    let refuse = |reason: &str| {
        let span = table.get(key).and_then(Item::span);
        table.fault_at(span, &format!("`{}` {reason}", table.dotted(key)))
    };
    let url = Url::parse(text).map_err(|error| refuse(&format!("is no URL, {error}: `{text}`")))?;
    if !url.username().is_empty() || url.password().is_some() {
        let mut fault = refuse("must not hold a user name or password");
        // Neither the text nor its line is repeated: it holds a credential.
        fault.location.iter_mut().for_each(|location| location.source_line = None);
        return Err(Box::new(
            fault.with_hint("give credentials by environment variable, `.pypirc`, or keyring"),
        ));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(refuse(&format!("must be https, as only a loopback address may be http: `{text}`"))),
        _ => Err(refuse(&format!("must be an https URL: `{text}`"))),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn is_index_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Returns the part of `PYREL_TOKEN_…` that stands for an index.
fn variable_part(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}
