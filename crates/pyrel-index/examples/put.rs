//! Uploads files and looks them up from the command line, for tests with foreign servers:
//! `put --upload-url URL --simple-url URL [--user USER] [--password PASSWORD] FILE...`. Prints one line a file: how
//! the upload ended and what the index lists then.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use pyrel_dist::{Dist, Limits};
use pyrel_index::{ClientOptions, Credentials, IndexClient, IndexSpec, UploadFile, UploadOutcome};
use pyrel_model::Secret;

struct Arguments {
    spec: IndexSpec,
    credentials: Credentials,
    files: Vec<PathBuf>,
}

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
    let Arguments { spec, credentials, files } = arguments()?;
    let client = IndexClient::new(spec, ClientOptions::default()).map_err(|error| chain(&error))?;
    for path in files {
        let dist = Dist::open(&path, &Limits::default()).map_err(|error| chain(&error))?;
        let file = UploadFile::from_dist(&dist).map_err(|error| chain(&error))?;
        let outcome = client.upload(&file, &credentials, &|_| {}).await.map_err(|error| chain(&error))?;
        let name = file.project().map_err(|error| chain(error))?;
        let expected = [(file.filename().to_owned(), *file.sha256())];
        client.wait_visible(name, &expected, Duration::from_secs(10)).await.map_err(|error| chain(&error))?;
        let word = match outcome {
            UploadOutcome::Uploaded => "uploaded",
            UploadOutcome::AlreadyThere => "already there",
        };
        let line = format!("{word}: {} {}\n", file.filename(), file.sha256());
        std::io::stdout().write_all(line.as_bytes()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = std::env::args().skip(1);
    let (mut upload, mut simple, mut files) = (None, None, Vec::new());
    let (mut user, mut password) = ("__token__".to_owned(), None);
    while let Some(argument) = arguments.next() {
        if !argument.starts_with("--") {
            files.push(argument.into());
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("`{argument}` wants a value"))?;
        match argument.as_str() {
            "--upload-url" => upload = Some(value.parse().map_err(|error| format!("`{value}`: {error}"))?),
            "--simple-url" => simple = Some(value.parse().map_err(|error| format!("`{value}`: {error}"))?),
            "--user" => user = value,
            "--password" => password = Some(Secret::new(value)),
            _ => return Err(format!("unknown option: {argument}")),
        }
    }
    let spec = IndexSpec {
        name: "test".to_owned(),
        upload_url: upload.ok_or("`--upload-url` is missing")?,
        simple_url: simple.ok_or("`--simple-url` is missing")?,
        production: false,
    };
    let credentials = match password {
        None => Credentials::Anonymous,
        Some(password) => Credentials::Basic { username: user, password },
    };
    Ok(Arguments { spec, credentials, files })
}
