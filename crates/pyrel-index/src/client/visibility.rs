//! Waiting until an index lists files with the right bytes, which is when installers see them.

use std::time::Duration;

use pyrel_model::{PackageName, Sha256};
use tokio::time::{Instant, sleep};

use super::error::ClientError;
use super::index_client::IndexClient;
use super::lookup::Reach;
use crate::wire::shown;

/// The pause after the first look.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl IndexClient {
    /// Waits until the index lists every file with its hash. A listed file without a hash counts by its name.
    ///
    /// # Errors
    /// When `patience` runs out, at once when the index lists other bytes under a name, and at once when it
    /// refuses. Failures that may pass are waited out.
    pub async fn wait_visible(
        &self,
        name: &PackageName,
        files: &[(String, Sha256)],
        patience: Duration,
    ) -> Result<(), ClientError> {
        let begin = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let (missing, source) = match self.missing(name, files).await {
                Ok(missing) if missing.is_empty() => return Ok(()),
                Ok(missing) => (missing, None),
                Err(error @ (ClientError::Unreachable { .. } | ClientError::Protocol { .. })) => {
                    (files.iter().map(|(filename, _)| filename.clone()).collect(), Some(Box::new(error)))
                }
                Err(error) => return Err(error),
            };
            if begin.elapsed() + pause > patience {
                let url = shown(&self.page_of(name));
                return Err(ClientError::NotVisible { url, waited: begin.elapsed(), missing, source });
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Looks once; returns the files that are not listed.
    async fn missing(
        &self,
        name: &PackageName,
        files: &[(String, Sha256)],
    ) -> Result<Vec<String>, ClientError> {
        let listing = self.project_in(name, 1, Reach::Anywhere).await?;
        let mut missing = Vec::new();
        for (filename, expected) in files {
            let listed = listing.as_ref().and_then(|listing| listing.file(filename));
            match listed.map(|file| file.sha256) {
                None => missing.push(filename.clone()),
                Some(Some(found)) if found != *expected => {
                    let url = shown(&self.page_of(name));
                    return Err(ClientError::Different { url, filename: filename.clone() });
                }
                Some(_) => {}
            }
        }
        Ok(missing)
    }
}
