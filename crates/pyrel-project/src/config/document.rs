//! The whole configuration: every key typed, every mistake located, unknown keys refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pyrel_model::pyproject::{PyProject, TableReader, parse_toml};
use pyrel_model::{Diagnostic, Location, PackageName};
use toml_edit::Item;

use super::index::{self, IndexConfig};
use super::versioning::not_one_of;
use super::{
    BumpConfig, ChangelogConfig, InternalDependencyPolicy, PackageConfig, ReleaseConfig, TagTemplate,
    VersionFile, Versioning,
};
use crate::workspace::pattern::Pattern;

/// Levels that `[check]` may give to a rule.
const LEVELS: &[&str] = &["error", "warning", "info", "off"];
const KEYS: &[&str] = &[
    "members",
    "exclude",
    "tag",
    "versioning",
    "internal-dependencies",
    "changelog",
    "bump",
    "version-files",
    "index",
    "check",
    "release",
    "package",
];

/// The configuration of a workspace, defaults filled in.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from; `None` when there is no configuration.
    pub path: Option<PathBuf>,
    /// `members`: globs of package directories; empty means the rules for a workspace without them.
    pub members: Vec<String>,
    /// `exclude`: globs of directories that are no packages.
    pub exclude: Vec<String>,
    /// `tag`: the template of release tags. Default: `{name}-v{version}`, and `v{version}` for a single package
    /// or in lockstep.
    pub tag: String,
    /// `versioning`
    pub versioning: Versioning,
    /// `internal-dependencies`: `None` when the key is not set, which means `compatible` to a bump and `keep` to a
    /// build.
    pub internal_dependencies: Option<InternalDependencyPolicy>,
    /// `changelog`: what goes into changelogs, and where they are; `None` when `false`.
    pub changelog: Option<ChangelogConfig>,
    /// `[bump]`
    pub bump: BumpConfig,
    /// `version-files`: files of the whole workspace that hold versions, relative to the root.
    pub version_files: Vec<VersionFile>,
    /// `[index.NAME]` and the predefined indexes `pypi` and `testpypi`.
    pub indexes: BTreeMap<String, IndexConfig>,
    /// `[check]`: rule names to `error`, `warning`, `info`, or `off`.
    pub check: BTreeMap<String, String>,
    /// `[release]`
    pub release: ReleaseConfig,
    /// `[package.NAME]`
    pub packages: BTreeMap<PackageName, PackageConfig>,
    places: Places,
}

/// Where names were written that only others can judge.
#[derive(Debug, Clone, Default)]
struct Places {
    tag_given: bool,
    members: Option<Location>,
    rules: BTreeMap<String, Location>,
    packages: BTreeMap<PackageName, Location>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: None,
            members: Vec::new(),
            exclude: Vec::new(),
            tag: PER_PACKAGE_TAG.to_owned(),
            versioning: Versioning::default(),
            internal_dependencies: None,
            changelog: Some(ChangelogConfig::default()),
            bump: BumpConfig::default(),
            version_files: Vec::new(),
            indexes: index::predefined(),
            check: BTreeMap::new(),
            release: ReleaseConfig::default(),
            packages: BTreeMap::new(),
            places: Places::default(),
        }
    }
}

const PER_PACKAGE_TAG: &str = "{name}-v{version}";
const COMMON_TAG: &str = "v{version}";

impl Config {
    /// Reads `text`, the content of the `pyrel.toml` at `path`.
    ///
    /// # Errors
    /// A diagnostic at the place of the first mistake.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Box<Diagnostic>> {
        let document = parse_toml(path, text)?;
        Self::read(&TableReader::new(path, document.raw(), "", document.as_table()))
    }

    /// Reads `[tool.pyrel]`; `None` when the file has no such table.
    ///
    /// # Errors
    /// A diagnostic at the place of the first mistake.
    pub fn from_pyproject(file: &PyProject) -> Result<Option<Self>, Box<Diagnostic>> {
        Self::from_document(file.path(), file.text(), file.root())
    }

    pub(crate) fn from_document(
        path: &Path,
        text: &str,
        root: &dyn toml_edit::TableLike,
    ) -> Result<Option<Self>, Box<Diagnostic>> {
        let root = TableReader::new(path, text, "", root);
        let Some(tool) = root.subtable("tool")? else { return Ok(None) };
        let Some(table) = TableReader::new(path, text, "tool", tool).subtable("pyrel")? else {
            return Ok(None);
        };
        Self::read(&TableReader::new(path, text, "tool.pyrel", table)).map(Some)
    }

    fn read(table: &TableReader<'_>) -> Result<Self, Box<Diagnostic>> {
        table.known_keys(KEYS)?;
        let mut places = Places { tag_given: table.get("tag").is_some(), ..Places::default() };
        places.members = place(table, "members");
        let versioning = Versioning::read(table)?;
        Ok(Self {
            path: Some(table.path().to_path_buf()),
            members: read_patterns(table, "members")?,
            exclude: read_patterns(table, "exclude")?,
            tag: read_tag(table)?,
            versioning: versioning.clone(),
            internal_dependencies: InternalDependencyPolicy::read(table)?,
            changelog: ChangelogConfig::read(table)?,
            bump: within(table, "bump", BumpConfig::read)?.unwrap_or_default(),
            version_files: VersionFile::read_common(table, "version-files", &versioning)?,
            indexes: within(table, "index", index::read_all)?.unwrap_or_else(index::predefined),
            check: within(table, "check", |check| read_levels(check, &mut places.rules))?.unwrap_or_default(),
            release: within(table, "release", ReleaseConfig::read)?.unwrap_or_default(),
            packages: within(table, "package", |packages| read_packages(packages, &mut places.packages))?
                .unwrap_or_default(),
            places,
        })
    }

    /// Returns how a bump rewrites constraints on siblings: `internal-dependencies`, by default `compatible`.
    #[must_use]
    pub fn bump_policy(&self) -> InternalDependencyPolicy {
        self.internal_dependencies.unwrap_or_default()
    }

    /// Returns how a build bounds dependencies on siblings that have no bound: `internal-dependencies`, by default
    /// `keep`.
    #[must_use]
    pub fn build_policy(&self) -> InternalDependencyPolicy {
        self.internal_dependencies.unwrap_or(InternalDependencyPolicy::Keep)
    }

    /// Returns the template of release tags, parsed.
    ///
    /// # Panics
    /// Never for a configuration that was read; only when `tag` was replaced by an invalid text.
    #[must_use]
    pub fn tag_template(&self) -> TagTemplate {
        self.tag.parse().expect("the tag of a configuration was validated when it was read")
    }

    /// Returns the overrides for a package.
    #[must_use]
    pub fn package(&self, name: &PackageName) -> Option<&PackageConfig> {
        self.packages.get(name)
    }

    /// Returns where `[check]` gives a level to a rule.
    #[must_use]
    pub fn check_location(&self, rule: &str) -> Option<&Location> {
        self.places.rules.get(rule)
    }

    /// Returns where `[package.NAME]` stands.
    #[must_use]
    pub fn package_location(&self, name: &PackageName) -> Option<&Location> {
        self.places.packages.get(name)
    }

    /// Returns where `members` stands.
    pub(crate) fn members_location(&self) -> Option<&Location> {
        self.places.members.as_ref()
    }

    /// Chooses the default tag, which depends on the number of packages.
    pub(crate) fn settle_tag(&mut self, members: usize) {
        if !self.places.tag_given && (members <= 1 || self.versioning == Versioning::Lockstep) {
            COMMON_TAG.clone_into(&mut self.tag);
        }
    }
}

/// Tells whether a configured path stays below the directory that it is relative to.
pub(super) fn is_inner_path(path: &str) -> bool {
    use std::path::Component;
    !path.is_empty()
        && !path.contains('\\')
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

pub(super) fn within<T>(
    table: &TableReader<'_>,
    key: &str,
    read: impl FnOnce(&TableReader<'_>) -> Result<T, Box<Diagnostic>>,
) -> Result<Option<T>, Box<Diagnostic>> {
    let Some(inner) = table.subtable(key)? else { return Ok(None) };
    let name = table.dotted(key);
    read(&TableReader::new(table.path(), table.text(), &name, inner)).map(Some)
}

fn place(table: &TableReader<'_>, key: &str) -> Option<Location> {
    let (name, item) = table.table().get_key_value(key)?;
    let span = name.span().or_else(|| item.span())?;
    Some(Location::of_span(table.path(), table.text(), &span))
}

fn read_patterns(table: &TableReader<'_>, key: &str) -> Result<Vec<String>, Box<Diagnostic>> {
    let mut patterns = Vec::new();
    for (text, span) in table.spanned_strings(key)?.unwrap_or_default() {
        Pattern::parse(text)
            .map_err(|error| table.fault_at(span, &format!("in `{}`: {error}", table.dotted(key))))?;
        patterns.push(text.to_owned());
    }
    if key == "members" && patterns.is_empty() && table.get(key).is_some() {
        let fault = table.fault(key, "must name at least one directory");
        return Err(Box::new(fault.with_hint("remove the key to have the packages found")));
    }
    Ok(patterns)
}

fn read_tag(table: &TableReader<'_>) -> Result<String, Box<Diagnostic>> {
    let Some(text) = table.string("tag")? else { return Ok(PER_PACKAGE_TAG.to_owned()) };
    match text.parse::<TagTemplate>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            let span = table.get("tag").and_then(Item::span);
            Err(table.fault_at(span, &format!("in `{}`: {error}", table.dotted("tag"))))
        }
    }
}

pub(super) fn read_levels(
    table: &TableReader<'_>,
    places: &mut BTreeMap<String, Location>,
) -> Result<BTreeMap<String, String>, Box<Diagnostic>> {
    let mut levels = BTreeMap::new();
    for (rule, level) in table.table().iter().map(|(rule, _)| rule).map(|rule| (rule, table.string(rule))) {
        let level = level?.unwrap_or_default();
        if !LEVELS.contains(&level) {
            return Err(not_one_of(table, rule, level, LEVELS));
        }
        levels.insert(rule.to_owned(), level.to_owned());
        places.extend(place(table, rule).map(|location| (rule.to_owned(), location)));
    }
    Ok(levels)
}

fn read_packages(
    table: &TableReader<'_>,
    places: &mut BTreeMap<PackageName, Location>,
) -> Result<BTreeMap<PackageName, PackageConfig>, Box<Diagnostic>> {
    let mut packages = BTreeMap::new();
    for (text, item) in table.table().iter() {
        let span = table.table().get_key_value(text).and_then(|(key, _)| key.span()).or_else(|| item.span());
        let dotted = table.dotted(text);
        let name: PackageName =
            text.parse().map_err(|error| table.fault_at(span.clone(), &format!("in `{dotted}`: {error}")))?;
        let inner = item.as_table_like().ok_or_else(|| table.fault(text, "must be a table"))?;
        let config = PackageConfig::read(&TableReader::new(table.path(), table.text(), &dotted, inner))?;
        if packages.insert(name.clone(), config).is_some() {
            return Err(table.fault_at(span, &format!("`{dotted}` is a second spelling of the same package")));
        }
        places.extend(place(table, text).map(|location| (name, location)));
    }
    Ok(packages)
}
