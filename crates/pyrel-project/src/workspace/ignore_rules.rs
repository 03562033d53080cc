//! Directories that never hold members: hidden, ignored by git, environments, and build products.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::root::git_top_level;

/// Names of directories that are never members, nor hold any.
const NEVER: &[&str] = &["node_modules", "dist", "build", "__pycache__"];

/// A directory below the root, with the ignore files that apply to its content.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    relative: PathBuf,
    rules: Arc<Rules>,
}

/// The rules of one `.gitignore` on top of those of the directories above it.
#[derive(Debug)]
struct Rules {
    matcher: Gitignore,
    above: Option<Arc<Rules>>,
}

impl Folder {
    /// Returns the root, with the ignore files between the top of its repository and itself.
    pub(crate) fn root(root: &Path) -> Self {
        let top = git_top_level(root).unwrap_or(root);
        let mut rules = Arc::new(Rules { matcher: exclude_file(top), above: None });
        let mut folders: Vec<&Path> = root.ancestors().take_while(|path| path.starts_with(top)).collect();
        folders.reverse();
        for folder in folders {
            rules = with_ignore_file(folder, rules);
        }
        Self { path: root.to_path_buf(), relative: PathBuf::from("."), rules }
    }

    /// Returns the path relative to the root; `.` for the root itself.
    pub(crate) fn relative(&self) -> &Path {
        &self.relative
    }

    /// Returns a directory directly in this one; `None` when there is none or it never holds members.
    pub(crate) fn child(&self, name: &str) -> Option<Self> {
        let path = self.path.join(name);
        if is_never(name) || self.rules.ignores(&path) || !path.is_dir() || path.join("pyvenv.cfg").exists() {
            return None;
        }
        let relative = match self.relative.as_path() {
            root if root == Path::new(".") => PathBuf::from(name),
            relative => relative.join(name),
        };
        let rules = with_ignore_file(&path, Arc::clone(&self.rules));
        Some(Self { path, relative, rules })
    }

    /// Returns the names of the directories directly in this one, links to directories included.
    ///
    /// # Errors
    /// When this one cannot be listed.
    pub(crate) fn names(&self) -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs_err::read_dir(&self.path)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if (kind.is_dir() || kind.is_symlink())
                && let Ok(name) = entry.file_name().into_string()
                && !is_never(&name)
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Tells whether the directory is reached through a link, where a search must not go on.
    pub(crate) fn is_link(&self) -> bool {
        self.path.is_symlink()
    }
}

fn is_never(name: &str) -> bool {
    name.starts_with('.') || NEVER.contains(&name)
}

impl Rules {
    /// Applies the deepest file that has something to say, as git does.
    fn ignores(&self, path: &Path) -> bool {
        match self.matcher.matched(path, true) {
            Match::Ignore(_) => true,
            Match::Whitelist(_) => false,
            Match::None => self.above.as_ref().is_some_and(|above| above.ignores(path)),
        }
    }
}

fn with_ignore_file(folder: &Path, above: Arc<Rules>) -> Arc<Rules> {
    let file = folder.join(".gitignore");
    if !file.is_file() {
        return above;
    }
    Arc::new(Rules { matcher: read(folder, &file), above: Some(above) })
}

fn exclude_file(top: &Path) -> Gitignore {
    let file = top.join(".git").join("info").join("exclude");
    if file.is_file() { read(top, &file) } else { Gitignore::empty() }
}

/// A line that is no pattern is skipped, as git skips it.
fn read(folder: &Path, file: &Path) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    if let Some(error) = builder.add(file) {
        tracing::debug!(%error, "a line of an ignore file is no pattern");
    }
    builder.build().unwrap_or_else(|error| {
        tracing::debug!(%error, "an ignore file is no set of patterns");
        Gitignore::empty()
    })
}
