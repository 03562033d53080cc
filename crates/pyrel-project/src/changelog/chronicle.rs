//! What happened in a workspace, package by package: history, tags, fragments, and links brought together.
//!
//! [`Past`] is read once; a [`Chronicle`] sorts it by packages and answers for each of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pyrel_model::{PackageName, Version};

use super::aggregate::{self, Part};
use super::compose::document;
use super::draft::told;
use super::message::merge_number;
use super::{
    Change, ChangelogChange, ChangelogError, Fragment, Message, Release, Remote, Request, Significance,
    compose, settle,
};
use crate::Package;
use crate::config::{Aggregate, ChangelogConfig, Versioning};
use crate::git::{Commit, CommitsByDirectory, Git, GitError, History, ReleaseTag, ReleaseTags};
use crate::workspace::{Member, Workspace};

/// Which commits are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PastRange {
    /// The revision that they follow; `None` means each package's last release.
    pub from: Option<String>,
    /// The last one; `None` means `HEAD`.
    pub to: Option<String>,
}

/// History, tags, and links of a workspace.
#[derive(Debug, Clone)]
pub struct Past {
    history: History,
    tags: ReleaseTags,
    remote: Option<Remote>,
    from: Option<String>,
}

impl Past {
    /// Reads the past of a workspace. Without git it is empty.
    ///
    /// # Errors
    /// When a revision does not exist, or git cannot be asked.
    pub fn read(workspace: &Workspace, range: &PastRange) -> Result<Self, ChangelogError> {
        let template = workspace.config().tag_template();
        let Some(git) = Git::discover(workspace.root()) else {
            return Ok(Self {
                history: History::empty(workspace.root()),
                tags: ReleaseTags::none(template),
                remote: None,
                from: None,
            });
        };
        let settings = workspace.config().changelog.clone().unwrap_or_default();
        let tags = ReleaseTags::read(&git, template)?;
        let from = range.from.as_deref().map(|revision| git.commit(revision)).transpose()?;
        let to = range.to.as_deref().unwrap_or("HEAD");
        let history = match (git.commit(to), &range.to) {
            // Nothing is committed yet.
            (Err(GitError::UnknownRevision { .. }), None) => History::empty(git.top_level()),
            (Err(error), _) => return Err(error.into()),
            (Ok(tip), _) => {
                let since = match &from {
                    Some(from) => vec![Some(from.clone())],
                    None => starts(workspace, &tags),
                };
                History::read(&git, &tip, &since)?
            }
        };
        let remote = Remote::find(remote_address(&git)?.as_deref(), &settings);
        Ok(Self { history, tags, remote, from })
    }

    /// Returns the tags of releases.
    #[must_use]
    pub fn tags(&self) -> &ReleaseTags {
        &self.tags
    }

    /// Returns the commits.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns where links go.
    #[must_use]
    pub fn remote(&self) -> Option<&Remote> {
        self.remote.as_ref()
    }
}

/// Returns the releases that packages may be compared with: of each its last one and its last final one.
fn starts(workspace: &Workspace, tags: &ReleaseTags) -> Vec<Option<String>> {
    let mut starts = Vec::new();
    for package in packages(workspace) {
        let releases = tags.of(&package.name);
        starts.push(releases.last().map(|tag| tag.commit.clone()));
        let last_final = releases.iter().rfind(|tag| !tag.version.is_pre_release());
        starts.push(last_final.map(|tag| tag.commit.clone()));
    }
    starts
}

fn packages(workspace: &Workspace) -> impl Iterator<Item = &Package> {
    workspace.members().iter().filter_map(|member| match member {
        Member::Healthy(package) => Some(&**package),
        Member::Broken(_) => None,
    })
}

/// Returns the address of `origin`, or of the only remote.
fn remote_address(git: &Git) -> Result<Option<String>, GitError> {
    if let Some(address) = git.remote_url("origin")? {
        return Ok(Some(address));
    }
    match git.remotes()?.as_slice() {
        [only] => git.remote_url(only),
        _ => Ok(None),
    }
}

/// A release of one package, as it is going to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageRelease {
    /// The package.
    pub package: PackageName,
    /// Its new version; `None` for an entry under Unreleased.
    pub version: Option<Version>,
    /// Dependencies in the same workspace that it now needs in a newer version.
    pub updated: Vec<(PackageName, Version)>,
}

/// The past of a workspace, sorted by packages.
#[derive(Debug)]
pub struct Chronicle<'w> {
    workspace: &'w Workspace,
    past: &'w Past,
    commits: CommitsByDirectory<'w>,
    messages: HashMap<&'w str, Message>,
    /// Packages by what a scope may call them.
    scopes: HashMap<String, usize>,
    /// The commits whose scope names a package, by package.
    scoped: Vec<Vec<&'w Commit>>,
    packages: Vec<&'w Package>,
}

impl<'w> Chronicle<'w> {
    /// Sorts the past of a workspace.
    #[must_use]
    pub fn new(workspace: &'w Workspace, past: &'w Past) -> Self {
        let packages: Vec<&Package> = packages(workspace).collect();
        let directories: Vec<&Path> = packages.iter().map(|package| package.directory.as_path()).collect();
        let history = &past.history;
        let merged = history.merged_by(merge_number);
        let mut scopes = HashMap::new();
        for (at, package) in packages.iter().enumerate() {
            own_scopes(package).into_iter().for_each(|scope| {
                scopes.entry(scope).or_insert(at);
            });
        }
        let mut messages = HashMap::new();
        let mut scoped = vec![Vec::new(); packages.len()];
        for commit in history.commits() {
            let mut message = Message::of(commit);
            if message.pull_requests.is_empty() {
                message.pull_requests.extend(merged.get(commit.hash.as_str()));
            }
            let mut named: Vec<usize> =
                scope_words(&message).filter_map(|word| scopes.get(&word).copied()).collect();
            named.dedup();
            named.into_iter().for_each(|at| scoped[at].push(commit));
            messages.insert(commit.hash.as_str(), message);
        }
        let commits = history.by_directory(&directories);
        Self { workspace, past, commits, messages, scopes, scoped, packages }
    }

    /// Returns the past that this was sorted from.
    #[must_use]
    pub fn past(&self) -> &'w Past {
        self.past
    }

    /// Returns the commits that touch files of a package or name it as their scope and that the commit `since`
    /// does not contain, reverted ones removed, newest first. A range that was asked for goes before `since`.
    #[must_use]
    pub fn changes(&self, package: &PackageName, since: Option<&str>) -> Vec<Change<'w>> {
        let Some(at) = self.position(package) else { return Vec::new() };
        let since = self.past.from.as_deref().or(since);
        let mut found = self.commits.touching(at, since);
        if !self.scoped[at].is_empty() {
            let newer: Vec<&Commit> = self.past.history.since(since.as_slice());
            let wanted: std::collections::HashSet<&str> =
                found.iter().chain(&self.scoped[at]).map(|commit| commit.hash.as_str()).collect();
            found = newer.into_iter().filter(|commit| wanted.contains(commit.hash.as_str())).collect();
        }
        settle(found.into_iter().map(|commit| self.change(commit, Some(at))).collect())
    }

    /// Weighs what changed in a package since its last release; `None` of a release means since the beginning.
    #[must_use]
    pub fn significance(&self, package: &PackageName, since: Option<&ReleaseTag>) -> Significance {
        Significance::of_all(&self.changes(package, since.map(|tag| tag.commit.as_str())))
    }

    /// Returns the commits that belong to no package and that no last release contains, newest first.
    fn elsewhere(&self) -> Vec<Change<'w>> {
        let last: Vec<String> = match &self.past.from {
            Some(from) => vec![from.clone()],
            None => {
                let tags = self.packages.iter().filter_map(|package| self.past.tags.last(&package.name));
                tags.map(|tag| tag.commit).collect()
            }
        };
        let last: Vec<&str> = last.iter().map(String::as_str).collect();
        let scoped: std::collections::HashSet<&str> =
            self.scoped.iter().flatten().map(|commit| commit.hash.as_str()).collect();
        let found = self.commits.elsewhere(&last).into_iter();
        let found = found.filter(|commit| !scoped.contains(commit.hash.as_str()));
        settle(found.map(|commit| self.change(commit, None)).collect())
    }

    fn change(&self, commit: &'w Commit, package: Option<usize>) -> Change<'w> {
        let message = self.messages.get(commit.hash.as_str()).cloned();
        let message = message.unwrap_or_else(|| Message::of(commit));
        let named: Vec<usize> =
            scope_words(&message).filter_map(|word| self.scopes.get(&word).copied()).collect();
        let foreign = package.is_some_and(|at| !named.is_empty() && !named.contains(&at));
        Change { commit, message, foreign }
    }

    fn position(&self, package: &PackageName) -> Option<usize> {
        self.packages.iter().position(|known| known.name == *package)
    }

    /// Returns where the changelog of a package is; `None` when changelogs are turned off.
    #[must_use]
    pub fn path(&self, package: &Package) -> Option<PathBuf> {
        changelog_path(self.workspace, package)
    }

    /// Writes the entries of releases, and in a workspace of several packages the one of the document about all of
    /// them. `date` is the day, as `2024-01-02`. Empty when changelogs are turned off.
    ///
    /// # Errors
    /// When a changelog or a fragment cannot be read, or is no text of its kind.
    pub fn compose(
        &self,
        releases: &[PackageRelease],
        date: &str,
    ) -> Result<Vec<ChangelogChange>, ChangelogError> {
        let Some(settings) = &self.workspace.config().changelog else { return Ok(Vec::new()) };
        if self.workspace.config().versioning == Versioning::Lockstep {
            return self.compose_lockstep(settings, releases, date);
        }
        let common = self.common_fragments(settings)?;
        let mut changes = Vec::new();
        for release in releases {
            let Some(at) = self.position(&release.package) else { continue };
            let package = self.packages[at];
            let mut fragments = match &settings.fragments {
                Some(folder) => Fragment::read_all(&package.directory.join(folder), settings)?,
                None => Vec::new(),
            };
            fragments.extend(common.iter().filter(|(owner, _)| *owner == at).map(|(_, one)| one.clone()));
            let entry = Entry {
                package: Some(package),
                path: package.directory.join(&settings.path),
                release,
                fragments: &fragments,
                own: own_scopes(package),
            };
            changes.extend(self.compose_entry(settings, &entry, date)?);
        }
        changes.extend(self.compose_aggregate(settings, releases, &changes, date)?);
        Ok(changes)
    }

    fn compose_lockstep(
        &self,
        settings: &ChangelogConfig,
        releases: &[PackageRelease],
        date: &str,
    ) -> Result<Vec<ChangelogChange>, ChangelogError> {
        // All packages move together: one entry, and dependencies among them go without saying.
        let Some(first) = releases.first() else { return Ok(Vec::new()) };
        let root = self.workspace.root();
        let fragments = match &settings.fragments {
            Some(folder) => Fragment::read_all(&root.join(folder), settings)?,
            None => Vec::new(),
        };
        let release = PackageRelease { updated: Vec::new(), ..first.clone() };
        let entry = Entry {
            package: None,
            path: root.join(&settings.path),
            release: &release,
            fragments: &fragments,
            own: Vec::new(),
        };
        Ok(self.compose_entry(settings, &entry, date)?.into_iter().collect())
    }

    fn compose_entry(
        &self,
        settings: &ChangelogConfig,
        entry: &Entry<'_>,
        date: &str,
    ) -> Result<Option<ChangelogChange>, ChangelogError> {
        let name = &entry.release.package;
        let version = entry.release.version.as_ref();
        let previous = match version {
            Some(version) => self.past.tags.before(name, version),
            None => self.past.tags.last(name),
        };
        let since = previous.as_ref().map(|tag| tag.commit.as_str());
        let changes = match entry.package {
            Some(_) => self.changes(name, since),
            None => self.all_changes(since),
        };
        let tag = version.map(|version| self.past.tags.template().render(name, version));
        let release = version.zip(tag.as_deref()).map(|(version, tag)| Release {
            version,
            date,
            tag,
            previous_tag: previous.as_ref().map(|tag| tag.name.as_str()),
        });
        compose(&Request {
            package: entry.package.map(|package| &package.name),
            path: &entry.path,
            settings,
            release,
            changes: &changes,
            fragments: entry.fragments,
            updated: &entry.release.updated,
            remote: self.past.remote.as_ref(),
            own_scopes: &entry.own,
        })
    }

    /// Counts the changes of a package since its last release that a changelog should tell and that nobody told:
    /// neither under Unreleased, nor in a fragment, nor in an entry for the version that the package has now.
    ///
    /// # Errors
    /// As [`compose`](Self::compose).
    pub fn untold(&self, package: &Package) -> Result<usize, ChangelogError> {
        let Some(settings) = &self.workspace.config().changelog else { return Ok(0) };
        let is_common = self.workspace.config().versioning == Versioning::Lockstep;
        let path = changelog_path(self.workspace, package).unwrap_or_else(|| package.directory.clone());
        let last = self.past.tags.last(&package.name);
        let by_hand = document(&path)?.is_some_and(|document| {
            let coming =
                package.version().filter(|version| last.as_ref().is_none_or(|tag| tag.version != **version));
            let sections =
                document.unreleased().into_iter().chain(coming.and_then(|one| document.section(one)));
            sections.into_iter().any(|section| document.has_content(section))
        });
        let directory = if is_common { self.workspace.root() } else { &package.directory };
        let own = match &settings.fragments {
            Some(folder) => Fragment::read_all(&directory.join(folder), settings)?,
            None => Vec::new(),
        };
        let common = if is_common { Vec::new() } else { self.common_fragments(settings)? };
        let at = self.position(&package.name);
        if by_hand || !own.is_empty() || common.iter().any(|(owner, _)| Some(*owner) == at) {
            return Ok(0);
        }
        let since = last.as_ref().map(|tag| tag.commit.as_str());
        let changes = if is_common { self.all_changes(since) } else { self.changes(&package.name, since) };
        Ok(told(&changes, settings))
    }

    /// Returns the commits of the whole workspace, reverted ones removed.
    fn all_changes(&self, since: Option<&str>) -> Vec<Change<'w>> {
        let since = self.past.from.as_deref().or(since);
        let all = self.past.history.since(since.as_slice());
        settle(all.into_iter().map(|commit| self.change(commit, None)).collect())
    }

    /// Reads the fragments at the root, each with the package that its name starts with.
    fn common_fragments(&self, settings: &ChangelogConfig) -> Result<Vec<(usize, Fragment)>, ChangelogError> {
        let root = self.workspace.root();
        let is_package = self.packages.iter().any(|package| package.directory == root);
        let Some(folder) = settings.fragments.as_ref().filter(|_| !is_package) else { return Ok(Vec::new()) };
        let mut owned = Vec::new();
        for mut fragment in Fragment::read_all(&root.join(folder), settings)? {
            let (first, rest) = split_owner(&fragment.name);
            let Some(at) = self.scopes.get(&first) else {
                return Err(ChangelogError::FragmentOwner { path: fragment.path });
            };
            fragment.name = rest;
            owned.push((*at, fragment));
        }
        Ok(owned)
    }

    fn compose_aggregate(
        &self,
        settings: &ChangelogConfig,
        releases: &[PackageRelease],
        changes: &[ChangelogChange],
        date: &str,
    ) -> Result<Option<ChangelogChange>, ChangelogError> {
        let Some(path) = aggregate_path(self.workspace) else { return Ok(None) };
        let version_of =
            |name: &PackageName| releases.iter().find(|release| release.package == *name)?.version.as_ref();
        let parts: Vec<Part<'_>> = changes
            .iter()
            .filter_map(|change| {
                let name = change.package.as_ref()?;
                Some(Part { name, version: version_of(name)?, notes: &change.notes })
            })
            .collect();
        if parts.is_empty() {
            return Ok(None);
        }
        let elsewhere = self.elsewhere();
        aggregate::compose(&path, &parts, &elsewhere, settings, (date, self.past.remote.as_ref()))
    }
}

/// One entry to be written.
struct Entry<'a> {
    package: Option<&'a Package>,
    path: PathBuf,
    release: &'a PackageRelease,
    fragments: &'a [Fragment],
    own: Vec<String>,
}

/// Returns where the changelog of a package is; `None` when changelogs are turned off.
#[must_use]
pub fn changelog_path(workspace: &Workspace, package: &Package) -> Option<PathBuf> {
    let settings = workspace.config().changelog.as_ref()?;
    let is_common = workspace.config().versioning == Versioning::Lockstep;
    let directory = if is_common { workspace.root() } else { &package.directory };
    Some(directory.join(&settings.path))
}

/// Returns where the document about all packages is; `None` when there is none.
#[must_use]
pub fn aggregate_path(workspace: &Workspace) -> Option<PathBuf> {
    let settings = workspace.config().changelog.as_ref()?;
    let members = workspace.members();
    let path = match &settings.aggregate {
        Aggregate::Off => return None,
        Aggregate::File(path) => workspace.root().join(path),
        Aggregate::Automatic if members.len() < 2 => return None,
        Aggregate::Automatic => workspace.root().join("CHANGELOG.md"),
    };
    let is_taken =
        packages(workspace).any(|package| changelog_path(workspace, package).as_ref() == Some(&path));
    (!is_taken).then_some(path)
}

/// Returns what a scope may call a package: its name, its directory, its import name; in lower case with `-`.
fn own_scopes(package: &Package) -> Vec<String> {
    let directory = package.relative.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut scopes = vec![package.name.normalized().to_owned()];
    scopes.extend(directory.map(|name| pyrel_model::name::normalize(&name)));
    scopes.push(package.name.file_stem());
    scopes.dedup();
    scopes
}

/// Returns the words of a scope (`a, b`; `a/b`) in the normal form of names.
fn scope_words(message: &Message) -> impl Iterator<Item = String> {
    let scope = message.scope.clone().unwrap_or_default();
    let words: Vec<String> = scope
        .split([',', '/', ' '])
        .filter(|word| !word.is_empty())
        .map(pyrel_model::name::normalize)
        .collect();
    words.into_iter()
}

/// Splits `alpha.123` and `alpha+x` into the package's normal name and the rest.
fn split_owner(name: &str) -> (String, String) {
    let at = name.find(['.', '+', '#']).unwrap_or(name.len());
    let rest = name[at..].trim_start_matches('.');
    (pyrel_model::name::normalize(&name[..at]), rest.to_owned())
}
