//! The package's own tests pass against its wheel.

use pyrel_model::PackageName;

use super::{Line, LineId};
use crate::package_test::{TestOutcome, TestReport, TestResult};

const ID: LineId = LineId::Tests;

/// Judges the results of a package's tests.
#[must_use]
pub fn test_line(package: &PackageName, report: &TestReport) -> Line {
    let own: Vec<&TestResult> = report.results.iter().filter(|result| result.package == *package).collect();
    let again = format!("run `pyrel test {package}`");
    if let Some(result) = own.iter().find(|result| result.outcome.is_failure()) {
        let reason = result.reason.as_deref().unwrap_or_default();
        let reason = match result.cases.first() {
            Some(case) => format!("`{}` fails: {}{}", case.name, case.message, more(result.cases.len())),
            None => reason.to_owned(),
        };
        let mut line =
            Line::failed(ID, format!("with Python {}: {reason}", result.python)).of(package).remedy(again);
        line.log.clone_from(&result.log);
        return line;
    }
    if report.failed().contains(&package) {
        let reason = own.first().and_then(|result| result.reason.clone()).unwrap_or_default();
        return Line::failed(ID, reason)
            .of(package)
            .remedy("name a Python that the package supports: `--python X`");
    }
    let passed: Vec<&&TestResult> =
        own.iter().filter(|result| result.outcome == TestOutcome::Passed).collect();
    if passed.is_empty() {
        let reason = own.first().and_then(|result| result.reason.clone()).unwrap_or_default();
        return Line::warning(ID, format!("there are none: {reason}")).of(package).remedy("write tests");
    }
    let pythons: Vec<&str> = passed.iter().map(|result| result.python.as_str()).collect();
    let count: usize = passed.iter().filter_map(|result| result.counts).map(|counts| counts.tests).sum();
    let what = if count > 0 { format!("{count} passed") } else { "passed".to_owned() };
    Line::ok(ID, format!("{what} with Python {}", pythons.join(", "))).of(package)
}

fn more(count: usize) -> String {
    if count > 1 { format!(", and {} more", count - 1) } else { String::new() }
}
