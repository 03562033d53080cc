//! `pyrel publish-test`: build, test, check, upload to TestPyPI, install from there.

use std::sync::Arc;

use clap::Args;
use pyrel_release::gate::AdvanceConfirm;
use pyrel_release::journal::RunKind;

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::releaser::{
    CredentialArgs, ModeArgs, Parts, ResumeArgs, Session, WheelTest, attestations, build_options, carry_out,
    find_account, find_index, selection, target, verify_settings, words,
};

/// Build, test, check, upload to TestPyPI, and install from there
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel publish-test my-package")]
pub(crate) struct PublishTestArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The index; it must not be a production index
    #[arg(long, value_name = "NAME", default_value = "testpypi")]
    index: String,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    mode: ModeArgs,
    #[command(flatten)]
    resume: ResumeArgs,
}

/// Runs the command.
pub(crate) fn run(args: &PublishTestArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = selection(context, &workspace, &args.selection, (&args.resume, RunKind::Release))?;
    if find_index(&workspace, &args.index)?.production {
        let message = format!("`{}` is a production index", args.index);
        return Err(CommandError::message(Failure::Usage, message).hint(Some("use `pyrel publish`")));
    }
    let account = find_account(context, &workspace, &args.index, &args.credentials)?;
    let mut command = words("publish-test", &args.selection);
    if args.index != "testpypi" {
        command.push_str(&format!(" --index {}", args.index));
    }
    let command = args.mode.words(command);
    let certificates = args.credentials.certificates(context);
    let attestations = attestations(context, &workspace, (&account, &certificates), args.mode.attest)?;
    let session = Session {
        stage_command: command.clone(),
        command,
        allow_unstaged: false,
        resume: args.resume.resume.as_deref(),
        certificates,
        kind: RunKind::Release,
    };
    let parts = Parts {
        build: Some(build_options(context, &workspace, selection.packages())?),
        test: Some(Arc::new(WheelTest::new(context, &workspace, selection.packages())?)),
        stage: Some(target(account, attestations)),
        verify: Some(verify_settings(context, &workspace, &[])?),
        ..Parts::default()
    };
    let request = session.request(context, &workspace, selection.packages(), parts)?;
    let mut nobody = AdvanceConfirm::default();
    carry_out(context, &request, &mut nobody, &args.mode)
}
