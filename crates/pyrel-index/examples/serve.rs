//! Serves an index from the command line, for tests with foreign clients:
//! `serve --dir DIR [--port PORT] [--overlay URL] [--overlay-cache DIR] [--token TOKEN[=PROJECT,...]]`. Prints the URL as its first line and ends
//! with an interrupt.

use std::io::Write as _;
use std::process::ExitCode;

use pyrel_index::{Account, CacheOptions, ServerOptions, serve};

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    match runtime.block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let server = serve(options()?).await.map_err(|error| error.to_string())?;
    let line = format!("{}\n", server.base_url());
    let mut stdout = std::io::stdout();
    stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| error.to_string())?;
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())?;
    server.shutdown().await;
    Ok(())
}

fn options() -> Result<ServerOptions, String> {
    let mut arguments = std::env::args().skip(1);
    let (mut dir, mut port, mut accounts) = (None, 0, Vec::new());
    let (mut overlay, mut overlay_cache) = (None, None);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("`{option}` wants a value"))?;
        match option.as_str() {
            "--dir" => dir = Some(value.into()),
            "--port" => port = value.parse().map_err(|error| format!("`--port`: {error}"))?,
            "--overlay" => overlay = Some(value.parse().map_err(|error| format!("`--overlay`: {error}"))?),
            "--overlay-cache" => {
                overlay_cache = Some(CacheOptions { dir: value.into(), limit: 1_000_000_000 });
            }
            "--token" => accounts.push(Account::parse(&value).map_err(|error| error.to_string())?),
            _ => return Err(format!("unknown option: {option}")),
        }
    }
    let dir = dir.ok_or("`--dir` is missing")?;
    let address = ([127, 0, 0, 1], port).into();
    Ok(ServerOptions { overlay, overlay_cache, accounts, ..ServerOptions::new(dir, address) })
}
