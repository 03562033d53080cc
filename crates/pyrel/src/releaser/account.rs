//! Indexes by name, and who uploads to them.

use std::io::Read as _;
use std::sync::Arc;

use pyrel_index::{Certificates, ClientOptions, IndexSpec, KeyFinder};
use pyrel_model::Secret;
use pyrel_model::suggestion::nearest;
use pyrel_project::Workspace;
use pyrel_release::attest::Attestations;
use pyrel_release::credentials::{
    Account, CredentialError, CredentialRequest, Prompt, Purpose, Question, ReadableIndex, Reading,
    ResolvedCredentials, resolve_credentials,
};
use pyrel_release::plan::AccountKind;
use pyrel_release::release::ReleaseTarget;

use super::arguments::CredentialArgs;
use crate::context::Context;
use crate::exit::{CommandError, Failure};
use crate::remote;
use crate::ui::Ui;

/// Finds a configured index by its name.
pub(crate) fn find_index(workspace: &Workspace, name: &str) -> Result<IndexSpec, CommandError> {
    let indexes = &workspace.config().indexes;
    if let Some(config) = indexes.get(name) {
        return remote::spec(name, config);
    }
    let hint = match nearest(name, indexes.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("name it in pyrel.toml under `[index.{name}]`"),
    };
    Err(CommandError::message(Failure::Usage, format!("no such index: `{name}`")).hint(Some(hint)))
}

/// An index and who uploads to it.
pub(crate) struct Uploader {
    /// The index.
    pub(crate) spec: IndexSpec,
    /// Who uploads.
    pub(crate) account: Account,
    /// What it is read with when it refuses strangers.
    pub(crate) keys: Arc<dyn KeyFinder>,
}

/// Finds an index that is read.
pub(crate) fn find_readable(
    context: &Context,
    workspace: &Workspace,
    name: &str,
) -> Result<ReadableIndex, CommandError> {
    let spec = find_index(workspace, name)?;
    Ok(ReadableIndex { keys: Arc::new(reading(context, workspace, &spec)), spec })
}

fn reading(context: &Context, workspace: &Workspace, spec: &IndexSpec) -> Reading {
    Reading {
        index: spec.clone(),
        env: context.environment().variables.clone(),
        workspace_root: workspace.root().to_path_buf(),
        home: context.environment().home(),
    }
}

/// Finds an index and the credentials for it.
pub(crate) fn find_account(
    context: &Context,
    workspace: &Workspace,
    name: &str,
    args: &CredentialArgs,
) -> Result<Uploader, CommandError> {
    let spec = find_index(workspace, name)?;
    require_network(context, &spec)?;
    let token_stdin = if args.token_stdin { Some(read_token()?) } else { None };
    let mut prompt = TerminalPrompt { ui: context.ui() };
    let person = context.ui().settings().interactive.then_some(&mut prompt as &mut dyn Prompt);
    let client = remote::client_options(context, workspace, &args.certificates(context))?;
    let found = resolve((context, &client), workspace, &spec, (token_stdin, person)).map_err(|error| {
        let hint = error.hint();
        CommandError::new(Failure::Refused, error).hint(hint)
    })?;
    context.ui().detail(&format!("credentials for {name} come from {}", found.origin));
    let keys = reading(context, workspace, &spec).beside(&found.account, found.origin);
    Ok(Uploader { spec, account: found.account, keys })
}

/// Finds an index and what its credentials are, or why there are none. Nobody is asked.
pub(crate) fn find_resolved(
    context: &Context,
    workspace: &Workspace,
    name: &str,
) -> Result<(IndexSpec, Result<ResolvedCredentials, CredentialError>), CommandError> {
    let spec = find_index(workspace, name)?;
    let client = remote::client_options(context, workspace, &Certificates::default())?;
    let found = resolve((context, &client), workspace, &spec, (None, None));
    Ok((spec, found))
}

fn resolve(
    (context, client): (&Context, &ClientOptions),
    workspace: &Workspace,
    spec: &IndexSpec,
    (token_stdin, prompt): (Option<Secret>, Option<&mut dyn Prompt>),
) -> Result<ResolvedCredentials, CredentialError> {
    let home = context.environment().home();
    resolve_credentials(CredentialRequest {
        index: spec,
        env: &context.environment().variables,
        purpose: Purpose::Upload,
        token_stdin,
        workspace_root: workspace.root(),
        home: home.as_deref(),
        audience: workspace.config().indexes.get(&spec.name).and_then(|config| config.audience.as_deref()),
        client,
        // A shorter life than the caller's: the request borrows from here too.
        prompt: prompt.map(|prompt| prompt as &mut dyn Prompt),
    })
}

/// Returns an account as the target of a run.
pub(crate) fn target(uploader: Uploader, attestations: Attestations) -> ReleaseTarget {
    let Uploader { spec, account, keys } = uploader;
    ReleaseTarget { spec, account, keys, install_url: None, attestations }
}

/// Returns the target of a plan and who would upload: with an account kind named, no credentials are looked for, unless
/// the index can be read with some alone.
pub(crate) fn planned_target(
    context: &Context,
    workspace: &Workspace,
    name: &str,
    kind: Option<AccountKind>,
) -> Result<(ReadableIndex, AccountKind), CommandError> {
    let Some(kind) = kind else {
        let Uploader { spec, account, keys } =
            find_account(context, workspace, name, &CredentialArgs::default())?;
        return Ok((ReadableIndex { spec, keys }, AccountKind::of(&account)));
    };
    let index = find_readable(context, workspace, name)?;
    require_network(context, &index.spec)?;
    Ok((index, kind))
}

/// `--offline` forbids every index that is not on this machine.
pub(crate) fn require_network(context: &Context, spec: &IndexSpec) -> Result<(), CommandError> {
    let is_here = match spec.upload_url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if !context.offline() || is_here {
        return Ok(());
    }
    let message = format!("the index `{}` needs the network that `--offline` forbids", spec.name);
    Err(CommandError::message(Failure::Usage, message))
}

fn read_token() -> Result<Secret, CommandError> {
    let mut text = String::new();
    std::io::stdin().lock().take(65_536).read_to_string(&mut text).map_err(|error| {
        let error = anyhow::Error::new(error).context("cannot read the token from standard input");
        CommandError::new(Failure::Usage, error)
    })?;
    Ok(Secret::new(text.trim()))
}

/// Asks a person for credentials; secrets are not shown while they are typed.
struct TerminalPrompt<'a> {
    ui: &'a Ui,
}

impl Prompt for TerminalPrompt<'_> {
    fn ask(&mut self, index: &IndexSpec, question: Question) -> Option<Secret> {
        let typed = match question {
            Question::Username => self.ui.ask_line(&format!("User name for {}: ", index.name)),
            Question::Token => self.ui.ask_secret(&format!("API token for {}: ", index.name)),
            Question::Password => self.ui.ask_secret(&format!("Password for {}: ", index.name)),
        };
        typed.ok().flatten().filter(|text| !text.is_empty()).map(Secret::new)
    }
}
