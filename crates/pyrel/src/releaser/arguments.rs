//! Arguments that every uploading command shares.

use std::path::PathBuf;

use clap::Args;
use pyrel_index::Certificates;

use crate::cli::SelectionArgs;
use crate::context::Context;

/// Confirmations given in advance.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfirmArgs {
    /// The first confirmation: yes, upload what the plan says
    #[arg(long)]
    pub(crate) yes: bool,
    /// The second confirmation: the digest that `pyrel plan` printed
    #[arg(long, value_name = "DIGEST", env = "PYREL_CONFIRM", hide_env_values = true)]
    pub(crate) confirm: Option<String>,
    /// Go on with files that the staging index does not hold
    #[arg(long)]
    pub(crate) allow_unstaged: bool,
}

/// What else an upload does, or leaves.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ModeArgs {
    /// Sign each file through Sigstore with the identity of the CI, and upload the attestations with the files
    #[arg(long)]
    pub(crate) attest: bool,
    /// Show what would be done and what would stop it; send, sign, and keep nothing
    #[arg(long, conflicts_with = "resume")]
    pub(crate) dry_run: bool,
}

impl ModeArgs {
    /// Adds to a command what it takes to type it again.
    pub(crate) fn words(&self, mut command: String) -> String {
        if self.attest {
            command.push_str(" --attest");
        }
        command
    }
}

/// Where credentials come from beyond the environment.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct CredentialArgs {
    /// Read the API token from standard input
    #[arg(long)]
    pub(crate) token_stdin: bool,
    /// Trust these authorities instead of the system's (a file in PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Show this certificate to a server that asks who connects (a file in PEM with its key)
    #[arg(long, value_name = "FILE")]
    pub(crate) client_cert: Option<PathBuf>,
}

impl CredentialArgs {
    /// Returns the certificates that were named, from where the command was started.
    pub(crate) fn certificates(&self, context: &Context) -> Certificates {
        let file = |path: &Option<PathBuf>| path.as_ref().map(|path| context.directory().join(path));
        Certificates { authorities: file(&self.ca_cert), client: file(&self.client_cert) }
    }
}

/// Taking an interrupted run up again.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ResumeArgs {
    /// Go on with an interrupted run, the latest unless named, with the same bytes
    #[arg(long, value_name = "RUN", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) resume: Option<String>,
}

/// Returns a command with its selection as a person would type it again.
pub(crate) fn words(verb: &str, selection: &SelectionArgs) -> String {
    let mut words = vec!["pyrel".to_owned(), verb.to_owned()];
    words.extend(selection.packages.iter().map(|word| quoted(word)));
    for glob in &selection.narrow.exclude {
        words.extend(["--exclude".to_owned(), quoted(glob)]);
    }
    if selection.narrow.changed {
        words.push("--changed".to_owned());
    }
    if let Some(revision) = &selection.narrow.since {
        words.extend(["--since".to_owned(), quoted(revision)]);
    }
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '=');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_typed_again() {
        let selection =
            SelectionArgs { packages: vec!["a-b".into(), "mcp-*".into()], ..SelectionArgs::default() };
        assert_eq!(words("upload", &selection), "pyrel upload a-b 'mcp-*'");
    }
}
