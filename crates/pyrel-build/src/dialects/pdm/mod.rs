//! pdm-backend 2.5: what `pdm.backend` makes of a project without hooks.
//!
//! Hooks, runs of setuptools, versions from calls, links, patterns of doubtful meaning, and whatever
//! pdm-backend would refuse go to pdm-backend itself.

mod document;
mod license;
mod metadata;
mod options;
mod scm;
mod selection;
mod variable;
mod version;

use std::collections::BTreeMap;

use pyrel_model::Version;
use pyrel_model::tag::TagSet;

use self::metadata::Metadata;
use self::options::Options;
use self::scm::{Told, Written};
use self::selection::{Target, collect};
use super::{Dialect, Subject, generator};
use crate::detector;
use crate::entry_set::{Entry, EntrySet};
use crate::error::{Plan, unsupported};
use crate::metadata::sorted;
use crate::pattern::has_magic;
use crate::tree::{Tree, join};

pub(super) struct Pdm;

impl Dialect for Pdm {
    fn name(&self) -> &'static str {
        "pdm"
    }

    fn backends(&self) -> &'static [&'static str] {
        &["pdm.backend"]
    }

    fn emulates(&self) -> (&'static str, &'static str) {
        ("pdm-backend", "2.5.0")
    }

    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet> {
        let options = Options::read(subject)?;
        let Told { version, written } = version::resolve(subject)?;
        let metadata = Metadata::read(subject, &subject.tree, &version)?;
        let stem = format!("{}-{version}", subject.project.name.file_stem());
        let mut sdist = plan_sdist(subject, &options, &metadata, (&stem, &version))?;
        if let Some(written) = written {
            add_written(subject, &options, &metadata, (&stem, &mut sdist), written)?;
        }

        let unpacked = subject.unpacked(&sdist);
        let again = Metadata::read(subject, &unpacked, &version)?;
        let wheel = plan_wheel(subject, &unpacked, &options, (&stem, &again))?;
        Ok(EntrySet {
            dialect: self.name(),
            name: subject.project.name.clone(),
            version,
            metadata: metadata.text,
            tags: tags(subject),
            sdist,
            wheel,
        })
    }
}

/// Lists the members of the sdist, sorted, `PKG-INFO` last.
fn plan_sdist(
    subject: &Subject<'_>,
    options: &Options,
    metadata: &Metadata,
    (stem, version): (&str, &Version),
) -> Plan<Vec<Entry>> {
    let tree = &subject.tree;
    let mut files = collect(subject, tree, options, Target::Sdist)?;
    files.extend(metadata.readme.iter().cloned());
    files.extend(license::packed(&metadata.licenses, tree)?);
    selection::refuse_scratch(tree, &files)?;
    files.remove("pyproject.toml");
    if files.contains("PKG-INFO") {
        let reason = "would stand beside the file of that name that every sdist has";
        return Err(detector::file(&tree.display_path("PKG-INFO"), "PKG-INFO", reason));
    }
    let document = document::rewritten(subject, version)?;
    let mut members: BTreeMap<String, Entry> = BTreeMap::new();
    for path in files {
        if let Some(link) = subject.link_on(tree, &path) {
            let reason = "is a symbolic link, which pdm-backend keeps as a link in sdists";
            return Err(detector::file(&subject.root.join(&link), link, reason));
        }
        let entry = tree.file(&path)?.into_entry(format!("{stem}/{path}"));
        members.insert(path, entry);
    }
    let path = "pyproject.toml".to_owned();
    members.insert(path.clone(), Entry::generated(format!("{stem}/{path}"), document.into_bytes()));
    let mut entries: Vec<Entry> = members.into_values().collect();
    entries.push(Entry::generated(format!("{stem}/PKG-INFO"), metadata.text.clone().into_bytes()));
    Ok(entries)
}

/// Puts the file with the version into the sdist, over any other at its place.
fn add_written(
    subject: &Subject<'_>,
    options: &Options,
    metadata: &Metadata,
    (stem, sdist): (&str, &mut Vec<Entry>),
    written: Written,
) -> Plan<()> {
    let path = join(&options.package_dir(&subject.tree), &written.path);
    let refused = |reason: &str| unsupported("tool.pdm.version.write_to", format!("{reason}: `{path}`"));
    if options.may_exclude(&path) {
        return refused("writes a file that a pattern may exclude");
    }
    let licenses = license::packed(&metadata.licenses, &subject.tree)?;
    let is_taken = metadata.readme.iter().chain(&licenses).any(|other| *other == path);
    if is_taken || ["pyproject.toml", "PKG-INFO"].contains(&path.as_str()) {
        return refused("writes a file that has another purpose");
    }
    // Licences are looked for when the file is there already, in the folder in which pdm-backend works.
    let mut patterns = subject.project.license_files.iter().flatten();
    if patterns.any(|pattern| pattern.split('/').next().is_some_and(has_magic)) {
        return refused("writes a file that a pattern of licences may match");
    }
    let entry = Entry::generated(format!("{stem}/{path}"), written.text.into_bytes());
    sdist.retain(|other| other.path != entry.path);
    let at = sdist.partition_point(|other| other.path < entry.path && !other.path.ends_with("/PKG-INFO"));
    sdist.insert(at, entry);
    Ok(())
}

/// Lists the members of the wheel, sorted.
fn plan_wheel(
    subject: &Subject<'_>,
    unpacked: &Tree,
    options: &Options,
    (stem, metadata): (&str, &Metadata),
) -> Plan<Vec<Entry>> {
    let package_dir = options.package_dir(unpacked);
    let mut entries = Vec::new();
    for path in collect(subject, unpacked, options, Target::Wheel)? {
        let place = match path.strip_prefix(&package_dir) {
            Some(rest) if !package_dir.is_empty() && rest.starts_with('/') => &rest[1..],
            _ => path.as_str(),
        };
        entries.push(unpacked.file(&path)?.into_entry(place.to_owned()));
    }
    for (path, place) in selection::wheel_data(unpacked, options)? {
        entries.push(unpacked.file(&path)?.into_entry(format!("{stem}.data/{place}")));
    }
    let dist_info = format!("{stem}.dist-info");
    let mut add = |name: &str, text: String| {
        entries.push(Entry::generated(format!("{dist_info}/{name}"), text.into_bytes()));
    };
    let tag_set = tags(subject);
    let generator = generator(&Pdm, subject.version);
    // As in the backend itself, a compressed set of tags stands on one line.
    add(
        "WHEEL",
        format!("Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\nTag: {tag_set}\n"),
    );
    add("METADATA", metadata.text.clone());
    add("entry_points.txt", entry_points(subject)?);
    for path in license::packed(&metadata.licenses, unpacked)? {
        entries.push(unpacked.file(&path)?.into_entry(format!("{dist_info}/licenses/{path}")));
    }
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    match entries.windows(2).find(|pair| pair[0].path == pair[1].path) {
        None => Ok(entries),
        Some(pair) => {
            unsupported("tool.pdm.build", format!("puts two files in one place: `{}`", pair[0].path))
        }
    }
}

/// `py3`, and `py2` before it when `requires-python` admits 2.7.
fn tags(subject: &Subject<'_>) -> TagSet {
    let version: Version = "2.7".parse().expect("a constant version");
    let python2 =
        subject.project.requires_python.as_ref().is_none_or(|specifiers| specifiers.contains(&version));
    let text = if python2 { "py2.py3-none-any" } else { "py3-none-any" };
    text.parse().expect("a constant tag")
}

/// Returns `entry_points.txt`, which is written even when there is no entry: groups and names sorted.
fn entry_points(subject: &Subject<'_>) -> Plan<String> {
    let project = subject.project;
    let table = subject.project_table();
    let mut groups = project.entry_points.clone();
    groups.push(("console_scripts".to_owned(), project.scripts.clone()));
    groups.push(("gui_scripts".to_owned(), project.gui_scripts.clone()));
    groups.sort();
    let mut text = String::new();
    for (group, entries) in &groups {
        let lines: String =
            sorted(entries).iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        let is_odd = |c: char| c.is_control() && c != '\n';
        if group.contains(char::is_control)
            || lines.contains(is_odd)
            || lines.lines().count() != entries.len()
        {
            return Err(detector::option(&table, "entry-points", "holds a control character"));
        }
        text.push_str(&format!("[{group}]\n{lines}\n"));
    }
    Ok(text)
}
