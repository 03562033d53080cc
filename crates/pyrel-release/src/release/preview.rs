//! What an upload would do, without doing it: the plan and the findings, and not one file written.

use std::path::PathBuf;

use pyrel_dist::{CheckOptions, CheckReport, ProjectFacts, check_files};
use pyrel_index::{ClientError, ClientOptions, IndexClient, IndexSpec};
use pyrel_project::Package;

use super::ReleaseError;
use super::pipeline::blocking;
use crate::collect::collect;
use crate::journal::KeptFile;
use crate::online::online;
use crate::plan::{AccountKind, Plan, PlanSource, order_of};
use crate::remote::IndexView;

/// What is to be planned.
pub struct Preview<'a> {
    /// The packages. Private ones are left out.
    pub packages: &'a [&'a Package],
    /// The directories of all packages of the workspace.
    pub directories: &'a [&'a std::path::Path],
    /// The index.
    pub index: &'a IndexSpec,
    /// Who would upload.
    pub account: AccountKind,
    /// The staging index that is asked for proof.
    pub proof: Option<&'a IndexSpec>,
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
    let (mut paths, mut errors, mut options) = (Vec::new(), Vec::new(), request.check.clone());
    for package in &public {
        let found = match collect(package, request.directories) {
            Ok(found) => found,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        for file in found {
            let facts = ProjectFacts { name: file.package, version: Some(file.version) };
            options.projects.insert(file.path.clone(), facts);
            paths.push(file.path);
        }
    }
    if !errors.is_empty() {
        return Err(ReleaseError::Collect(errors));
    }
    let (mut report, files) = blocking(move || {
        let report = check_files(&paths, &options);
        let files = measured(&report, &options);
        (report, files)
    })
    .await;
    let client = client(request.index, request.client)?;
    let view = read(&client, &public).await?;
    let online = online(&client, &view, &report, request.now).await;
    report.judge_index(&online.facts, request.check);
    let proof = match request.proof {
        Some(spec) => read(&self::client(spec, request.client)?, &public).await.ok(),
        None => None,
    };
    let plan = Plan::of(&PlanSource {
        index: client.spec(),
        account: request.account,
        files: &files,
        order: &order_of(public.iter().copied()),
        view: &view,
        staging: request.proof.map(|spec| spec.name.as_str()),
        proof: proof.as_ref(),
    });
    Ok(Previewed { plan, report, unknown_names: online.unknown_names })
}

fn measured(report: &CheckReport, options: &CheckOptions) -> Vec<(KeptFile, PathBuf)> {
    let measure = |file: &pyrel_dist::FileReport| {
        let (dist, facts) = (file.dist.as_ref()?, options.projects.get(&file.path)?);
        let kept = KeptFile {
            package: facts.name.clone(),
            version: facts.version.clone()?,
            filename: dist.file_name().to_owned(),
            kind: dist.kind(),
            size: dist.size(),
            sha256: dist.sha256(),
        };
        Some((kept, file.path.clone()))
    };
    report.files.iter().filter_map(measure).collect()
}

fn client(spec: &IndexSpec, options: &ClientOptions) -> Result<IndexClient, ReleaseError> {
    IndexClient::new(spec.clone(), options.clone())
        .map_err(|source| ReleaseError::Index { index: spec.name.clone(), source })
}

async fn read(client: &IndexClient, packages: &[&Package]) -> Result<IndexView, ReleaseError> {
    IndexView::read(client, packages.iter().map(|package| &package.name))
        .await
        .map_err(|source| ReleaseError::Index { index: client.spec().name.clone(), source })
}
