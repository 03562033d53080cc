//! Bounding one package after another by the versions that their siblings have now.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use pyrel_model::{Diagnostic, Location, PackageName, PyProject, Version};

use super::gap::{self, Gap};
use super::written::{Bound, WrittenBounds};
use crate::bump::constraint::{Dialect, built};
use crate::bump::site::{self, Site, SiteKind};
use crate::config::InternalDependencyPolicy;
use crate::package::Package;

/// What a build does to dependencies on siblings without a bound.
#[derive(Debug)]
pub struct Bounds<'a> {
    policy: InternalDependencyPolicy,
    versions: &'a BTreeMap<PackageName, Option<Version>>,
    siblings: HashSet<&'a PackageName>,
}

/// A package, as far as it could be bounded.
#[derive(Debug)]
pub struct Bounded {
    /// The package with the bounds; `None` when nothing is written.
    pub package: Option<Package>,
    /// The dependencies that stay without a bound.
    pub gaps: Vec<Gap>,
}

/// What becomes of one `pyproject.toml`.
pub(super) struct Rewritten {
    pub(super) text: String,
    pub(super) changes: Vec<Bound>,
    pub(super) gaps: Vec<Gap>,
}

impl<'a> Bounds<'a> {
    /// Takes the names of all siblings with their versions, as far as they are known.
    #[must_use]
    pub fn new(
        policy: InternalDependencyPolicy,
        versions: &'a BTreeMap<PackageName, Option<Version>>,
    ) -> Self {
        Self { policy, versions, siblings: versions.keys().collect() }
    }

    /// Bounds the dependencies of a package. Build requirements and dependency groups stay, for no installer sees them.
    ///
    /// # Errors
    /// When a `setup.cfg` that the metadata come from cannot be read.
    pub fn apply(&self, package: &Package) -> Result<Bounded, Box<Diagnostic>> {
        if self.policy == InternalDependencyPolicy::Keep {
            return Ok(Bounded { package: None, gaps: Vec::new() });
        }
        // What is parsed goes with the copy; the workspace stays folded.
        let package = &package.clone();
        let mut gaps = gap::elsewhere(package, &self.siblings)?;
        let Some(file) = &package.pyproject else { return Ok(Bounded { package: None, gaps }) };
        let rewritten = self.rewrite(file, &package.name);
        gaps.extend(rewritten.gaps);
        if rewritten.changes.is_empty() {
            return Ok(Bounded { package: None, gaps });
        }
        let bounds = WrittenBounds { policy: self.policy, changes: rewritten.changes };
        let package = Package {
            pyproject: Some(PyProject::parse(file.path(), &rewritten.text)?.folded()),
            bounds: Some(bounds),
            ..package.clone()
        };
        Ok(Bounded { package: Some(package), gaps })
    }

    /// Writes the bounds into the text of a `pyproject.toml`; everything else keeps every byte.
    pub(super) fn rewrite(&self, file: &PyProject, own: &PackageName) -> Rewritten {
        let sites = site::of_pyproject(file.path(), file.text(), file.root(), &self.siblings, Some(own));
        let counts = |site: &Site| {
            site.kind == SiteKind::Published
                && site.is_unbound()
                && (site.dialect == Dialect::Requirement || is_poetry_described(file))
        };
        let (mut changes, mut gaps) = (Vec::new(), Vec::new());
        let mut replacements: Vec<(Range<usize>, String)> = Vec::new();
        for site in sites.into_iter().filter(counts) {
            match self.bound(&site, file) {
                Ok((bound, bytes, new)) => {
                    changes.push(bound);
                    replacements.push((bytes, new));
                }
                Err(reason) => gaps.push(Gap::at(&site, reason)),
            }
        }
        let mut text = file.text().to_owned();
        replacements.sort_by_key(|(range, _)| range.start);
        for (range, new) in replacements.into_iter().rev() {
            text.replace_range(range, &new);
        }
        changes.sort_by_key(|change| change.line);
        Rewritten { text, changes, gaps }
    }

    fn bound(&self, site: &Site, file: &PyProject) -> Result<(Bound, Range<usize>, String), &'static str> {
        let (name, version) = self.versions.get_key_value(&site.dependency).ok_or("it is no sibling")?;
        let version = version.as_ref().ok_or("its version is not known before it is built")?;
        let (part, new) = built(site.dialect, &site.written, version, self.policy)
            .ok_or("a specifier has no place in it")?;
        let bytes = site.bytes_of(file.text(), &part).ok_or("it is spelt with escapes")?;
        let to = format!("{}{new}{}", &site.written[..part.start], &site.written[part.end..]);
        let bound = Bound {
            dependency: name.clone(),
            version: version.clone(),
            line: site.line,
            from: site.written.clone(),
            to,
            dialect: site.dialect,
        };
        Ok((bound, bytes, new))
    }
}

/// Tells whether dependencies come from `[tool.poetry]`; beside a complete `[project]` the table only adds sources.
pub(super) fn is_poetry_described(file: &PyProject) -> bool {
    file.project().is_none_or(|project| {
        project.is_dynamic("dependencies") || project.is_dynamic("optional-dependencies")
    })
}

impl Gap {
    pub(super) fn at(site: &Site, reason: &str) -> Self {
        let mut location = Location::of_file(&site.path);
        location.line = site.line;
        let message = format!("`{}` stays without a bound: {reason}", site.dependency);
        Self { dependency: Some(site.dependency.clone()), location, message }
    }
}
