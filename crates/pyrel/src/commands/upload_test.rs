//! `pyrel upload-test`: check, then upload to TestPyPI or another index that is not production.

use clap::Args;
use pyrel_release::gate::AdvanceConfirm;
use pyrel_release::journal::RunKind;

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::releaser::{
    CredentialArgs, ModeArgs, Parts, ResumeArgs, Session, attestations, carry_out, find_account, find_index,
    selection, target, words,
};

/// Check built files and upload them to TestPyPI
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel upload-test my-package")]
pub(crate) struct UploadTestArgs {
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
pub(crate) fn run(args: &UploadTestArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = selection(context, &workspace, &args.selection, (&args.resume, RunKind::Release))?;
    if find_index(&workspace, &args.index)?.production {
        let message = format!("`{}` is a production index", args.index);
        let hint = format!("`pyrel upload --index {}` uploads there, past the gate", args.index);
        return Err(CommandError::message(Failure::Usage, message).hint(Some(hint)));
    }
    let account = find_account(context, &workspace, &args.index, &args.credentials)?;
    let mut command = words("upload-test", &args.selection);
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
    let parts = Parts { stage: Some(target(account, attestations)), ..Parts::default() };
    let request = session.request(context, &workspace, selection.packages(), parts)?;
    let mut nobody = AdvanceConfirm::default();
    carry_out(context, &request, &mut nobody, &args.mode)
}
