//! From checked files and what the indexes hold to a plan.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyrel_index::{Credentials, IndexSpec};
use pyrel_model::PackageName;
use pyrel_project::Package;

use super::{
    AccountKind, Attesting, Plan, PlanAttestation, PlanDraft, PlanFile, PlanIndex, PlanItem, Staged,
};
use crate::attest::publish_attestation;
use crate::credentials::{Account, bare};
use crate::journal::{KeptAttestation, KeptFile};
use crate::remote::IndexView;

/// What a plan is made of.
pub struct PlanSource<'a> {
    /// The target.
    pub index: &'a IndexSpec,
    /// Who uploads.
    pub account: AccountKind,
    /// The files with where they are.
    pub files: &'a [(KeptFile, PathBuf)],
    /// The attestations that were found beside them, and those that the run signed.
    pub attestations: &'a BTreeMap<String, KeptAttestation>,
    /// What the index gets of them.
    pub attesting: Attesting,
    /// What each package must come after.
    pub order: &'a BTreeMap<PackageName, Vec<PackageName>>,
    /// What the target holds.
    pub view: &'a IndexView,
    /// The name of the staging index.
    pub staging: Option<&'a str>,
    /// What the staging index holds; none when nobody asked or it did not answer.
    pub proof: Option<&'a IndexView>,
}

impl Plan {
    /// Makes the plan of an upload.
    #[must_use]
    pub fn of(source: &PlanSource<'_>) -> Self {
        let mut items: BTreeMap<PackageName, PlanItem> = BTreeMap::new();
        for (file, path) in source.files {
            let item = items.entry(file.package.clone()).or_insert_with(|| PlanItem {
                package: file.package.clone(),
                version: file.version.clone(),
                standing: source.view.standing(&file.package),
                after: source.order.get(&file.package).cloned().unwrap_or_default(),
                files: Vec::new(),
            });
            item.files.push(PlanFile {
                filename: file.filename.clone(),
                kind: file.kind,
                size: file.size,
                sha256: file.sha256,
                staged: source.proof.map_or(Staged::Unknown, |proof| {
                    proof.staged(&file.package, &file.filename, &file.sha256)
                }),
                remote: source.view.remote(&file.package, &file.filename, &file.sha256),
                attestations: source.attestations_of(&file.filename),
                path: path.clone(),
            });
        }
        Self::new(PlanDraft {
            index: PlanIndex {
                name: source.index.name.clone(),
                upload_url: bare(&source.index.upload_url).to_string(),
                simple_url: bare(&source.index.simple_url).to_string(),
                production: source.index.production,
            },
            staging: source.staging.map(str::to_owned),
            account: source.account,
            items: items.into_values().collect(),
        })
    }
}

impl PlanSource<'_> {
    /// Returns the attestations that go with a file. Those that the run signs look the same before and after, so that a
    /// resumed run comes to the same plan.
    fn attestations_of(&self, filename: &str) -> Vec<PlanAttestation> {
        if self.attesting == Attesting::Withheld {
            return Vec::new();
        }
        let found = self.attestations.values().filter(|kept| kept.file == filename && !kept.signed);
        let found = found
            .map(|kept| PlanAttestation { filename: kept.attestation.clone(), sha256: Some(kept.sha256) });
        let mut all: Vec<PlanAttestation> = found.collect();
        let own = publish_attestation(filename);
        if self.attesting == Attesting::Signed && all.iter().all(|attestation| attestation.filename != own) {
            all.push(PlanAttestation { filename: own, sha256: None });
        }
        all.sort();
        all
    }
}

impl AccountKind {
    /// Returns the kind of an account.
    #[must_use]
    pub fn of(account: &Account) -> Self {
        match account {
            Account::Trusted(_) => Self::Trusted,
            Account::Fixed(Credentials::Anonymous) => Self::Anonymous,
            Account::Fixed(Credentials::Basic { username, .. }) if username == "__token__" => Self::Token,
            Account::Fixed(Credentials::Basic { .. }) => Self::Password,
        }
    }
}

/// Returns what each package must come after: its runtime and build dependencies within the workspace.
#[must_use]
pub fn order_of<'p>(
    packages: impl IntoIterator<Item = &'p Package>,
) -> BTreeMap<PackageName, Vec<PackageName>> {
    let after = |package: &Package| {
        let ordering = package.internal.iter().filter(|dependency| dependency.kind.is_ordering());
        ordering.map(|dependency| dependency.name.clone()).collect()
    };
    packages.into_iter().map(|package| (package.name.clone(), after(package))).collect()
}

#[cfg(test)]
mod tests {
    use pyrel_model::Secret;

    use super::*;

    #[test]
    fn the_account_kind_is_that_of_the_index_client() {
        let basic = |username: &str| Credentials::Basic {
            username: username.to_owned(),
            password: Secret::new("not-a-real-token"),
        };
        for credentials in [Credentials::Anonymous, basic("__token__"), basic("someone")] {
            let kind = credentials.account_kind();
            assert_eq!(AccountKind::of(&credentials.into()).as_str(), kind);
        }
    }
}
