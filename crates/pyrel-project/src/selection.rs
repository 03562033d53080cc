//! Which packages a command works on, and in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use pyrel_model::name::normalize;
use pyrel_model::suggestion::nearest;
use pyrel_model::{Diagnostic, PackageName};

use crate::git::{Git, GitError};
use crate::graph::Cycle;
use crate::package::Package;
use crate::workspace::pattern::is_glob;
use crate::workspace::{Member, Workspace};

/// The word that stands for every package.
const ALL: &str = "all";

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SelectionRequest {
    /// Project names in any spelling, directory names, paths from the root, globs, or `all`; empty means all.
    pub names: Vec<String>,
    /// Packages to leave out, in the same spellings.
    pub exclude: Vec<String>,
    /// Only packages with changes; the inner value is the revision to compare with, without it each package's
    /// last release tag.
    pub changed_since: Option<Option<String>>,
}

/// The packages that a command works on.
#[derive(Debug, Clone)]
pub struct Selection<'w> {
    packages: Vec<&'w Package>,
    waves: Vec<Vec<&'w Package>>,
}

/// Why a request selects nothing that can be worked with.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The workspace has no members.
    #[error("no package found in `{}`", root.display())]
    NoPackages {
        /// The root of the workspace.
        root: PathBuf,
    },
    /// A word is no name, directory, or path of a member.
    #[error("no such package: `{word}`")]
    Unknown {
        /// The word.
        word: String,
        /// The nearest name.
        suggestion: Option<String>,
    },
    /// A glob matches no member.
    #[error("the glob matches no package: `{glob}`")]
    NoMatch {
        /// The glob.
        glob: String,
    },
    /// A glob cannot be parsed.
    #[error("invalid glob, {reason}: `{glob}`")]
    InvalidGlob {
        /// The glob.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A word names directories of more than one member.
    #[error("more than one package lies in a directory of this name: `{word}`")]
    Ambiguous {
        /// The word.
        word: String,
        /// The directories from the root.
        directories: Vec<PathBuf>,
    },
    /// Everything that was asked for is excluded, too.
    #[error("every selected package is excluded by {}", quoted(exclude))]
    AllExcluded {
        /// What was excluded.
        exclude: Vec<String>,
    },
    /// Several directories claim a name that was asked for.
    #[error("{}", crate::workspace::duplicate_message(name, directories))]
    Duplicate {
        /// The name.
        name: PackageName,
        /// The directories from the root.
        directories: Vec<PathBuf>,
    },
    /// A member that was asked for cannot be read.
    #[error("{}", broken_message(members))]
    Broken {
        /// The members, by name, with what is wrong with each.
        members: Vec<(String, Box<Diagnostic>)>,
    },
    /// Packages that were asked for depend on each other in a cycle.
    #[error(transparent)]
    Cycle(Cycle),
    /// Git cannot say what has changed.
    #[error("cannot tell which packages have changed")]
    Git(#[source] GitError),
}

impl SelectError {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoPackages { .. } => {
                Some("a package is a directory with `pyproject.toml`, `setup.cfg`, or `setup.py`".to_owned())
            }
            Self::Unknown { suggestion: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::Unknown { .. } | Self::NoMatch { .. } => {
                Some("`pyrel info` lists the packages of the workspace".to_owned())
            }
            Self::Ambiguous { directories, .. } => {
                let paths: Vec<String> = directories.iter().map(|path| slashed(path)).collect();
                Some(format!("give the path: {}", quoted(&paths)))
            }
            Self::AllExcluded { .. } => Some("name fewer packages in `--exclude`".to_owned()),
            Self::Duplicate { .. } => Some("rename all but one, or list them under `exclude`".to_owned()),
            Self::Broken { members } => match members.as_slice() {
                [(_, error)] => error.hint.clone(),
                _ => Some("mend them, or leave them out with `--exclude`".to_owned()),
            },
            Self::Cycle(cycle) => cycle.hint(),
            Self::Git(error) => error.hint(),
            Self::InvalidGlob { .. } => None,
        }
    }
}

fn broken_message(members: &[(String, Box<Diagnostic>)]) -> String {
    match members {
        [(name, error)] => format!("package `{name}` cannot be read: {error}"),
        _ => {
            let lines: Vec<String> =
                members.iter().map(|(name, error)| format!("\n`{name}`: {error}")).collect();
            format!("{} packages cannot be read:{}", members.len(), lines.concat())
        }
    }
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Returns a path with `/`, as it is typed.
fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

impl<'w> Selection<'w> {
    pub(crate) fn new(workspace: &'w Workspace, request: &SelectionRequest) -> Result<Self, SelectError> {
        let mut names = BTreeSet::new();
        let mut broken = Vec::new();
        for member in members(workspace, request)? {
            match member {
                Member::Healthy(package) => {
                    names.insert(package.name.clone());
                }
                Member::Broken(member_) => {
                    let normal = member_.name.as_deref().map(normalize);
                    let duplicate = workspace
                        .duplicates()
                        .iter()
                        .find(|one| normal.as_deref() == Some(one.name.normalized()));
                    if let Some(duplicate) = duplicate {
                        let directories = duplicate.directories.clone();
                        return Err(SelectError::Duplicate { name: duplicate.name.clone(), directories });
                    }
                    broken.push((member.display_name(), member_.error.clone()));
                }
            }
        }
        if !broken.is_empty() {
            return Err(SelectError::Broken { members: broken });
        }
        let schedule = workspace.graph().schedule(&names).map_err(SelectError::Cycle)?;
        let by_name: BTreeMap<&PackageName, &'w Package> =
            workspace.packages().map(|package| (&package.name, package)).collect();
        let find = |names: &Vec<PackageName>| -> Vec<&'w Package> {
            names.iter().filter_map(|name| by_name.get(name).copied()).collect()
        };
        Ok(Self { packages: find(&schedule.order), waves: schedule.waves.iter().map(find).collect() })
    }

    /// Returns the packages in publish order. It is empty only when the request asked for changed packages and
    /// there are none.
    #[must_use]
    pub fn packages(&self) -> &[&'w Package] {
        &self.packages
    }

    /// Returns the packages in waves: each needs only packages of earlier waves, or none of the selected.
    #[must_use]
    pub fn waves(&self) -> Vec<Vec<&'w Package>> {
        self.waves.clone()
    }
}

/// Returns the members that a request asks for, broken ones included, in the workspace's order.
pub(crate) fn members<'w>(
    workspace: &'w Workspace,
    request: &SelectionRequest,
) -> Result<Vec<&'w Member>, SelectError> {
    let all = workspace.members();
    if all.is_empty() {
        return Err(SelectError::NoPackages { root: workspace.root().to_path_buf() });
    }
    let mut chosen = BTreeSet::new();
    for word in &request.names {
        chosen.extend(matches(all, word)?);
    }
    if request.names.is_empty() {
        chosen.extend(0..all.len());
    }
    for word in &request.exclude {
        for at in matches(all, word)? {
            chosen.remove(&at);
        }
    }
    if chosen.is_empty() {
        return Err(SelectError::AllExcluded { exclude: request.exclude.clone() });
    }
    let mut members: Vec<&Member> = chosen.into_iter().map(|at| &all[at]).collect();
    if let Some(since) = &request.changed_since {
        let git = Git::discover(workspace.root()).ok_or_else(|| {
            SelectError::Git(GitError::NotARepository { directory: workspace.root().to_path_buf() })
        })?;
        members = crate::git::changed_members(&git, workspace, &members, since.as_deref())
            .map_err(SelectError::Git)?;
    }
    Ok(members)
}

/// Returns the positions of the members that a word means.
fn matches(members: &[Member], word: &str) -> Result<Vec<usize>, SelectError> {
    if word == ALL {
        return Ok((0..members.len()).collect());
    }
    if is_glob(word) {
        return glob_matches(members, word);
    }
    let found = |is_meant: &dyn Fn(&Member) -> bool| -> Vec<usize> {
        (0..members.len()).filter(|at| is_meant(&members[*at])).collect()
    };
    let normal = normalize(word);
    let by_name = found(&|member| member.name().is_some_and(|name| normalize(name) == normal));
    if !by_name.is_empty() {
        return Ok(by_name);
    }
    let path = as_path(word);
    let by_path =
        found(&|member| slashed(member.relative()) == path || member.directory() == Path::new(word));
    if !by_path.is_empty() {
        return Ok(by_path);
    }
    let by_directory = found(&|member| member.directory_name().to_string_lossy() == path);
    match by_directory.as_slice() {
        [] => Err(unknown(members, word)),
        [_] => Ok(by_directory),
        several => Err(SelectError::Ambiguous {
            word: word.to_owned(),
            directories: several.iter().map(|at| members[*at].relative().to_path_buf()).collect(),
        }),
    }
}

fn glob_matches(members: &[Member], word: &str) -> Result<Vec<usize>, SelectError> {
    let compile = |text: &str| match GlobBuilder::new(text).literal_separator(true).build() {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => {
            Err(SelectError::InvalidGlob { glob: word.to_owned(), reason: error.kind().to_string() })
        }
    };
    let path = as_path(word);
    let (as_written, normal) = (compile(&path)?, compile(&path.to_lowercase().replace(['_', '.'], "-"))?);
    let is_meant = |member: &Member| {
        member.name().is_some_and(|name| as_written.is_match(name) || normal.is_match(normalize(name)))
            || as_written.is_match(member.relative())
            || as_written.is_match(member.directory_name())
    };
    let found: Vec<usize> = (0..members.len()).filter(|at| is_meant(&members[*at])).collect();
    if found.is_empty() { Err(SelectError::NoMatch { glob: word.to_owned() }) } else { Ok(found) }
}

/// Returns a typed path as the workspace spells its directories.
fn as_path(word: &str) -> String {
    let slashes = if cfg!(windows) { word.replace('\\', "/") } else { word.to_owned() };
    let trimmed = slashes.trim_end_matches('/');
    match trimmed.strip_prefix("./") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => trimmed.to_owned(),
    }
}

fn unknown(members: &[Member], word: &str) -> SelectError {
    let names: Vec<String> = members
        .iter()
        .flat_map(|member| [member.display_name(), member.directory_name().to_string_lossy().into_owned()])
        .collect();
    let suggestion = nearest(word, names.iter().map(String::as_str)).map(str::to_owned);
    SelectError::Unknown { word: word.to_owned(), suggestion }
}
