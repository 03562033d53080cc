//! `pyrel rehearse`: the whole release against two package indexes on this machine.

use std::time::Instant;

use clap::Args;
use pyrel_index::Certificates;
use pyrel_release::gate::Confirm;
use pyrel_release::journal::RunKind;
use pyrel_release::rehearse::rehearse;

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::CommandResult;
use crate::gatekeeper::Prompt;
use crate::releaser::{
    Parts, ResumeArgs, Session, build_options, conclude, selection, verify_settings, words,
};
use crate::reporter::Screen;
use crate::runtime;
use crate::ui::{Tone, duration};

/// Rehearse a whole release against package indexes on this machine
///
/// Builds, checks, stages, installs from the stage, confirms twice, publishes, and installs again, against two
/// embedded indexes; nothing is sent anywhere else. At a terminal the gate asks as it does before production;
/// without one it is answered with the digest that was printed, and the output says so.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel rehearse my-package\n  pyrel rehearse --resume")]
pub(crate) struct RehearseArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    resume: ResumeArgs,
}

/// Runs the command.
pub(crate) fn run(args: &RehearseArgs, context: &Context) -> CommandResult {
    let started = Instant::now();
    let workspace = context.workspace()?;
    let selection = selection(context, &workspace, &args.selection, (&args.resume, RunKind::Rehearsal))?;
    let command = words("rehearse", &args.selection);
    let session = Session {
        stage_command: command.clone(),
        command,
        allow_unstaged: false,
        resume: args.resume.resume.as_deref(),
        certificates: Certificates::default(),
        kind: RunKind::Rehearsal,
    };
    let parts = Parts {
        build: Some(build_options(context, &workspace, selection.packages())?),
        verify: Some(verify_settings(context, &workspace, &[])?),
        ..Parts::default()
    };
    let request = session.request(context, &workspace, selection.packages(), parts)?;
    let mut prompt = Prompt::new(context.ui());
    let person = context.ui().settings().interactive.then_some(&mut prompt as &mut dyn Confirm);
    let reporter = Screen::new(context.shared_ui());
    let report = runtime::serve(async { Ok(rehearse(request, person, reporter).await) })?;
    let ok = report.ok();
    conclude(context, report)?;
    if ok && !context.json() {
        let text = format!("in {}; nothing left this machine", duration(started.elapsed()));
        context.ui().status(Tone::Done, "Rehearsed", &text);
    }
    Ok(())
}
