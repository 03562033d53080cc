//! The plan of an adoption: a pure function from the files of a project to moves, changes, reasons, and findings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyrel_model::PackageName;

use super::companion::{self, Migration};
use super::complete;
use super::finding::{Finding, Move, Step};
use super::gather::{self, Gathered};
use super::imports::Rewriter;
use super::judge;
use super::layout::{Ground, Layout};
use super::patch::Patches;
use super::pyproject::{self, Outline};
use super::request::AdoptRequest;
use super::resolve::Resolver;
use super::source::Source;
use super::start::{self, Console};
use super::tree::{Tree, is_python};
use super::{AdoptError, readme};

/// The new content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path now, relative to the root; for a new file the path that it gets.
    pub path: String,
    /// Its text now; `None` when there is no such file.
    pub before: Option<String>,
    /// Its text afterwards; `None` when it goes.
    pub after: Option<String>,
}

/// What an adoption does.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The root of the project, absolute.
    pub root: PathBuf,
    /// Whether the project is a standard package already, so that nothing is done.
    pub is_standard: bool,
    /// Which layout was found, in words.
    pub shape: &'static str,
    /// The project's name.
    pub name: String,
    /// The import name.
    pub package: String,
    /// The version it starts from; `None` when git tags tell it.
    pub version: Option<String>,
    /// What gets another place, each move possible after the ones before it.
    pub moves: Vec<Move>,
    /// What gets another content, by paths before the moves.
    pub changes: Vec<Change>,
    /// What is done and why.
    pub steps: Vec<Step>,
    /// What is left to a person.
    pub findings: Vec<Finding>,
}

impl Plan {
    /// Tells whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty() && self.changes.is_empty()
    }

    /// Returns where a file is after the moves.
    #[must_use]
    pub fn path_after(&self, path: &str) -> String {
        let moved = self.moves.iter().find_map(|one| {
            let rest = path.strip_prefix(one.from.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{}{rest}", one.to))
        });
        moved.unwrap_or_else(|| path.to_owned())
    }
}

/// Plans the adoption of a project.
///
/// # Errors
/// When a file that describes the project is broken, when nothing or several things could be meant, or when a pure
/// package cannot stand for the project.
pub fn plan(tree: &Tree, request: &AdoptRequest) -> Result<Plan, AdoptError> {
    let standard = gather::pyproject(tree)?.filter(gather::is_standard);
    if let Some(document) = standard {
        let name = document["project"]["name"].as_str().unwrap_or_default().to_owned();
        let root = tree.root().to_path_buf();
        return Ok(Plan { root, is_standard: true, shape: "a standard package", name, ..Plan::default() });
    }
    let gathered = gather::gather(tree, request)?;
    let (name, package) = names(tree, request, &gathered)?;
    let sources: BTreeMap<&str, Source<'_>> =
        tree.python().filter_map(|(path, text)| Some((path, Source::read(path, text)?))).collect();
    let foreign: Vec<String> =
        gathered.metadata.dependencies.iter().map(|one| one.name.file_stem()).collect();
    let resolver = Resolver::new(tree, &foreign);
    let entry = start::wished_file(request, resolver)?;
    let ground = Ground {
        tree,
        sources: &sources,
        resolver,
        package: &package,
        declared: gathered.metadata.declared.clone(),
        entry,
    };
    let layout = ground.decide()?;
    let moves = layout.moves(tree)?;
    let planner = Planner {
        tree,
        request,
        sources: &sources,
        resolver,
        layout: &layout,
        name,
        package,
        gathered,
        changes: BTreeMap::new(),
        moves,
    };
    planner.run()
}

/// Returns the project's name and its import name.
fn names(
    tree: &Tree,
    request: &AdoptRequest,
    gathered: &Gathered,
) -> Result<(PackageName, String), AdoptError> {
    let wished = request.wishes.name.clone().or_else(|| gathered.metadata.name.clone());
    let name = wished.or_else(|| gather::name_of(tree.root(), request)).ok_or_else(|| AdoptError::Wish {
        what: "the directory's name cannot be a project's name",
        value: tree.root().display().to_string(),
        hint: "give one with `--name`".to_owned(),
    })?;
    let mut package = name.file_stem();
    if package.starts_with(|c: char| c.is_ascii_digit()) {
        package.insert_str(0, "pkg_");
    }
    Ok((name, package))
}

/// Works a plan out.
pub(super) struct Planner<'t> {
    pub(super) tree: &'t Tree,
    pub(super) request: &'t AdoptRequest,
    pub(super) sources: &'t BTreeMap<&'t str, Source<'t>>,
    pub(super) resolver: Resolver<'t>,
    pub(super) layout: &'t Layout,
    pub(super) name: PackageName,
    pub(super) package: String,
    pub(super) gathered: Gathered,
    changes: BTreeMap<String, Change>,
    pub(super) moves: Vec<Move>,
}

impl Planner<'_> {
    fn run(mut self) -> Result<Plan, AdoptError> {
        let mut steps = self.layout_steps();
        let console = self.sources_and_console();
        complete::metadata(&mut self)?;
        let license = complete::license(&mut self)?;
        let runs = console.runs;
        self.gathered.metadata.scripts = console.scripts;
        steps.append(&mut self.gathered.steps);
        self.gathered.steps = steps;
        self.companions(runs);
        self.pyproject(license.as_deref());
        self.old_metadata();
        judge::references(&mut self);
        judge::mentions(&mut self);
        judge::undeclared(&mut self);
        Ok(self.finish())
    }

    /// Sets what a file will hold. The path is the one before the moves.
    pub(super) fn set(&mut self, path: &str, after: Option<String>) {
        let before = self.tree.text(path).map(str::to_owned);
        if before != after {
            self.changes.insert(path.to_owned(), Change { path: path.to_owned(), before, after });
        }
    }

    /// Tells whether a file will be written.
    pub(super) fn writes(&self, path: &str) -> bool {
        self.changes.contains_key(path)
    }

    pub(super) fn step(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.gathered.steps.push(Step::new(what, why));
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.gathered.findings.push(finding);
    }

    fn layout_steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if !self.moves.is_empty() {
            let home = self.layout.home.as_deref().unwrap_or_default();
            let why = "modules of an installed package live under one import name; `src`, `tools`, or `app` at the top of \
                       everybody's environment would clash with other projects";
            steps.push(Step::new(format!("move the code into `{home}`"), why));
        }
        steps
    }

    /// Rewrites the sources, and makes what starts the program.
    fn sources_and_console(&mut self) -> Console {
        let mut rewritten = 0;
        let mut console = start::Planned::of(self);
        let rewriter = Rewriter { layout: self.layout, resolver: self.resolver };
        for (path, source) in self.sources {
            let mut patches = Patches::default();
            let mut findings = Vec::new();
            rewriter.rewrite(source, &mut patches, &mut findings);
            rewritten += usize::from(!patches.is_empty());
            console.prepare(source, &mut patches);
            self.gathered.findings.append(&mut findings);
            if !patches.is_empty() {
                self.set(path, Some(patches.apply(source.text)));
            }
        }
        if rewritten > 0 {
            let what = if rewritten == 1 { "1 file".to_owned() } else { format!("{rewritten} files") };
            self.step(
                format!("rewrite the imports of {what}"),
                "the modules have other names now; every other byte stays",
            );
        }
        self.package_file();
        console.finish(self)
    }

    /// Makes sure that the package has its `__init__.py`.
    fn package_file(&mut self) {
        let Some(home) = self.layout.home.clone() else { return };
        let init = format!("{home}/__init__.py");
        let exists = self.tree.below("").any(|path| self.layout.after(path) == init);
        if !exists && self.layout.dotted(&home).is_some() {
            let text = format!("\"\"\"The package `{}`.\"\"\"\n", self.name);
            self.set(&init, Some(text));
            self.step(format!("write `{init}`"), "it makes the folder a package for every tool");
        }
    }

    fn companions(&mut self, runs: bool) {
        let name = self.name.to_string();
        self.readme(&name, runs);
        if self.tree.named(&["changelog", "changes", "history", "news"]).is_none() {
            self.set("CHANGELOG.md", Some(companion::changelog(&name, runs)));
            self.step("write `CHANGELOG.md`", "users of a package look there for what an update brings");
        }
        if !self.request.surroundings.is_top {
            let finding = Finding::info(
                "repository",
                "the directory is not the top of its repository, so its `.gitignore` and templates are left alone",
            );
            self.find(finding);
        } else {
            if let Some(text) = companion::gitignore(self.tree.text(".gitignore")) {
                self.set(".gitignore", Some(text));
                self.step(
                    "add to `.gitignore` what builds leave behind",
                    "build products and local secrets do not belong into a repository",
                );
            }
            self.templates(&name);
        }
        self.migration(&name, runs);
    }

    fn readme(&mut self, name: &str, runs: bool) {
        let variables = judge::variables(self);
        let is_mcp = self
            .gathered
            .metadata
            .dependencies
            .iter()
            .any(|one| matches!(one.name.normalized(), "mcp" | "fastmcp"));
        let install = readme::Install { name, runs, is_mcp, variables: &variables };
        let metadata = &mut self.gathered.metadata;
        match metadata.readme.clone() {
            Some(path) => {
                let Some(text) = self.tree.text(&path) else { return };
                let is_kind = readme::takes_section(&path);
                if let Some(new) = readme::with_install(&path, text, &install) {
                    self.set(&path, Some(new));
                    self.step(
                        format!("add a section to `{path}` that tells how to run the package"),
                        "it is the page of the project on the index; what it says otherwise is kept",
                    );
                } else if !is_kind {
                    let finding = Finding::info(
                        "readme",
                        "a README of this kind takes no section that tells how to run the package",
                    );
                    self.find(finding.at(&path, 0).hint("make it `README.md`, and name it in `[project]`"));
                }
            }
            None => {
                metadata.readme = Some("README.md".to_owned());
                let text = readme::fresh(name, metadata, &install);
                self.set("README.md", Some(text));
                self.step("write `README.md`", "it is the page of the project on the index");
            }
        }
    }

    fn templates(&mut self, name: &str) {
        let elsewhere =
            self.request.surroundings.web_address().filter(|url| !url.starts_with("https://github.com/"));
        if elsewhere.is_some() {
            let finding = Finding::info(
                "templates",
                "templates for issues and pull requests are left out, because the remote is not GitHub",
            );
            return self.find(finding);
        }
        let has = |word: &str| {
            let mut all = self.tree.below("");
            all.any(|path| path.to_ascii_lowercase().contains(word) && !path.ends_with(".py"))
        };
        let (issues, pulls) = (has("issue_template"), has("pull_request_template"));
        let mut written = false;
        for (path, text) in companion::templates(name) {
            let is_there = if path.contains("ISSUE_TEMPLATE") { issues } else { pulls };
            if !is_there {
                self.set(path, Some(text));
                written = true;
            }
        }
        if written {
            self.step(
                "write templates for issues and pull requests",
                "they ask for what a maintainer needs to know",
            );
        }
    }

    fn migration(&mut self, name: &str, runs: bool) {
        let path = if self.tree.has_folder("docs") { "docs/migration.md" } else { "MIGRATION.md" };
        if self.tree.named(&["migration", "migrating"]).is_some() || self.tree.has_file(path) {
            return;
        }
        let entry = self.layout.entry.as_ref().filter(|path| !path.ends_with("__main__.py"));
        let before = entry.map(|path| format!("python {path}")).into_iter().collect();
        let note = Migration {
            name,
            package: &self.package,
            moves: &self.moves,
            before,
            runs,
            setup: self.gathered.setup,
        };
        let text = companion::migration(&note);
        self.set(path, Some(text));
        self.step(format!("write `{path}`"), "those who start it the old way learn what to change");
    }

    fn pyproject(&mut self, license: Option<&str>) {
        let files = complete::license_files(self, license);
        let version_from_git = self.version_from_git();
        let outline = Outline {
            metadata: &self.gathered.metadata,
            name: self.name.as_written(),
            license,
            license_files: &files,
            version_from_git,
            shipped: &self.layout.shipped,
            base: &self.layout.base,
        };
        let text = pyproject::write(self.gathered.pyproject.as_ref(), &outline);
        self.set("pyproject.toml", Some(text));
        self.step(
            "write `[build-system]` and `[project]` into `pyproject.toml`",
            "with them every installer can build the package and tell what it needs",
        );
        if version_from_git {
            self.step(
                "take the version from the tags of git (hatch-vcs)",
                "a release is a tag then, and no file repeats the version",
            );
        }
    }

    pub(super) fn version_from_git(&self) -> bool {
        let says_static = self.gathered.metadata.version.is_some();
        self.request.wishes.version_from_git || (self.gathered.version_from_git && !says_static)
    }

    /// Removes files whose whole content has another place now.
    fn old_metadata(&mut self) {
        for path in self.gathered.spent.clone() {
            let left = match path {
                "setup.cfg" => self.tree.text(path).and_then(super::setup_config::without_metadata),
                _ => None,
            };
            let what = if left.is_some() { "take the metadata out of" } else { "remove" };
            self.set(path, left);
            self.step(format!("{what} `{path}`"), "two places that say the same will differ one day");
        }
    }

    fn finish(self) -> Plan {
        let mut findings = self.gathered.findings;
        for path in self.tree.below("").filter(|path| is_python(path) && !self.sources.contains_key(path)) {
            let finding = Finding::warning(
                "syntax",
                "this file is a link, no UTF-8 text, or not understood, so nothing in it is changed",
            )
            .at(path, 0);
            findings.push(finding.hint("check its imports by hand"));
        }
        findings.sort_by(|a, b| (b.level, &a.path, a.line).cmp(&(a.level, &b.path, b.line)));
        findings.dedup();
        let version = self.gathered.metadata.version.as_ref().map(ToString::to_string);
        let from_git =
            self.request.wishes.version_from_git || (self.gathered.version_from_git && version.is_none());
        Plan {
            root: self.tree.root().to_path_buf(),
            is_standard: false,
            shape: self.layout.shape,
            name: self.name.to_string(),
            package: self.package,
            version: version.filter(|_| !from_git),
            moves: self.moves,
            changes: self.changes.into_values().collect(),
            steps: self.gathered.steps,
            findings,
        }
    }
}
