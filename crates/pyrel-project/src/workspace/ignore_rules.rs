//! Directories that never hold members: hidden, ignored by git, environments, and build products.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rayon::prelude::*;

use crate::root::git_top_level;

/// Names of directories that are never members, nor hold any.
const NEVER: &[&str] = &["node_modules", "dist", "build", "__pycache__"];

/// A directory below the root, with the ignore files that apply to its content.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    relative: PathBuf,
    is_link: bool,
    /// The rules of the directories above.
    above: Arc<Rules>,
    /// Those and the folder's own, read when its content is asked for.
    rules: OnceLock<Arc<Rules>>,
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
        let mut above = Arc::new(Rules { matcher: exclude_file(top), above: None });
        let outer = root.ancestors().skip(1).take_while(|path| path.starts_with(top));
        for folder in outer.collect::<Vec<_>>().into_iter().rev() {
            above = with_ignore_file(folder, above);
        }
        let relative = PathBuf::from(".");
        Self { path: root.to_path_buf(), relative, is_link: false, above, rules: OnceLock::new() }
    }

    /// Returns the path relative to the root; `.` for the root itself.
    pub(crate) fn relative(&self) -> &Path {
        &self.relative
    }

    /// Tells whether the directory is reached through a link, where a search must not go on.
    pub(crate) fn is_link(&self) -> bool {
        self.is_link
    }

    /// Returns a directory directly in this one; `None` when there is none or it never holds members.
    pub(crate) fn child(&self, name: &str) -> Option<Self> {
        let path = self.path.join(name);
        if !path.is_dir() {
            return None;
        }
        let is_link = path.is_symlink();
        self.enter(name, path, is_link)
    }

    /// Returns the directories directly in this one whose names are wanted, links to directories included, and
    /// without those that never hold members; sorted by name.
    ///
    /// # Errors
    /// When this one cannot be listed.
    pub(crate) fn children(&self, is_wanted: impl Fn(&str) -> bool + Sync) -> std::io::Result<Vec<Self>> {
        let mut names = Vec::new();
        for entry in fs_err::read_dir(&self.path)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if (kind.is_dir() || kind.is_symlink())
                && let Ok(name) = entry.file_name().into_string()
                && is_wanted(&name)
            {
                names.push((name, kind.is_symlink()));
            }
        }
        names.sort_unstable();
        let child = |(name, is_link): &(String, bool)| {
            let path = self.path.join(name);
            if *is_link && !path.is_dir() { None } else { self.enter(name, path, *is_link) }
        };
        Ok(names.par_iter().filter_map(child).collect())
    }

    /// Makes the value for a directory that exists.
    fn enter(&self, name: &str, path: PathBuf, is_link: bool) -> Option<Self> {
        let rules = self.rules.get_or_init(|| with_ignore_file(&self.path, Arc::clone(&self.above)));
        if is_never(name) || rules.ignores(&path) || path.join("pyvenv.cfg").exists() {
            return None;
        }
        let relative = match self.relative.as_path() {
            root if root == Path::new(".") => PathBuf::from(name),
            relative => relative.join(name),
        };
        Some(Self { path, relative, is_link, above: Arc::clone(rules), rules: OnceLock::new() })
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
