//! The bounds of one package, and how they are written again into the files of an sdist that its own backend made.

use std::path::Path;

use pyrel_model::{Diagnostic, PackageName, PyProject, Requirement, Version};

use super::bounds::Bounds;
use crate::bump::constraint::{Dialect, built};
use crate::config::InternalDependencyPolicy;
use crate::package::{Package, poetry_specifiers};

/// Bounds that a build writes and no file of the project holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenBounds {
    pub(super) policy: InternalDependencyPolicy,
    pub(super) changes: Vec<Bound>,
}

/// A dependency that gets a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The sibling.
    pub dependency: PackageName,
    /// Its version.
    pub version: Version,
    /// The line of `pyproject.toml`, from 1.
    pub line: usize,
    /// The requirement as the file has it, or the constraint in a table of Poetry.
    pub from: String,
    /// The same as it is built.
    pub to: String,
    pub(super) dialect: Dialect,
}

impl WrittenBounds {
    /// Returns what is written, in the order of the lines.
    #[must_use]
    pub fn changes(&self) -> &[Bound] {
        &self.changes
    }

    /// Writes the bounds into another copy of the package's `pyproject.toml`, as a backend packs it.
    ///
    /// # Errors
    /// When the copy cannot be read, or has not the same dependencies.
    pub fn in_pyproject(
        &self,
        own: &PackageName,
        path: &Path,
        text: &str,
    ) -> Result<String, Box<Diagnostic>> {
        let versions =
            self.changes.iter().map(|one| (one.dependency.clone(), Some(one.version.clone()))).collect();
        let file = PyProject::parse(path, text)?;
        let rewritten = Bounds::new(self.policy, &versions).rewrite(&file, own);
        let names = |changes: &[Bound]| -> Vec<PackageName> {
            let mut names: Vec<PackageName> = changes.iter().map(|one| one.dependency.clone()).collect();
            names.sort();
            names
        };
        if names(&rewritten.changes) == names(&self.changes) {
            return Ok(rewritten.text);
        }
        let fault = Diagnostic::new("has other dependencies than the project's own `pyproject.toml`")
            .at(pyrel_model::Location::of_file(path))
            .with_hint("bound the dependencies in the project, or set `internal-dependencies = \"keep\"`");
        Err(Box::new(fault))
    }

    /// Writes the bounds into core metadata (`PKG-INFO`): the same that a backend makes of the rewritten project.
    #[must_use]
    pub fn in_metadata(&self, text: &str) -> String {
        let mut in_header = true;
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            in_header &= !line.trim_end().is_empty();
            match line.strip_prefix("Requires-Dist:").filter(|_| in_header) {
                Some(rest) => {
                    let value = rest.trim();
                    let at = rest.find(value).unwrap_or_default();
                    out.push_str("Requires-Dist:");
                    out.push_str(&rest[..at]);
                    out.push_str(&self.in_requirement(value));
                    out.push_str(&rest[at + value.len()..]);
                }
                None => out.push_str(line),
            }
        }
        out
    }

    /// Writes the bounds into a list of requirements, one a line, such as the `requires.txt` of setuptools.
    #[must_use]
    pub fn in_lines(&self, text: &str) -> String {
        let line = |line: &str| {
            let value = line.trim_end();
            format!("{}{}", self.in_requirement(value), &line[value.len()..])
        };
        text.split_inclusive('\n').map(line).collect()
    }

    fn in_requirement(&self, text: &str) -> String {
        let bound = || {
            let requirement: Requirement = text.parse().ok()?;
            if !requirement.specifiers.is_empty() || requirement.url.is_some() {
                return None;
            }
            let bound = self.changes.iter().find(|bound| bound.dependency == requirement.name)?;
            let (place, mut new) = built(Dialect::Requirement, text, &bound.version, self.policy)?;
            if bound.dialect == Dialect::Poetry {
                let (_, constraint) = built(Dialect::Poetry, "*", &bound.version, self.policy)?;
                new = poetry_specifiers(&constraint)?;
            }
            Some(format!("{}{new}{}", &text[..place.start], &text[place.end..]))
        };
        bound().unwrap_or_else(|| text.to_owned())
    }
}

impl Bound {
    /// Says what becomes of what, and in which line.
    #[must_use]
    pub fn described(&self) -> String {
        format!("`{}` in line {} of `pyproject.toml` is built as `{}`", self.from, self.line, self.to)
    }
}

impl Package {
    /// Gives a copy of a package's folder the bounds that the package has.
    ///
    /// # Errors
    /// When the bounded `pyproject.toml` cannot be read at its new place.
    pub fn with_bounds_of(mut self, original: &Self) -> Result<Self, Box<Diagnostic>> {
        if let (Some(bounds), Some(bounded), Some(own)) =
            (&original.bounds, &original.pyproject, &self.pyproject)
        {
            self.pyproject = Some(PyProject::parse(own.path(), bounded.text())?);
            self.bounds = Some(bounds.clone());
        }
        Ok(self)
    }
}
