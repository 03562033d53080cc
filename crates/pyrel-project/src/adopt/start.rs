//! The console script: what it starts, under which name, and the module that answers `--version`.

use super::AdoptError;
use super::entry::{self, Entry, Start};
use super::finding::{Finding, Step};
use super::layout::Layout;
use super::patch::Patches;
use super::plan::Planner;
use super::request::AdoptRequest;
use super::resolve::{Place, Resolver};
use super::shim::{self, Target};
use super::source::{Source, literal};

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Console {
    /// All console scripts.
    pub(super) scripts: Vec<(String, String)>,
    /// Whether one has the project's name.
    pub(super) runs: bool,
}

/// Returns the file that a person named as what starts the program.
///
/// # Errors
/// When there is no such file or module.
pub(super) fn wished_file(
    request: &AdoptRequest,
    resolver: Resolver<'_>,
) -> Result<Option<String>, AdoptError> {
    let Some(wish) = &request.wishes.entry else { return Ok(None) };
    let plain = wish.replace('\\', "/");
    let module = plain.split(':').next().unwrap_or(&plain);
    let dotted = module.strip_suffix(".py").unwrap_or(module).replace('/', ".");
    let place = resolver.absolute(&dotted);
    let file = match place {
        Some(Place::File(path)) => Some(path),
        Some(Place::Folder(folder)) => ["__main__", "__init__"]
            .into_iter()
            .find_map(|name| resolver.find(&folder, name))
            .map(|place| place.path().to_owned()),
        None => None,
    };
    file.map(Some).ok_or_else(|| AdoptError::Wish {
        what: "`--entry` names no Python file of the project",
        value: wish.clone(),
        hint: "name a file or a module, such as `app.py`, `tools.main`, or `tools.main:run`".to_owned(),
    })
}

/// The console script while the sources are rewritten.
pub(super) struct Planned {
    entry: Option<String>,
    /// The function that a person named.
    function: Option<String>,
    /// Whether scripts are declared already.
    is_declared: bool,
    prepared: Option<Entry>,
}

impl Planned {
    pub(super) fn of(planner: &Planner<'_>) -> Self {
        let wish = planner.request.wishes.entry.as_deref();
        Self {
            entry: planner.layout.entry.clone(),
            function: wish.and_then(|wish| Some(wish.split_once(':')?.1.to_owned())),
            is_declared: !planner.gathered.metadata.scripts.is_empty() && wish.is_none(),
            prepared: None,
        }
    }

    /// Makes the entry callable, when this is its source.
    pub(super) fn prepare(&mut self, source: &Source<'_>, patches: &mut Patches) {
        if self.is_declared || self.entry.as_deref() != Some(source.path) {
            return;
        }
        self.prepared = Some(match &self.function {
            Some(name) => Entry {
                start: Start::Function {
                    name: name.clone(),
                    is_async: entry::is_async(source, name),
                    is_exit: true,
                },
                why: "it was named with `--entry`".to_owned(),
            },
            None => entry::prepare(source, patches),
        });
    }

    /// Decides the scripts and writes the module behind the one of the project's name.
    pub(super) fn finish(self, planner: &mut Planner<'_>) -> Console {
        let mut scripts = std::mem::take(&mut planner.gathered.metadata.scripts);
        for (name, target) in &mut scripts {
            rename(planner, name, target);
        }
        let name = planner.name.normalized().to_owned();
        let own = scripts.iter().position(|(script, _)| pyrel_model::name::normalize(script) == name);
        let target = match own.or((!scripts.is_empty()).then_some(0)).filter(|_| self.is_declared) {
            Some(at) => declared_target(planner, &scripts[at].1),
            None => self.entry_target(planner),
        };
        let Some(target) = target else {
            if !self.is_declared {
                let finding = Finding::info(
                    "library",
                    "nothing that starts a program was found, so there is no console script",
                );
                planner.find(
                    finding.hint("if there is one, name it: `--entry FILE` or `--entry MODULE:FUNCTION`"),
                );
            }
            let runs = own.is_some();
            return Console { scripts, runs };
        };
        let Some(script) = script_target(planner, &target, self.is_declared) else {
            return Console { scripts, runs: own.is_some() };
        };
        match own {
            Some(at) => scripts[at].1 = script,
            None => scripts.push((name.clone(), script)),
        }
        let why = format!(
            "`pipx run {name}` and `uvx {name}` start the console script that has the project's name"
        );
        planner.step(format!("declare the console script `{name}`"), why);
        Console { scripts, runs: true }
    }

    fn entry_target(&self, planner: &mut Planner<'_>) -> Option<Target> {
        let path = self.entry.as_ref()?;
        let prepared = self.prepared.as_ref()?;
        let module = planner.layout.dotted(&planner.layout.after(path))?;
        planner
            .gathered
            .steps
            .push(Step::new(format!("start the program from `{path}`"), prepared.why.clone()));
        Some(Target { module, start: prepared.start.clone() })
    }
}

/// Gives the target of a declared script the module's new name.
fn rename(planner: &mut Planner<'_>, script: &str, target: &mut String) {
    let Some((module, function)) = target.split_once(':') else { return };
    let module = module.trim();
    match planner.resolver.absolute(module).and_then(|place| dotted(planner.layout, &place)) {
        Some(new) => *target = format!("{new}:{}", function.trim()),
        None => {
            let finding = Finding::warning(
                "script",
                format!("the script `{script}` starts `{target}`, which is not in the package"),
            );
            planner.find(finding.at("pyproject.toml", 0).hint("point it to a function of the package"));
        }
    }
}

fn dotted(layout: &Layout, place: &Place) -> Option<String> {
    layout.dotted(&layout.after(place.path()))
}

fn declared_target(planner: &Planner<'_>, target: &str) -> Option<Target> {
    let (module, function) = target.split_once(':')?;
    let function = function.split('[').next().unwrap_or(function).trim();
    let is_async = planner.sources.iter().any(|(path, source)| {
        planner.layout.dotted(&planner.layout.after(path)).as_deref() == Some(module)
            && entry::is_async(source, function)
    });
    Some(Target {
        module: module.to_owned(),
        start: Start::Function { name: function.to_owned(), is_async, is_exit: true },
    })
}

/// Returns what the console script names: the module that answers `--version`, or the program's own function when
/// it answers itself.
fn script_target(planner: &mut Planner<'_>, target: &Target, is_declared: bool) -> Option<String> {
    if is_declared
        && let Start::Function { name, is_async: false, .. } = &target.start
        && answers_version(planner)
    {
        return Some(format!("{}:{name}", target.module));
    }
    let free = planner.layout.home.clone().and_then(|home| {
        let taken = |path: &str| planner.tree.below("").any(|other| planner.layout.after(other) == path);
        shim::NAMES.iter().map(|name| (format!("{home}/{name}.py"), *name)).find(|(path, _)| !taken(path))
    });
    let place = free.and_then(|(path, _)| Some((planner.layout.dotted(&path)?, path)));
    let Some((module, path)) = place else {
        let finding = Finding::warning("version", "there is no package to put an answer to `--version` into");
        planner.find(finding.hint("let the program answer `--version` itself"));
        return match &target.start {
            Start::Function { name, .. } => Some(format!("{}:{name}", target.module)),
            Start::Module => None,
        };
    };
    let text = shim::source(planner.name.as_written(), target);
    planner.set(&path, Some(text));
    planner.step(
        format!("write `{path}`"),
        "it answers `--version` from the installed metadata before it imports the program",
    );
    Some(format!("{module}:main"))
}

/// Tells whether some module of the package has a `--version` option.
fn answers_version(planner: &Planner<'_>) -> bool {
    let shipped = planner.sources.iter().filter(|(path, _)| planner.layout.ships(path));
    let mut tokens = shipped.flat_map(|(_, source)| {
        source.lines.iter().flat_map(|line| &line.tokens).map(|token| source.word(token))
    });
    tokens.any(|word| word == "version_option" || literal(word).as_deref() == Some("--version"))
}
