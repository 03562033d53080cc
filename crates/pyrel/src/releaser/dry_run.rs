//! A run that sends nothing, on the screen: the plan for each index, what is known of the account, and everything that
//! would stop the run.

use std::sync::Arc;

use pyrel_release::events::Reporter;
use pyrel_release::gate::Confirm;
use pyrel_release::plan::{Remote, Standing};
use pyrel_release::release::{DryRun, DryTarget, ReleaseRequest, dry_run};

use super::conclusion::stopped;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult};
use crate::ui::{Tone, plural};
use crate::verdict::{self, Sources};
use crate::{gatekeeper, runtime};

/// Looks at what a run would do, and shows it.
pub(super) fn show_dry_run(
    context: &Context,
    request: &ReleaseRequest<'_>,
    confirm: &mut dyn Confirm,
    reporter: Arc<dyn Reporter>,
) -> CommandResult {
    let run = runtime::block_on(async { Ok(dry_run(request, confirm, reporter).await) })?;
    if context.json() {
        context.ui().json(&run)?;
    } else {
        show(context, request, &run)?;
    }
    conclude(context, run)
}

fn show(context: &Context, request: &ReleaseRequest<'_>, run: &DryRun) -> CommandResult {
    let is_clean = |file: &pyrel_dist::FileReport| file.ok(request.check.strict);
    if let Some(report) = run.check.as_ref().filter(|report| !report.files.iter().all(is_clean)) {
        verdict::show(context, report, request.check.strict, &Sources::default())?;
    }
    let steps: Vec<&str> = run.steps.iter().map(|step| step.as_str()).collect();
    context.ui().data(&format!("would    {}", steps.join(", ")))?;
    for target in &run.targets {
        context.ui().data("")?;
        gatekeeper::show(context.ui(), &target.plan)?;
        show_target(context, target)?;
    }
    Ok(())
}

fn show_target(context: &Context, target: &DryTarget) -> CommandResult {
    let of = |remote: Remote| target.plan.files().filter(|file| file.remote == remote).count();
    let sent = format!("send {}, skip {}", plural(of(Remote::Absent), "file"), of(Remote::Same));
    context.ui().data(&format!("sends    {sent}"))?;
    for item in target.plan.items() {
        let known = match item.standing {
            Standing::New => "the name is free as far as the index tells",
            Standing::Update => "the project exists, and takes files of its owners alone",
        };
        context.ui().data(&format!("name     {}: {known}", item.package))?;
    }
    for detail in &target.credentials.details {
        context.ui().data(&format!("account  {detail}"))?;
    }
    Ok(())
}

/// Tells everything that would stop the run; the last of it is the error of the command, with the code of the first.
fn conclude(context: &Context, run: DryRun) -> CommandResult {
    let code = run.exit_code();
    let mut errors: Vec<CommandError> =
        run.failures.into_iter().map(|failure| stopped(context, failure, code)).collect();
    let Some(last) = errors.pop() else {
        context.ui().status(Tone::Done, "Dry run", "nothing would stop it, and nothing was sent");
        return Ok(());
    };
    errors.iter().for_each(|error| context.ui().error(error));
    context.ui().status(Tone::Fail, "Dry run", "the run would stop here, and nothing was sent");
    Err(last)
}
