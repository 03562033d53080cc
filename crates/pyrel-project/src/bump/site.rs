//! Where packages of a workspace constrain the versions of their siblings: every table, every line.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pyrel_model::{Diagnostic, PackageName, Requirement};
use toml_edit::{Item, TableLike, Value};

use super::BumpError;
use super::constraint::Dialect;
use super::text::in_toml_string;
use crate::package::{Package, SetupCfg};
use crate::source_file;

/// What a constraint is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SiteKind {
    /// It is part of what installers see.
    Published,
    /// It is for those who build the package.
    Build,
    /// It is for those who work on the package: dependency groups and the like.
    Development,
}

/// A constraint on a sibling, in a file.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) dependency: PackageName,
    pub(crate) kind: SiteKind,
    pub(crate) dialect: Dialect,
    pub(crate) path: PathBuf,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The whole constraint as it is meant.
    pub(crate) written: String,
    /// The bytes of the whole value, quotes included where there are any.
    span: Range<usize>,
    quoted: bool,
}

impl Site {
    /// Tells whether the constraint admits every version; a direct reference does not.
    pub(crate) fn is_unbound(&self) -> bool {
        match self.dialect {
            Dialect::Requirement => self
                .written
                .parse::<Requirement>()
                .is_ok_and(|requirement| requirement.specifiers.is_empty() && requirement.url.is_none()),
            Dialect::Poetry => matches!(self.written.trim(), "" | "*"),
        }
    }

    /// Returns which bytes of the file spell a part of the constraint.
    pub(crate) fn bytes_of(&self, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
        if self.quoted {
            return in_toml_string(text, &self.span, &self.written, part);
        }
        Some(self.span.start + part.start..self.span.start + part.end)
    }
}

/// A constraint that was found, on whatever project.
struct Found<'t> {
    dialect: Dialect,
    written: &'t str,
    span: Range<usize>,
    kind: SiteKind,
    quoted: bool,
}

/// Collects the constraints of one project on the given siblings.
pub(super) struct SiteReader<'a> {
    siblings: &'a HashSet<&'a PackageName>,
    own: Option<&'a PackageName>,
    path: PathBuf,
    text: &'a str,
    sites: Vec<Site>,
}

/// Returns the constraints of a package on its siblings.
pub(super) fn of_package(
    package: &Package,
    siblings: &HashSet<&PackageName>,
) -> Result<Vec<Site>, BumpError> {
    let mut sites = Vec::new();
    if let Some(file) = &package.pyproject {
        sites = of_pyproject(file.path(), file.text(), file.root(), siblings, Some(&package.name));
    }
    sites.extend(of_setup_cfg(package, siblings).map_err(BumpError::File)?);
    Ok(sites)
}

/// Returns the constraints in the `setup.cfg` of a package, if it has one.
pub(crate) fn of_setup_cfg(
    package: &Package,
    siblings: &HashSet<&PackageName>,
) -> Result<Vec<Site>, Box<Diagnostic>> {
    let path = package.directory.join("setup.cfg");
    let Some(text) = source_file::read(&path)? else { return Ok(Vec::new()) };
    let file = SetupCfg::parse(&path, &text)?;
    let mut reader = SiteReader::new(&path, &text, siblings, Some(&package.name));
    reader.read_setup_cfg(&file);
    Ok(reader.sites)
}

/// Returns the constraints in a `pyproject.toml`.
pub(crate) fn of_pyproject(
    path: &Path,
    text: &str,
    root: &dyn TableLike,
    siblings: &HashSet<&PackageName>,
    own: Option<&PackageName>,
) -> Vec<Site> {
    let mut reader = SiteReader::new(path, text, siblings, own);
    reader.read_pyproject(root);
    reader.sites
}

impl<'a> SiteReader<'a> {
    fn new(
        path: &Path,
        text: &'a str,
        siblings: &'a HashSet<&'a PackageName>,
        own: Option<&'a PackageName>,
    ) -> Self {
        Self { siblings, own, path: path.to_path_buf(), text, sites: Vec::new() }
    }

    fn read_pyproject(&mut self, root: &dyn TableLike) {
        let project = table(root, &["project"]);
        if let Some(project) = project {
            self.requirements(project.get("dependencies"), SiteKind::Published);
            self.lists(project.get("optional-dependencies"), SiteKind::Published);
        }
        if let Some(build) = table(root, &["build-system"]) {
            self.requirements(build.get("requires"), SiteKind::Build);
        }
        self.lists(root.get("dependency-groups"), SiteKind::Development);
        if let Some(uv) = table(root, &["tool", "uv"]) {
            self.requirements(uv.get("dev-dependencies"), SiteKind::Development);
        }
        if let Some(pdm) = table(root, &["tool", "pdm"]) {
            self.lists(pdm.get("dev-dependencies"), SiteKind::Development);
        }
        if let Some(poetry) = table(root, &["tool", "poetry"]) {
            // Beside `[project]` the table only adds sources, but its constraints are checked all the same.
            self.poetry_table(poetry.get("dependencies"), SiteKind::Published);
            self.poetry_table(poetry.get("dev-dependencies"), SiteKind::Development);
            let groups = poetry.get("group").and_then(Item::as_table_like);
            for (_, group) in groups.into_iter().flat_map(TableLike::iter) {
                let dependencies = group.as_table_like().and_then(|group| group.get("dependencies"));
                self.poetry_table(dependencies, SiteKind::Development);
            }
        }
    }

    fn lists(&mut self, item: Option<&Item>, kind: SiteKind) {
        for (_, list) in item.and_then(Item::as_table_like).into_iter().flat_map(TableLike::iter) {
            self.requirements(Some(list), kind);
        }
    }

    fn requirements(&mut self, item: Option<&Item>, kind: SiteKind) {
        for value in item.and_then(Item::as_array).into_iter().flatten() {
            let (Some(written), Some(span)) = (value.as_str(), value.span()) else { continue };
            self.requirement(written, span, kind, true);
        }
    }

    fn requirement(&mut self, written: &str, span: Range<usize>, kind: SiteKind, quoted: bool) {
        let Ok(requirement) = written.parse::<Requirement>() else { return };
        let found = Found { dialect: Dialect::Requirement, written, span, kind, quoted };
        self.site(requirement.name, found);
    }

    fn poetry_table(&mut self, item: Option<&Item>, kind: SiteKind) {
        for (key, item) in item.and_then(Item::as_table_like).into_iter().flat_map(TableLike::iter) {
            let Ok(name) = key.parse::<PackageName>() else { continue };
            let entries = item.as_array().into_iter().flatten().filter_map(Value::as_inline_table);
            let tables = item.as_array_of_tables().into_iter().flatten();
            let one = item.as_table_like().into_iter();
            let versions = one
                .chain(entries.map(|entry| -> &dyn TableLike { entry }))
                .chain(tables.map(|entry| -> &dyn TableLike { entry }))
                .filter_map(|entry| entry.get("version"));
            for version in versions.chain(item.as_str().map(|_| item)) {
                let (Some(written), Some(span)) = (version.as_str(), version.span()) else { continue };
                let found = Found { dialect: Dialect::Poetry, written, span, kind, quoted: true };
                self.site(name.clone(), found);
            }
        }
    }

    fn read_setup_cfg(&mut self, file: &SetupCfg) {
        let published = SiteKind::Published;
        let mut keys =
            vec![("options", "install_requires", published), ("options", "setup_requires", SiteKind::Build)];
        let extras = file.keys("options.extras_require");
        keys.extend(extras.map(|extra| ("options.extras_require", extra, published)));
        for (section, key, kind) in keys {
            let spans = file.spans(section, key);
            for span in spans {
                let line = &self.text[span.clone()];
                // On one line several requirements may stand, separated by `;`, which is also a marker's sign.
                if spans.len() > 1 || line.parse::<Requirement>().is_ok() {
                    self.requirement(line, span.clone(), kind, false);
                    continue;
                }
                let mut start = span.start;
                for part in line.split(';') {
                    let from = start + (part.len() - part.trim_start().len());
                    let part_span = from..from + part.trim().len();
                    self.requirement(part.trim(), part_span, kind, false);
                    start += part.len() + 1;
                }
            }
        }
    }

    fn site(&mut self, dependency: PackageName, found: Found<'_>) {
        if self.own == Some(&dependency) || !self.siblings.contains(&dependency) {
            return;
        }
        let Found { dialect, written, span, kind, quoted } = found;
        let line = self.text[..span.start].matches('\n').count() + 1;
        let (path, written) = (self.path.clone(), written.to_owned());
        self.sites.push(Site { dependency, kind, dialect, path, line, written, span, quoted });
    }
}

fn table<'t>(root: &'t dyn TableLike, keys: &[&str]) -> Option<&'t dyn TableLike> {
    let mut table = root;
    for key in keys {
        table = table.get(key)?.as_table_like()?;
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let pyproject = r#"
[build-system]
requires = ["setuptools", "core>=1"]
[project]
name = "api"
version = "1.0"
dependencies = ["x", 'Core ~= 1.0 ; python_version < "4"', "api[extra]"]
[project.optional-dependencies]
extra = ["core[fast]==1.*"]
[dependency-groups]
dev = ["core", { include-group = "x" }]
[tool.uv]
dev-dependencies = ["core>2"]
[tool.pdm.dev-dependencies]
test = ["core<9"]
[tool.poetry.dependencies]
python = "^3.9"
core = { version = "^1.0", extras = ["a"] }
[tool.poetry.group.dev.dependencies]
core = "~1.2"
[tool.poetry.dev-dependencies]
core = [{ version = "1.1", python = "<3.9" }, { version = "1.2", python = ">=3.9" }]
"#;
        fs_err::write(folder.path().join("pyproject.toml"), pyproject).unwrap();
        let setup_cfg = "[options]\r\ninstall_requires =\r\n    core>=1\r\n    # core>=2\r\n    y\r\nsetup_requires = z; core==3\r\n\
                         [options.extras_require]\r\nall = core ; python_version < '3'\r\n";
        fs_err::write(folder.path().join("setup.cfg"), setup_cfg).unwrap();
        let package = Package::load(folder.path()).unwrap();
        let (core, own): (PackageName, PackageName) = ("core".parse().unwrap(), "api".parse().unwrap());
        let siblings = HashSet::from([&core, &own]);
        let sites = of_package(&package, &siblings).unwrap();
        let written: Vec<&str> = sites.iter().map(|site| site.written.as_str()).collect();
        assert_eq!(
            written,
            [
                "Core ~= 1.0 ; python_version < \"4\"",
                "core[fast]==1.*",
                "core>=1",
                "core",
                "core>2",
                "core<9",
                "^1.0",
                "1.1",
                "1.2",
                "~1.2",
                "core>=1",
                "core==3",
                "core ; python_version < '3'",
            ]
        );
        for site in &sites {
            let text = if site.path.ends_with("setup.cfg") { setup_cfg } else { pyproject };
            let bytes = site.bytes_of(text, &(0..site.written.len())).unwrap();
            assert_eq!(text[bytes.clone()], site.written);
            assert_eq!(text[..bytes.start].matches('\n').count() + 1, site.line);
        }
        let count = |kind| sites.iter().filter(|site| site.kind == kind).count();
        assert_eq!((count(SiteKind::Development), count(SiteKind::Build)), (6, 2));
        assert_eq!(sites.iter().filter(|site| site.is_unbound()).count(), 2);
    }
}
