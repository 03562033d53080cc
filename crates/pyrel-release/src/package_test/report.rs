//! How the tests of packages ended, as data.

use std::path::PathBuf;
use std::time::Duration;

use pyrel_model::{PackageName, Version};
use serde::{Serialize, Serializer};

use super::junit::{Case, CaseCounts};

/// How many lines at the end of an output a message shows.
const TAIL: usize = 40;

/// How the tests of one package with one interpreter ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TestOutcome {
    /// Every test passed.
    Passed,
    /// A test failed, or the tests took too long.
    Failed,
    /// The tests could not be run: no wheel, no environment, or nothing that starts.
    Error,
    /// There are no tests, or none was collected. Not a success.
    None,
    /// The package does not support the interpreter.
    Unsupported,
    /// Somebody asked to stop.
    Cancelled,
}

impl TestOutcome {
    /// Tells whether it speaks against a release.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Error | Self::Cancelled)
    }
}

/// The tests of one package with one interpreter.
#[derive(Debug, Clone, Serialize)]
pub struct TestResult {
    /// The project.
    pub package: PackageName,
    /// The version of the package, when it is known.
    pub version: Option<Version>,
    /// The version of the interpreter.
    pub python: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// Why, when it did not pass.
    pub reason: Option<String>,
    /// How long it took, environment included.
    #[serde(serialize_with = "seconds")]
    pub seconds: Duration,
    /// How many tests there were, when a report tells.
    #[serde(flatten)]
    pub counts: Option<CaseCounts>,
    /// The tests that failed.
    pub cases: Vec<Case>,
    /// The JUnit report.
    pub junit: Option<PathBuf>,
    /// The whole output.
    pub log: Option<PathBuf>,
    /// The end of the output, at most 64 KiB; `None` when nothing was run.
    pub output: Option<String>,
}

impl TestResult {
    /// Returns the last line of the output that says something, or else the reason.
    #[must_use]
    pub fn last_line(&self) -> &str {
        let line =
            self.output.as_deref().unwrap_or_default().lines().rev().find(|line| !line.trim().is_empty());
        line.map(str::trim).or(self.reason.as_deref()).unwrap_or_default()
    }

    /// Returns the reason and the last forty lines of the output.
    #[must_use]
    pub fn tail(&self) -> String {
        let output = self.output.as_deref().unwrap_or_default();
        let lines: Vec<&str> = output.trim_end().lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
        match (&self.reason, tail.is_empty()) {
            (Some(reason), true) => reason.clone(),
            (Some(reason), false) => format!("{reason}:\n{tail}"),
            (None, _) => tail,
        }
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((time.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// The tests of all packages with all interpreters, in the order of the request.
#[derive(Debug, Clone, Default)]
pub struct TestReport {
    /// One result for each package and interpreter.
    pub results: Vec<TestResult>,
}

impl TestReport {
    /// Returns the packages of which something failed, and those that no interpreter given supports, in order.
    #[must_use]
    pub fn failed(&self) -> Vec<&PackageName> {
        self.packages(|results| {
            results.iter().any(|result| result.outcome.is_failure())
                || results.iter().all(|result| result.outcome == TestOutcome::Unsupported)
        })
    }

    /// Returns the packages of which no test was run although nothing failed, in order.
    #[must_use]
    pub fn untested(&self) -> Vec<&PackageName> {
        let tested = |outcome| matches!(outcome, TestOutcome::Passed) || TestOutcome::is_failure(outcome);
        self.packages(|results| {
            !results.iter().any(|result| tested(result.outcome))
                && results.iter().any(|result| result.outcome == TestOutcome::None)
        })
    }

    fn packages(&self, holds: impl Fn(&[&TestResult]) -> bool) -> Vec<&PackageName> {
        let mut names: Vec<&PackageName> = Vec::new();
        for result in &self.results {
            if !names.contains(&&result.package) {
                names.push(&result.package);
            }
        }
        names.retain(|name| {
            let own: Vec<&TestResult> =
                self.results.iter().filter(|result| result.package == **name).collect();
            holds(&own)
        });
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(package: &str, outcome: TestOutcome) -> TestResult {
        TestResult {
            package: package.parse().unwrap(),
            version: None,
            python: "3.12.1".to_owned(),
            outcome,
            reason: None,
            seconds: Duration::from_micros(1_234_567),
            counts: None,
            cases: Vec::new(),
            junit: None,
            log: None,
            output: Some("one\ntwo\n\n".to_owned()),
        }
    }

    #[test]
    fn nothing_run_is_no_success() {
        use TestOutcome::{Failed, None, Passed, Unsupported};
        let pairs = [
            ("a", Passed),
            ("a", Unsupported),
            ("b", None),
            ("c", Unsupported),
            ("d", Passed),
            ("d", Failed),
        ];
        let results = pairs.into_iter().map(|(name, outcome)| result(name, outcome)).collect();
        let report = TestReport { results };
        let names = |list: Vec<&PackageName>| list.into_iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(report.failed()), ["c", "d"]);
        assert_eq!(names(report.untested()), ["b"]);
    }

    #[test]
    fn a_result_is_one_flat_object() {
        let mut passed = result("a", TestOutcome::Passed);
        passed.counts = Some(CaseCounts { tests: 3, failures: 0, errors: 0, skipped: 1 });
        let json = serde_json::to_value(&passed).unwrap();
        assert_eq!((json["outcome"].as_str(), json["tests"].as_u64()), (Some("passed"), Some(3)));
        assert_eq!(json["seconds"].as_f64(), Some(1.235));
        assert_eq!(passed.last_line(), "two");
    }
}
