//! `pyrel index serve`: the embedded package index.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use pyrel_index::{ServerOptions, serve};
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
/// `__token__` and any password; installers use ADDRESS/simple/.
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
}

/// Runs the command.
pub(crate) fn run(command: &IndexCommand, context: &Context) -> CommandResult {
    let IndexCommand::Serve(args) = command;
    let options = ServerOptions {
        dir: context.directory().join(&args.dir),
        bind: SocketAddr::new(args.host, args.port),
        overlay: args.overlay.clone(),
        token: None,
    };
    if options.overlay.is_some() && context.offline() {
        let message = "`--overlay` needs the network that `--offline` forbids";
        return Err(CommandError::message(Failure::Usage, message));
    }
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
