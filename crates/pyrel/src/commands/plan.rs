//! `pyrel plan`: what an upload would do, and the digest that confirms it.

use clap::{Args, ValueEnum};
use pyrel_index::Certificates;
use pyrel_release::plan::AccountKind;
use pyrel_release::release::{Preview, Previewed, preview};

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::CommandResult;
use crate::releaser::{attesting, directories, planned_target, proof_of, stopped};
use crate::ui::plural;
use crate::verdict::{self, Sources};
use crate::{checker, gatekeeper, remote, runtime};

/// Show what an upload would do, and the plan's digest
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel plan my-package --index pypi")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The index
    #[arg(long, value_name = "NAME", default_value = "pypi")]
    index: String,
    /// Plan for this kind of account instead of looking for credentials
    #[arg(long, value_enum, value_name = "KIND")]
    account: Option<AccountArg>,
    /// Plan for an upload with `--attest`, which signs what has no attestation yet
    #[arg(long)]
    attest: bool,
    /// Do not warn about files that the staging index does not hold
    #[arg(long)]
    allow_unstaged: bool,
}

/// A kind of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AccountArg {
    /// An API token
    Token,
    /// Tokens that the index mints for the identity of a CI
    TrustedPublisher,
    /// A user name and a password
    Password,
    /// No credentials
    Anonymous,
}

impl From<AccountArg> for AccountKind {
    fn from(kind: AccountArg) -> Self {
        match kind {
            AccountArg::Token => Self::Token,
            AccountArg::TrustedPublisher => Self::Trusted,
            AccountArg::Password => Self::Password,
            AccountArg::Anonymous => Self::Anonymous,
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &PlanArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = context.select(&workspace, &args.selection)?;
    let kind = args.account.map(AccountKind::from);
    let (index, account) = planned_target(context, &workspace, &args.index, kind)?;
    let proof = proof_of(context, &workspace, &index.spec)?;
    let directories = directories(&workspace);
    let options = checker::options(context, &workspace, false)?;
    let client = remote::client_options(context, &workspace, &Certificates::default())?;
    let request = Preview {
        packages: selection.packages(),
        directories: &directories,
        index: &index,
        account,
        attesting: attesting(&workspace, (&index.spec, account), args.attest)?,
        proof: proof.as_ref(),
        check: &options,
        client: &client,
        now: context.environment().now,
    };
    let planned = runtime::block_on(async { Ok(preview(&request).await) })?;
    let Previewed { plan, report, unknown_names, unproven } = planned.map_err(|failure| {
        let code = failure.exit_code(false);
        stopped(context, failure, code)
    })?;
    gatekeeper::show(context.ui(), &plan)?;
    let sources = Sources::of(&workspace);
    for file in &report.files {
        if !file.ok(false) {
            let text =
                format!("`{}` does not pass the check, so that an upload would be refused", file.filename);
            context.ui().warning(&text, None);
        }
        verdict::remark(context, file, &sources);
    }
    if let Some(error) = unknown_names {
        let text = format!("whether names look like others on `{}` is not known: {error}", args.index);
        context.ui().warning(&text, None);
    }
    if let Some(error) = unproven {
        context.ui().warning(&format!("nothing is proven to be staged: {error}"), None);
        if let Some(hint) = error.hint() {
            context.ui().hint(&hint);
        }
    }
    let unstaged = plan.unstaged().count();
    if plan.index().production && unstaged > 0 && !args.allow_unstaged {
        let text = format!("{} not proven to be staged with the same bytes", plural(unstaged, "file"));
        context.ui().warning(&text, None);
        context.ui().hint("stage them with `pyrel upload-test`, or upload with `--allow-unstaged`");
    }
    Ok(())
}
