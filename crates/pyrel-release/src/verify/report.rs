//! What verification found: per package what was run and how it went.

use std::fmt::Write as _;

use pyrel_model::{PackageName, Version};
use serde::Serialize;

/// How one trial went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TrialState {
    /// It worked.
    Passed,
    /// It did not.
    Failed,
    /// It could not be judged, and the detail says why.
    Skipped,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// What was run, as a person would type it.
    pub command: String,
    /// How it went.
    pub state: TrialState,
    /// The end of the output, or why nothing could be judged; empty when it passed.
    pub detail: String,
}

impl Trial {
    pub(super) fn passed(command: impl Into<String>) -> Self {
        Self { command: command.into(), state: TrialState::Passed, detail: String::new() }
    }

    pub(super) fn failed(command: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { command: command.into(), state: TrialState::Failed, detail: detail.into() }
    }

    pub(super) fn skipped(command: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { command: command.into(), state: TrialState::Skipped, detail: detail.into() }
    }
}

/// How one package did with one interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageVerification {
    /// The project.
    pub package: PackageName,
    /// The version.
    pub version: Version,
    /// The interpreter's version: `3.12.4`.
    pub python: String,
    /// What was tried, in order.
    pub trials: Vec<Trial>,
}

impl PackageVerification {
    /// Tells whether nothing failed.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.trials.iter().all(|trial| trial.state != TrialState::Failed)
    }
}

/// How all packages did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The index that was installed from.
    pub index_url: String,
    /// The packages, in the order of the request, each with each interpreter.
    pub packages: Vec<PackageVerification>,
}

impl VerifyReport {
    /// Tells whether nothing failed.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.packages.iter().all(PackageVerification::ok)
    }

    /// Tells whether a package did well with every interpreter.
    #[must_use]
    pub fn package_ok(&self, name: &PackageName) -> bool {
        self.packages.iter().filter(|package| package.package == *name).all(PackageVerification::ok)
    }

    /// Returns the report as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut out = format!("# Verification\n\nInstalled from `{}`.\n", self.index_url);
        for package in &self.packages {
            let verdict = if package.ok() { "passed" } else { "failed" };
            let _ = write!(
                out,
                "\n## {} {} with Python {}: {verdict}\n\n| tried | result |\n|---|---|\n",
                package.package, package.version, package.python
            );
            for trial in &package.trials {
                let state = match trial.state {
                    TrialState::Passed => "passed",
                    TrialState::Failed => "failed",
                    TrialState::Skipped => "skipped",
                };
                let _ = writeln!(out, "| `{}` | {state} |", trial.command.replace('|', "\\|"));
            }
            for trial in package.trials.iter().filter(|trial| !trial.detail.is_empty()) {
                let fence = fence_for(&trial.detail);
                let _ = write!(out, "\n`{}`:\n\n{fence}text\n{}\n{fence}\n", trial.command, trial.detail);
            }
        }
        out
    }
}

/// Returns a fence that the text itself does not close.
fn fence_for(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat((longest + 1).max(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_says_what_was_run_and_shows_what_failed() {
        let package = PackageVerification {
            package: "a".parse().unwrap(),
            version: "1.0".parse().unwrap(),
            python: "3.12.4".to_owned(),
            trials: vec![
                Trial::passed("import a"),
                Trial::failed("a --help", "```\nTraceback"),
                Trial::skipped("import b", "needs c"),
            ],
        };
        let report =
            VerifyReport { index_url: "https://i.example/simple/".to_owned(), packages: vec![package] };
        assert!(!report.ok() && !report.package_ok(&"A".parse().unwrap()));
        assert!(report.package_ok(&"other".parse().unwrap()));
        let text = report.to_markdown();
        assert!(text.contains("## a 1.0 with Python 3.12.4: failed"));
        assert!(text.contains("| `import a` | passed |") && text.contains("| `import b` | skipped |"));
        assert!(text.contains("````text\n```\nTraceback\n````"));
    }
}
