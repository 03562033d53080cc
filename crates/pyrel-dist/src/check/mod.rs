//! The check: rules of the catalogue run over files.

mod attestation;
mod classifiers;
mod content_type;
mod driver;
mod email;
mod finding;
mod index_facts;
mod online;
mod package_facts;
mod peers;
mod place;
mod python_support;
mod report;
mod rule;
mod rules;
mod server_form;
mod stdlib_module;
mod subject;
mod url;
mod wording;
mod zip_faults;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixture_run;

pub use driver::{CheckOptions, ProjectFacts, Readings, check_files};
pub use finding::{Finding, Findings, Problem, Source};
pub use index_facts::{IndexFacts, IndexFile, look_of};
pub use package_facts::{ChangelogFacts, PackageFacts, TreeFacts};
pub use report::{CheckReport, FileReport};
pub use rule::{HEADINGS, Rule};
pub use rules::{RULES, rule, rules_page};
pub use subject::Subject;
