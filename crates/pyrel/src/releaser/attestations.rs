//! What an index gets besides the files: nothing, the attestations beside them, or new ones signed with the identity of
//! the CI.

use std::sync::Arc;

use pyrel_index::{Certificates, IndexClient, IndexSpec, SigstoreClient, SigstoreEndpoints};
use pyrel_project::Workspace;
use pyrel_release::attest::{Attestations, Attester};
use pyrel_release::credentials::{Identity, Offer};
use pyrel_release::plan::{AccountKind, Attesting};

use super::account::Uploader;
use crate::context::Context;
use crate::exit::{CommandError, Failure};
use crate::remote;

/// Hosts that take attestations of trusted publishers alone, whatever else they take.
const TRUSTED_ONLY: [&str; 2] = ["upload.pypi.org", "test.pypi.org"];

/// Returns what an index gets besides the files.
pub(crate) fn attestations(
    context: &Context,
    workspace: &Workspace,
    (uploader, certificates): (&Uploader, &Certificates),
    attest: bool,
) -> Result<Attestations, CommandError> {
    let Uploader { spec, account, .. } = uploader;
    match attesting(workspace, (spec, AccountKind::of(account)), attest)? {
        Attesting::Withheld => {
            tell_withheld(context, workspace, spec);
            Ok(Attestations::Withheld)
        }
        Attesting::Found => Ok(Attestations::Found),
        Attesting::Signed => attester(context, workspace, (spec, certificates))
            .map(|attester| Attestations::Signed(Arc::new(attester))),
    }
}

/// Tells whether an index takes the attestations of an account.
pub(crate) fn takes_attestations(workspace: &Workspace, uploader: &Uploader) -> bool {
    let account = AccountKind::of(&uploader.account);
    is_told_to_take(workspace, &uploader.spec) && fits(&uploader.spec, account)
}

/// Returns what an index gets besides the files, as a plan says it.
pub(crate) fn attesting(
    workspace: &Workspace,
    (spec, account): (&IndexSpec, AccountKind),
    attest: bool,
) -> Result<Attesting, CommandError> {
    let takes = is_told_to_take(workspace, spec);
    match (takes && fits(spec, account), attest) {
        (true, true) => Ok(Attesting::Signed),
        (true, false) => Ok(Attesting::Found),
        (false, false) => Ok(Attesting::Withheld),
        (false, true) if takes => {
            let message = format!("`{}` takes attestations of trusted publishers alone", spec.name);
            let hint =
                format!("unset the token in this job, or see `pyrel auth check --index {}`", spec.name);
            Err(CommandError::message(Failure::Refused, message).hint(Some(hint)))
        }
        (false, true) => {
            let message = format!("`--attest` is of no use: the index `{}` takes no attestations", spec.name);
            let hint = format!("if it does, set `attestations = true` under `[index.{}]`", spec.name);
            Err(CommandError::message(Failure::Usage, message).hint(Some(hint)))
        }
    }
}

fn is_told_to_take(workspace: &Workspace, spec: &IndexSpec) -> bool {
    workspace.config().indexes.get(&spec.name).is_some_and(|index| index.attestations)
}

fn fits(spec: &IndexSpec, account: AccountKind) -> bool {
    let strict = spec.upload_url.host_str().is_some_and(|host| TRUSTED_ONLY.contains(&host));
    !strict || account == AccountKind::Trusted
}

fn tell_withheld(context: &Context, workspace: &Workspace, spec: &IndexSpec) {
    if is_told_to_take(workspace, spec) {
        let text = format!("`{}` takes attestations of trusted publishers alone: none is sent", spec.name);
        context.ui().detail(&text);
    }
}

fn attester(
    context: &Context,
    workspace: &Workspace,
    (spec, certificates): (&IndexSpec, &Certificates),
) -> Result<Attester, CommandError> {
    let reason = match Identity::offered(&context.environment().variables) {
        Offer::Identity(identity) => {
            let options = remote::client_options(context, workspace, certificates)?;
            let variable = |name: &str| context.environment().get(name);
            let endpoints = SigstoreEndpoints::new(variable("PYREL_FULCIO_URL"), variable("PYREL_REKOR_URL"))
                .map_err(|fault| CommandError::message(Failure::Usage, fault))?;
            let client = IndexClient::new(spec.clone(), options.clone()).map_err(remote::unreachable)?;
            return Ok(Attester::new(client, SigstoreClient::new(endpoints, options), identity));
        }
        Offer::Withheld(reason) => reason,
        Offer::Nothing => "there is none here".to_owned(),
    };
    let message = format!("`--attest` signs with the identity of a CI: {reason}");
    let hint = "attestations that were made elsewhere are taken from beside the files";
    Err(CommandError::message(Failure::Refused, message).hint(Some(hint)))
}
