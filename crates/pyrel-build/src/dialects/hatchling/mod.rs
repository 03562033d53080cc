//! hatchling 1.33: what `hatchling.build` makes of a project without plugins.
//!
//! Hooks, other targets, dynamic fields but `version`, `hatch.toml`, and whatever else is not named in this
//! folder go to hatchling itself.

mod config;
mod metadata;
mod options;
mod selection;
mod target;
mod vcs;
mod version;

use std::collections::HashSet;

use pyrel_model::Version;

use self::config::check_options;
use self::metadata::Metadata;
use self::selection::Selection;
use self::target::Target;
use super::{Dialect, Subject, generator};
use crate::detector;
use crate::entry_set::{Entry, EntrySet};
use crate::error::{Plan, unsupported};
use crate::metadata::{groups, sorted};
use crate::tree::Tree;

pub(super) struct Hatchling;

impl Dialect for Hatchling {
    fn name(&self) -> &'static str {
        "hatchling"
    }

    fn backends(&self) -> &'static [&'static str] {
        &["hatchling.build"]
    }

    fn emulates(&self) -> (&'static str, &'static str) {
        ("hatchling", "1.33.0")
    }

    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet> {
        refuse_files(&subject.tree)?;
        check_options(subject.pyproject)?;
        let version = version::resolve(subject)?;
        let stem = format!("{}-{version}", subject.project.name.file_stem());
        let metadata = Metadata::read(subject, &subject.tree, &version)?;
        let sdist = plan_sdist(subject, &metadata, &stem)?;

        let unpacked = Tree::unpacked(&sdist);
        let wheel_metadata = Metadata::read(subject, &unpacked, &version)?;
        let tags = metadata::tags(subject.project.requires_python.as_ref())?;
        let mut wheel = plan_wheel(subject, &unpacked, &stem)?;
        let dist_info = format!("{stem}.dist-info");
        let mut add = |name: &str, text: String| {
            wheel.push(Entry::generated(format!("{dist_info}/{name}"), text.into_bytes()));
        };
        add("METADATA", wheel_metadata.text.clone());
        let mut expanded = tags.expand();
        expanded.sort();
        let tag_lines: String = expanded.iter().map(|tag| format!("Tag: {tag}\n")).collect();
        let generator = generator(self, subject.version);
        add(
            "WHEEL",
            format!("Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\n{tag_lines}"),
        );
        let entry_points = entry_points(subject);
        if !entry_points.is_empty() {
            add("entry_points.txt", entry_points);
        }
        for path in &wheel_metadata.license_files {
            let file = unpacked.file(path)?;
            wheel.push(file.into_entry(format!("{dist_info}/licenses/{path}")));
        }
        Ok(EntrySet {
            dialect: self.name(),
            name: subject.project.name.clone(),
            version: normal(&version),
            metadata: metadata.text,
            tags,
            sdist,
            wheel,
        })
    }
}

/// File names carry the normal form, metadata the spelling.
fn normal(version: &Version) -> Version {
    version.normalized().parse().expect("the normal form of a version is a version")
}

/// Steps back where a file changes what hatchling does.
fn refuse_files(tree: &Tree) -> Plan<()> {
    for (name, reason) in [
        ("hatch.toml", "holds options of hatch beside `pyproject.toml`, which only hatchling reads"),
        ("PKG-INFO", "makes this an unpacked sdist, where hatchling takes dynamic fields from"),
    ] {
        if tree.is_file(name) {
            return Err(detector::file(&tree.display_path(name), name, reason));
        }
    }
    Ok(())
}

fn plan_sdist(subject: &Subject<'_>, metadata: &Metadata, stem: &str) -> Plan<Vec<Entry>> {
    let target = Target::sdist(subject, metadata, stem)?;
    if target.distribution_path("pyproject.toml") != "pyproject.toml" {
        return unsupported("tool.hatch.build.sources", "moves `pyproject.toml` inside the sdist");
    }
    let mut entries = Vec::new();
    for (path, distribution) in Selection::new(&subject.tree, &target).files()? {
        let file = subject.tree.file(&path)?;
        if file.is_link {
            return Err(selection::link(&subject.root, &path));
        }
        entries.push(file.into_entry(format!("{stem}/{distribution}")));
    }
    entries.push(Entry::generated(format!("{stem}/PKG-INFO"), metadata.text.clone().into_bytes()));
    let mut seen = HashSet::new();
    if let Some(double) = entries.iter().find(|entry| !seen.insert(entry.path.as_str())) {
        let reason = format!("select a file of the sdist twice: `{}`", double.path);
        return unsupported("tool.hatch.build", reason);
    }
    Ok(entries)
}

fn plan_wheel(subject: &Subject<'_>, unpacked: &Tree, stem: &str) -> Plan<Vec<Entry>> {
    let target = Target::wheel(subject, unpacked, stem)?;
    let files = Selection::new(unpacked, &target).files()?;
    let mut entries = Vec::with_capacity(files.len());
    for (path, distribution) in files {
        entries.push(unpacked.file(&path)?.into_entry(distribution));
    }
    Ok(entries)
}

/// Console scripts, graphical scripts, then the other groups sorted; names sorted; blank lines between groups.
fn entry_points(subject: &Subject<'_>) -> String {
    let mut all = groups(subject.project);
    let scripts = all.iter().filter(|(group, _)| matches!(group.as_str(), "console_scripts" | "gui_scripts"));
    let first_other = scripts.count();
    all[first_other..].sort();
    let sections = all.iter().map(|(group, entries)| {
        let lines: String =
            sorted(entries).iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        format!("[{group}]\n{lines}")
    });
    sections.collect::<Vec<_>>().join("\n")
}
