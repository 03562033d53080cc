//! What a move may break and no rewrite can settle: paths, search paths, names in strings. Told with file and line.

use std::collections::BTreeSet;

use pyrel_model::name::normalize;
use pyrel_model::stdlib::is_stdlib_name;

use super::finding::Finding;
use super::layout::Layout;
use super::plan::Planner;
use super::reference::{self, Reference};
use super::source::{Imported, Source, literal};
use super::tree::{is_python, split};

/// Lines of one file that are told, so that a long one does not hide the others.
const MOST: usize = 5;

/// Tells what sources say about files and modules.
pub(super) fn references(planner: &mut Planner<'_>) {
    let mut findings = Vec::new();
    for (path, source) in planner.sources {
        let is_shipped = planner.layout.ships(path);
        if *path == "setup.py" {
            continue;
        }
        for (line, one) in reference::find(source, planner.tree) {
            let finding = judge(planner, path, one, is_shipped);
            findings.extend(finding.map(|finding| finding.at(path, line)));
        }
        let told: Vec<Option<usize>> = findings
            .iter()
            .filter(|one: &&Finding| one.path.as_deref() == Some(path))
            .map(|one| one.line)
            .collect();
        findings.extend(strings(planner, source).into_iter().filter(|one| !told.contains(&one.line)));
    }
    planner.gathered.findings.append(&mut findings);
}

fn judge(planner: &Planner<'_>, path: &str, one: Reference, is_shipped: bool) -> Option<Finding> {
    let layout = planner.layout;
    match one {
        Reference::Anchored(target) => {
            let after = layout.after(path);
            if distance(split(path).0, &target) == distance(split(&after).0, &layout.after(&target)) {
                return None;
            }
            let finding = Finding::warning(
                "file-path",
                format!(
                    "the path to `{target}` starts from `__file__`, and the way from there is another one now"
                ),
            );
            Some(
                finding.hint(format!(
                    "`{target}` is at `{}` now, this file at `{after}`",
                    layout.after(&target)
                )),
            )
        }
        Reference::File if after_moves(layout, path) => {
            let finding = Finding::warning(
                "file-path",
                "`__file__` is used in a way that is not followed, and the file has another place now",
            );
            Some(finding.hint("check the path, or read data with `importlib.resources`"))
        }
        Reference::File => None,
        Reference::Relative(file) if is_shipped => {
            let finding = Finding::warning(
                "relative-path",
                format!(
                    "`{file}` is looked for where the program is started, which an installed one does not choose"
                ),
            );
            let hint = "for data of the package, put the file beside the module and start from `__file__`; for a file of the user, take its path as an argument";
            Some(finding.hint(hint))
        }
        Reference::Relative(_) => None,
        Reference::SearchPath => {
            let finding = Finding::warning(
                "search-path",
                "`sys.path` is changed, so that modules may come from elsewhere",
            );
            Some(finding.hint("remove it when the imports name the package"))
        }
        Reference::Dynamic(Some(module)) if planner.resolver.is_own(&module) => {
            let place = planner.resolver.absolute(&module);
            let new = place.and_then(|place| layout.dotted(&layout.after(place.path())));
            if new.as_deref() == Some(module.as_str()) {
                return None;
            }
            let finding =
                Finding::warning("dynamic-import", format!("`{module}` is imported by its name in a string"));
            Some(finding.hint(match new {
                Some(new) => format!("it is `{new}` now"),
                None => "it is not in the package".to_owned(),
            }))
        }
        Reference::Dynamic(Some(_)) => None,
        Reference::Dynamic(None) if is_shipped => {
            let finding = Finding::warning("dynamic-import", "a module is imported by a computed name");
            Some(finding.hint("check that the name is the one that the module has in the package"))
        }
        Reference::Dynamic(None) => None,
    }
}

fn after_moves(layout: &Layout, path: &str) -> bool {
    layout.after(path) != path
}

/// Returns how one gets from a folder to a path: the folders up, and what follows.
fn distance(folder: &str, target: &str) -> (usize, String) {
    let from: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = target.split('/').filter(|part| !part.is_empty()).collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    (from.len() - shared, to[shared..].join("/"))
}

/// Tells strings that name a module that moves, as `mock.patch` takes them.
fn strings(planner: &Planner<'_>, source: &Source<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for token in source.lines.iter().flat_map(|line| &line.tokens) {
        let Some(text) = literal(source.word(token)) else { continue };
        // `app:app`, as servers take it.
        let served =
            text.split_once(':').filter(|(module, name)| is_part(name) && module.split('.').all(is_part));
        let is_served = served.is_some_and(|(module, _)| {
            let place = planner.resolver.absolute(module);
            place.is_some_and(|place| planner.layout.after(place.path()) != place.path())
        });
        if !is_served && !is_dotted(&text) {
            continue;
        }
        if is_served || moved_module(planner, &text).is_some_and(|new| !text.starts_with(&new)) {
            let finding = Finding::warning(
                "module-name",
                format!("`{text}` in a string names a module by its old name"),
            );
            findings.push(finding.at(source.path, token.line).hint("give it the new name"));
        }
    }
    findings
}

fn is_dotted(text: &str) -> bool {
    text.contains('.') && !is_python(text) && text.split('.').all(is_part)
}

/// Tells whether a text is an identifier.
fn is_part(part: &str) -> bool {
    part.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && part.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Returns the new name of the module that a dotted text begins with, when that module moves. At least two parts have
/// to be modules: `app.log` is rather a file.
fn moved_module(planner: &Planner<'_>, text: &str) -> Option<String> {
    let ends = text.match_indices('.').map(|(at, _)| at).chain([text.len()]);
    let (end, place) = ends.rev().find_map(|end| Some((end, planner.resolver.absolute(&text[..end])?)))?;
    let is_certain = text[..end].contains('.');
    let after = planner.layout.after(place.path());
    if is_certain && after != place.path() { planner.layout.dotted(&after) } else { None }
}

/// Names of import packages that have little in common with those of their projects.
const ALIASES: &[(&str, &str)] = &[
    ("bs4", "beautifulsoup4"),
    ("cv2", "opencv"),
    ("crypto", "pycryptodome"),
    ("git", "gitpython"),
    ("magic", "python-magic"),
    ("pil", "pillow"),
    ("pkg-resources", "setuptools"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("usb", "pyusb"),
    ("websocket", "websocket-client"),
    ("win32api", "pywin32"),
];

/// Tells imports that neither the project, nor the standard library, nor a dependency seems to bring.
pub(super) fn undeclared(planner: &mut Planner<'_>) {
    let metadata = &planner.gathered.metadata;
    let extras = metadata.extras.iter().flat_map(|(_, list)| list);
    let declared: Vec<&str> =
        metadata.dependencies.iter().chain(extras).map(|one| one.name.normalized()).collect();
    let brings = |module: &str| {
        let alias = ALIASES.iter().find(|(name, _)| *name == module).map_or(module, |(_, project)| project);
        declared.iter().any(|name| name.contains(alias) || alias.contains(name))
    };
    let mut told = BTreeSet::new();
    let mut findings = Vec::new();
    for (path, source) in planner.sources.iter().filter(|(path, _)| planner.layout.ships(path)) {
        for import in source.imports() {
            let names: Vec<String> = match import.what {
                Imported::Modules(names) => names.into_iter().map(|name| name.dotted).collect(),
                Imported::From { level: 0, module, .. } => vec![module],
                Imported::From { .. } => Vec::new(),
            };
            // What is tried, or needed in a function only, may be optional.
            for name in names.iter().filter(|_| import.indent.as_deref() == Some("")) {
                let top = name.split('.').next().unwrap_or(name);
                let module = normalize(top).trim_matches('-').to_owned();
                let is_known = is_stdlib_name(&module)
                    || top.starts_with('_')
                    || planner.resolver.is_own(top)
                    || brings(&module);
                if !is_known && told.insert(module) {
                    let finding = Finding::warning(
                        "undeclared",
                        format!("`{top}` is imported, and no dependency is called like it"),
                    );
                    let hint = "declare the project that provides it, unless a dependency does";
                    findings.push(finding.at(path, import.line).hint(hint));
                }
            }
        }
    }
    planner.gathered.findings.append(&mut findings);
}

/// Tells where other files speak of paths that moved.
pub(super) fn mentions(planner: &mut Planner<'_>) {
    let moved: BTreeSet<String> = planner.moves.iter().map(|one| one.from.clone()).collect();
    let mut findings = Vec::new();
    for (path, text) in planner.tree.texts() {
        if is_python(path) || !may_mention(path) {
            continue;
        }
        let lines = text.lines().enumerate().filter_map(|(index, line)| {
            let old = moved.iter().find(|old| mentions_path(line, old))?;
            Some((index + 1, old))
        });
        for (line, old) in lines.take(MOST) {
            let finding =
                Finding::warning("mention", format!("`{old}` is `{}` now", planner.layout.after(old)));
            findings
                .push(finding.at(path, line).hint("change it here too, or start the console script instead"));
        }
    }
    planner.gathered.findings.append(&mut findings);
}

fn may_mention(path: &str) -> bool {
    let name = split(path).1;
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_log = name.to_ascii_lowercase().starts_with("change") || ending == "lock";
    let usual = [
        "md", "rst", "txt", "yml", "yaml", "toml", "cfg", "ini", "json", "sh", "bat", "ps1", "service", "mk",
    ];
    !is_log
        && (usual.contains(&ending)
            || matches!(name, "Dockerfile" | "Makefile" | "Procfile" | "justfile" | ".dockerignore"))
}

/// Tells whether a line has a path as a word of its own.
fn mentions_path(line: &str, path: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let dotted = path.strip_suffix(".py").unwrap_or(path).replace('/', ".");
    let words = [path.to_owned(), dotted];
    let words = words.iter().filter(|word| word.as_str() == path || word.contains('.'));
    words.into_iter().any(|word| {
        line.match_indices(word.as_str()).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].chars().next();
            let starts = before.is_none_or(|c| !is_part(c) && c != '/') || line[..at].ends_with("./");
            let is_longer = after.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
            starts && !is_longer && (word == path || after != Some('/'))
        })
    })
}

/// Returns the environment variables that the package reads by name.
pub(super) fn variables(planner: &Planner<'_>) -> Vec<String> {
    let mut names = BTreeSet::new();
    for (_, source) in planner.sources.iter().filter(|(path, _)| planner.layout.ships(path)) {
        for line in &source.lines {
            let words = source.words(line);
            for at in 0..words.len() {
                let name = match &words[at..] {
                    ["getenv", "(", name, ..] | ["environ", "[", name, ..] => literal(name),
                    ["environ", ".", "get" | "setdefault" | "pop", "(", name, ..] => literal(name),
                    _ => None,
                };
                names.extend(name.filter(|name| {
                    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '`')
                }));
            }
        }
    }
    for usual in [
        "PATH",
        "HOME",
        "USER",
        "TEMP",
        "TMP",
        "TMPDIR",
        "PYTHONPATH",
        "CI",
        "USERPROFILE",
        "APPDATA",
        "SHELL",
        "TERM",
    ] {
        names.remove(usual);
    }
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_words() {
        for (line, path, expected) in [
            ("CMD [\"python\", \"app.py\"]", "app.py", true),
            ("python ./app.py --x", "app.py", true),
            ("see myapp.py", "app.py", false),
            ("other/app.py", "app.py", false),
            ("app.pyc", "app.py", false),
            ("python -m src.tools.x", "src/tools", true),
            ("COPY src/tools /x", "src/tools", true),
            ("src/tools2", "src/tools", false),
            ("the app", "app.py", false),
        ] {
            assert_eq!(mentions_path(line, path), expected, "{line}");
        }
    }

    #[test]
    fn the_way_between_two_places_is_told() {
        assert_eq!(distance("src/p", "src/p/data/x"), (0, "data/x".to_owned()));
        assert_eq!(distance("a/b", "c"), (2, "c".to_owned()));
    }
}
