//! The second look: rules that judge by what an index has of a project, once it was asked. The first look is the
//! driver's.

use std::collections::{BTreeMap, BTreeSet};

use pyrel_model::{ArtifactKind, DistFilename, PackageName};

use super::driver::{CheckOptions, run, sort};
use super::index_facts::IndexFacts;
use super::peers::Peers;
use super::report::CheckReport;
use super::rules::{RULES, file_count_jump};
use super::server_form::ServerForm;
use super::subject::Subject;
use crate::dist::Dist;
use crate::reading::Reading;

/// The rules of the second look.
const ONLINE: [&str; 12] = [
    "file-count-jump",
    "file-size",
    "index-file-exists",
    "index-name-similar",
    "index-project-archived",
    "index-project-new",
    "index-project-size",
    "index-release-closed",
    "index-sdist-exists",
    "size-jump",
    "stdlib-name",
    "version-order",
];

impl CheckReport {
    /// Returns the files of the index, by project and name, of which a rule would judge by the number of members. There
    /// is none for most wheels: one with few files cannot have jumped.
    #[must_use]
    pub fn files_to_count(
        &self,
        facts: &BTreeMap<PackageName, IndexFacts>,
    ) -> BTreeSet<(PackageName, String)> {
        let wanted = |reading: &Reading| {
            let own = reading.parsed.as_ref().ok().filter(|own| own.kind() == ArtifactKind::Wheel)?;
            let name = reading.core_metadata()?.name().ok()?;
            let (_, file) = facts.get(&name)?.last_like(own)?;
            file_count_jump::can_jump(reading.archive.members.len()).then(|| (name, file.filename.clone()))
        };
        self.files.iter().filter_map(|file| wanted(file.dist.as_ref()?.reading())).collect()
    }

    /// Judges the files by what an index has of their projects, and adds that to the findings. A second index may be
    /// judged by too: what was said of the first one goes.
    pub fn judge_index(&mut self, facts: &BTreeMap<PackageName, IndexFacts>, options: &CheckOptions) {
        let peers = Peers::of(std::iter::empty(), &options.packages);
        for file in &mut self.files {
            let Some(reading) = file.dist.as_ref().map(Dist::reading) else { continue };
            let name = reading.core_metadata().and_then(|metadata| metadata.name().ok());
            let Some(index) = name.and_then(|name| facts.get(&name)) else { continue };
            let form = ServerForm::of(reading);
            let own = reading.parsed.as_ref().ok().map(DistFilename::name);
            let subject = Subject {
                reading,
                package: own.and_then(|name| options.packages.get(name)),
                packages: &options.packages,
                peers: &peers,
                form: form.as_ref(),
                siblings: &[],
                project: None,
                index: Some(index),
                attestations: &[],
            };
            file.findings.retain(|finding| !ONLINE.contains(&finding.rule));
            for rule in RULES.iter().filter(|rule| ONLINE.contains(&rule.name)) {
                file.findings.extend(run(rule, &subject, options));
            }
            sort(&mut file.findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_look_has_all_rules_that_use_what_an_index_has() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/check/rules");
        for rule in RULES {
            let path = format!("{folder}/{}.rs", rule.name.replace('-', "_"));
            let text = fs_err::read_to_string(path).unwrap();
            let uses = text.contains("subject.index") || text.contains("files_of_release");
            assert_eq!(uses, ONLINE.contains(&rule.name), "{}", rule.name);
        }
    }
}
