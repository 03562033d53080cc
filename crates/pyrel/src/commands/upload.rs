//! `pyrel upload`: check, two confirmations, upload to PyPI or the named index.

use clap::Args;
use pyrel_release::journal::RunKind;

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::CommandResult;
use crate::gatekeeper;
use crate::releaser::{
    ConfirmArgs, CredentialArgs, ModeArgs, Parts, ResumeArgs, Session, attestations, carry_out, find_account,
    proof_of, selection, target, words,
};

/// Check built files and upload them to PyPI, after two confirmations
///
/// At a terminal the plan is shown, a yes is asked for, and the plan's digest must be typed. Without one, both
/// must be given in advance: `--yes` and `--confirm DIGEST`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  pyrel plan my-package\n  pyrel upload my-package --yes --confirm 1a2b3c4d5e6f"
)]
pub(crate) struct UploadArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The index
    #[arg(long, value_name = "NAME", default_value = "pypi")]
    index: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    mode: ModeArgs,
    #[command(flatten)]
    resume: ResumeArgs,
}

/// Runs the command.
pub(crate) fn run(args: &UploadArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = selection(context, &workspace, &args.selection, (&args.resume, RunKind::Release))?;
    let account = find_account(context, &workspace, &args.index, &args.credentials)?;
    let mut command = words("upload", &args.selection);
    if args.index != "pypi" {
        command.push_str(&format!(" --index {}", args.index));
    }
    let command = args.mode.words(command);
    let certificates = args.credentials.certificates(context);
    let attestations = attestations(context, &workspace, (&account, &certificates), args.mode.attest)?;
    let session = Session {
        command,
        stage_command: words("upload-test", &args.selection),
        allow_unstaged: args.confirm.allow_unstaged,
        resume: args.resume.resume.as_deref(),
        certificates,
        kind: RunKind::Release,
    };
    let parts = Parts {
        proof: proof_of(context, &workspace, &account.spec)?,
        publish: Some(target(account, attestations)),
        ..Parts::default()
    };
    let request = session.request(context, &workspace, selection.packages(), parts)?;
    let mut confirm = gatekeeper::answers(context, &args.confirm);
    carry_out(context, &request, &mut *confirm, &args.mode)
}
