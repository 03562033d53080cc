//! poetry-core 2.5: what `poetry.core.masonry.api` makes of a project, whether its metadata is in `[project]` or in
//! `[tool.poetry]` alone.
//!
//! Build scripts, dependencies from paths, markers of extras, links, and whatever poetry-core would refuse go to
//! poetry-core itself.

mod constraint;
mod dependency;
mod entry_points;
mod license;
mod literal;
mod marker;
mod metadata;
mod options;
mod package;
mod python;
mod range;
mod release;
mod selection;
mod setup;

use std::collections::BTreeMap;

use pyrel_model::pyproject::TableReader;

use self::metadata::Metadata;
use self::options::Options;
use self::selection::{Selection, Target};
use super::{Dialect, Subject, generator};
use crate::detector::{self, option};
use crate::entry_set::{Entry, EntrySet};
use crate::error::{Plan, unsupported};
use crate::tree::Tree;

pub(super) struct Poetry;

impl Dialect for Poetry {
    fn name(&self) -> &'static str {
        "poetry"
    }

    fn backends(&self) -> &'static [&'static str] {
        &["poetry.core.masonry.api"]
    }

    fn emulates(&self) -> (&'static str, &'static str) {
        ("poetry-core", "2.5.0")
    }

    fn own_table(&self) -> Option<&'static str> {
        Some("poetry")
    }

    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet> {
        let empty = toml_edit::Table::new();
        let poetry = subject.pyproject.tool(&["poetry"]).unwrap_or(&empty);
        let poetry = subject.pyproject.reader("tool.poetry", poetry);
        let options = Options::read(subject, &poetry)?;
        let metadata = Metadata::read(subject, poetry, &subject.tree)?;
        let stem = format!("{}-{}", subject.project.name.file_stem(), metadata.version);
        let sdist = plan_sdist(subject, &options, &metadata, &stem)?;

        let unpacked = subject.unpacked(&sdist);
        let again = Metadata::read(subject, poetry, &unpacked)?;
        let wheel = plan_wheel(subject, (&unpacked, poetry), &options, (&stem, &again))?;
        Ok(EntrySet {
            dialect: self.name(),
            name: subject.project.name.clone(),
            version: metadata.version,
            metadata: metadata.text,
            tags: metadata.python.tags(),
            sdist,
            wheel,
        })
    }
}

/// Lists the members of the sdist, sorted, `PKG-INFO` last.
fn plan_sdist(subject: &Subject<'_>, options: &Options, metadata: &Metadata, stem: &str) -> Plan<Vec<Entry>> {
    let tree = &subject.tree;
    let selection = Selection { subject, tree, options, target: Target::Sdist };
    let mut files: BTreeMap<String, String> = selection.files()?;
    let extra = metadata.license_files.iter().chain(&options.scripts).chain(&metadata.readmes);
    for path in extra.cloned().chain(["pyproject.toml".to_owned()]) {
        if !tree.is_file(&path) {
            return unsupported("tool.poetry.scripts", format!("names a file that is not there: `{path}`"));
        }
        selection.refuse_links([&path])?;
        files.insert(path.clone(), path);
    }
    if files.contains_key("PKG-INFO") {
        let reason = "would stand beside the file of that name that every sdist has";
        return Err(detector::file(&tree.display_path("PKG-INFO"), "PKG-INFO", reason));
    }
    let mut entries = Vec::with_capacity(files.len() + 1);
    for path in files.keys() {
        entries.push(tree.file(path)?.into_entry(format!("{stem}/{path}")));
    }
    if options.has_setup_file {
        if files.contains_key("setup.py") {
            let reason = "would stand beside the file of that name that `generate-setup-file` adds";
            return Err(detector::file(&tree.display_path("setup.py"), "setup.py", reason));
        }
        let text = setup::text(subject, &selection, metadata)?;
        entries.push(Entry::generated(format!("{stem}/setup.py"), text.into_bytes()));
    }
    entries.push(Entry::generated(format!("{stem}/PKG-INFO"), metadata.text.clone().into_bytes()));
    Ok(entries)
}

/// Lists the members of the wheel: files by their paths in the sdist, scripts, metadata.
fn plan_wheel(
    subject: &Subject<'_>,
    (unpacked, poetry): (&Tree, TableReader<'_>),
    options: &Options,
    (stem, metadata): (&str, &Metadata),
) -> Plan<Vec<Entry>> {
    let selection = Selection { subject, tree: unpacked, options, target: Target::Wheel };
    let mut entries = Vec::new();
    for (path, place) in selection.files()? {
        entries.push(unpacked.file(&path)?.into_entry(place));
    }
    for path in &options.scripts {
        let name = path.rsplit('/').next().unwrap_or(path);
        entries.push(unpacked.file(path)?.into_entry(format!("{stem}.data/scripts/{name}")));
    }
    let dist_info = format!("{stem}.dist-info");
    let mut add = |name: &str, text: String| {
        entries.push(Entry::generated(format!("{dist_info}/{name}"), text.into_bytes()));
    };
    add("METADATA", metadata.text.clone());
    let tags = metadata.python.tags();
    let generator = generator(&Poetry, subject.version);
    // As in the backend itself, a compressed set of tags stands on one line.
    add("WHEEL", format!("Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\nTag: {tags}\n"));
    if let Some(text) = entry_points::read(subject, &poetry)? {
        add("entry_points.txt", text);
    }
    for path in &metadata.license_files {
        entries.push(unpacked.file(path)?.into_entry(format!("{dist_info}/licenses/{path}")));
    }
    let mut places: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    places.sort_unstable();
    match places.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(entries),
        Some(pair) => Err(option(&poetry, "packages", format!("put two files in one place: `{}`", pair[0]))),
    }
}
