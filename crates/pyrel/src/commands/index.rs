//! `pyrel index serve`: the embedded package index.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use pyrel_index::{Account, CacheOptions, FailureShare, Faults, ServerOptions, YankChange, serve, yank};
use pyrel_model::{PackageName, Secret, Version};
use serde_json::json;

use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::runtime;
use crate::ui::Tone;

/// Work with package indexes
#[derive(Debug, Subcommand)]
pub(crate) enum IndexCommand {
    Serve(ServeArgs),
    Yank(YankArgs),
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
    /// Keep what is read of the overlay here, and let readers have it from this server
    #[arg(long, value_name = "DIR", requires = "overlay")]
    overlay_cache: Option<PathBuf>,
    /// The most that the files of the cache may have together, in megabytes
    #[arg(long, value_name = "MB", default_value_t = 1024, requires = "overlay_cache")]
    overlay_cache_size: u32,
    /// How many seconds readers may keep lists and files without asking again; PyPI says 600
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=86_400))]
    max_age: u32,
    /// Take uploads with this token, or with it to these projects only; may be repeated [default: any token]
    ///
    /// Other users of the machine can read command lines; a file keeps tokens from them.
    #[arg(long = "token", value_name = "TOKEN[=PROJECT,...]", value_parser = secret)]
    tokens: Vec<Secret>,
    /// The same from a file, one a line; lines that start with `#` are passed over
    #[arg(long, value_name = "FILE")]
    tokens_file: Option<PathBuf>,
    /// Let nobody read without a token either
    #[arg(long)]
    private: bool,
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

/// Yank a release of a served directory, or undo that
///
/// Installers pass a yanked release over unless it is asked for exactly (PEP 592). A server that has the directory
/// shows it at once.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel index yank my-package 1.2.0 --reason \"breaks imports\"")]
pub(crate) struct YankArgs {
    /// The project
    name: String,
    /// The release
    version: String,
    /// Why, shown to those who install it all the same
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// Make it a release like any other again
    #[arg(long, conflicts_with = "reason")]
    undo: bool,
    /// Where files are kept
    #[arg(long, value_name = "DIR", default_value = ".pyrel/index")]
    dir: PathBuf,
}

/// Takes a text as it is; nothing is refused here, because a refusal would show it.
fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// Runs the command.
pub(crate) fn run(command: &IndexCommand, context: &Context) -> CommandResult {
    match command {
        IndexCommand::Serve(args) => run_serve(args, context),
        IndexCommand::Yank(args) => run_yank(args, context),
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
        overlay_cache: args.overlay_cache.as_ref().map(|dir| CacheOptions {
            dir: context.directory().join(dir),
            limit: u64::from(args.overlay_cache_size) * 1_000_000,
        }),
        max_age: Duration::from_secs(args.max_age.into()),
        accounts: accounts(args, context)?,
        is_private: args.private,
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
    runtime::serve(async {
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

fn run_yank(args: &YankArgs, context: &Context) -> CommandResult {
    let name: PackageName = args.name.parse().map_err(usage)?;
    let version: Version = args.version.parse().map_err(usage)?;
    if args.reason.chars().any(char::is_control) {
        return Err(CommandError::message(Failure::Usage, "a reason is one line of text"));
    }
    let change = if args.undo { YankChange::Undo } else { YankChange::Yank(args.reason.clone()) };
    let changed = yank(&context.directory().join(&args.dir), &name, &version, &change).map_err(|error| {
        let hint = error.hint();
        CommandError::new(Failure::Usage, error).hint(hint)
    })?;
    if context.json() {
        let yanked = if args.undo { json!(false) } else { json!(args.reason) };
        let (name, version) = (name.normalized(), version.to_string());
        let body =
            json!({"schema": 1, "name": name, "version": version, "yanked": yanked, "changed": changed});
        return context.ui().json(&body);
    }
    let word = match (changed, args.undo) {
        (false, _) => "Unchanged",
        (true, true) => "Unyanked",
        (true, false) => "Yanked",
    };
    context.ui().status(Tone::Done, word, &format!("{} {version}", name.as_written()));
    Ok(())
}
