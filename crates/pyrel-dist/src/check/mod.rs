//! The check: rules of the catalogue run over files.

mod driver;
mod finding;
mod report;
mod rule;
mod rules;
mod subject;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixture_run;

pub use driver::{CheckOptions, ProjectFacts, check_files};
pub use finding::{Finding, Findings, Problem, Source};
pub use report::{CheckReport, FileReport};
pub use rule::{HEADINGS, Rule};
pub use rules::{RULES, rule, rules_page};
pub use subject::Subject;
