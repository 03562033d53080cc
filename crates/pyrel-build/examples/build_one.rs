//! Builds packages without the rest of pyrel: `build_one [-C DIR] [build] [--format json] [--out-dir D] [DIR…]`.
//!
//! Prints what `pyrel build --format json` prints. Serves the parity runner and the tests of failing disks.

use std::io::Write as _;
use std::path::PathBuf;

use pyrel_build::{BuildError, BuildRequest, Kinds, PythonSettings, Silent, build_all};
use pyrel_model::Artifact;
use pyrel_project::Package;

struct Arguments {
    directories: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
    force_pep517: bool,
    python: PythonSettings,
}

fn main() -> std::process::ExitCode {
    let arguments = parse(std::env::args().skip(1));
    let (artifacts, errors) = run(&arguments);
    let document = serde_json::json!({ "schema": 1, "artifacts": artifacts, "errors": errors });
    let printed = writeln!(std::io::stdout(), "{document:#}");
    u8::from(!errors.is_empty() || printed.is_err()).into()
}

fn parse(mut words: impl Iterator<Item = String>) -> Arguments {
    let mut out = Arguments {
        directories: Vec::new(),
        out_dir: None,
        force_pep517: false,
        python: PythonSettings::default(),
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "build" => {}
            "--format" => drop(words.next()),
            "--out-dir" => out.out_dir = words.next().map(PathBuf::from),
            "--python" => out.python.interpreter = words.next().map(PathBuf::from),
            "--uv" => out.python.uv = words.next().map(PathBuf::from),
            "--force-pep517" => out.force_pep517 = true,
            "-C" => out.directories.extend(words.next().map(PathBuf::from)),
            _ => out.directories.push(PathBuf::from(word)),
        }
    }
    out
}

fn run(arguments: &Arguments) -> (Vec<serde_json::Value>, Vec<String>) {
    let mut errors = Vec::new();
    let mut packages = Vec::new();
    for directory in &arguments.directories {
        match std::path::absolute(directory).map(|path| Package::load(&path)) {
            Ok(Ok(package)) => packages.push(package),
            Ok(Err(error)) => errors.push(error.to_string()),
            Err(error) => errors.push(error.to_string()),
        }
    }
    let requests: Vec<BuildRequest<'_>> = packages
        .iter()
        .map(|package| BuildRequest {
            package,
            kinds: Kinds::BOTH,
            out_dir: arguments.out_dir.clone().unwrap_or_else(|| package.dist_dir()),
            force_pep517: arguments.force_pep517,
            source_date: 315_532_800,
            python: &arguments.python,
            variables: &pyrel_build::NO_VARIABLES,
        })
        .collect();
    let mut artifacts = Vec::new();
    for result in build_all(&requests, &Silent) {
        match result {
            Ok(made) => artifacts.extend(made.iter().map(to_json)),
            Err(error) => errors.push(chain(&error)),
        }
    }
    (artifacts, errors)
}

fn to_json(artifact: &Artifact) -> serde_json::Value {
    let (dialect, reason) = match &artifact.builder {
        pyrel_model::Builder::Native { dialect } => (Some(*dialect), None),
        pyrel_model::Builder::Pep517 { reason, .. } => (None, Some(reason)),
    };
    serde_json::json!({
        "package": artifact.package,
        "version": artifact.version,
        "kind": artifact.kind,
        "path": artifact.path,
        "size": artifact.size,
        "sha256": artifact.sha256,
        "builder": artifact.builder.as_str(),
        "dialect": dialect,
        "reason": reason,
    })
}

fn chain(error: &BuildError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!("\n  {cause}"));
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    text
}
