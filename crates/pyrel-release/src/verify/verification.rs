//! A whole verification: finds out how the index under test is read, opens a door for installers where it is private,
//! and has the packages tried on a thread of their own.

use std::sync::Arc;

use pyrel_index::{ClientError, ClientOptions, Relay};

use super::prober::try_all;
use super::report::VerifyReport;
use super::request::VerifyRequest;
use super::sibling::{listing, pin};
use crate::blocking::blocking;
use crate::credentials::ReadableIndex;
use crate::events::Reporter;

/// Installs each package from the index in a fresh environment, once per interpreter, and tries it.
///
/// Nothing that a package does stops a verification: whatever fails is in the report. Of a private index installers get
/// an address of this machine, behind which the credentials are; no child process sees them.
///
/// # Errors
/// When the index does not let itself be read, or no port of this machine can be had.
pub async fn verify(
    index: &ReadableIndex,
    options: &ClientOptions,
    mut request: VerifyRequest,
    reporter: Arc<dyn Reporter>,
) -> Result<VerifyReport, ClientError> {
    let client = index.client(options)?;
    if let Some(target) = request.targets.first() {
        listing(&client, &target.package, &*reporter).await?;
    }
    pin(&client, &mut request, &*reporter).await?;
    let relay = if client.reads_with_credentials() { Some(Relay::open(client).await?) } else { None };
    let door = relay.as_ref().map(|relay| relay.url().clone());
    let report = blocking(move || try_all(&request, door.as_ref(), &*reporter)).await;
    if let Some(relay) = relay {
        relay.shut().await?;
    }
    Ok(report)
}
