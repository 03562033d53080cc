//! uv_build 0.13, and the last of each series from 0.9 on: what the build backend of uv makes of a project.
//!
//! Projects bind uv_build to one series, as its maker advises, so that more than the newest counts. [`Profile`] holds
//! what differs between them.
//!
//! Markers that uv ignores in part, links to folders, patterns of doubtful meaning, and whatever uv_build would refuse go to
//! uv_build itself.

mod document;
mod layout;
mod marker;
mod metadata;
mod options;
mod requirement;

use pyrel_model::tag::TagSet;

use self::marker::Generation;
use self::metadata::{Metadata, entry_points};
use self::options::Options;
use super::{Dialect, Subject, generator};
use crate::entry_set::{Entry, EntrySet};
use crate::error::{Plan, unsupported};
use crate::pattern::PortableGlob;
use crate::tree::parent_and_name;

pub(super) struct Uv;

/// What differs between the reproduced versions.
#[derive(Debug, Clone, Copy)]
struct Profile {
    /// A file matches a pattern that it could be a folder on the way of (before 0.13).
    takes_leading_files: bool,
    /// `pyproject.toml` is printed anew (from 0.12 on).
    rewrites: bool,
    /// Comparisons with one version are sorted by operator (from 0.11 on).
    sorts_operators: bool,
    /// Import names become metadata (from 0.11 on).
    knows_import_names: bool,
    /// What becomes of markers.
    markers: Generation,
}

impl Profile {
    fn of(subject: &Subject<'_>) -> Self {
        let is_before_0_11 = ["0.10.12", "0.9.30"].contains(&subject.version);
        Self {
            takes_leading_files: subject.version != Uv.emulates().1,
            rewrites: !["0.11.33", "0.10.12", "0.9.30"].contains(&subject.version),
            sorts_operators: !is_before_0_11,
            knows_import_names: !is_before_0_11,
            markers: match subject.version {
                "0.9.30" | "0.10.12" | "0.11.33" => Generation::Ordered,
                "0.12.24" => Generation::Unordered,
                _ => Generation::Covers,
            },
        }
    }

    /// Tells whether a pattern takes a file.
    fn takes(self, glob: &PortableGlob, path: &str) -> bool {
        glob.matches(path) || (self.takes_leading_files && glob.matches_or_leads_to(path))
    }
}

impl Dialect for Uv {
    fn name(&self) -> &'static str {
        "uv"
    }

    fn backends(&self) -> &'static [&'static str] {
        &["uv_build"]
    }

    fn emulates(&self) -> (&'static str, &'static str) {
        ("uv-build", "0.13.6")
    }

    fn earlier(&self) -> &'static [&'static str] {
        &["0.12.24", "0.11.33", "0.10.12", "0.9.30"]
    }

    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet> {
        let options = Options::read(subject)?;
        let metadata = Metadata::read(subject, &subject.tree)?;
        let version = metadata.version.clone();
        let stem = format!("{}-{version}", subject.project.name.file_stem());
        let sdist = plan_sdist(subject, &options, &metadata, &stem)?;

        let unpacked = subject.unpacked(&sdist);
        layout::check_modules(&unpacked, &options)?;
        let again = Metadata::read(subject, &unpacked)?;
        let tags: TagSet = "py3-none-any".parse().expect("a constant tag");
        let mut set = EntrySet {
            dialect: self.name(),
            name: subject.project.name.clone(),
            version,
            metadata: metadata.text,
            tags,
            sdist,
            wheel: Vec::new(),
        };
        for module in &options.modules {
            for path in layout::module_files(subject, &unpacked, &options, module)? {
                let below_root = path.strip_prefix(&options.root).unwrap_or(&path);
                let place = below_root.trim_start_matches('/').to_owned();
                set.wheel.push(unpacked.file(&path)?.into_entry(place));
            }
        }
        let dist_info = set.dist_info();
        for path in &again.license_files {
            set.wheel.push(unpacked.file(path)?.into_entry(format!("{dist_info}/licenses/{path}")));
        }
        for (kind, folder) in &options.data {
            for path in layout::data_files(subject, &unpacked, &options, folder)? {
                let place = format!("{stem}.data/{kind}{}", &path[folder.len()..]);
                set.wheel.push(unpacked.file(&path)?.into_entry(place));
            }
        }
        set.wheel.extend(dist_info_entries(subject, &dist_info, again.text)?);
        Ok(set)
    }
}

/// Lists the members of the sdist in uv's order: metadata and configuration first, then a sorted walk.
fn plan_sdist(subject: &Subject<'_>, options: &Options, metadata: &Metadata, stem: &str) -> Plan<Vec<Entry>> {
    let tree = &subject.tree;
    layout::check_modules(tree, options)?;
    let mut includes = options.include.clone();
    includes.push(PortableGlob::literal("pyproject.toml"));
    includes.extend(options.modules.iter().map(|module| PortableGlob::below(&options.module_path(module))));
    includes.extend(metadata.readme.iter().map(|path| PortableGlob::literal(path)));
    includes.extend(metadata.license_globs.iter().cloned());
    includes.extend(options.data.iter().map(|(_, folder)| PortableGlob::below(folder)));
    let mut entries = vec![Entry::generated(format!("{stem}/PKG-INFO"), metadata.text.clone().into_bytes())];
    let written = tree.file("pyproject.toml")?;
    if Profile::of(subject).rewrites {
        let text = document::rewritten(subject.pyproject)?;
        entries.push(Entry::generated(format!("{stem}/pyproject.toml"), text.into_bytes()));
        entries.push(written.into_entry(format!("{stem}/pyproject.toml.orig")));
    } else {
        entries.push(written.into_entry(format!("{stem}/pyproject.toml")));
    }
    for path in layout::sdist_files(subject, options, &includes)? {
        entries.push(tree.file(&path)?.into_entry(format!("{stem}/{path}")));
    }
    if let Some(readme) = &metadata.readme
        && !entries.iter().any(|entry| entry.path[stem.len() + 1..] == **readme)
    {
        let name = parent_and_name(readme).1;
        return unsupported(
            "tool.uv.build-backend.source-exclude",
            format!("takes the readme out of the sdist: `{name}`"),
        );
    }
    Ok(entries)
}

fn dist_info_entries(subject: &Subject<'_>, dist_info: &str, metadata: String) -> Plan<Vec<Entry>> {
    let generated =
        |name: &str, text: String| Entry::generated(format!("{dist_info}/{name}"), text.into_bytes());
    let generator = generator(&Uv, subject.version);
    let wheel =
        format!("Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
    let mut entries = vec![generated("WHEEL", wheel)];
    if let Some(text) = entry_points(subject)? {
        entries.push(generated("entry_points.txt", text));
    }
    entries.push(generated("METADATA", metadata));
    Ok(entries)
}
