//! Where each file goes: which layout the project has, which one it gets, and which files move for that.

use std::collections::{BTreeMap, BTreeSet};

use pyrel_model::{Diagnostic, Location};

use super::reference::{self, Reference};
use super::resolve::{Place, Resolver};
use super::source::{Imported, Source};
use super::tree::{Tree, is_python, join, split};
use super::{AdoptError, Move};

/// Folders at the root that are about a package and no part of it.
const ABOUT: &[&str] = &[
    "tests",
    "test",
    "testing",
    "docs",
    "doc",
    "examples",
    "example",
    "samples",
    "scripts",
    "benchmarks",
    "bench",
    "notebooks",
    ".github",
    "ci",
    "deploy",
    "docker",
];
/// Files at the root that belong to tools.
const TOOLS: &[&str] = &[
    "setup.py",
    "conftest.py",
    "noxfile.py",
    "tasks.py",
    "fabfile.py",
    "dodo.py",
    "toxfile.py",
    "sitecustomize.py",
];
/// What a file that starts a program is called, the likeliest first.
const ENTRIES: &[&str] = &["__main__", "app", "main", "server", "cli", "run"];

/// What a project says about its packages by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Declared {
    /// Folders of import packages, relative to the root.
    pub(super) packages: Vec<String>,
    /// Files of single modules, relative to the root.
    pub(super) modules: Vec<String>,
}

/// The result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// Which paths become which; the longest that fits counts.
    maps: BTreeMap<String, String>,
    /// The folder that imports are found from: `src` or the root.
    pub(super) base: String,
    /// What the wheel holds: folders and files, by their paths afterwards.
    pub(super) shipped: Vec<String>,
    /// The folder of the package that the project is about; none for single modules.
    pub(super) home: Option<String>,
    /// What starts the program, by its path now.
    pub(super) entry: Option<String>,
    /// Which layout the project has, in words.
    pub(super) shape: &'static str,
}

/// What the decision is made from.
pub(super) struct Ground<'t> {
    pub(super) tree: &'t Tree,
    pub(super) sources: &'t BTreeMap<&'t str, Source<'t>>,
    pub(super) resolver: Resolver<'t>,
    /// The import name that the project would have.
    pub(super) package: &'t str,
    pub(super) declared: Declared,
    /// The file that a person named as the entry.
    pub(super) entry: Option<String>,
}

impl Layout {
    /// Returns the path of a file or folder afterwards.
    pub(super) fn after(&self, path: &str) -> String {
        let mut prefix = path;
        loop {
            if let Some(to) = self.maps.get(prefix) {
                return join(to, path[prefix.len()..].trim_start_matches('/'));
            }
            if prefix.is_empty() {
                return path.to_owned();
            }
            prefix = split(prefix).0;
        }
    }

    /// Returns the name that imports call a file or folder by, from its path afterwards; `None` for one that is
    /// not shipped.
    pub(super) fn dotted(&self, after: &str) -> Option<String> {
        let is_shipped = |part: &String| {
            after == part || after.strip_prefix(part.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        if !self.shipped.iter().any(is_shipped) {
            return None;
        }
        let rest =
            if self.base.is_empty() { after } else { after.strip_prefix(&self.base)?.strip_prefix('/')? };
        let module = rest.strip_suffix(".py").unwrap_or(rest);
        let module = module.strip_suffix("/__init__").unwrap_or(module);
        Some(module.replace('/', "."))
    }

    /// Tells whether a file is shipped, by its path now.
    pub(super) fn ships(&self, path: &str) -> bool {
        self.dotted(&self.after(path)).is_some()
    }

    /// Returns what moves, in an order in which the moves can be made: whole folders where a whole folder moves.
    pub(super) fn moves(&self, tree: &Tree) -> Result<Vec<Move>, AdoptError> {
        let mut moves = Vec::new();
        for (from, to) in &self.maps {
            if !to.starts_with(&format!("{from}/")) {
                moves.push(Move { from: from.clone(), to: to.clone() });
                continue;
            }
            // A folder that moves into itself: what is in it moves.
            let names: BTreeSet<&str> = tree.files_in(from).chain(tree.folders_in(from)).collect();
            let paths =
                names.into_iter().map(|name| join(from, name)).filter(|path| !self.maps.contains_key(path));
            moves.extend(paths.map(|path| Move { to: self.after(&path), from: path }));
        }
        moves.retain(|one| one.from != one.to);
        let gone = |path: &str| moves.iter().any(|one| one.from == path);
        for one in &moves {
            let taken = tree.has_file(&one.to) || tree.has_folder(&one.to);
            if taken && !gone(&one.to) {
                return Err(AdoptError::Occupied { from: one.from.clone(), to: one.to.clone() });
            }
        }
        moves.sort();
        Ok(moves)
    }

    fn kept(base: &str, shipped: Vec<String>, shape: &'static str) -> Self {
        let home = shipped.iter().find(|path| !is_python(path)).cloned();
        Self { base: base.to_owned(), shipped, home, shape, ..Self::default() }
    }

    fn moved(package: &str, shape: &'static str) -> Self {
        let home = format!("src/{package}");
        Self {
            base: "src".to_owned(),
            shipped: vec![home.clone()],
            home: Some(home),
            shape,
            ..Self::default()
        }
    }
}

impl Ground<'_> {
    /// Decides.
    ///
    /// # Errors
    /// When there is no source, or several files may be what starts the program.
    pub(super) fn decide(&self) -> Result<Layout, AdoptError> {
        let mut layout = self.frame()?;
        layout.entry = self.find_entry(&layout)?;
        if let Some(entry) = layout.entry.as_deref().filter(|path| !self.sources.contains_key(path)) {
            return Err(self.not_understood(entry));
        }
        if let Some(entry) = layout.entry.clone()
            && !layout.ships(&entry)
            && layout.home.is_some()
        {
            self.take_in(&mut layout, &entry);
        }
        self.follow_imports(&mut layout);
        self.follow_data(&mut layout);
        Ok(layout)
    }

    /// Returns the layout without the files at the root that come with it.
    fn frame(&self) -> Result<Layout, AdoptError> {
        if let Some(layout) = self.declared_layout() {
            return Ok(layout);
        }
        if self.tree.has_python("src") {
            return Ok(self.layout_of_src());
        }
        let packages = self.packages_at_root();
        let scripts = self.scripts_at_root();
        if packages.is_empty() && scripts.is_empty() {
            return Err(AdoptError::NoSource);
        }
        let own = packages.iter().find(|path| path.as_str() == self.package);
        // Beside a script, a folder of another name is a part of the program and no name for all of it.
        let only = if packages.len() == 1 && scripts.is_empty() { packages.first() } else { None };
        if let Some(package) = own.or(only) {
            return Ok(Layout::kept("", vec![package.clone()], "a package directory at the root"));
        }
        if scripts.is_empty() {
            return Ok(Layout::kept("", packages, "several package directories at the root"));
        }
        Ok(Layout::moved(self.package, "scripts at the root"))
    }

    fn not_understood(&self, entry: &str) -> AdoptError {
        let place = Location::of_file(&self.tree.root().join(entry));
        let fault =
            Diagnostic::new("this file is what starts the program, and it is no Python 3 that is understood")
                .at(place);
        AdoptError::Broken(Box::new(fault.with_hint("mend its syntax, or name another file with `--entry`")))
    }

    fn declared_layout(&self) -> Option<Layout> {
        let exists = |path: &&String| self.tree.has_folder(path) || self.tree.has_file(path);
        let packages: Vec<String> = self.declared.packages.iter().filter(exists).cloned().collect();
        let modules: Vec<String> = self.declared.modules.iter().filter(exists).cloned().collect();
        let first = packages.first().or(modules.first())?;
        let base = split(first).0.to_owned();
        if let ([module], true) = (modules.as_slice(), packages.is_empty())
            && split(module).1 == format!("{}.py", self.package)
        {
            let mut layout = Layout::moved(self.package, "a single declared module");
            layout.maps.insert(module.clone(), format!("src/{}/__init__.py", self.package));
            return Some(layout);
        }
        if packages.iter().any(|path| path == "src") {
            return None;
        }
        let shipped = packages.into_iter().chain(modules).filter(|path| split(path).0 == base).collect();
        let mut layout = Layout::kept(&base, shipped, "declared packages");
        let own = join(&base, self.package);
        if layout.shipped.contains(&own) {
            layout.home = Some(own);
        }
        Some(layout)
    }

    fn layout_of_src(&self) -> Layout {
        let modules = self.tree.files_in("src").any(is_python);
        let folders: Vec<&str> = self
            .tree
            .folders_in("src")
            .into_iter()
            .filter(|name| self.tree.has_python(&join("src", name)))
            .collect();
        let own = folders.contains(&self.package);
        if !modules
            && let [only] = folders.as_slice()
            && (own || self.tree.has_file(&format!("src/{only}/__init__.py")))
            && !self.is_said_src(only)
        {
            return Layout::kept("src", vec![format!("src/{only}")], "a package directory in `src`");
        }
        if own && !modules {
            let shipped = folders.iter().map(|name| join("src", name)).collect();
            let mut layout = Layout::kept("src", shipped, "package directories in `src`");
            layout.home = Some(join("src", self.package));
            return layout;
        }
        let shape = if self.tree.has_file("src/__init__.py") {
            "`src` itself as the package"
        } else {
            "modules and folders in `src` without a package"
        };
        let mut layout = Layout::moved(self.package, shape);
        layout.maps.insert("src".to_owned(), format!("src/{}", self.package));
        layout
    }

    /// Tells whether some source imports `src.FOLDER`, so that `src` is the package.
    fn is_said_src(&self, folder: &str) -> bool {
        let dotted = format!("src.{folder}");
        let says = |name: &str| name == dotted || name.starts_with(&format!("{dotted}."));
        self.sources.values().flat_map(Source::imports).any(|import| match import.what {
            Imported::Modules(names) => names.iter().any(|name| says(&name.dotted)),
            Imported::From { level: 0, module, .. } => says(&module),
            Imported::From { .. } => false,
        })
    }

    fn packages_at_root(&self) -> Vec<String> {
        let folders = self.tree.folders_in("");
        let is_package = |name: &&str| {
            !ABOUT.contains(name)
                && !name.starts_with('.')
                && self.tree.has_file(&format!("{name}/__init__.py"))
        };
        folders.into_iter().filter(is_package).map(str::to_owned).collect()
    }

    fn scripts_at_root(&self) -> Vec<String> {
        let names = self.tree.files_in("").filter(|name| is_python(name));
        let is_test = |name: &str| name.starts_with("test_") || name.ends_with("_test.py");
        names.filter(|name| !TOOLS.contains(name) && !is_test(name)).map(str::to_owned).collect()
    }

    fn find_entry(&self, layout: &Layout) -> Result<Option<String>, AdoptError> {
        if self.entry.is_some() {
            return Ok(self.entry.clone());
        }
        let at_root = self.scripts_at_root();
        if let Some(found) = self.likeliest(&at_root)? {
            return Ok(Some(found));
        }
        let inside: Vec<String> = self
            .tree
            .python()
            .map(|(path, _)| path)
            .filter(|path| {
                let after = layout.after(path);
                layout.home.as_deref().is_some_and(|home| split(&after).0 == home)
                    || layout.shipped.contains(&after)
            })
            .map(str::to_owned)
            .collect();
        let named = |path: &String| {
            let stem = split(path).1.trim_end_matches(".py");
            ENTRIES.contains(&stem) || stem == self.package || layout.shipped.contains(path)
        };
        let inside: Vec<String> = inside.into_iter().filter(named).collect();
        self.likeliest(&inside)
    }

    /// Returns the file that starts the program: one with a `__main__` block rather than one without, then one
    /// with a usual name.
    fn likeliest(&self, files: &[String]) -> Result<Option<String>, AdoptError> {
        let guarded: Vec<&String> = files.iter().filter(|path| self.is_guarded(path)).collect();
        let all: Vec<&String> = files.iter().collect();
        let pool = if guarded.is_empty() { all } else { guarded };
        if let [only] = pool.as_slice() {
            return Ok(Some((*only).clone()));
        }
        let stem = |path: &&&String| split(path).1.trim_end_matches(".py").to_owned();
        let usual = ENTRIES.iter().copied().chain([self.package]);
        for name in usual {
            if let Some(found) = pool.iter().find(|path| stem(path) == name) {
                return Ok(Some((*found).clone()));
            }
        }
        match pool.is_empty() {
            true => Ok(None),
            false => Err(AdoptError::SeveralEntries { candidates: pool.into_iter().cloned().collect() }),
        }
    }

    fn is_guarded(&self, path: &str) -> bool {
        self.sources.get(path).is_some_and(|source| super::entry::guard(source).is_some())
    }

    /// Adds a file or folder of the root to the package.
    fn take_in(&self, layout: &mut Layout, path: &str) {
        let Some(home) = layout.home.clone() else { return };
        let (_, name) = split(path);
        let mut to = join(&home, name);
        let taken = |to: &str, layout: &Layout| {
            self.tree.below("").any(|other| layout.after(other) == to || layout.after(split(other).0) == to)
        };
        if is_python(name) && taken(&to, layout) {
            let stem = name.trim_end_matches(".py");
            to = join(&home, &format!("{stem}_main.py"));
        }
        layout.maps.insert(path.to_owned(), to);
    }

    /// Takes in what the shipped files import from the root.
    fn follow_imports(&self, layout: &mut Layout) {
        if layout.home.is_none() {
            return;
        }
        loop {
            let shipped = self.sources.iter().filter(|(path, _)| layout.ships(path));
            let places: Vec<Place> = shipped.flat_map(|(_, source)| self.imported(source)).collect();
            let tops: BTreeSet<String> = places.iter().filter_map(top).collect();
            let next = tops.into_iter().find(|path| {
                !layout.ships(path)
                    && path != "src"
                    && !TOOLS.contains(&path.as_str())
                    && !ABOUT.contains(&path.as_str())
            });
            match next {
                Some(path) => self.take_in(layout, &path),
                None => return,
            }
        }
    }

    fn imported(&self, source: &Source<'_>) -> Vec<Place> {
        let mut places = Vec::new();
        for import in source.imports() {
            match import.what {
                Imported::Modules(names) => {
                    places.extend(names.iter().filter_map(|name| self.resolver.absolute(&name.dotted)));
                }
                Imported::From { level, module, names, .. } => {
                    let place = match level {
                        0 => self.resolver.absolute(&module),
                        level => self.resolver.relative(source.path, level, &module),
                    };
                    if let Some(Place::Folder(folder)) = &place {
                        places
                            .extend(names.iter().filter_map(|name| self.resolver.find(folder, &name.dotted)));
                    }
                    places.extend(place);
                }
            }
        }
        places
    }

    /// Takes in the data beside files that leave the root.
    fn follow_data(&self, layout: &mut Layout) {
        let moved = self.sources.iter().filter(|(path, _)| split(path).0.is_empty() && layout.ships(path));
        let references = moved.flat_map(|(_, source)| reference::find(source, self.tree));
        let targets: Vec<String> = references
            .filter_map(|(_, reference)| match reference {
                Reference::Anchored(path) => Some(path),
                _ => None,
            })
            .collect();
        for target in targets {
            let top = target.split('/').next().unwrap_or_default().to_owned();
            let is_data = !top.is_empty() && top != "src" && !top.ends_with(".toml") && !layout.ships(&top);
            if is_data && layout.home.is_some() {
                self.take_in(layout, &top);
            }
        }
    }
}

/// Returns the file or folder right at the root that a place lies in.
fn top(place: &Place) -> Option<String> {
    let top = place.path().split('/').next()?;
    (!top.is_empty()).then(|| top.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The shape, the moves, what is shipped, and the entry.
    type Decided = (String, Vec<String>, Vec<String>, Option<String>);

    fn decided(files: &[(&str, &str)]) -> Result<Decided, AdoptError> {
        let tree = Tree::of(Path::new("/x/demo"), files);
        let sources: BTreeMap<&str, Source<'_>> =
            tree.python().filter_map(|(path, text)| Some((path, Source::read(path, text)?))).collect();
        let resolver = Resolver::new(&tree, &[]);
        let ground = Ground {
            tree: &tree,
            sources: &sources,
            resolver,
            package: "demo",
            declared: Declared::default(),
            entry: None,
        };
        let layout = ground.decide()?;
        let moves = layout.moves(&tree)?;
        let moves = moves.into_iter().map(|one| format!("{} {}", one.from, one.to)).collect();
        Ok((layout.shape.to_owned(), moves, layout.shipped, layout.entry))
    }

    const GUARD: &str = "if __name__ == '__main__':\n    pass\n";

    #[test]
    fn packages_stay_where_they_are() {
        for (files, shipped, entry) in [
            (
                &[("src/demo/__init__.py", ""), ("src/demo/cli.py", GUARD)][..],
                "src/demo",
                Some("src/demo/cli.py"),
            ),
            (&[("demo/__init__.py", ""), ("tests/__init__.py", ""), ("setup.py", "")], "demo", None),
            (
                &[("other/__init__.py", ""), ("other/__main__.py", ""), ("other/app.py", GUARD)],
                "other",
                Some("other/app.py"),
            ),
        ] {
            let (_, moves, found, started) = decided(files).unwrap();
            assert_eq!(
                (moves.len(), found, started.as_deref()),
                (0, vec![shipped.to_owned()], entry),
                "{files:?}"
            );
        }
    }

    #[test]
    fn scripts_move_with_what_they_import() {
        let files = [
            ("app.py", "import a\nfrom src import tools\n"),
            ("a.py", "from b.c import D\nimport conftest\n"),
            ("b/c.py", "D = 1\n"),
            ("conftest.py", ""),
            ("unused.py", ""),
            ("src/tools/t.py", ""),
        ];
        let (shape, moves, shipped, entry) = decided(&files).unwrap();
        assert_eq!(shape, "modules and folders in `src` without a package");
        assert_eq!(
            moves,
            ["a.py src/demo/a.py", "app.py src/demo/app.py", "b src/demo/b", "src/tools src/demo/tools"]
        );
        assert_eq!((shipped, entry.as_deref()), (vec!["src/demo".to_owned()], Some("app.py")));
    }

    #[test]
    fn the_entry_is_the_likeliest_or_asked_for() {
        let of = |files: &[(&str, &str)]| decided(files).map(|(_, _, _, entry)| entry);
        assert_eq!(of(&[("x.py", ""), ("y.py", GUARD)]).unwrap().as_deref(), Some("y.py"));
        assert_eq!(of(&[("main.py", GUARD), ("app.py", GUARD)]).unwrap().as_deref(), Some("app.py"));
        assert!(matches!(of(&[("x.py", GUARD), ("y.py", GUARD)]), Err(AdoptError::SeveralEntries { .. })));
        assert!(matches!(of(&[("x.py", "print 'two'\n x = (")]), Err(AdoptError::Broken(_))));
        assert!(matches!(of(&[("notes.txt", "")]), Err(AdoptError::NoSource)));
    }

    #[test]
    fn nothing_is_overwritten() {
        let files = [("app.py", GUARD), ("src/__init__.py", ""), ("src/app.py", "")];
        let (_, moves, _, _) = decided(&files).unwrap();
        assert!(moves.contains(&"app.py src/demo/app_main.py".to_owned()), "{moves:?}");
        let files = [("app.py", GUARD), ("src/demo/app.py", ""), ("src/x.py", "")];
        assert!(
            decided(&files).is_err()
                || decided(&files).unwrap().1.iter().all(|one| one != "app.py src/demo/app.py")
        );
    }
}
