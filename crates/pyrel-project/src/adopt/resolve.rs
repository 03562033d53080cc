//! Which file of the tree an import means, found as Python finds it: by folders that the search begins in.

use pyrel_model::name::normalize;
use pyrel_model::stdlib::is_stdlib_name;

use super::tree::{Tree, join, split};

/// What a dotted name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A module: a Python file.
    File(String),
    /// A package, with or without `__init__.py`: a folder.
    Folder(String),
}

impl Place {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::File(path) | Self::Folder(path) => path,
        }
    }
}

/// Finds modules in a tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver<'t> {
    tree: &'t Tree,
    /// Import names of dependencies, which a folder that is no search root must not hide.
    foreign: &'t [String],
}

impl<'t> Resolver<'t> {
    pub(super) fn new(tree: &'t Tree, foreign: &'t [String]) -> Self {
        Self { tree, foreign }
    }

    /// Returns what an absolute name leads to. Scripts at the root search the root first; `src` is searched by
    /// those who put it on the path, so that a dependency's name goes before it.
    pub(super) fn absolute(&self, dotted: &str) -> Option<Place> {
        let first = dotted.split('.').next()?;
        if self.find("", first).is_some() {
            return self.find("", dotted);
        }
        let is_foreign = self.foreign.iter().any(|name| name == first) || is_standard(first);
        if is_foreign { None } else { self.find("src", dotted) }
    }

    /// Tells whether the first part of an absolute name is one of the tree's own.
    pub(super) fn is_own(&self, dotted: &str) -> bool {
        dotted.split('.').next().is_some_and(|first| self.absolute(first).is_some())
    }

    /// Returns what a relative name in a file leads to.
    pub(super) fn relative(&self, file: &str, level: usize, dotted: &str) -> Option<Place> {
        let mut folder = split(file).0;
        for _ in 1..level {
            if folder.is_empty() {
                return None;
            }
            folder = split(folder).0;
        }
        if dotted.is_empty() { Some(Place::Folder(folder.to_owned())) } else { self.find(folder, dotted) }
    }

    /// Returns what a name below a folder leads to.
    pub(super) fn find(&self, folder: &str, dotted: &str) -> Option<Place> {
        let path = join(folder, &dotted.replace('.', "/"));
        if self.tree.has_python(&path) {
            return Some(Place::Folder(path));
        }
        let file = format!("{path}.py");
        self.tree.has_file(&file).then_some(Place::File(file))
    }
}

/// Tells whether the standard library has a module of this name. PyPI's list has `__main__` and `__future__` without
/// their underscores.
pub(super) fn is_standard(module: &str) -> bool {
    !matches!(module, "main" | "future" | "w") && is_stdlib_name(&normalize(module))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn names_are_searched_as_scripts_search_them() {
        let files = [
            ("app.py", ""),
            ("utils.py", ""),
            ("src/utils/x.py", ""),
            ("src/tools/a.py", ""),
            ("src/yaml/b.py", ""),
            ("src/logging.py", ""),
            ("src/main.py", ""),
        ];
        let tree = Tree::of(Path::new("/x"), &files);
        let foreign = ["yaml".to_owned()];
        let resolver = Resolver::new(&tree, &foreign);
        let file = |path: &str| Some(Place::File(path.to_owned()));
        assert_eq!(resolver.absolute("utils"), file("utils.py"));
        assert_eq!(resolver.absolute("utils.x"), None, "the module at the root hides the package");
        assert_eq!(resolver.absolute("tools.a"), file("src/tools/a.py"));
        assert_eq!(resolver.absolute("src.tools.a"), file("src/tools/a.py"));
        assert_eq!(resolver.absolute("yaml"), None);
        assert_eq!(resolver.absolute("logging"), None, "the standard library's");
        assert_eq!(resolver.absolute("main"), file("src/main.py"));
        assert_eq!(resolver.relative("src/tools/a.py", 2, "utils.x"), file("src/utils/x.py"));
        assert_eq!(resolver.relative("src/tools/a.py", 2, ""), Some(Place::Folder("src".into())));
        assert_eq!(resolver.relative("app.py", 2, "x"), None);
    }
}
