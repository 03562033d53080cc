//! `pyrel auth check`: which credentials an upload would use and where they come from, without showing them.

use clap::{Args, Subcommand};
use pyrel_release::credentials::{Exchange, bare, prove_account};
use pyrel_release::plan::AccountKind;
use serde::Serialize;

use super::auth_bootstrap::{self, AuthBootstrapArgs};
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::releaser::find_resolved;
use crate::runtime;
use crate::ui::Tone;

/// Work with credentials
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    Check(AuthCheckArgs),
    Bootstrap(AuthBootstrapArgs),
}

/// Show which credentials would be used for an index, and prove them where that is possible
///
/// Nothing is asked at a terminal and no secret is shown. An identity of a CI is proved by exchanging it for a token;
/// an API token is read for what it says about itself, because indexes judge tokens only when a file arrives.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel auth check --index testpypi")]
pub(crate) struct AuthCheckArgs {
    /// The index; may be repeated [default: every configured index]
    #[arg(long = "index", value_name = "NAME")]
    indexes: Vec<String>,
}

/// What was found for one index.
#[derive(Debug, Serialize)]
struct Row {
    index: String,
    upload_url: String,
    /// `token`, `trusted-publisher`, `password`, `anonymous`; none when there are no credentials.
    account: Option<&'static str>,
    source: Option<String>,
    /// Whether the index, or the token itself, bears it out; none where nobody can tell before an upload.
    proved: Option<bool>,
    details: Vec<String>,
    hint: Option<String>,
}

/// Runs the command.
pub(crate) fn run(command: &AuthCommand, context: &Context) -> CommandResult {
    match command {
        AuthCommand::Check(args) => check(args, context),
        AuthCommand::Bootstrap(args) => auth_bootstrap::run(args, context),
    }
}

fn check(args: &AuthCheckArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let names: Vec<String> = match args.indexes.as_slice() {
        [] => workspace.config().indexes.keys().cloned().collect(),
        named => named.to_vec(),
    };
    let mut rows = Vec::new();
    for name in &names {
        rows.push(row(context, &workspace, name)?);
    }
    show(context, &rows)?;
    // Nobody has to have credentials for an index that was not named.
    let named = !args.indexes.is_empty();
    let fails = |row: &&Row| row.proved == Some(false) || (named && row.account.is_none());
    let without: Vec<&str> = rows.iter().filter(fails).map(|row| row.index.as_str()).collect();
    if without.is_empty() {
        return Ok(());
    }
    let message = format!("an upload to {} would be turned down", list(&without));
    Err(CommandError::message(Failure::Refused, message))
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn row(context: &Context, workspace: &pyrel_project::Workspace, name: &str) -> Result<Row, CommandError> {
    let (spec, found) = find_resolved(context, workspace, name)?;
    let mut row = Row {
        index: name.to_owned(),
        upload_url: bare(&spec.upload_url).to_string(),
        account: None,
        source: None,
        proved: None,
        details: Vec::new(),
        hint: None,
    };
    match found {
        Err(error) => {
            row.hint = error.hint();
            row.details.push(error.to_string());
        }
        Ok(found) => {
            row.account = Some(AccountKind::of(&found.account).as_str());
            row.source = Some(found.origin);
            let exchange = if context.offline() { Exchange::Offline } else { Exchange::Tried };
            let (account, now) = (&found.account, context.environment().now);
            let proof =
                runtime::block_on(async { Ok(prove_account(&spec, account, exchange, &[], now).await) })?;
            (row.proved, row.hint) = (proof.proved, proof.hint);
            row.details.extend(proof.details);
        }
    }
    Ok(row)
}

fn show(context: &Context, rows: &[Row]) -> CommandResult {
    if context.json() {
        return context.ui().json(&serde_json::json!({ "schema": 1, "indexes": rows }));
    }
    for row in rows {
        let (tone, verdict) = match (row.account, row.proved) {
            (None, _) => (Tone::Fail, "no credentials".to_owned()),
            (Some(kind), Some(false)) => (Tone::Fail, format!("{kind}, which the index would turn down")),
            (Some(kind), Some(true)) => (Tone::Done, format!("{kind}, proved")),
            (Some(kind), None) => (Tone::Done, kind.to_owned()),
        };
        let style = tone.style();
        context.ui().data(&format!("{style}{}{style:#}  {verdict}", row.index))?;
        if let Some(source) = &row.source {
            context.ui().data(&format!("  from {source}"))?;
        }
        for detail in &row.details {
            context.ui().data(&format!("  {detail}"))?;
        }
        if let Some(hint) = &row.hint {
            context.ui().data(&format!("  hint: {hint}"))?;
        }
    }
    Ok(())
}
