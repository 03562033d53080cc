//! `PKG-INFO` in the project's folder: what an sdist knows about fields that are dynamic.

use std::collections::BTreeSet;

use pyrel_model::metadata::CoreMetadata;
use pyrel_model::pyproject::Readme;
use pyrel_model::{Requirement, Version};

use super::metadata::DYNAMIC;
use crate::detector;
use crate::error::{Plan, Stop};
use crate::tree::Tree;

pub(super) const FILE: &str = "PKG-INFO";

/// The fields that hatchling takes from there when they are dynamic.
pub(super) struct PkgInfo {
    pub(super) version: Version,
    pub(super) readme: Option<Readme>,
    pub(super) urls: Vec<(String, String)>,
    /// Fields of `[project]` but for these that are told there.
    pub(super) others: BTreeSet<&'static str>,
}

/// Reads the file, if it is there; one that hatchling might refuse, or read otherwise, is for hatchling.
pub(super) fn read(tree: &Tree) -> Plan<Option<PkgInfo>> {
    if !tree.is_file(FILE) {
        return Ok(None);
    }
    let text = tree.read_text(FILE)?;
    let metadata = CoreMetadata::parse(text.as_bytes()).map_err(|error| stop(tree, &error.to_string()))?;
    metadata.name().map_err(|error| stop(tree, &error.to_string()))?;
    let version = metadata.version().map_err(|error| stop(tree, &error.to_string()))?;
    for requirement in metadata.get_all("Requires-Dist") {
        requirement.parse::<Requirement>().map_err(|error| stop(tree, &error.to_string()))?;
    }
    if let Some(header) =
        ["Content-Type", "Content-Transfer-Encoding"].iter().find(|name| metadata.get(name).is_some())
    {
        return Err(stop(tree, &format!("it has a field of e-mail: `{header}`")));
    }
    let mut urls: Vec<(String, String)> = Vec::new();
    for line in metadata.get_all("Project-URL") {
        let (label, url) = line.split_once(',').ok_or_else(|| stop(tree, "an address has no label"))?;
        let (label, url) = (label.trim(), url.trim().to_owned());
        match urls.iter_mut().find(|(known, _)| known == label) {
            Some(known) => known.1 = url,
            None => urls.push((label.to_owned(), url)),
        }
    }
    let names: BTreeSet<&str> = metadata.get_all("Import-Name").collect();
    if metadata.get_all("Import-Namespace").any(|name| names.contains(name)) {
        return Err(stop(tree, "a name of an import is that of a namespace, too"));
    }
    let readme = (!metadata.body().is_empty()).then(|| Readme::Text {
        text: metadata.body().to_owned(),
        content_type: metadata.get("Description-Content-Type").unwrap_or("text/plain").to_owned(),
    });
    // `Dynamic` has the name of the field of `[project]` there, not that of the header.
    let header = |name: &'static str| if name == "License-Files" { "License-File" } else { name };
    let is_told = |headers: &[&'static str]| headers.iter().any(|name| metadata.get(header(name)).is_some());
    let others =
        DYNAMIC.iter().filter(|(field, headers)| !["readme", "urls"].contains(field) && is_told(headers));
    let others = others.map(|(field, _)| *field).collect();
    Ok(Some(PkgInfo { version, readme, urls, others }))
}

fn stop(tree: &Tree, reason: &str) -> Stop {
    let reason = format!("is no metadata that is read natively: {reason}");
    detector::file(&tree.display_path(FILE), FILE, reason)
}
