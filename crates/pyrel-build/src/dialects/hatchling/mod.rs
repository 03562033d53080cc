//! hatchling 1.33: what `hatchling.build` makes of a project without plugins of others.
//!
//! Hooks of others, other targets, and whatever else is not named in this folder go to hatchling itself.

mod config;
mod context;
mod core;
mod fancy;
mod hook;
mod ignore;
mod metadata;
mod options;
mod pkg_info;
mod requirement;
mod scm;
mod selection;
mod settings;
mod setup_py;
mod target;
mod version;
mod wheel;

use std::collections::HashSet;

use pyrel_model::Version;
use pyrel_model::pyproject::Readme;

use self::config::{check_options, check_variables};
use self::core::Core;
use self::options::{Kind, Options};
use self::pkg_info::PkgInfo;
use self::selection::Selection;
use self::settings::Settings;
use self::target::{Target, file_name_component};
use super::{Dialect, Subject, generator};
use crate::detector::{known_options, option};
use crate::entry_set::{Entry, EntrySet, Source};
use crate::error::{Plan, unsupported};
use crate::tree::Tree;
use crate::vcs;

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

    fn plugins(&self) -> &'static [(&'static str, &'static str)] {
        &[scm::PLUGIN, fancy::PLUGIN, vcs::SETUPTOOLS_SCM, vcs::VCS_VERSIONING]
    }

    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet> {
        // Not by way of the subject: these are known to whoever remembers a build.
        check_variables(subject.request.variables)?;
        let settings = Settings::read(subject.pyproject, &subject.tree)?;
        check_options(&settings)?;
        let told = pkg_info::read(&subject.tree)?;
        let job = Job::new(subject, &settings, told, generator(self, subject.version))?;
        let core = Core::read(&job, &subject.tree)?;
        let metadata = metadata::print(&job, &core, Kind::Sdist)?;
        check_dynamic(&job, &metadata)?;
        let sdist = plan_sdist(&job, &core, &metadata)?;
        let wheel = plan_wheel(&job, &sdist)?;
        Ok(EntrySet {
            dialect: self.name(),
            name: subject.project.name.clone(),
            version: normal(&job.version),
            metadata,
            tags: core::tags(subject.project.requires_python.as_ref())?,
            sdist,
            wheel,
        })
    }
}

/// One build: what all parts of this folder have to know.
struct Job<'a> {
    subject: &'a Subject<'a>,
    settings: &'a Settings<'a>,
    /// The version with the spelling that metadata carries.
    version: Version,
    /// Fields of `[project]` that nothing fills, sorted.
    dynamic: Vec<String>,
    /// Addresses: static ones, those that an sdist tells, or those of a hook.
    urls: Vec<(String, String)>,
    /// The description that an sdist's metadata tells, or that a hook puts together.
    told_readme: Option<Readme>,
    /// The top folder of the sdist.
    sdist_stem: String,
    /// What the names of the wheel and of its folders begin with.
    wheel_stem: String,
    /// Who made the wheel.
    generator: String,
}

impl<'a> Job<'a> {
    fn new(
        subject: &'a Subject<'a>,
        settings: &'a Settings<'a>,
        told: Option<PkgInfo>,
        generator: String,
    ) -> Plan<Self> {
        let version = version::resolve(subject, settings, told.as_ref())?;
        let stem = |kind| -> Plan<String> {
            let name = &subject.project.name;
            let is_strict = Options::new(settings, kind).flag("strict-naming", true)?;
            let name = if is_strict { name.file_stem() } else { file_name_component(name.as_written()) };
            Ok(format!("{name}-{version}"))
        };
        let mut job = Self {
            subject,
            settings,
            dynamic: unfilled(subject, told.as_ref())?,
            sdist_stem: stem(Kind::Sdist)?,
            wheel_stem: stem(Kind::Wheel)?,
            version,
            urls: subject.project.urls.clone(),
            told_readme: None,
            generator,
        };
        if let Some(told) = told {
            job.told_readme = told.readme.filter(|_| subject.project.is_dynamic("readme"));
            if subject.project.is_dynamic("urls") {
                job.urls = told.urls;
            }
        } else {
            job.run_metadata_hooks()?;
        }
        job.check_left()?;
        Ok(job)
    }

    /// Fills dynamic fields as the hooks of `tool.hatch.metadata.hooks` do, when there are any.
    fn run_metadata_hooks(&mut self) -> Plan<()> {
        let Some(hooks) = self.settings.table("tool.hatch.metadata.hooks") else { return Ok(()) };
        if self.subject.project.dynamic.is_empty() {
            return Ok(());
        }
        if let Some(hook) = self.settings.table("tool.hatch.metadata.hooks.vcs") {
            if !self.dynamic.iter().any(|field| field == "urls") {
                return Err(option(&hooks, "vcs", "fills `urls`, which `project.dynamic` does not list"));
            }
            known_options(&hook, &["urls"])?;
            self.urls = scm::urls(self.subject, &hook)?;
            self.dynamic.retain(|field| field != "urls");
        }
        if let Some(hook) = self.settings.table("tool.hatch.metadata.hooks.fancy-pypi-readme") {
            let reason =
                "fills `readme`, which has to be in `project.dynamic`, and in the metadata of sdists";
            let is_told =
                metadata::MetadataVersion::of(&Options::new(self.settings, Kind::Sdist))?.at_least("2.1");
            if !is_told || !self.dynamic.iter().any(|field| field == "readme") {
                return Err(option(&hooks, "fancy-pypi-readme", reason));
            }
            let is_normal = self.settings.table("tool.hatch.version").is_some();
            let written = self.version.as_written().to_owned();
            let version = if is_normal { self.version.normalized() } else { written };
            self.told_readme = Some(fancy::readme(self.subject, &hook, &version)?);
            self.dynamic.retain(|field| field != "readme");
        }
        Ok(())
    }

    /// Steps back for metadata hooks beside fields that nothing fills, for which they run once more in the wheel, and for
    /// those of plug-ins that are not there.
    fn check_left(&self) -> Plan<()> {
        let Some(hooks) = self.settings.table("tool.hatch.metadata.hooks") else { return Ok(()) };
        for (name, _) in hooks.table().iter() {
            let (plugin, _) = if name == "vcs" { scm::PLUGIN } else { fancy::PLUGIN };
            if !requires(self.subject, plugin) {
                let reason = "is of a plug-in that `build-system.requires` does not list";
                return Err(option(&hooks, name, reason));
            }
            if let Some(field) = self.dynamic.first() {
                let reason = format!("is there, but nothing fills the field `{field}`");
                return Err(option(&hooks, name, reason));
            }
        }
        Ok(())
    }

    /// Returns the description, be it static or told by an sdist.
    fn readme(&self) -> Option<&Readme> {
        self.subject.project.readme.as_ref().or(self.told_readme.as_ref())
    }
}

/// Tells whether `build-system.requires` lists a plug-in.
fn requires(subject: &Subject<'_>, plugin: &str) -> bool {
    let requires = &subject.pyproject.build_system().requires;
    requires.iter().any(|requirement| requirement.name.normalized() == plugin)
}

/// Returns the dynamic fields that nothing fills.
fn unfilled(subject: &Subject<'_>, told: Option<&PkgInfo>) -> Plan<Vec<String>> {
    let mut fields: Vec<String> = Vec::new();
    for field in subject.project.dynamic.iter().filter(|field| *field != "version") {
        match told {
            Some(told) if field == "readme" && told.readme.is_some() => {}
            Some(told) if field == "urls" && !told.urls.is_empty() => {}
            Some(told) if told.others.contains(field.as_str()) => {
                let reason = format!("lists `{field}`, which hatchling takes from `{}`", pkg_info::FILE);
                return Err(option(&subject.project_table(), "dynamic", reason));
            }
            _ => fields.push(field.clone()),
        }
    }
    fields.sort();
    Ok(fields)
}

/// Steps back where the sdist's own metadata would fill a dynamic field of the wheel.
fn check_dynamic(job: &Job<'_>, metadata: &str) -> Plan<()> {
    let project = job.subject.project;
    for (field, header) in [("dependencies", "\nRequires-Dist: "), ("license-files", "\nLicense-File: ")] {
        if project.is_dynamic(field) && metadata.contains(header) {
            let reason = format!("lists `{field}`, which the sdist would tell the wheel");
            return Err(option(&job.subject.project_table(), "dynamic", reason));
        }
    }
    let asks = project.dependencies.iter().filter_map(|one| one.marker.as_ref()).any(|m| m.mentions_extra());
    if project.is_dynamic("optional-dependencies") && asks {
        let reason = "lists `optional-dependencies`, which the sdist would tell the wheel";
        return Err(option(&job.subject.project_table(), "dynamic", reason));
    }
    Ok(())
}

/// File names carry the normal form, metadata the spelling.
fn normal(version: &Version) -> Version {
    version.normalized().parse().expect("the normal form of a version is a version")
}

fn plan_sdist(job: &Job<'_>, core: &Core, metadata: &str) -> Plan<Vec<Entry>> {
    let tree = &job.subject.tree;
    let stem = &job.sdist_stem;
    let written = hook::run(job, core, Kind::Sdist, tree)?;
    for file in &written {
        tree.put(&file.path, &file.bytes);
    }
    let target = Target::sdist(job, core, &written)?;
    for name in ["pyproject.toml", settings::FILE] {
        if target.distribution_path(name) != name {
            return unsupported("tool.hatch.build.sources", format!("moves `{name}` inside the sdist"));
        }
    }
    let mut generated = vec![("PKG-INFO", metadata.to_owned())];
    let files = Selection::new(tree, &target).files()?;
    let options = Options::new(job.settings, Kind::Sdist);
    if let Some(table) = options.target
        && let Some(item) = table.get("support-legacy")
    {
        match item.as_bool() {
            Some(true) => generated.push(("setup.py", setup_py::write(job, core, &files)?)),
            Some(false) => {}
            None => return Err(option(&table, "support-legacy", "is neither `true` nor `false`")),
        }
    }
    let mut entries = Vec::new();
    for selected in &files {
        // hatchling puts the generated file behind one of the same name; unpacked, the last one stays.
        if generated.iter().any(|(name, _)| *name == selected.distribution) {
            continue;
        }
        let file = tree.file(&selected.path)?;
        if file.is_link {
            return Err(selection::link(&job.subject.root, &selected.path));
        }
        entries.push(file.into_entry(format!("{stem}/{}", selected.distribution)));
    }
    let generated = generated.into_iter();
    entries
        .extend(generated.map(|(name, text)| Entry::generated(format!("{stem}/{name}"), text.into_bytes())));
    let mut seen = HashSet::new();
    if let Some(double) = entries.iter().find(|entry| !seen.insert(entry.path.as_str())) {
        let reason = format!("select a file of the sdist twice: `{}`", double.path);
        return unsupported("tool.hatch.build", reason);
    }
    Ok(entries)
}

fn plan_wheel(job: &Job<'_>, sdist: &[Entry]) -> Plan<Vec<Entry>> {
    let mut unpacked = job.subject.unpacked(sdist);
    let core = Core::read(job, &unpacked)?;
    let written = hook::run(job, &core, Kind::Wheel, &unpacked)?;
    if job.subject.wheel_from_tree {
        written.iter().for_each(|file| unpacked.put(&file.path, &file.bytes));
    } else if !written.is_empty() {
        let mut entries = sdist.to_vec();
        for file in &written {
            let path = format!("{}/{}", job.sdist_stem, file.path);
            entries.retain(|entry| entry.path != path);
            let source = Source::Bytes(file.bytes.as_slice().into());
            entries.push(Entry { path, executable: file.executable, source });
        }
        unpacked = Tree::unpacked(&entries);
    }
    let target = Target::wheel(job, &unpacked, &written)?;
    let selection = Selection::new(&unpacked, &target);
    let mut entries = Vec::new();
    for selected in selection.files()? {
        entries.push(unpacked.file(&selected.path)?.into_entry(selected.distribution));
    }
    entries.extend(wheel::extras(job, &core, &unpacked, &selection)?);
    Ok(entries)
}
