//! Which packages of the workspace come from the index under test although they are no part of the run. Another index may
//! have projects of the same names, and installers would take those.

use std::collections::{BTreeMap, BTreeSet};

use pyrel_index::{ClientError, IndexClient, ProjectListing};
use pyrel_model::{DistFilename, PackageName, Requirement, Version};

use super::request::{VerifyRequest, VerifyTarget};
use crate::events::{Event, Reporter};
use crate::execute::with_causes;

/// Adds to each target the packages of the workspace that it needs and the index has, with their versions: that of
/// another target, or else the newest that satisfies every package that needs it. What the index does not have comes
/// from where third-party packages come from.
///
/// # Errors
/// When the index does not let itself be read. One that cannot be reached, or answers otherwise, has nothing here;
/// the installer tells why.
pub(super) async fn pin(
    client: &IndexClient,
    request: &mut VerifyRequest,
    reporter: &dyn Reporter,
) -> Result<(), ClientError> {
    let mut listings: BTreeMap<PackageName, Option<ProjectListing>> = BTreeMap::new();
    let own: BTreeMap<PackageName, Version> =
        request.targets.iter().map(|target| (target.package.clone(), target.version.clone())).collect();
    for target in &mut request.targets {
        for (name, requirements) in needed(target, &request.settings.siblings) {
            if target.needs.iter().any(|(known, _)| *known == name) {
                continue;
            }
            if !listings.contains_key(&name) {
                listings.insert(name.clone(), listing(client, &name, reporter).await?);
            }
            let listed = listings.get(&name).and_then(Option::as_ref);
            if let Some(version) = listed.and_then(|listed| choose(listed, &requirements, own.get(&name))) {
                target.needs.push((name, version));
            }
        }
    }
    Ok(())
}

/// Looks a project up; an error is a refusal.
pub(super) async fn listing(
    client: &IndexClient,
    name: &PackageName,
    reporter: &dyn Reporter,
) -> Result<Option<ProjectListing>, ClientError> {
    match client.own_project(name).await {
        Ok(listing) => Ok(listing),
        Err(error @ ClientError::Private(_)) => Err(error),
        Err(error) => {
            let index = &client.spec().name;
            let message = format!("what `{index}` has of `{name}` is not known: {}", with_causes(&error));
            reporter.event(&Event::Note { message });
            Ok(None)
        }
    }
}

/// Returns the packages of the workspace that a target needs to run, directly or not, each with what is required of it.
fn needed<'r>(
    target: &VerifyTarget,
    siblings: &'r BTreeMap<PackageName, Vec<Requirement>>,
) -> BTreeMap<PackageName, Vec<&'r Requirement>> {
    let mut found: BTreeMap<PackageName, Vec<&Requirement>> = BTreeMap::new();
    let mut seen = BTreeSet::from([target.package.clone()]);
    let mut open = vec![target.package.clone()];
    while let Some(name) = open.pop() {
        for requirement in siblings.get(&name).into_iter().flatten() {
            found.entry(requirement.name.clone()).or_default().push(requirement);
            if seen.insert(requirement.name.clone()) {
                open.push(requirement.name.clone());
            }
        }
    }
    found.remove(&target.package);
    found
}

fn choose(
    listing: &ProjectListing,
    requirements: &[&Requirement],
    preferred: Option<&Version>,
) -> Option<Version> {
    let satisfies =
        |version: &Version| requirements.iter().all(|requirement| requirement.specifiers.contains(version));
    let listed = listing.files.iter().filter(|file| !file.yanked);
    let versions: Vec<Version> = listed
        .filter_map(|file| file.filename.parse::<DistFilename>().ok())
        .map(|filename| filename.version().clone())
        .filter(satisfies)
        .collect();
    if let Some(version) = preferred.filter(|version| versions.contains(version)) {
        return Some(version.clone());
    }
    let is_final = |version: &&Version| !version.is_pre_release();
    versions.iter().filter(is_final).max().or_else(|| versions.iter().max()).cloned()
}

#[cfg(test)]
mod tests {
    use pyrel_index::ListedFile;

    use super::*;

    fn requirements(pairs: &[(&str, &[&str])]) -> BTreeMap<PackageName, Vec<Requirement>> {
        let parsed = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        pairs.iter().map(|(name, texts)| (name.parse().unwrap(), parsed(texts))).collect()
    }

    fn listing(files: &[(&str, bool)]) -> ProjectListing {
        let file = |(filename, yanked): &(&str, bool)| ListedFile {
            filename: (*filename).to_owned(),
            sha256: None,
            url: String::new(),
            size: None,
            requires_python: None,
            upload_time: None,
            yanked: *yanked,
        };
        let files = files.iter().map(file).collect();
        ProjectListing { name: "base".to_owned(), files, archived: false, url: String::new() }
    }

    #[test]
    fn what_is_needed_through_others_is_needed() {
        let siblings = requirements(&[
            ("top", &["middle>=2", "base<3"]),
            ("middle", &["base>=1", "top"]),
            ("other", &["base>=9"]),
        ]);
        let target =
            VerifyTarget { package: "top".parse().unwrap(), version: "1".parse().unwrap(), needs: vec![] };
        let needed = needed(&target, &siblings);
        let shown: Vec<String> = needed
            .iter()
            .map(|(name, all)| {
                let mut all: Vec<&str> = all.iter().map(|one| one.as_written()).collect();
                all.sort_unstable();
                format!("{name}: {}", all.join(" "))
            })
            .collect();
        assert_eq!(shown, ["base: base<3 base>=1", "middle: middle>=2"]);
    }

    #[test]
    fn the_newest_that_satisfies_all_is_taken() {
        let (two, three) = ("base>=1.5".parse().unwrap(), "base<3".parse().unwrap());
        let all = [&two, &three];
        let wheel = |version: &str| format!("base-{version}-py3-none-any.whl");
        let chosen = |files: &[(&str, bool)], preferred: Option<&str>| {
            let preferred = preferred.map(|version| version.parse().unwrap());
            choose(&listing(files), &all, preferred.as_ref()).map(|version| version.to_string())
        };
        let (old, good, better, high) = (wheel("1.0"), wheel("1.5"), wheel("2.0"), wheel("3.0"));
        let files =
            [(&*old, false), (&*good, false), (&*better, false), (&*high, false), ("nonsense", false)];
        assert_eq!(chosen(&files, None).as_deref(), Some("2.0"));
        assert_eq!(chosen(&files, Some("1.5")).as_deref(), Some("1.5"));
        assert_eq!(chosen(&files, Some("3.0")).as_deref(), Some("2.0"), "it does not satisfy");
        assert_eq!(chosen(&[(&good, false), (&better, true)], None).as_deref(), Some("1.5"), "yanked");
        assert_eq!(chosen(&[(&wheel("2.0rc1"), false), (&good, false)], None).as_deref(), Some("1.5"));
        assert_eq!(chosen(&[(&wheel("2.0rc1"), false)], None).as_deref(), Some("2.0rc1"));
        assert_eq!(chosen(&[(&old, false)], None), None);
    }
}
