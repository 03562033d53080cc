//! `pyrel index serve`: the embedded package index.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use pyrel_index::{Account, FailureShare, Faults, ServerOptions, serve};
use pyrel_model::Secret;
use serde_json::json;

use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::runtime;
use crate::ui::Tone;

/// Work with package indexes
#[derive(Debug, Subcommand)]
pub(crate) enum IndexCommand {
    Serve(ServeArgs),
}

/// Serve a package index on this machine
///
/// The first line of standard output is its address. Uploads go to ADDRESS/legacy/ with the user name
/// `__token__` and a token, any unless tokens are given; installers use ADDRESS/simple/.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  pyrel index serve --dir /tmp/index --port 8080\n  pip install --index-url http://127.0.0.1:8080/simple/ my-package"
)]
pub(crate) struct ServeArgs {
    /// Where files are kept
    #[arg(long, value_name = "DIR", default_value = ".pyrel/index")]
    dir: PathBuf,
    /// The port; 0 picks a free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// The address to listen on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Serve projects that are not here from this simple index
    #[arg(long, value_name = "URL")]
    overlay: Option<url::Url>,
    /// Take uploads with this token, or with it to these projects only; may be repeated [default: any token]
    ///
    /// Other users of the machine can read command lines; a file keeps tokens from them.
    #[arg(long = "token", value_name = "TOKEN[=PROJECT,...]", value_parser = secret)]
    tokens: Vec<Secret>,
    /// The same from a file, one a line; lines that start with `#` are passed over
    #[arg(long, value_name = "FILE")]
    tokens_file: Option<PathBuf>,
    #[command(flatten)]
    faults: FaultArgs,
}

/// What goes wrong on purpose.
#[derive(Debug, Args)]
#[command(next_help_heading = "Faults, for tests and rehearsals")]
struct FaultArgs {
    /// Answer this share of all requests with a failure, such as 503:0.1; may be repeated
    #[arg(long = "fail", value_name = "STATUS:SHARE")]
    failures: Vec<FailureShare>,
    /// Delay every answer, such as 50ms
    #[arg(long, value_name = "TIME", default_value = "0ms", hide_default_value = true, value_parser = Faults::delay)]
    latency: Duration,
    /// Show accepted files in the simple API only after this time, such as 5s
    #[arg(long, value_name = "TIME", default_value = "0ms", hide_default_value = true, value_parser = Faults::delay)]
    lag: Duration,
    /// Which requests fail: the same number, the same requests
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// Takes a text as it is; nothing is refused here, because a refusal would show it.
fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// Runs the command.
pub(crate) fn run(command: &IndexCommand, context: &Context) -> CommandResult {
    match command {
        IndexCommand::Serve(args) => run_serve(args, context),
    }
}

fn usage(error: impl Into<anyhow::Error>) -> CommandError {
    CommandError::new(Failure::Usage, error)
}

fn options(args: &ServeArgs, context: &Context) -> Result<ServerOptions, CommandError> {
    if args.overlay.is_some() && context.offline() {
        let message = "`--overlay` needs the network that `--offline` forbids";
        return Err(CommandError::message(Failure::Usage, message));
    }
    let FaultArgs { failures, latency, lag, seed } = &args.faults;
    Ok(ServerOptions {
        overlay: args.overlay.clone(),
        accounts: accounts(args, context)?,
        faults: Faults::new(failures.clone(), *latency, *lag, *seed).map_err(usage)?,
        ..ServerOptions::new(context.directory().join(&args.dir), SocketAddr::new(args.host, args.port))
    })
}

fn accounts(args: &ServeArgs, context: &Context) -> Result<Vec<Account>, CommandError> {
    let given = args.tokens.iter().map(|token| Account::parse(token.expose()));
    let mut accounts: Vec<Account> = given.collect::<Result<_, _>>().map_err(usage)?;
    if let Some(path) = &args.tokens_file {
        let path = context.directory().join(path);
        let text = fs_err::read_to_string(&path).map_err(usage)?;
        accounts.extend(Account::parse_file(&path, &text).map_err(usage)?);
    }
    Account::all_differ(&accounts).map_err(usage)?;
    Ok(accounts)
}

fn run_serve(args: &ServeArgs, context: &Context) -> CommandResult {
    let options = options(args, context)?;
    runtime::block_on(async {
        let dir = options.dir.clone();
        let server = serve(options).await.map_err(|error| {
            let hint = error.hint();
            CommandError::new(Failure::Usage, error).hint(hint)
        })?;
        if context.json() {
            let (url, simple, upload) = (server.base_url(), server.simple_url(), server.upload_url());
            let (url, simple, upload) = (url.as_str(), simple.as_str(), upload.as_str());
            context.ui().json(&json!({"schema": 1, "url": url, "simple": simple, "upload": upload}))?;
        } else {
            context.ui().data(server.base_url().as_str())?;
        }
        context.ui().status(Tone::Busy, "Serving", &format!("{} (Ctrl-C stops)", context.shown(&dir)));
        runtime::stopped().await;
        server.shutdown().await;
        context.ui().status(Tone::Done, "Stopped", "everything that was accepted is on disk");
        Ok(())
    })
}
