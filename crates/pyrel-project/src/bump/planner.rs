//! Makes the plan of a bump: versions first, then the bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{PackageName, PyProject, Requirement, Version};

use super::auto;
use super::cascade::{Cascade, Node, Reason, Target};
use super::constraint::{self, Dialect};
use super::level::raise;
use super::lock_file::Locks;
use super::plan::{BumpPlan, BumpRequest, ConstraintChange, PackageBump, VersionChange};
use super::precondition::Precondition;
use super::site::{self, Site, SiteKind};
use super::survey::{Common, is_tagged, locks_of, places_of};
use super::text::Texts;
use super::{BumpError, Level};
use crate::changelog::{Chronicle, PackageRelease};
use crate::config::{ConstraintPolicy, InternalDependencyPolicy, Versioning};
use crate::edit::EditSet;
use crate::package::Package;
use crate::source_file;
use crate::workspace::{Member, Workspace};

type Targets = BTreeMap<PackageName, Target>;

/// The state of planning.
pub(super) struct Planner<'r> {
    request: &'r BumpRequest<'r>,
    chronicle: &'r Chronicle<'r>,
    packages: BTreeMap<&'r PackageName, &'r Package>,
    nodes: BTreeMap<PackageName, Node>,
    /// Constraints by dependent; `None` is a root that is no package.
    sites: Vec<(Option<PackageName>, Site)>,
    /// Commits of tags, by name.
    tags: BTreeMap<String, String>,
    texts: Texts,
    locks: Locks,
    warnings: Vec<String>,
}

impl<'r> Planner<'r> {
    pub(super) fn new(request: &'r BumpRequest<'r>, chronicle: &'r Chronicle<'r>) -> Result<Self, BumpError> {
        let packages: BTreeMap<&PackageName, &Package> =
            request.workspace.packages().map(|package| (&package.name, package)).collect();
        let mut texts = Texts::default();
        let locks = locks_of(request.workspace.root(), packages.values().copied(), &mut texts)?;
        let tags = match request.git {
            Some(git) => git.all_tags()?,
            None => BTreeMap::new(),
        };
        let mut planner = Self {
            request,
            chronicle,
            packages,
            nodes: BTreeMap::new(),
            sites: Vec::new(),
            tags,
            texts,
            locks,
            warnings: broken_members(request.workspace),
        };
        planner.nodes = planner.read_nodes();
        planner.sites = planner.read_sites()?;
        Ok(planner)
    }

    /// Makes the plan.
    pub(super) fn plan(mut self) -> Result<Option<BumpPlan>, BumpError> {
        let Some(first) = self.first_targets()? else { return Ok(None) };
        let targets = self.cascade(first)?;
        let mut written = self.write_versions(&targets)?;
        let constraints = self.write_constraints(&targets)?;
        let mut edits = EditSet::new(self.request.workspace.root())?;
        std::mem::take(&mut self.texts).into_edits(&mut edits)?;
        let mut notes = self.write_changelogs(&targets, &constraints, &mut edits)?;
        let mut packages = Vec::new();
        for (name, target) in targets {
            let tag = self.request.commit.then(|| self.tag(&name, &target.version));
            packages.push(PackageBump {
                from: self.present_version(&name),
                to: target.version,
                reason: target.reason,
                tag,
                files: written.remove(&name).unwrap_or_default(),
                notes: notes.remove(&Some(name.clone())).or_else(|| notes.get(&None).cloned()),
                name,
            });
        }
        let tags = self.checked_tags(&packages)?;
        let message = self.message(&packages);
        Ok(Some(BumpPlan { packages, constraints, edits, message, tags, warnings: self.warnings }))
    }

    fn first_targets(&self) -> Result<Option<Targets>, BumpError> {
        let mut targets = Targets::new();
        let zero = self.request.workspace.config().bump.zero;
        for name in self.request.packages {
            let current = self.highest(name)?;
            let version = match self.request.change {
                VersionChange::Levels(levels) => raise(&current, levels)?,
                VersionChange::Exact(version) if *version > current || self.is_first(name) => version.clone(),
                VersionChange::Exact(version) => {
                    return Err(BumpError::NotHigher {
                        from: Box::new(current),
                        to: Box::new(version.clone()),
                        remedy: "versions only go up; name a higher one",
                    });
                }
                VersionChange::Auto { pre_release } => {
                    let members: Vec<&PackageName> =
                        self.nodes.get(name).into_iter().flat_map(|node| &node.together).collect();
                    let settings = (*pre_release, zero);
                    targets.extend(
                        auto::target(self.chronicle, &members, &current, settings)?
                            .map(|target| (name.clone(), target)),
                    );
                    continue;
                }
            };
            targets.insert(name.clone(), Target { version, reason: Reason::Asked });
        }
        Ok((!targets.is_empty()).then_some(targets))
    }

    fn cascade(&self, first: Targets) -> Result<Targets, BumpError> {
        let mut dependents: BTreeMap<PackageName, BTreeSet<PackageName>> = BTreeMap::new();
        let mut constraints: HashMap<(&PackageName, &PackageName), Vec<&Site>> = HashMap::new();
        for (dependent, site) in &self.sites {
            let Some(dependent) = dependent.as_ref().filter(|_| site.kind == SiteKind::Published) else {
                continue;
            };
            dependents.entry(site.dependency.clone()).or_default().insert(dependent.clone());
            constraints.entry((dependent, &site.dependency)).or_default().push(site);
        }
        let admits = |dependent: &PackageName, dependency: &PackageName, version: &Version| {
            let sites = constraints.get(&(dependent, dependency)).map(Vec::as_slice).unwrap_or_default();
            sites.iter().all(|site| constraint::admits(site.dialect, &site.written, version) != Some(false))
        };
        let config = self.request.workspace.config();
        let keep = config.bump_policy() == InternalDependencyPolicy::Keep;
        let level: Option<Level> = config.bump.dependents.filter(|_| !keep);
        let unknown = |name: &PackageName| self.unknown(name);
        let nodes = self.nodes.clone();
        Cascade { nodes, dependents, admits: &admits, level, unknown: &unknown }.run(first)
    }

    /// Writes the new versions into their places, and returns the files of each package.
    fn write_versions(
        &mut self,
        targets: &Targets,
    ) -> Result<BTreeMap<PackageName, Vec<PathBuf>>, BumpError> {
        let mut files = BTreeMap::new();
        for (name, target) in targets {
            let Some(package) = self.packages.get(name) else { continue };
            let (root, config) = (self.request.workspace.root(), self.request.workspace.config());
            let common = Common { root, config, locks: &self.locks };
            let places = places_of(package, &common, &mut self.texts)?;
            if !places.agree() {
                return Err(BumpError::Mismatch { package: name.clone(), places: places.places });
            }
            for place in &places.places {
                place
                    .write(&target.version, &mut self.texts)?
                    .map_err(|reason| BumpError::Unwritable { package: name.clone(), reason })?;
            }
            let mut paths: Vec<PathBuf> = places.places.into_iter().map(|place| place.path).collect();
            paths.sort_unstable();
            paths.dedup();
            files.insert(name.clone(), paths);
        }
        Ok(files)
    }

    fn write_constraints(&mut self, targets: &Targets) -> Result<Vec<ConstraintChange>, BumpError> {
        let config = self.request.workspace.config();
        let mut changes = Vec::new();
        for (dependent, site) in std::mem::take(&mut self.sites) {
            let Some(target) = targets.get(&site.dependency) else { continue };
            let admitted = constraint::admits(site.dialect, &site.written, &target.version);
            let is_raised = dependent.as_ref().is_some_and(|name| targets.contains_key(name));
            let published = site.kind != SiteKind::Development;
            // Those who work on a package get what is there, unless somebody bound it.
            let bound = published || !site.is_unbound();
            let wanted = admitted == Some(false)
                || is_raised && bound
                || config.bump.constraints == ConstraintPolicy::Always && published;
            let policy = config.bump_policy();
            if policy == InternalDependencyPolicy::Keep && admitted == Some(false) {
                self.warnings.push(format!(
                    "`{}` in {}:{} does not admit `{}`, and `internal-dependencies` is `keep`",
                    site.written,
                    site.path.display(),
                    site.line,
                    target.version
                ));
            }
            if !wanted {
                continue;
            }
            let Some((part, new)) =
                constraint::rewritten(site.dialect, &site.written, &target.version, policy)
            else {
                continue;
            };
            let text = self.texts.text(&site.path)?.unwrap_or_default();
            let Some(bytes) = site.bytes_of(text, &part) else {
                self.warnings.push(format!(
                    "`{}` in {}:{} is spelt with escapes and stays as it is",
                    site.written,
                    site.path.display(),
                    site.line
                ));
                continue;
            };
            self.texts.replace(&site.path, bytes, &new)?;
            let to = format!("{}{new}{}", &site.written[..part.start], &site.written[part.end..]);
            self.write_locked_constraints(dependent.as_ref(), &site, &to)?;
            changes.push(ConstraintChange {
                package: dependent,
                dependency: site.dependency,
                path: site.path,
                line: site.line,
                from: site.written,
                to,
            });
        }
        changes.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        self.warn_of_hashes(&changes);
        Ok(changes)
    }

    /// Adds the entries of changelogs, and returns their texts; that of a lockstep has no package.
    fn write_changelogs(
        &self,
        targets: &Targets,
        constraints: &[ConstraintChange],
        edits: &mut EditSet,
    ) -> Result<BTreeMap<Option<PackageName>, String>, BumpError> {
        let release = |(name, target): (&PackageName, &Target)| {
            let own = constraints.iter().filter(|change| change.package.as_ref() == Some(name));
            let updated: BTreeSet<&PackageName> = own.map(|change| &change.dependency).collect();
            let version = |name: &PackageName| Some((name.clone(), targets.get(name)?.version.clone()));
            PackageRelease {
                package: name.clone(),
                version: Some(target.version.clone()),
                updated: updated.into_iter().filter_map(version).collect(),
            }
        };
        let releases: Vec<PackageRelease> = targets.iter().map(release).collect();
        let mut notes = BTreeMap::new();
        for change in self.chronicle.compose(&releases, self.request.date)? {
            for edit in change.edits {
                edits.insert(edit)?;
            }
            notes.insert(change.package, change.notes);
        }
        Ok(notes)
    }

    /// A lock file that repeats a constraint gets the new one, too.
    fn write_locked_constraints(
        &mut self,
        dependent: Option<&PackageName>,
        site: &Site,
        to: &str,
    ) -> Result<(), BumpError> {
        let (Dialect::Requirement, Some(dependent)) = (site.dialect, dependent) else { return Ok(()) };
        let specifiers = |text: &str| text.parse::<Requirement>().ok().map(|parsed| parsed.specifiers);
        let (Some(old), Some(new)) = (specifiers(&site.written), specifiers(to)) else { return Ok(()) };
        for locked in &self.locks.constraints {
            let same = locked.member == *dependent
                && locked.dependency == site.dependency
                && locked.written.parse::<SpecifierSet>().is_ok_and(|locked| locked == old);
            if same {
                let clauses: Vec<String> = new.specifiers().iter().map(ToString::to_string).collect();
                self.texts.replace(&locked.path, locked.span.clone(), &clauses.join(","))?;
            }
        }
        Ok(())
    }

    fn warn_of_hashes(&mut self, changes: &[ConstraintChange]) {
        for lock in &self.locks.hashed {
            let directory = lock.parent();
            if changes.iter().any(|change| change.path.parent() == directory) {
                let text = format!(
                    "`{}` holds a hash of the constraints, which only Poetry can renew: run `poetry lock`",
                    lock.display()
                );
                self.warnings.push(text);
            }
        }
    }

    fn read_nodes(&self) -> BTreeMap<PackageName, Node> {
        let config = self.request.workspace.config();
        let versions: BTreeMap<&PackageName, Version> = self
            .packages
            .iter()
            .filter_map(|(name, package)| Some((*name, self.version_of(package)?)))
            .collect();
        let together = |name: &PackageName| -> BTreeSet<PackageName> {
            match &config.versioning {
                Versioning::Independent => BTreeSet::from([name.clone()]),
                Versioning::Lockstep => versions.keys().map(|name| (*name).clone()).collect(),
                Versioning::Groups(groups) => {
                    let group = groups.values().find(|members| members.contains(name));
                    let known = |member: &&PackageName| versions.contains_key(*member);
                    let members = group.map(|members| members.iter().filter(known).cloned().collect());
                    members.unwrap_or_else(|| BTreeSet::from([name.clone()]))
                }
            }
        };
        let node = |(name, version): (&&PackageName, &Version)| {
            ((*name).clone(), Node { version: version.clone(), together: together(name) })
        };
        versions.iter().map(node).collect()
    }

    fn read_sites(&self) -> Result<Vec<(Option<PackageName>, Site)>, BumpError> {
        let names: HashSet<&PackageName> = self.packages.keys().copied().collect();
        let mut sites = Vec::new();
        for (name, package) in &self.packages {
            let found = site::of_package(package, &names)?;
            sites.extend(found.into_iter().map(|site| (Some((*name).clone()), site)));
        }
        let root = self.request.workspace.root();
        if self.packages.values().any(|package| package.directory == root) {
            return Ok(sites);
        }
        // A root that is no package may still list what those who work on it need.
        let path = root.join("pyproject.toml");
        if let Some(text) = source_file::read(&path).map_err(BumpError::File)? {
            let file = PyProject::parse(&path, &text).map_err(BumpError::File)?;
            let found = site::of_pyproject(&path, &text, file.root(), &names, None);
            sites.extend(found.into_iter().map(|site| (None, site)));
        }
        Ok(sites)
    }

    /// Returns the present version of a package: as its files say, or as its highest tag does.
    fn version_of(&self, package: &Package) -> Option<Version> {
        if !is_tagged(package) {
            return package.version().cloned();
        }
        let last = self.chronicle.past().tags().last(&package.name);
        // Before the first release anything is higher.
        Some(last.map_or_else(|| "0.dev0".parse().expect("a constant version"), |tag| tag.version))
    }

    /// Tells whether a package was never released and has its version from tags.
    fn is_first(&self, name: &PackageName) -> bool {
        self.present_version(name).is_none()
    }

    fn present_version(&self, name: &PackageName) -> Option<Version> {
        let version = &self.nodes.get(name)?.version;
        let unborn =
            version.to_string() == "0.dev0" && self.packages.get(name).is_some_and(|one| is_tagged(one));
        (!unborn).then(|| version.clone())
    }

    /// Returns the version that a package is raised from.
    fn highest(&self, name: &PackageName) -> Result<Version, BumpError> {
        let Some(node) = self.nodes.get(name) else { return Err(self.unknown(name)) };
        let versions = node.together.iter().filter_map(|member| self.nodes.get(member));
        Ok(versions.map(|node| &node.version).max().unwrap_or(&node.version).clone())
    }

    fn unknown(&self, name: &PackageName) -> BumpError {
        let reason = match self.packages.get(name).map(|package| &package.version) {
            Some(crate::VersionSource::Unresolved { reason, .. }) => reason.clone(),
            _ => "there is no such package".to_owned(),
        };
        BumpError::Unwritable { package: name.clone(), reason }
    }

    fn tag(&self, name: &PackageName, version: &Version) -> String {
        self.request.workspace.config().tag_template().render(name, version)
    }

    /// Returns the tags to make with their messages, none of which exists.
    fn checked_tags(&self, packages: &[PackageBump]) -> Result<Vec<(String, String)>, BumpError> {
        let config = self.request.workspace.config();
        let mut tags: BTreeMap<&str, &PackageBump> = BTreeMap::new();
        for package in packages {
            let Some(tag) = &package.tag else { continue };
            if self.tags.contains_key(tag) {
                return Err(Precondition::TagExists { tag: tag.clone() }.into());
            }
            let shared = tags.insert(tag, package);
            if let Some(other) = shared.filter(|_| config.versioning != Versioning::Lockstep) {
                let (first, second) = (other.name.to_string(), package.name.to_string());
                return Err(Precondition::SharedTag { first, second, tag: tag.clone() }.into());
            }
        }
        let per_package = config.tag_template().is_per_package();
        let message = |package: &PackageBump| {
            let root = self.request.workspace.root().file_name().unwrap_or_default().to_string_lossy();
            let common = !per_package && packages.len() > 1;
            let name = if common { root.into_owned() } else { package.name.to_string() };
            config.bump.tag_message.replace("{name}", &name).replace("{version}", &package.to.to_string())
        };
        Ok(tags.into_iter().map(|(tag, package)| (tag.to_owned(), message(package))).collect())
    }

    /// Returns the message of the commit: the template, and all packages when the template does not name them.
    fn message(&self, packages: &[PackageBump]) -> String {
        const NAMED: usize = 3;
        let versions: BTreeSet<String> = packages.iter().map(|package| package.to.to_string()).collect();
        let version = versions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let named = |package: &PackageBump| format!("{} {}", package.name, package.to);
        let list = match packages {
            few if few.len() <= NAMED => few.iter().map(named).collect::<Vec<_>>().join(", "),
            many if versions.len() == 1 => format!("{} packages {version}", many.len()),
            many => format!("{} packages", many.len()),
        };
        let template = &self.request.workspace.config().bump.message;
        let mut message = template.replace("{packages}", &list).replace("{version}", &version);
        if packages.len() > NAMED {
            let line = |package: &PackageBump| match &package.from {
                Some(from) => format!("\n- {} {from} -> {}", package.name, package.to),
                None => format!("\n- {} {}", package.name, package.to),
            };
            message.push('\n');
            message.extend(packages.iter().map(line));
        }
        message.push('\n');
        message
    }
}

/// Warns of members that cannot be read, and thus of constraints that nobody looked at.
fn broken_members(workspace: &Workspace) -> Vec<String> {
    let broken = |member: &Member| match member {
        Member::Healthy(_) => None,
        Member::Broken(broken) => {
            let name = member.display_name();
            Some(format!("`{name}` cannot be read, so that its constraints are left alone: {}", broken.error))
        }
    };
    workspace.members().iter().filter_map(broken).collect()
}
