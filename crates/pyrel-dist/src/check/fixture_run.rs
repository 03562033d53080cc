//! Runs the rules over a fixture, for the tests of rules.

use std::path::PathBuf;

use fs_err as fs;

use super::fixture::Fixture;
use super::{CheckOptions, FileReport, Finding, IndexFacts, PackageFacts, check_files, rule};

impl Fixture {
    /// Writes the file and checks it.
    pub(crate) fn report_with(&self, options: &mut CheckOptions) -> FileReport {
        let directory = tempfile::tempdir().unwrap();
        let path: PathBuf = directory.path().join(&self.filename);
        fs::write(&path, self.bytes()).unwrap();
        if let Some(facts) = options.projects.remove(&PathBuf::from("demo")) {
            options.projects.insert(path.clone(), facts);
        }
        let mut paths = vec![path];
        for (number, text) in self.attestations.iter().enumerate() {
            let attestation = directory.path().join(format!("{}.kind{number}.attestation", self.filename));
            fs::write(&attestation, text).unwrap();
            paths.push(attestation);
        }
        let mut files = check_files(&paths, options).files;
        assert_eq!(files.len(), 1, "attestations are reported with their file");
        files.remove(0)
    }

    /// Checks the file as one of `demo` or whatever its name is, of which an index has this.
    pub(crate) fn report_online(&self, name: &str, facts: IndexFacts) -> FileReport {
        let options = CheckOptions::default();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(&self.filename);
        fs::write(&path, self.bytes()).unwrap();
        let mut report = check_files(&[path], &options);
        report.judge_index(&[(name.parse().unwrap(), facts)].into(), &options);
        report.files.remove(0)
    }

    pub(crate) fn report(&self) -> FileReport {
        self.report_with(&mut CheckOptions::default())
    }

    /// Returns what one rule says of this file when it is checked together with others.
    pub(crate) fn messages_beside(&self, others: &[Fixture], name: &str) -> Vec<String> {
        assert!(rule(name).is_some(), "no rule `{name}`");
        let directory = tempfile::tempdir().unwrap();
        let write = |fixture: &Fixture| {
            let path: PathBuf = directory.path().join(&fixture.filename);
            fs::write(&path, fixture.bytes()).unwrap();
            path
        };
        let paths: Vec<PathBuf> = std::iter::once(self).chain(others).map(write).collect();
        let report = check_files(&paths, &CheckOptions::default()).files.remove(0);
        report.findings.into_iter().filter(|found| found.rule == name).map(|found| found.message).collect()
    }

    /// Returns what one rule says when these facts of the packages of the workspace are known.
    pub(crate) fn messages_with(&self, packages: &[(&str, PackageFacts)], name: &str) -> Vec<String> {
        assert!(rule(name).is_some(), "no rule `{name}`");
        let packages = packages.iter().map(|(name, facts)| (name.parse().unwrap(), facts.clone())).collect();
        let report = self.report_with(&mut CheckOptions { packages, ..CheckOptions::default() });
        report.findings.into_iter().filter(|found| found.rule == name).map(|found| found.message).collect()
    }

    /// Returns what one rule says.
    pub(crate) fn findings(&self, name: &str) -> Vec<Finding> {
        assert!(rule(name).is_some(), "no rule `{name}`");
        self.report().findings.into_iter().filter(|finding| finding.rule == name).collect()
    }

    /// Returns the messages of one rule.
    pub(crate) fn messages(&self, name: &str) -> Vec<String> {
        self.findings(name).into_iter().map(|finding| finding.message).collect()
    }
}

/// A file that is right must have no finding of any rule, or the silent tests prove nothing.
#[test]
fn good_files_have_no_finding() {
    for fixture in Fixture::both() {
        let report = fixture.report();
        assert_eq!(report.findings, [], "{}", fixture.filename);
        assert!(report.dist.is_some());
    }
}
