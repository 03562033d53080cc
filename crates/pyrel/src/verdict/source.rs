//! Where in `pyproject.toml` stands what a finding complains about.

use std::collections::BTreeMap;
use std::path::Path;

use pyrel_dist::{FileReport, Finding};
use pyrel_model::{Location, PackageName, PyProject};
use pyrel_project::Workspace;

/// The `pyproject.toml` files of a workspace, by package.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: BTreeMap<PackageName, PyProject>,
}

impl Sources {
    /// Takes the files that were read anyway.
    pub(crate) fn of(workspace: &Workspace) -> Self {
        let files = workspace.packages().filter_map(|package| {
            let file = package.pyproject.as_ref().filter(|file| file.project().is_some())?;
            Some((package.name.clone(), file.clone()))
        });
        Self { files: files.collect() }
    }

    /// Returns the place of a finding: in `pyproject.toml` where that is known, else in the text of the archive.
    pub(crate) fn place(&self, file: &FileReport, finding: &Finding) -> Option<Location> {
        self.in_pyproject(file, finding).or_else(|| finding.place.clone())
    }

    /// Returns the place in `pyproject.toml`.
    pub(crate) fn in_pyproject(&self, file: &FileReport, finding: &Finding) -> Option<Location> {
        let name = file.filename.parse::<pyrel_model::DistFilename>().ok()?.name().clone();
        let document = self.files.get(&name)?;
        let key = key_of(finding.location.as_deref()?)?;
        let project = document.root().get("project")?.as_table_like()?;
        let (written, item) = project.get_key_value(key)?;
        // Of several values that the message has in it, the longest is the one that it is about.
        let quoted = |value: Option<&str>| value.filter(|text| finding.message.contains(text)).map(str::len);
        let named = |name: &str| finding.message.contains(&format!("`{name}`"));
        let array = item.as_array().into_iter().flat_map(|array| array.iter());
        let element = array
            .filter_map(|value| Some((quoted(value.as_str())?, value)))
            .max_by_key(|(length, _)| *length);
        let table = item.as_table_like().filter(|_| element.is_none());
        let mut entries = table.into_iter().flat_map(|table| table.iter());
        let entry = entries.find(|(name, value)| quoted(value.as_str()).is_some() || named(name));
        let span = element
            .and_then(|(_, value)| value.span())
            .or_else(|| entry.and_then(|(_, value)| value.span()))
            .or_else(|| item.as_str().and_then(|_| item.span()))
            .or_else(|| written.span())?;
        Some(Location::of_span(Path::new(document.path()), document.text(), &span))
    }
}

/// Returns the key of `[project]` that a metadata field is made of.
fn key_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "Name" => "name",
        "Version" => "version",
        "Summary" => "description",
        "Requires-Python" => "requires-python",
        "Requires-Dist" => "dependencies",
        "Provides-Extra" => "optional-dependencies",
        "Classifier" => "classifiers",
        "Keywords" => "keywords",
        "License" | "License-Expression" => "license",
        "License-File" => "license-files",
        "Author" | "Author-email" => "authors",
        "Maintainer" | "Maintainer-email" => "maintainers",
        "Project-URL" | "Home-page" | "Download-URL" => "urls",
        "Description" | "Description-Content-Type" => "readme",
        "entry_points.txt" => "scripts",
        _ => return None,
    })
}
