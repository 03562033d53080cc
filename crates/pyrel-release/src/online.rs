//! What the rules of the check want to know of an index: files, ages, and names that look alike. Asks and translates;
//! the rules judge.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream;
use pyrel_dist::{CheckReport, IndexFacts, IndexFile, look_of};
use pyrel_index::{ClientError, IndexClient, IndexSpec, ListedFile, ProjectListing};
use pyrel_model::PackageName;

use crate::plan::Standing;
use crate::remote::IndexView;

/// The facts about some projects of one index.
#[derive(Debug, Default)]
pub struct Online {
    /// The facts, by project.
    pub facts: BTreeMap<PackageName, IndexFacts>,
    /// Why nothing is known of names that look alike, when the list of names could not be had.
    pub unknown_names: Option<ClientError>,
}

/// How many files are asked for at once.
const FILES: usize = 16;

/// Gathers facts from what an index was seen to hold, as far as they matter to the files of a report; `now` is the time
/// in seconds since 1970.
///
/// For a project that is new to an index with PyPI's rules the list of all names is read, which is long; without it
/// the other facts stand.
pub async fn online(client: &IndexClient, view: &IndexView, report: &CheckReport, now: u64) -> Online {
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let mut online = Online::default();
    let is_pypi = has_pypis_rules(client.spec());
    for (name, listing) in view.listings() {
        let facts = facts_of(client.spec(), listing, (is_pypi, now));
        online.facts.insert(name.clone(), facts);
    }
    count_members(client, view, report, &mut online.facts).await;
    let new: Vec<PackageName> =
        online.facts.keys().filter(|name| view.standing(name) == Standing::New).cloned().collect();
    if !is_pypi {
        return online;
    }
    for name in new {
        let look = look_of(name.normalized());
        let is_alike = |other: &str| {
            look_of(other) == look && other.parse::<PackageName>().is_ok_and(|other| other != name)
        };
        match client.find_project(&is_alike).await {
            Ok(similar) => {
                if let Some(facts) = online.facts.get_mut(&name) {
                    facts.similar = similar;
                }
            }
            Err(error) => {
                online.unknown_names = Some(error);
                break;
            }
        }
    }
    online
}

/// Finds out how many members the wheels of last releases have, where that matters. What cannot be had stays unknown.
async fn count_members(
    client: &IndexClient,
    view: &IndexView,
    report: &CheckReport,
    facts: &mut BTreeMap<PackageName, IndexFacts>,
) {
    let wanted = report.files_to_count(facts).into_iter().filter_map(|(name, filename)| {
        let listed = view.listing(&name)?.file(&filename)?;
        Some(async move {
            let members = client.member_count(listed).await;
            (name, filename, members)
        })
    });
    let answers: Vec<_> = stream::iter(wanted).buffer_unordered(FILES).collect().await;
    for (name, filename, members) in answers {
        let files = facts.get_mut(&name).map(|facts| facts.files.iter_mut());
        for file in files.into_iter().flatten().filter(|file| file.filename == filename) {
            file.members = members;
        }
    }
}

/// PyPI and TestPyPI, by name or by address; other indexes have rules of their own.
fn has_pypis_rules(spec: &IndexSpec) -> bool {
    let host = spec.upload_url.host_str().unwrap_or_default();
    matches!(spec.name.as_str(), "pypi" | "testpypi") || host == "pypi.org" || host.ends_with(".pypi.org")
}

fn facts_of(spec: &IndexSpec, listing: Option<&ProjectListing>, (is_pypi, now): (bool, i64)) -> IndexFacts {
    IndexFacts {
        index: spec.name.clone(),
        is_pypi,
        exists: listing.is_some(),
        is_archived: listing.is_some_and(|listing| listing.archived),
        files: listing.map(|listing| listing.files.iter().map(file_of).collect()).unwrap_or_default(),
        similar: None,
        now,
    }
}

fn file_of(file: &ListedFile) -> IndexFile {
    IndexFile {
        filename: file.filename.clone(),
        sha256: file.sha256,
        size: file.size,
        uploaded: file.uploaded_at(),
        members: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, url: &str) -> IndexSpec {
        let url: url::Url = url.parse().unwrap();
        IndexSpec { name: name.to_owned(), upload_url: url.clone(), simple_url: url, production: false }
    }

    #[test]
    fn an_index_with_the_rules_of_pypi_is_known_by_name_or_address() {
        assert!(has_pypis_rules(&spec("testpypi", "http://127.0.0.1:1/legacy/")));
        assert!(has_pypis_rules(&spec("own", "https://upload.pypi.org/legacy/")));
        assert!(!has_pypis_rules(&spec("own", "https://notpypi.org.example/legacy/")));
    }
}
