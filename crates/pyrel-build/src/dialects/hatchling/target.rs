//! The file selection of one target, resolved from its options.

use std::collections::{BTreeMap, HashSet};

use pyrel_model::pyproject::TableReader;

use super::core::Core;
use super::hook::WrittenFile;
use super::ignore::nearest_ignore_files;
use super::options::{Kind, Options};
use super::{Job, settings};
use crate::detector::option;
use crate::error::Plan;
use crate::pattern::{GlobOptions, IgnoreSpec, python_glob};
use crate::tree::{Tree, normalize, parent_and_name};

/// What goes into a target, and where.
pub(super) struct Target {
    include: Option<IgnoreSpec>,
    exclude: IgnoreSpec,
    artifacts: Option<IgnoreSpec>,
    /// Files that build hooks write, which are taken like artifacts.
    written: HashSet<String>,
    /// Nothing is selected but artifacts and forced files.
    exclude_all: bool,
    only_packages: bool,
    skip_excluded_dirs: bool,
    sources: BTreeMap<String, String>,
    reserved: HashSet<String>,
    /// Paths that alone are walked; empty means the whole tree.
    pub(super) only_include: Vec<String>,
    /// Files and folders with their place in the archive.
    pub(super) force_include: Vec<(String, String)>,
}

/// What was found beside the options of a target.
struct Found<'a> {
    ignore_lines: Vec<String>,
    written: &'a [WrittenFile],
    forced: Vec<(String, String)>,
}

/// Selection options that stand for absent ones.
#[derive(Default)]
struct Defaults {
    packages: Vec<String>,
    only_include: Vec<String>,
    exclude_all: bool,
}

impl Target {
    pub(super) fn sdist(job: &Job<'_>, core: &Core, written: &[WrittenFile]) -> Plan<Self> {
        let tree = &job.subject.tree;
        let options = Options::new(job.settings, Kind::Sdist);
        let ignore = nearest_ignore_files(tree, &job.subject.root, &job.sdist_stem)?;
        let mut forced = Vec::new();
        for name in ["pyproject.toml", settings::FILE, "hatch_build.py"] {
            if tree.exists(name) {
                forced.push((name.to_owned(), name.to_owned()));
            }
        }
        forced.extend(ignore.paths.into_iter().map(|(path, name)| (path, name.to_owned())));
        let listed = core.readme_path.iter().chain(&core.license_files);
        forced.extend(listed.map(|path| (path.clone(), path.clone())));
        let found = Found { ignore_lines: ignore.lines, written, forced };
        Self::resolve(tree, &options, &Defaults::default(), found)
    }

    pub(super) fn wheel(job: &Job<'_>, tree: &Tree, written: &[WrittenFile]) -> Plan<Self> {
        let options = Options::new(job.settings, Kind::Wheel);
        let defaults = wheel_defaults(job, (tree, written), &options)?;
        let ignore = nearest_ignore_files(tree, &job.subject.root, &job.sdist_stem)?;
        let found = Found { ignore_lines: ignore.lines, written, forced: Vec::new() };
        Self::resolve(tree, &options, &defaults, found)
    }

    fn resolve(tree: &Tree, options: &Options<'_>, defaults: &Defaults, found: Found<'_>) -> Plan<Self> {
        let packages = packages(options, defaults)?;
        let mut force_include =
            normalized_map(configured_map(options.table("force-include"), "force-include")?);
        for (source, target) in normalized_map(found.forced) {
            match force_include.iter_mut().find(|(known, _)| *known == source) {
                Some(entry) => entry.1 = target,
                None => force_include.push((source, target)),
            }
        }
        let mut target = Self {
            include: include_spec(options, &packages)?,
            exclude: exclude_spec(options, &found.ignore_lines)?,
            artifacts: spec(options, "artifacts", options.strings("artifacts")?.unwrap_or_default())?,
            written: found.written.iter().map(|file| file.path.clone()).collect(),
            exclude_all: defaults.exclude_all,
            only_packages: options.flag("only-packages", false)?,
            skip_excluded_dirs: options.flag("skip-excluded-dirs", false)?,
            sources: sources(options, &packages)?,
            reserved: HashSet::new(),
            only_include: only_include(options, defaults, &packages)?,
            force_include,
        };
        target.reserve(tree);
        Ok(target)
    }

    /// Takes the sources of forced files out of the normal walk.
    fn reserve(&mut self, tree: &Tree) {
        let mut reserved = HashSet::new();
        for (source, target) in &self.force_include {
            if !source.starts_with("..") {
                reserved.insert(self.distribution_path(source));
            } else if tree.is_file(source) {
                reserved.insert(self.distribution_path(target));
            }
        }
        self.reserved = reserved;
    }

    /// Returns where a file of the tree goes.
    pub(super) fn distribution_path(&self, path: &str) -> String {
        for (source, replacement) in &self.sources {
            if source.is_empty() {
                return format!("{replacement}{path}");
            }
            if let Some(rest) = path.strip_prefix(source.as_str()) {
                return format!("{replacement}{rest}");
            }
        }
        path.to_owned()
    }

    pub(super) fn is_reserved(&self, path: &str) -> bool {
        self.reserved.contains(path)
    }

    /// Tells whether a file is taken; `explicit` files need no `include` pattern.
    pub(super) fn takes(&self, path: &str, explicit: bool, in_package: bool) -> bool {
        if self.written.contains(path) || self.artifacts.as_ref().is_some_and(|spec| spec.matches(path)) {
            return true;
        }
        (in_package || !self.only_packages)
            && !self.excludes(path)
            && (explicit || self.include.as_ref().is_none_or(|spec| spec.matches(path)))
    }

    pub(super) fn excludes(&self, path: &str) -> bool {
        self.exclude_all || self.exclude.matches(path)
    }

    pub(super) fn skips_excluded_dirs(&self) -> bool {
        self.skip_excluded_dirs
    }
}

fn packages(options: &Options<'_>, defaults: &Defaults) -> Plan<Vec<String>> {
    let mut packages: Vec<String> = match options.strings("packages")? {
        Some(list) => list.into_iter().map(normalized_relative).collect(),
        None => defaults.packages.iter().map(|path| normalized_relative(path)).collect(),
    };
    packages.sort();
    Ok(packages)
}

/// Normalises as hatchling does: no `.` or `..` inside, no `/` at either end.
fn normalized_relative(path: &str) -> String {
    normalize(path).trim_matches('/').to_owned()
}

fn include_spec(options: &Options<'_>, packages: &[String]) -> Plan<Option<IgnoreSpec>> {
    let patterns = options.strings("include")?.unwrap_or_default();
    let anchored: Vec<String> = packages.iter().map(|path| format!("/{path}/")).collect();
    let all = patterns.into_iter().chain(anchored.iter().map(String::as_str)).collect();
    spec(options, "include", all)
}

fn exclude_spec(options: &Options<'_>, ignore_lines: &[String]) -> Plan<IgnoreSpec> {
    let mut patterns = vec!["*.py[cdo]", "/dist"];
    if !options.flag("ignore-vcs", false)? {
        patterns.extend(ignore_lines.iter().map(String::as_str));
    }
    patterns.extend(options.strings("exclude")?.unwrap_or_default());
    let spec = spec(options, "exclude", patterns)?;
    Ok(spec.expect("the list of exclusions is never empty"))
}

fn spec(options: &Options<'_>, key: &str, patterns: Vec<&str>) -> Plan<Option<IgnoreSpec>> {
    if patterns.is_empty() {
        return Ok(None);
    }
    IgnoreSpec::new(patterns).map(Some).map_err(|invalid| {
        let reason = format!("holds a pattern that is not reproduced natively: `{}`", invalid.0);
        match options.table(key) {
            Some(table) => option(&table, key, reason),
            None => crate::error::Stop::Unsupported(crate::Unsupported {
                option: key.to_owned(),
                location: None,
                reason,
            }),
        }
    })
}

fn sources(options: &Options<'_>, packages: &[String]) -> Plan<BTreeMap<String, String>> {
    let mut sources = BTreeMap::new();
    if let Some(table) = options.table("sources") {
        if table.get("sources").is_some_and(|item| item.is_array()) {
            for source in options.strings("sources")?.unwrap_or_default() {
                sources.insert(format!("{}/", normalized_relative(source)), String::new());
            }
        } else {
            for (source, target) in table.string_table("sources")?.unwrap_or_default() {
                let target = match normalized_relative(target).as_str() {
                    "." => String::new(),
                    path => format!("{path}/"),
                };
                let source = match source {
                    "" => String::new(),
                    source => format!("{}/", normalized_relative(source)),
                };
                sources.insert(source, target);
            }
        }
    }
    for package in packages {
        let (parent, _) = parent_and_name(package);
        if !parent.is_empty() && !sources.contains_key(&format!("{package}/")) {
            sources.insert(format!("{parent}/"), String::new());
        }
    }
    Ok(sources)
}

fn only_include(options: &Options<'_>, defaults: &Defaults, packages: &[String]) -> Plan<Vec<String>> {
    let listed: Vec<String> = match options.strings("only-include")? {
        Some(list) => list.into_iter().map(str::to_owned).collect(),
        None => defaults.only_include.clone(),
    };
    let listed = if listed.is_empty() { packages.to_vec() } else { listed };
    let mut paths = Vec::new();
    for path in &listed {
        let normal = normalized_relative(path);
        if path.starts_with('/') || normal.starts_with(['~']) || normal == "." || normal.starts_with("..") {
            return Err(outside(options, "only-include", path));
        }
        if paths.iter().any(|(known, _)| *known == normal) {
            return Err(match options.table("only-include") {
                Some(table) => table.fault("only-include", &format!("lists a path twice: `{path}`")).into(),
                None => outside(options, "packages", path),
            });
        }
        paths.push((normal.clone(), normal));
    }
    sort_map(&mut paths);
    Ok(paths.into_iter().map(|(path, _)| path).collect())
}

fn outside(options: &Options<'_>, key: &str, path: &str) -> crate::error::Stop {
    let reason = format!("holds a path that is not reproduced natively: `{path}`");
    match options.table(key) {
        Some(table) => option(&table, key, reason),
        None => crate::error::Stop::Unsupported(crate::Unsupported {
            option: key.to_owned(),
            location: None,
            reason,
        }),
    }
}

/// Reads a table of files and their places in an archive; files outside the project are hatchling's business.
pub(super) fn configured_map(table: Option<TableReader<'_>>, key: &str) -> Plan<Vec<(String, String)>> {
    let Some(table) = table else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for (source, target) in table.string_table(key)?.unwrap_or_default() {
        if source.is_empty() || target.is_empty() {
            return Err(table.fault(key, "may not hold an empty path").into());
        }
        if source.starts_with(['/', '~']) || normalize(source).starts_with("..") {
            let reason = format!("takes a file from outside the project: `{source}`");
            return Err(option(&table, key, reason));
        }
        if matches!(normalized_relative(target).split('/').next(), Some("." | ".." | "")) {
            let reason = format!("has a place that is no path below the top: `{target}`");
            return Err(option(&table, key, reason));
        }
        out.push((source.to_owned(), target.to_owned()));
    }
    Ok(out)
}

/// Normalises and orders as hatchling does: by depth of the target, the target, the source.
pub(super) fn normalized_map(map: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for (source, target) in map {
        let source = match normalize(&source) {
            dot if dot == "." => String::new(),
            other => other,
        };
        let target = normalized_relative(&target);
        match out.iter_mut().find(|(known, _)| *known == source) {
            Some(entry) => entry.1 = target,
            None => out.push((source, target)),
        }
    }
    sort_map(&mut out);
    out
}

fn sort_map(map: &mut [(String, String)]) {
    map.sort_by(|(source_a, target_a), (source_b, target_b)| {
        let depth = |path: &str| path.matches('/').count();
        (depth(target_a), target_a, source_a).cmp(&(depth(target_b), target_b, source_b))
    });
}

/// What a wheel holds when no option says it: the folder or module named like the project.
fn wheel_defaults(
    job: &Job<'_>,
    (tree, written): (&Tree, &[WrittenFile]),
    options: &Options<'_>,
) -> Plan<Defaults> {
    for key in ["include", "packages", "only-include"] {
        if options.strings(key)?.is_some_and(|list| !list.is_empty()) {
            return Ok(Defaults::default());
        }
    }
    let name = &job.subject.project.name;
    let names = [file_name_component(name.as_written()), name.file_stem()];
    let package = |path: String| Defaults { packages: vec![path], ..Defaults::default() };
    for name in &names {
        if tree.is_file(&format!("{name}/__init__.py")) {
            return Ok(package(name.clone()));
        }
        if tree.is_file(&format!("src/{name}/__init__.py")) {
            return Ok(package(format!("src/{name}")));
        }
        let module = format!("{name}.py");
        if tree.is_file(&module) {
            return Ok(Defaults { only_include: vec![module], ..Defaults::default() });
        }
        let namespaces = python_glob(tree, "", &format!("*/{name}/__init__.py"), GlobOptions::default())?;
        if let [only] = namespaces.as_slice() {
            let namespace = only.split('/').next().unwrap_or_default();
            return Ok(package(namespace.to_owned()));
        }
    }
    let bypass = match &options.target {
        Some(table) => table.boolean("bypass-selection")?.unwrap_or(false),
        None => false,
    };
    if bypass || !written.is_empty() || !options.pairs("force-include")?.is_empty() {
        return Ok(Defaults { exclude_all: true, ..Defaults::default() });
    }
    Err(nothing_to_ship(job, &names))
}

/// Turns every run of characters that file names do not have into `_`.
pub(super) fn file_name_component(name: &str) -> String {
    let mut out = String::new();
    for part in name.split_inclusive('-') {
        let word = part.trim_end_matches('-');
        out.push_str(word);
        if part.ends_with('-') && !out.ends_with('_') || (part.ends_with('-') && !word.is_empty()) {
            out.push('_');
        }
    }
    out
}

fn nothing_to_ship(job: &Job<'_>, names: &[String; 2]) -> crate::error::Stop {
    let name = &names[1];
    let message =
        format!("no files for the wheel: there is no folder `{name}` or `src/{name}` and no `{name}.py`");
    let pyproject = job.subject.pyproject;
    let span =
        pyproject.root().get("project").and_then(|item| item.get("name")).and_then(toml_edit::Item::span);
    let location = match span {
        Some(span) => pyrel_model::Location::of_span(pyproject.path(), pyproject.text(), &span),
        None => pyrel_model::Location::of_file(pyproject.path()),
    };
    let hint = "name the package: `[tool.hatch.build.targets.wheel]` with `packages = [\"src/…\"]`";
    Box::new(pyrel_model::Diagnostic::new(message).at(location).with_hint(hint)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_file_names() {
        assert_eq!(file_name_component("My.Pkg-x"), "My.Pkg_x");
        assert_eq!(file_name_component("a--b_c"), "a_b_c");
        assert_eq!(file_name_component("a-_b"), "a__b");
    }

    #[test]
    fn maps_are_ordered_by_depth() {
        let map = [("z", "a/b"), ("y", "c"), ("./x", "c/")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let ordered = normalized_map(map.into());
        let sources: Vec<&str> = ordered.iter().map(|(source, _)| source.as_str()).collect();
        assert_eq!(sources, ["x", "y", "z"]);
    }
}
