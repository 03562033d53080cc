//! flit_core 4.2: what `flit_core.buildapi` makes of a project that it never has to import.
//!
//! The tables that flit gave up, links, modules that are more than imports and constants where something is read
//! from them, and whatever flit would refuse go to flit itself.

mod data;
mod dynamic;
mod layout;
mod license;
mod metadata;
mod options;
mod python_module;
mod sdist;

use pyrel_model::tag::TagSet;

use self::layout::Module;
use self::metadata::{Metadata, entry_points, supports_python2};
use self::options::Options;
use super::{Dialect, Subject, generator};
use crate::detector::option;
use crate::entry_set::{Entry, EntrySet};
use crate::error::{Plan, unsupported};
use crate::tree::Tree;

pub(super) struct Flit;

impl Dialect for Flit {
    fn name(&self) -> &'static str {
        "flit"
    }

    fn backends(&self) -> &'static [&'static str] {
        &["flit_core.buildapi", "flit.buildapi"]
    }

    /// The older spelling is of the distribution `flit`, whose versions name those of flit_core that they pass on.
    fn provider(&self, backend: &str) -> &'static str {
        if backend == "flit.buildapi" { "flit" } else { self.emulates().0 }
    }

    fn emulates(&self) -> (&'static str, &'static str) {
        ("flit-core", "4.2.0")
    }

    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet> {
        let options = Options::read(subject)?;
        let (module, metadata) = read(subject, &subject.tree, &options)?;
        let stem = format!("{}-{}", subject.project.name.file_stem(), metadata.version);
        let sdist = sdist::plan(subject, &options, &module, &metadata, &stem)?;

        let unpacked = subject.unpacked(&sdist);
        let (module, again) = read(subject, &unpacked, &options)?;
        if again.version.normalized() != metadata.version.normalized() {
            return unsupported(
                "tool.flit.sdist.exclude",
                "takes the file with the version out of the sdist",
            );
        }
        if again.license_files != metadata.license_files {
            let reason = "finds other files in the unpacked sdist, `PKG-INFO` among them";
            return Err(option(&metadata::table(subject), "license-files", reason));
        }
        let mut set = EntrySet {
            dialect: self.name(),
            name: subject.project.name.clone(),
            version: metadata.version,
            metadata: metadata.text,
            tags: tags(subject)?,
            sdist,
            wheel: Vec::new(),
        };
        for path in module.files(&unpacked)? {
            let place = module.place_in_wheel(&path).to_owned();
            set.wheel.push(unpacked.file(&path)?.into_entry(place));
        }
        if let Some(directory) = &options.data {
            set.wheel.extend(data::wheel_entries(&unpacked, directory, &set.stem())?);
        }
        let dist_info = set.dist_info();
        set.wheel.extend(dist_info_entries(subject, &unpacked, &again, (&dist_info, &set.tags))?);
        Ok(set)
    }
}

/// Reads a tree as flit does at the start of each build.
fn read(subject: &Subject<'_>, tree: &Tree, options: &Options<'_>) -> Plan<(Module, Metadata)> {
    let module = Module::find(tree, &options.module)?;
    let metadata = Metadata::read(subject, tree, &module)?;
    Ok((module, metadata))
}

/// `py3`, and `py2` before it unless `requires-python` begins a comparison with a version from 3 up.
fn tags(subject: &Subject<'_>) -> Plan<TagSet> {
    let requires_python = metadata::table(subject).string("requires-python")?.unwrap_or_default();
    let mut python = vec!["py3".to_owned()];
    if supports_python2(requires_python) {
        python.insert(0, "py2".to_owned());
    }
    Ok(TagSet { python, abi: vec!["none".to_owned()], platform: vec!["any".to_owned()] })
}

fn dist_info_entries(
    subject: &Subject<'_>,
    tree: &Tree,
    metadata: &Metadata,
    (dist_info, tags): (&str, &TagSet),
) -> Plan<Vec<Entry>> {
    let mut entries = Vec::new();
    let generated =
        |name: &str, text: String| Entry::generated(format!("{dist_info}/{name}"), text.into_bytes());
    if let Some(text) = entry_points(subject)? {
        entries.push(generated("entry_points.txt", text));
    }
    for path in &metadata.license_files {
        entries.push(tree.file(path)?.into_entry(format!("{dist_info}/licenses/{path}")));
    }
    let tag_lines: String = tags.python.iter().map(|python| format!("Tag: {python}-none-any\n")).collect();
    let generator = generator(&Flit, subject.version);
    let wheel = format!("Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\n{tag_lines}");
    entries.push(generated("WHEEL", wheel));
    entries.push(generated("METADATA", metadata.text.clone()));
    Ok(entries)
}
