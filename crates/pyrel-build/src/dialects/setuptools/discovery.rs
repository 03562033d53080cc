//! Which packages and modules there are: listed, searched for, or found by the layout of the folders.

use super::super::Subject;
use super::layout::Layout;
use super::options::{Find, Options, Packages, is_identifier};
use crate::error::{Plan, unsupported};
use crate::pattern::{FnMatch, GlobOptions, python_glob};
use crate::tree::{Tree, join};

/// Always left out of searches.
const NEVER: [&str; 2] = ["ez_setup", "*__pycache__"];

/// Folders that a flat layout does not take for packages.
const RESERVED_PACKAGES: [&str; 35] = [
    "ci",
    "bin",
    "debian",
    "doc",
    "docs",
    "documentation",
    "manpages",
    "news",
    "newsfragments",
    "changelog",
    "test",
    "tests",
    "unit_test",
    "unit_tests",
    "example",
    "examples",
    "scripts",
    "tools",
    "util",
    "utils",
    "python",
    "build",
    "dist",
    "venv",
    "env",
    "requirements",
    "tasks",
    "fabfile",
    "site_scons",
    "benchmark",
    "benchmarks",
    "exercise",
    "exercises",
    "htmlcov",
    "[._]*",
];

/// Files that a flat layout does not take for modules.
const RESERVED_MODULES: [&str; 21] = [
    "setup",
    "conftest",
    "test",
    "tests",
    "example",
    "examples",
    "build",
    "toxfile",
    "noxfile",
    "pavement",
    "dodo",
    "tasks",
    "fabfile",
    "[Ss][Cc]onstruct",
    "conanfile",
    "manage",
    "benchmark",
    "benchmarks",
    "exercise",
    "exercises",
    "[._]*",
];

/// Resolves packages, modules, and where they lie.
pub(super) fn layout(subject: &Subject<'_>, tree: &Tree, options: &Options) -> Plan<Layout> {
    let mut layout = Layout { folders: options.package_dir.clone(), ..Layout::default() };
    match &options.packages {
        Packages::Listed(packages) => layout.packages.clone_from(packages),
        Packages::Find(find) if find.is_declared => {
            let mut found = Layout::default();
            search(tree, find, &mut found)?;
            layout.packages = found.packages;
            if layout.folders.is_empty() {
                layout.folders = found.folders;
            }
        }
        Packages::Find(find) => search(tree, find, &mut layout)?,
        Packages::Automatic if options.py_modules.is_none() => automatic(subject, tree, &mut layout)?,
        Packages::Automatic => {}
    }
    if let Some(modules) = &options.py_modules {
        layout.modules.clone_from(modules);
    }
    Ok(layout)
}

fn search(tree: &Tree, find: &Find, layout: &mut Layout) -> Plan<()> {
    if let [only] = find.places.as_slice()
        && only != "."
    {
        layout.set_default_folder(only);
    }
    for place in &find.places {
        let folder = if place == "." { "" } else { place };
        if !tree.is_dir(folder) {
            let reason = format!("holds a folder that does not exist: `{place}`");
            let table = if find.is_declared { "options" } else { "tool.setuptools" };
            return unsupported(format!("{table}.packages.find.where"), reason);
        }
        let finder = Finder {
            include: compile(find.include.iter().map(String::as_str)),
            exclude: compile(NEVER.into_iter().chain(find.exclude.iter().map(String::as_str))),
            excluded_patterns: find.exclude.clone(),
            accept: if find.namespaces { Accept::Any } else { Accept::WithInit },
        };
        let packages = finder.find(tree, folder)?;
        if !packages.is_empty() && !folder.is_empty() && layout.folder("") != Some(place.as_str()) {
            for top in without_nested(&packages) {
                layout.set_folder(top, &format!("{place}/{}", top.replace('.', "/")));
            }
        }
        layout.packages.extend(packages);
    }
    Ok(())
}

fn automatic(subject: &Subject<'_>, tree: &Tree, layout: &mut Layout) -> Plan<()> {
    let named: Vec<(String, String)> =
        layout.folders.iter().filter(|(package, _)| !package.is_empty()).cloned().collect();
    if !named.is_empty() {
        for (package, folder) in named {
            let nested = Finder::any().find(tree, &folder)?;
            layout.packages.push(package.clone());
            layout.packages.extend(nested.iter().map(|name| format!("{package}.{name}")));
        }
        return Ok(());
    }
    let source = layout.folder("").unwrap_or("src").to_owned();
    if tree.is_dir(&source) {
        let (_, name) = crate::tree::parent_and_name(&source);
        layout.set_default_folder(name);
        layout.packages = Finder::any().find(tree, &source)?;
        layout.modules = modules_in(tree, &source, &[])?;
        return Ok(());
    }
    flat(subject, tree, layout)
}

fn flat(subject: &Subject<'_>, tree: &Tree, layout: &mut Layout) -> Plan<()> {
    let excluded: Vec<String> =
        RESERVED_PACKAGES.iter().flat_map(|name| [(*name).to_owned(), format!("{name}.*")]).collect();
    let finder = Finder {
        include: compile(["*"]),
        exclude: compile(NEVER.into_iter().chain(excluded.iter().map(String::as_str))),
        excluded_patterns: excluded.clone(),
        accept: Accept::Identifiers,
    };
    layout.packages = finder.find(tree, "")?;
    let own: Vec<String> = layout
        .packages
        .iter()
        .filter(|name| !name.split('.').next().unwrap_or_default().ends_with("-stubs"))
        .cloned()
        .collect();
    let top = without_nested(&own);
    refuse_several(subject, "packages", &top)?;
    if top.is_empty() {
        layout.modules = modules_in(tree, "", &RESERVED_MODULES)?;
        let modules: Vec<&str> = layout.modules.iter().map(String::as_str).collect();
        refuse_several(subject, "modules", &modules)?;
    }
    Ok(())
}

fn refuse_several(subject: &Subject<'_>, kind: &str, found: &[&str]) -> Plan<()> {
    if found.len() < 2 {
        return Ok(());
    }
    let message = format!(
        "several top-level {kind}, and none is named in `[tool.setuptools]`: `{}`",
        found.join("`, `")
    );
    let hint = "move the code into `src/`, or list what belongs to the project under `[tool.setuptools]`";
    let location = pyrel_model::Location::of_file(subject.pyproject.path());
    Err(Box::new(pyrel_model::Diagnostic::new(message).at(location).with_hint(hint)).into())
}

fn modules_in(tree: &Tree, folder: &str, excluded: &[&str]) -> Plan<Vec<String>> {
    let excluded = compile(excluded.iter().copied());
    let files = python_glob(tree, folder, "*.py", GlobOptions::default())?;
    let stems = files.iter().filter_map(|path| {
        let (_, name) = crate::tree::parent_and_name(path);
        name.strip_suffix(".py")
    });
    Ok(stems.filter(|stem| is_identifier(stem) && !matches_any(&excluded, stem)).map(str::to_owned).collect())
}

/// Which folders look like packages.
#[derive(Clone, Copy)]
enum Accept {
    Any,
    WithInit,
    Identifiers,
}

struct Finder {
    include: Vec<FnMatch>,
    exclude: Vec<FnMatch>,
    excluded_patterns: Vec<String>,
    accept: Accept,
}

impl Finder {
    /// Takes every folder without a dot in its name.
    fn any() -> Self {
        Self {
            include: compile(["*"]),
            exclude: compile(NEVER),
            excluded_patterns: Vec::new(),
            accept: Accept::Any,
        }
    }

    /// Returns dotted names of the packages below a folder.
    fn find(&self, tree: &Tree, base: &str) -> Plan<Vec<String>> {
        let mut out = Vec::new();
        self.descend(tree, (base, ""), &mut out, 0)?;
        Ok(out)
    }

    fn descend(
        &self,
        tree: &Tree,
        (folder, prefix): (&str, &str),
        out: &mut Vec<String>,
        depth: usize,
    ) -> Plan<()> {
        if depth > MAX_DEPTH {
            return unsupported(folder, "is nested so deeply that links seem to form a circle");
        }
        for name in &tree.list(folder)?.dirs {
            let package = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            let path = join(folder, name);
            if name.contains('.') || !self.looks_like_package(tree, &path, &package) {
                continue;
            }
            if matches_any(&self.include, &package) && !matches_any(&self.exclude, &package) {
                out.push(package.clone());
            }
            let prunes = |pattern: &String| {
                pattern
                    .strip_suffix('*')
                    .is_some_and(|stem| stem == package || stem.strip_suffix('.') == Some(&package))
            };
            if !self.excluded_patterns.iter().any(prunes) {
                self.descend(tree, (&path, &package), out, depth + 1)?;
            }
        }
        Ok(())
    }

    fn looks_like_package(&self, tree: &Tree, path: &str, package: &str) -> bool {
        match self.accept {
            Accept::Any => true,
            Accept::WithInit => tree.is_file(&format!("{path}/__init__.py")),
            Accept::Identifiers => {
                let mut parts = package.split('.');
                let first = parts.next().unwrap_or_default();
                (is_identifier(first) || first.ends_with("-stubs")) && parts.all(is_identifier)
            }
        }
    }
}

/// Folders below each other beyond this are links in a circle.
const MAX_DEPTH: usize = 60;

fn compile<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Vec<FnMatch> {
    patterns.into_iter().map(FnMatch::new).collect()
}

fn matches_any(patterns: &[FnMatch], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

/// Returns the packages that lie in no other one of the list.
fn without_nested(packages: &[String]) -> Vec<&str> {
    let nested = |name: &str| {
        packages
            .iter()
            .any(|other| name.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('.')))
    };
    packages.iter().map(String::as_str).filter(|name| !nested(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry_set::Entry;

    fn tree(paths: &[&str]) -> Tree {
        let entries: Vec<Entry> =
            paths.iter().map(|path| Entry::generated(format!("t/{path}"), *b"")).collect();
        Tree::unpacked(&entries)
    }

    #[test]
    fn exclusions_leave_out_packages_but_not_what_is_below_them() {
        let tree = tree(&["a/__init__.py", "a/b/__init__.py", "a/b/c/__init__.py", "d.e/x.py", "f/data.txt"]);
        let find = |exclude: &str, accept| {
            let finder = Finder {
                include: compile(["*"]),
                exclude: compile([exclude]),
                excluded_patterns: vec![exclude.to_owned()],
                accept,
            };
            finder.find(&tree, "").unwrap_or_default()
        };
        assert_eq!(find("a.b", Accept::WithInit), ["a", "a.b.c"]);
        assert_eq!(find("a.*", Accept::WithInit), ["a"]);
        assert_eq!(find("x", Accept::Any), ["a", "a.b", "a.b.c", "f"]);
    }

    #[test]
    fn nested_packages_belong_to_their_parent() {
        let names = ["a", "a.b1", "b", "c.d", "c.d.e", "ab"].map(str::to_owned);
        assert_eq!(without_nested(&names), ["a", "b", "c.d", "ab"]);
    }
}
