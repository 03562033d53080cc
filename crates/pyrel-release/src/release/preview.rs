//! What an upload would do, without doing it: the plan and the findings, and not one file written.

use std::path::PathBuf;

use pyrel_dist::{CheckOptions, CheckReport};
use pyrel_index::{ClientError, ClientOptions, IndexClient};
use pyrel_project::Package;

use super::ReleaseError;
use super::inspection::Inspected;
use crate::credentials::ReadableIndex;
use crate::journal::KeptFile;
use crate::online::online;
use crate::plan::{AccountKind, Attesting, Plan, PlanSource, order_of};
use crate::remote::IndexView;

/// What is to be planned.
pub struct Preview<'a> {
    /// The packages. Private ones are left out.
    pub packages: &'a [&'a Package],
    /// The directories of all packages of the workspace.
    pub directories: &'a [&'a std::path::Path],
    /// The index.
    pub index: &'a ReadableIndex,
    /// Who would upload.
    pub account: AccountKind,
    /// What the index gets besides the files.
    pub attesting: Attesting,
    /// The staging index that is asked for proof.
    pub proof: Option<&'a ReadableIndex>,
    /// How to check.
    pub check: &'a CheckOptions,
    /// How requests are made.
    pub client: &'a ClientOptions,
    /// The time in seconds since 1970.
    pub now: u64,
}

/// What was planned.
#[derive(Debug)]
pub struct Previewed {
    /// The plan.
    pub plan: Plan,
    /// The findings of the check, those about what the index has among them. An upload would stop at its errors.
    pub report: CheckReport,
    /// Why nothing is known of names that look alike, when the list of names could not be had.
    pub unknown_names: Option<ClientError>,
    /// Why nothing is proven to be staged, when the staging index could not be read.
    pub unproven: Option<ReleaseError>,
}

/// Plans an upload of the files in `dist`: the same plan, with the same digest, that the upload would confirm.
///
/// # Errors
///
/// Fails when there is nothing to upload, files are missing or stale, or the target cannot be asked. A staging
/// index that cannot be asked proves nothing.
pub async fn preview(request: &Preview<'_>) -> Result<Previewed, ReleaseError> {
    let (private, public): (Vec<&Package>, Vec<&Package>) =
        request.packages.iter().copied().partition(|package| package.private);
    if public.is_empty() {
        let private = private.iter().map(|package| package.name.clone()).collect();
        return Err(ReleaseError::Nothing { private });
    }
    let inspected = Inspected {
        packages: &public,
        directories: request.directories,
        check: request.check,
        attests: request.attesting != Attesting::Withheld,
    };
    let mut inspection = inspected.found().await?;
    let client = client_of(request.index, request.client)?;
    let view = read(&client, &inspection.files).await?;
    let online = online(&client, &view, &inspection.report, request.now).await;
    inspection.report.judge_index(&online.facts, &inspection.options);
    let (proof, unproven) = match request.proof {
        Some(index) => match read(&client_of(index, request.client)?, &inspection.files).await {
            Ok(view) => (Some(view), None),
            Err(error) => (None, Some(error)),
        },
        None => (None, None),
    };
    let plan = Plan::of(&PlanSource {
        index: client.spec(),
        account: request.account,
        files: &inspection.files,
        attestations: &inspection.attestations,
        attesting: request.attesting,
        order: &order_of(public.iter().copied()),
        view: &view,
        staging: request.proof.map(|index| index.spec.name.as_str()),
        proof: proof.as_ref(),
    });
    Ok(Previewed { plan, report: inspection.report, unknown_names: online.unknown_names, unproven })
}

/// Says why nothing is proven to be staged, and what to do.
pub(super) fn unproven(error: &ReleaseError) -> String {
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("nothing is proven to be staged: {error}{hint}")
}

pub(super) fn client_of(index: &ReadableIndex, options: &ClientOptions) -> Result<IndexClient, ReleaseError> {
    index.client(options).map_err(|source| ReleaseError::Index { index: index.spec.name.clone(), source })
}

pub(super) async fn read(
    client: &IndexClient,
    files: &[(KeptFile, PathBuf)],
) -> Result<IndexView, ReleaseError> {
    let names = files.iter().map(|(file, _)| (file.package.clone(), file.filename.clone())).collect();
    IndexView::read_files(client, names)
        .await
        .map_err(|source| ReleaseError::Index { index: client.spec().name.clone(), source })
}
