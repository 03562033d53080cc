//! The plan as a value: which files of which packages go to which index, in which waves.
//!
//! A plan is made once and never changed; it reads nothing and sends nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use pyrel_model::{ArtifactKind, PackageName, Sha256, Version};
use serde::Serialize;

use super::PlanDigest;

/// The kind of account that a plan will be carried out with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// An API token.
    Token,
    /// Tokens that the index mints for the identity of a CI.
    #[serde(rename = "trusted-publisher")]
    Trusted,
    /// A user name with a password.
    Password,
    /// No credentials.
    Anonymous,
}

impl AccountKind {
    /// Returns `token`, `trusted-publisher`, `password`, or `anonymous`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Trusted => "trusted-publisher",
            Self::Password => "password",
            Self::Anonymous => "anonymous",
        }
    }
}

/// The index that a plan speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanIndex {
    /// Its name in the configuration.
    pub name: String,
    /// Where files are sent, without credentials.
    pub upload_url: String,
    /// Where an installer reads, without credentials.
    pub simple_url: String,
    /// Whether the gate guards it.
    pub production: bool,
}

/// Whether the index knew a project when the plan was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The first upload of this name.
    New,
    /// The project exists.
    Update,
}

/// What the index had under a file's name when the plan was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Remote {
    /// Nothing: the file will be sent.
    Absent,
    /// The same bytes: the file will be skipped.
    Same,
    /// Other bytes, or a file whose hash the index does not tell: the run will stop.
    Other,
}

/// Whether the staging index holds the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Staged {
    /// The staging index lists the file with the same SHA-256.
    Yes,
    /// It does not.
    No,
    /// Nobody asked, or the staging index could not be read.
    Unknown,
}

/// One file of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanFile {
    /// The file name, which is what the index sees.
    pub filename: String,
    /// Sdist or wheel.
    pub kind: ArtifactKind,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Sha256,
    /// Whether the staging index holds the same bytes.
    pub staged: Staged,
    /// What the target index holds under this name.
    pub remote: Remote,
    /// The attestations that go with the file, sorted by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attestations: Vec<PlanAttestation>,
    /// Where the file is on this machine, absolute.
    pub path: PathBuf,
}

/// An attestation of a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PlanAttestation {
    /// Its file name.
    pub filename: String,
    /// SHA-256 of the attestation; none when it is to be signed during the run.
    pub sha256: Option<Sha256>,
}

/// What an index gets besides the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Attesting {
    /// Nothing: the index does not take attestations.
    #[default]
    Withheld,
    /// The attestations that lie beside the files.
    Found,
    /// Those, and new ones for the files that have no `publish` attestation.
    Signed,
}

/// One package of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanItem {
    /// The project.
    pub package: PackageName,
    /// The version.
    pub version: Version,
    /// New project or update.
    pub standing: Standing,
    /// The packages of this plan that must be visible before this one is sent, sorted.
    pub after: Vec<PackageName>,
    /// The files, in the order in which they are sent: wheels by name, then the sdist.
    pub files: Vec<PlanFile>,
}

/// The parts of a plan before they are frozen.
#[derive(Debug, Clone)]
pub struct PlanDraft {
    /// The target.
    pub index: PlanIndex,
    /// The name of the staging index, when there is one.
    pub staging: Option<String>,
    /// The account kind.
    pub account: AccountKind,
    /// The packages, in any order.
    pub items: Vec<PlanItem>,
}

/// An immutable plan of one upload. Its JSON form has `"schema": 1` and `"digest"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    schema: u32,
    digest: PlanDigest,
    index: PlanIndex,
    staging: Option<String>,
    account: AccountKind,
    items: Vec<PlanItem>,
    waves: Vec<Vec<PackageName>>,
}

impl Plan {
    /// Freezes a draft: sorts packages and files, derives the waves, and computes the digest.
    ///
    /// Names in `after` that the plan does not hold are dropped: what is not sent is not waited for. Members of
    /// a dependency cycle, which a selection refuses before a plan is made, share the last wave.
    #[must_use]
    pub fn new(draft: PlanDraft) -> Self {
        let PlanDraft { index, staging, account, mut items } = draft;
        items.sort_by(|a, b| a.package.cmp(&b.package));
        let names: BTreeSet<PackageName> = items.iter().map(|item| item.package.clone()).collect();
        for item in &mut items {
            item.after.retain(|name| *name != item.package && names.contains(name));
            item.after.sort();
            item.after.dedup();
            item.files.sort_by(|a, b| (a.kind, &a.filename).cmp(&(b.kind, &b.filename)));
        }
        let waves = waves(&items);
        let files = items.iter().flat_map(|item| &item.files);
        let digest = PlanDigest::of(
            &index.upload_url,
            account,
            files.flat_map(|file| {
                let attestations = file
                    .attestations
                    .iter()
                    .map(|attestation| (attestation.filename.as_str(), attestation.sha256.as_ref()));
                std::iter::once((file.filename.as_str(), Some(&file.sha256))).chain(attestations)
            }),
        );
        Self { schema: 1, digest, index, staging, account, items, waves }
    }

    /// Returns the digest.
    #[must_use]
    pub fn digest(&self) -> &PlanDigest {
        &self.digest
    }

    /// Returns the target index.
    #[must_use]
    pub fn index(&self) -> &PlanIndex {
        &self.index
    }

    /// Returns the name of the staging index that was asked, when one was.
    #[must_use]
    pub fn staging(&self) -> Option<&str> {
        self.staging.as_deref()
    }

    /// Returns the account kind.
    #[must_use]
    pub fn account(&self) -> AccountKind {
        self.account
    }

    /// Returns the packages, sorted by name.
    #[must_use]
    pub fn items(&self) -> &[PlanItem] {
        &self.items
    }

    /// Returns all files in the order of [`Plan::items`].
    pub fn files(&self) -> impl Iterator<Item = &PlanFile> {
        self.items.iter().flat_map(|item| &item.files)
    }

    /// Returns the waves: each needs only packages of the waves before it.
    #[must_use]
    pub fn waves(&self) -> &[Vec<PackageName>] {
        &self.waves
    }

    /// Returns the files that would not be sent because the index holds other bytes under their names.
    pub fn conflicts(&self) -> impl Iterator<Item = &PlanFile> {
        self.files().filter(|file| file.remote == Remote::Other)
    }

    /// Returns the files without proof of staging.
    pub fn unstaged(&self) -> impl Iterator<Item = &PlanFile> {
        self.files().filter(|file| file.staged != Staged::Yes)
    }
}

fn waves(items: &[PlanItem]) -> Vec<Vec<PackageName>> {
    let mut open: BTreeMap<&PackageName, &[PackageName]> =
        items.iter().map(|item| (&item.package, item.after.as_slice())).collect();
    let mut waves = Vec::new();
    while !open.is_empty() {
        let mut wave: Vec<&PackageName> = open
            .iter()
            .filter(|(_, after)| !after.iter().any(|name| open.contains_key(name)))
            .map(|(name, _)| *name)
            .collect();
        if wave.is_empty() {
            wave = open.keys().copied().collect();
        }
        for name in &wave {
            open.remove(*name);
        }
        waves.push(wave.into_iter().cloned().collect());
    }
    waves
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn file(name: &str, byte: u8, staged: Staged) -> PlanFile {
        let kind = if name.ends_with(".whl") { ArtifactKind::Wheel } else { ArtifactKind::Sdist };
        PlanFile {
            filename: name.to_owned(),
            kind,
            size: 10,
            sha256: Sha256::new([byte; 32]),
            staged,
            remote: Remote::Absent,
            attestations: Vec::new(),
            path: PathBuf::from("/nowhere").join(name),
        }
    }

    pub(crate) fn item(name: &str, after: &[&str], files: Vec<PlanFile>) -> PlanItem {
        PlanItem {
            package: name.parse().unwrap(),
            version: "1.0".parse().unwrap(),
            standing: Standing::New,
            after: after.iter().map(|name| name.parse().unwrap()).collect(),
            files,
        }
    }

    pub(crate) fn plan(production: bool, items: Vec<PlanItem>) -> Plan {
        let index = PlanIndex {
            name: "pypi".to_owned(),
            upload_url: "https://upload.example/legacy/".to_owned(),
            simple_url: "https://upload.example/simple/".to_owned(),
            production,
        };
        Plan::new(PlanDraft {
            index,
            staging: Some("testpypi".to_owned()),
            account: AccountKind::Token,
            items,
        })
    }

    #[test]
    fn orders_files_and_derives_waves() {
        let plan = plan(
            true,
            vec![
                item("C", &["a", "b", "elsewhere"], vec![]),
                item("b", &["A"], vec![]),
                item(
                    "a",
                    &[],
                    vec![
                        file("a-1.0.tar.gz", 1, Staged::Yes),
                        file("a-1.0-py3-none-any.whl", 2, Staged::Yes),
                        file("a-1.0-cp312-cp312-win_amd64.whl", 3, Staged::No),
                    ],
                ),
            ],
        );
        let names: Vec<&str> = plan.files().map(|file| file.filename.as_str()).collect();
        assert_eq!(names, ["a-1.0-cp312-cp312-win_amd64.whl", "a-1.0-py3-none-any.whl", "a-1.0.tar.gz"]);
        let waves: Vec<Vec<&str>> =
            plan.waves().iter().map(|wave| wave.iter().map(PackageName::normalized).collect()).collect();
        assert_eq!(waves, [["a"], ["b"], ["c"]]);
        assert_eq!(plan.items()[2].after.len(), 2);
        assert_eq!(plan.unstaged().count(), 1);
    }

    #[test]
    fn attestations_are_part_of_the_digest() {
        let with = |sha256: Option<u8>| {
            let mut file = file("a-1.0.tar.gz", 1, Staged::Yes);
            let filename = "a-1.0.tar.gz.publish.attestation".to_owned();
            let sha256 = sha256.map(|byte| Sha256::new([byte; 32]));
            file.attestations = vec![PlanAttestation { filename, sha256 }];
            plan(true, vec![item("a", &[], vec![file])])
        };
        let without = plan(true, vec![item("a", &[], vec![file("a-1.0.tar.gz", 1, Staged::Yes)])]);
        let all = [with(None), with(Some(1)), with(Some(2)), without];
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                assert_ne!(one.digest(), other.digest());
            }
        }
        assert_eq!(with(None).digest(), with(None).digest(), "what is to be signed is no part of it");
        let json = serde_json::to_value(with(Some(2))).unwrap();
        assert_eq!(json["items"][0]["files"][0]["attestations"][0]["sha256"], "02".repeat(32));
    }

    #[test]
    fn the_order_of_the_selection_changes_nothing() {
        let a = item("a", &[], vec![file("a-1.0.tar.gz", 1, Staged::Yes)]);
        let b = item("b", &["a"], vec![file("b-1.0.tar.gz", 2, Staged::Yes)]);
        assert_eq!(plan(true, vec![a.clone(), b.clone()]), plan(true, vec![b, a]));
    }

    #[test]
    fn json_has_schema_and_digest() {
        let plan = plan(true, vec![item("a", &[], vec![file("a-1.0.tar.gz", 1, Staged::Unknown)])]);
        let json = serde_json::to_value(&plan).unwrap();
        assert_eq!(json["schema"], 1);
        assert_eq!(json["digest"], plan.digest().to_string());
        assert_eq!(json["account"], "token");
        assert_eq!(json["index"]["name"], "pypi");
        assert_eq!(json["items"][0]["standing"], "new");
        assert_eq!(json["items"][0]["files"][0]["staged"], "unknown");
        assert_eq!(json["items"][0]["files"][0]["sha256"], "01".repeat(32));
        assert_eq!(json["waves"][0][0], "a");
    }
}
