//! What the workspace tells the rules of the check of its packages: versions, levels, git, changelogs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_dist::{ChangelogFacts, PackageFacts, TreeFacts};
use pyrel_model::{ArtifactKind, PackageName};
use pyrel_project::{Git, Package, Versioning, Workspace};

use crate::checker;
use crate::context::Context;
use crate::exit::{CommandError, Failure};

/// Gathers the facts of every healthy package.
pub(crate) fn of(
    context: &Context,
    workspace: &Workspace,
) -> Result<BTreeMap<PackageName, PackageFacts>, CommandError> {
    let listed = Listed::ask(context, workspace);
    let mut all = BTreeMap::new();
    for package in workspace.packages() {
        let levels = workspace.config().package(&package.name).map(|config| checker::levels(&config.check));
        let facts = PackageFacts {
            version: package.version().cloned(),
            wheels: wheels(package),
            levels: levels.unwrap_or_default(),
            tree: listed.as_ref().map(|listed| listed.below(&package.directory)),
            changelog: changelog(context, workspace, package)?,
        };
        all.insert(package.name.clone(), facts);
    }
    Ok(all)
}

fn wheels(package: &Package) -> Vec<PathBuf> {
    let files = package.built_files().into_iter();
    files.filter(|file| file.kind == ArtifactKind::Wheel).map(|file| file.path).collect()
}

/// Reads the changelog of a package, when there is one.
fn changelog(
    context: &Context,
    workspace: &Workspace,
    package: &Package,
) -> Result<Option<ChangelogFacts>, CommandError> {
    let config = workspace.config();
    let Some(file) = config.changelog.as_ref().map(|changelog| &changelog.path) else { return Ok(None) };
    let shared = config.versioning == Versioning::Lockstep;
    let path = if shared { workspace.root().join(file) } else { package.directory.join(file) };
    match fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Ok(Some(ChangelogFacts { path: context.shown(&path), text }))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommandError::new(Failure::Usage, error)),
    }
}

/// What git lists as not tracked, with absolute paths.
struct Listed {
    untracked: Vec<PathBuf>,
    /// Directories of which all is ignored end in a slash in git's words; they are kept apart.
    ignored: Vec<(PathBuf, bool)>,
}

impl Listed {
    /// Asks git once for the whole workspace; `None` outside of a repository.
    fn ask(context: &Context, workspace: &Workspace) -> Option<Self> {
        let git = Git::discover(workspace.root())?;
        let list = |arguments: &[&str]| match git.text(arguments) {
            Ok(text) => Some(text),
            Err(error) => {
                context.ui().warning(&format!("git does not tell which files it tracks: {error}"), None);
                None
            }
        };
        let untracked = list(&["ls-files", "-z", "--others", "--exclude-standard"])?;
        let ignored =
            list(&["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"])?;
        let names = |text: &str| -> Vec<String> {
            text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Some(Self {
            untracked: names(&untracked).iter().map(|name| git.directory().join(name)).collect(),
            ignored: names(&ignored)
                .iter()
                .map(|name| (git.directory().join(name.trim_end_matches('/')), name.ends_with('/')))
                .collect(),
        })
    }

    fn below(&self, directory: &Path) -> TreeFacts {
        let relative = |path: &Path| -> Option<String> {
            let parts = path.strip_prefix(directory).ok()?.components();
            let parts: Vec<String> =
                parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            (!parts.is_empty()).then(|| parts.join("/"))
        };
        let ignored: BTreeSet<String> = self
            .ignored
            .iter()
            .filter_map(|(path, folder)| Some(relative(path)? + if *folder { "/" } else { "" }))
            .collect();
        TreeFacts { untracked: self.untracked.iter().filter_map(|path| relative(path)).collect(), ignored }
    }
}
