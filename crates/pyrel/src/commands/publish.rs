//! `pyrel publish`: the whole way to PyPI, staging included.

use std::sync::Arc;

use clap::Args;
use pyrel_index::Certificates;
use pyrel_release::attest::Attestations;
use pyrel_release::credentials::ReadableIndex;
use pyrel_release::journal::RunKind;

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::CommandResult;
use crate::gatekeeper;
use crate::releaser::{
    ConfirmArgs, CredentialArgs, ModeArgs, Parts, ResumeArgs, Session, WheelTest, attestations,
    build_options, carry_out, find_account, selection, takes_attestations, target, verify_settings, words,
};

/// Build, test, check, stage, install from the stage, confirm twice, publish, install again
///
/// Builds are deterministic: what `pyrel plan` printed for the same sources is the digest that `--confirm`
/// takes here.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel publish my-package")]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The index to publish on
    #[arg(long, value_name = "NAME", default_value = "pypi")]
    index: String,
    /// The index to stage on
    #[arg(long, value_name = "NAME", default_value = "testpypi")]
    stage: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    mode: ModeArgs,
    #[command(flatten)]
    resume: ResumeArgs,
}

/// Runs the command.
pub(crate) fn run(args: &PublishArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = selection(context, &workspace, &args.selection, (&args.resume, RunKind::Release))?;
    let stage = find_account(context, &workspace, &args.stage, &CredentialArgs::default())?;
    let production = find_account(context, &workspace, &args.index, &CredentialArgs::default())?;
    let mut command = words("publish", &args.selection);
    for (flag, value, usual) in [("--index", &args.index, "pypi"), ("--stage", &args.stage, "testpypi")] {
        if value != usual {
            command.push_str(&format!(" {flag} {value}"));
        }
    }
    let command = args.mode.words(command);
    let certificates = Certificates::default();
    let signed = attestations(context, &workspace, (&production, &certificates), args.mode.attest)?;
    let staged = match &signed {
        // Both get the same signatures.
        Attestations::Signed(_) if takes_attestations(&workspace, &stage) => signed.clone(),
        _ => attestations(context, &workspace, (&stage, &certificates), false)?,
    };
    let session = Session {
        command,
        stage_command: words("upload-test", &args.selection),
        allow_unstaged: args.confirm.allow_unstaged,
        resume: args.resume.resume.as_deref(),
        certificates,
        kind: RunKind::Release,
    };
    let parts = Parts {
        build: Some(build_options(context, &workspace, selection.packages())?),
        test: Some(Arc::new(WheelTest::new(context, &workspace, selection.packages())?)),
        proof: Some(ReadableIndex { spec: stage.spec.clone(), keys: Arc::clone(&stage.keys) }),
        stage: Some(target(stage, staged)),
        publish: Some(target(production, signed)),
        verify: Some(verify_settings(context, &workspace, &[])?),
    };
    let request = session.request(context, &workspace, selection.packages(), parts)?;
    let mut confirm = gatekeeper::answers(context, &args.confirm);
    carry_out(context, &request, &mut *confirm, &args.mode)
}
