//! The diagram of the crates, as data, and the gate that holds the manifests to it.
//!
//! A crate boundary is there to keep something out: the network out of parsing, the builder out of the checker, the
//! terminal out of everything. This file is where an edge is added, with the diagram in the architecture page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::failure::Failure;
use crate::repository::Repository;

/// Normal dependency edges between the crates of the workspace: each crate with all it may and must depend on.
const DIAGRAM: [(&str, &[&str]); 11] = [
    ("pyrel", &["pyrel-build", "pyrel-dist", "pyrel-index", "pyrel-model", "pyrel-project", "pyrel-release"]),
    ("pyrel-build", &["pyrel-model", "pyrel-project"]),
    ("pyrel-dist", &["pyrel-model", "pyrel-readme"]),
    ("pyrel-fuzz", &["pyrel-dist", "pyrel-model", "pyrel-readme"]),
    ("pyrel-index", &["pyrel-dist", "pyrel-model"]),
    ("pyrel-model", &[]),
    ("pyrel-project", &["pyrel-model"]),
    ("pyrel-readme", &[]),
    ("pyrel-release", &["pyrel-build", "pyrel-dist", "pyrel-index", "pyrel-model", "pyrel-project"]),
    ("pyrel-testkit", &[]),
    ("xtask", &[]),
];

/// Dependencies from outside that only some crates may name, since they bring what the others must not do.
const FENCED: [(&str, &[&str]); 8] = [
    ("anyhow", &["pyrel", "xtask"]),
    ("axum", &["pyrel-index", "pyrel-release", "pyrel"]),
    ("clap", &["pyrel"]),
    ("indicatif", &["pyrel"]),
    ("reqwest", &["pyrel-index", "pyrel-release", "pyrel"]),
    ("rustls", &["pyrel-index", "pyrel-release", "pyrel"]),
    ("tokio", &["pyrel-index", "pyrel-release", "pyrel"]),
    // Who judges archives reads them with other code than who writes them.
    ("zip", &["pyrel-dist", "pyrel-index"]),
];

/// Normal and build dependencies of each crate of the workspace, by name.
type Manifests = BTreeMap<String, BTreeSet<String>>;

/// Holds the manifests to the diagram.
///
/// # Errors
///
/// Fails naming every edge that is missing from the manifests or from the diagram, and every fenced dependency.
pub(crate) fn check(repository: &Repository) -> Result<(), Failure> {
    let findings = compare(&read(repository.metadata())?);
    Failure::from_findings("edges that differ from the diagram in xtask/src/edges.rs", &findings)
}

/// Reads the normal and build dependencies out of `cargo metadata --no-deps`.
fn read(metadata: &Value) -> Result<Manifests, Failure> {
    let lacks = |what: &str| Failure::new(format!("output of `cargo metadata` lacks {what}"));
    let mut manifests = Manifests::new();
    for package in metadata["packages"].as_array().ok_or_else(|| lacks("`packages`"))? {
        let name = package["name"].as_str().ok_or_else(|| lacks("a package's name"))?;
        let dependencies =
            package["dependencies"].as_array().ok_or_else(|| lacks("a package's dependencies"))?;
        let edges = dependencies
            .iter()
            .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
            .filter_map(|dependency| dependency["name"].as_str().map(ToOwned::to_owned));
        manifests.insert(name.to_owned(), edges.collect());
    }
    Ok(manifests)
}

fn compare(manifests: &Manifests) -> Vec<String> {
    let mut findings = Vec::new();
    let diagram: BTreeMap<&str, BTreeSet<&str>> =
        DIAGRAM.iter().map(|(name, edges)| (*name, edges.iter().copied().collect())).collect();
    for name in diagram.keys().filter(|name| !manifests.contains_key(**name)) {
        findings.push(format!("`{name}` is in the diagram and not in the workspace"));
    }
    for (name, dependencies) in manifests {
        let Some(drawn) = diagram.get(name.as_str()) else {
            findings.push(format!("`{name}` is in the workspace and not in the diagram"));
            continue;
        };
        let found: BTreeSet<&str> =
            dependencies.iter().map(String::as_str).filter(|edge| manifests.contains_key(*edge)).collect();
        findings.extend(found.difference(drawn).map(|edge| format!("`{name}` must not depend on `{edge}`")));
        findings
            .extend(drawn.difference(&found).map(|edge| format!("`{name}` no longer depends on `{edge}`")));
        for (fenced, owners) in FENCED {
            if dependencies.contains(fenced) && !owners.contains(&name.as_str()) {
                findings
                    .push(format!("`{name}` must not depend on `{fenced}`, only {} may", owners.join(", ")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn() -> Manifests {
        DIAGRAM
            .iter()
            .map(|(name, edges)| ((*name).to_owned(), edges.iter().map(|edge| (*edge).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn the_diagram_agrees_with_itself() {
        assert_eq!(compare(&drawn()), Vec::<String>::new());
    }

    #[test]
    fn the_checker_must_not_share_code_with_the_builder() {
        let mut manifests = drawn();
        manifests.get_mut("pyrel-dist").unwrap().insert("pyrel-build".into());
        assert_eq!(compare(&manifests), ["`pyrel-dist` must not depend on `pyrel-build`"]);
    }

    #[test]
    fn an_edge_that_vanished_and_a_crate_that_is_new_are_told() {
        let mut manifests = drawn();
        manifests.get_mut("pyrel-index").unwrap().remove("pyrel-dist");
        manifests.insert("pyrel-util".into(), BTreeSet::new());
        assert_eq!(
            compare(&manifests),
            [
                "`pyrel-index` no longer depends on `pyrel-dist`",
                "`pyrel-util` is in the workspace and not in the diagram"
            ]
        );
    }

    #[test]
    fn a_fenced_dependency_is_refused_outside_of_its_owners() {
        let mut manifests = drawn();
        manifests.get_mut("pyrel-model").unwrap().insert("tokio".into());
        manifests.get_mut("pyrel-index").unwrap().insert("tokio".into());
        let findings = compare(&manifests);
        assert_eq!(
            findings,
            ["`pyrel-model` must not depend on `tokio`, only pyrel-index, pyrel-release, pyrel may"]
        );
    }

    #[test]
    fn dependencies_of_tests_are_no_edges() {
        let metadata = serde_json::json!({"packages": [{"name": "pyrel-model", "dependencies": [
            {"name": "serde", "kind": null}, {"name": "cc", "kind": "build"}, {"name": "pyrel-testkit", "kind": "dev"},
        ]}]});
        let manifests = read(&metadata).unwrap();
        assert_eq!(manifests["pyrel-model"], BTreeSet::from(["serde".to_owned(), "cc".to_owned()]));
    }
}
