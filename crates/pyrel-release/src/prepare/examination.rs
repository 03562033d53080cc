//! The lines that the tree and git answer alone.

use pyrel_model::{Location, PackageName, Version};
use pyrel_project::{Git, Package, Workspace};

use super::{Line, bound, branch, changelog, clean_tree, constraint, tag, upstream, version};

/// What a release is prepared of.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The packages, in order.
    pub packages: Vec<&'a Package>,
    /// The version that they are to be released with; by default the one that each has.
    pub version: Option<Version>,
    /// The repository around the workspace.
    pub git: Option<Git>,
    /// Whether remotes may be asked.
    pub online: bool,
}

impl Surroundings<'_> {
    /// Returns the version that a package is to be released with; `None` when only its backend knows it.
    pub(super) fn target<'v>(&'v self, package: &'v Package) -> Option<&'v Version> {
        self.version.as_ref().or_else(|| package.version())
    }

    /// Returns the version that a package of the workspace will have: the one to be released, when it is among them.
    pub(super) fn coming<'v>(&'v self, package: &'v Package) -> Option<&'v Version> {
        let selected = self.packages.iter().any(|other| other.name == package.name);
        if selected { self.target(package) } else { package.version() }
    }
}

/// Looks at the tree and at git.
#[must_use]
pub fn examine(surroundings: &Surroundings<'_>) -> Vec<Line> {
    let mut lines =
        vec![clean_tree::line(surroundings), branch::line(surroundings), upstream::line(surroundings)];
    let tags = tag::Tags::read(surroundings);
    for package in &surroundings.packages {
        lines.push(version::line(surroundings, package));
        lines.push(tags.line(surroundings, package));
        lines.push(changelog::line(surroundings, package));
        lines.push(constraint::line(surroundings, package));
        lines.push(bound::line(surroundings, package));
    }
    lines
}

/// Returns the command that bumps a package.
pub(super) fn bump(surroundings: &Surroundings<'_>, package: &PackageName) -> String {
    match &surroundings.version {
        Some(version) => format!("`pyrel bump --version {version} {package}`"),
        None => format!("`pyrel bump auto {package}`"),
    }
}

/// Returns where a text stands in a package's `pyproject.toml`; the file as a whole when it cannot be found.
pub(super) fn place_of(package: &Package, text: &str) -> Option<Location> {
    let file = package.pyproject.as_ref()?;
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let at = file.text().find(&format!("{quote}{text}{quote}"))?;
        Some(at..at + text.len() + 2)
    });
    Some(match quoted {
        Some(span) => Location::of_span(file.path(), file.text(), &span),
        None => Location::of_file(file.path()),
    })
}

/// Returns the first names of a list, and how many more there are.
pub(super) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
