//! What a source says about files, paths, and modules in ways that only running it would settle.

use std::collections::BTreeMap;

use pyrel_model::python::{Kind, Token};

use super::source::{Logical, Source, literal};
use super::tree::{Tree, is_python, join, split};

/// Something in a source that a move may break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// A path built from `__file__` to a file or folder of the tree, by its path now.
    Anchored(String),
    /// `__file__` in a way that is not followed.
    File,
    /// A file of the project by a path that depends on the directory the program is started in.
    Relative(String),
    /// A change of `sys.path`.
    SearchPath,
    /// A module that is imported by a name in a string, or by a computed one.
    Dynamic(Option<String>),
}

/// Names beside which a string is a path.
const OPENERS: &[&str] = &[
    "open",
    "Path",
    "join",
    "load",
    "read_text",
    "load_dotenv",
    "Environment",
    "FileSystemLoader",
    "StaticFiles",
];

/// Returns what a source refers to, with the lines.
pub(super) fn find(source: &Source<'_>, tree: &Tree) -> Vec<(usize, Reference)> {
    let mut anchors: BTreeMap<String, String> = BTreeMap::new();
    let mut found = Vec::new();
    for line in &source.lines {
        let words = source.words(line);
        let number = line.tokens.first().map_or(0, |token| token.line);
        if let Some(reference) = search_path(&words).or_else(|| dynamic(&words)) {
            found.push((number, reference));
        }
        found.extend(
            beside_module(source, &words, tree).into_iter().map(|path| (number, Reference::Anchored(path))),
        );
        let anchored = anchor(source, line, &words, &anchors);
        match anchored {
            Some((base, at)) => {
                let target =
                    base.and_then(|base| existing(&base, &strings(source, &line.tokens[at..]), tree));
                if let (Some(path), [name, "=", ..]) = (&target, words.as_slice()) {
                    anchors.insert((*name).to_owned(), path.clone());
                }
                let is_plain_folder = target.as_ref().is_some_and(|path| *path == split(source.path).0);
                match target {
                    Some(_) if is_plain_folder => {}
                    Some(path) => found.push((number, Reference::Anchored(path))),
                    None => found.push((number, Reference::File)),
                }
            }
            None => {
                found.extend(relative(source, line, tree).map(|path| (number, Reference::Relative(path))))
            }
        }
    }
    found
}

/// Returns the folders that a web framework looks for beside the module that it is given the name of.
fn beside_module(source: &Source<'_>, words: &[&str], tree: &Tree) -> Vec<String> {
    let is_made = words.windows(3).any(|window| {
        matches!(window, ["Flask" | "Blueprint" | "Quart" | "PackageLoader", "(", name] if *name == "__name__" || literal(name).is_some())
    });
    if !is_made || !words.contains(&"__name__") {
        return Vec::new();
    }
    let folders = ["templates", "static"].into_iter().map(|name| join(split(source.path).0, name));
    folders.filter(|path| tree.has_folder(path)).collect()
}

fn search_path(words: &[&str]) -> Option<Reference> {
    let changes = words
        .windows(4)
        .any(|window| window[..3] == ["sys", ".", "path"] && matches!(window[3], "." | "=" | "+=" | "["));
    let is_change =
        changes && words.iter().any(|word| matches!(*word, "insert" | "append" | "extend" | "=" | "+="));
    is_change.then_some(Reference::SearchPath)
}

fn dynamic(words: &[&str]) -> Option<Reference> {
    let at = words.windows(2).position(|pair| {
        matches!(
            pair[0],
            "import_module" | "files" | "__import__" | "run_module" | "run_path" | "spec_from_file_location"
        ) && pair[1] == "("
    })?;
    let name = words.get(at + 2).and_then(|word| literal(word));
    // `importlib.resources.files`, when it is given a name; other functions are called so, too.
    (name.is_some() || words[at] != "files").then_some(Reference::Dynamic(name))
}

/// Returns where a line takes its path from, when that is `__file__` or a name that was made of it: the folder,
/// and the position of the token behind which the rest of the path stands.
fn anchor(
    source: &Source<'_>,
    line: &Logical,
    words: &[&str],
    anchors: &BTreeMap<String, String>,
) -> Option<(Option<String>, usize)> {
    if let Some(at) = words.iter().position(|word| *word == "__file__") {
        return Some((climbed(split_up(source.path, ups(words))), at));
    }
    // The first name of an assignment is what is made.
    let skipped = usize::from(words.get(1) == Some(&"="));
    let at = (skipped..words.len())
        .find(|at| line.tokens[*at].kind == Kind::Name && anchors.contains_key(words[*at]))?;
    let has_path = !strings(source, &line.tokens[at..]).is_empty() || skipped == 1;
    let base = anchors.get(words[at])?;
    has_path.then(|| (climbed(split_up_folder(base, ups(&words[at..]))), at))
}

fn climbed(path: Option<&str>) -> Option<String> {
    path.map(str::to_owned)
}

/// Returns how many folders a line climbs: `.parent`, `.parents[n]`, and `dirname(`.
fn ups(words: &[&str]) -> usize {
    let one = words.iter().filter(|word| matches!(**word, "parent" | "dirname")).count();
    let several =
        words.windows(4).filter(|window| window[0] == "parents" && window[1] == "[" && window[3] == "]");
    one + several.filter_map(|window| window[2].parse::<usize>().ok()).map(|number| number + 1).sum::<usize>()
}

/// Climbs from a file; the first step leads to its folder.
fn split_up(file: &str, steps: usize) -> Option<&str> {
    let (first, rest) = (steps.checked_sub(1)?, split(file).0);
    split_up_folder(rest, first)
}

fn split_up_folder(folder: &str, steps: usize) -> Option<&str> {
    let mut folder = folder;
    for _ in 0..steps {
        if folder.is_empty() {
            return None;
        }
        folder = split(folder).0;
    }
    Some(folder)
}

fn strings(source: &Source<'_>, tokens: &[Token]) -> Vec<String> {
    let texts = tokens.iter().filter(|token| token.kind == Kind::Text);
    texts.map_while(|token| literal(source.word(token))).collect()
}

/// Returns the longest path of the tree that the parts lead to; without parts, the folder itself.
fn existing(base: &str, parts: &[String], tree: &Tree) -> Option<String> {
    let mut path = base.to_owned();
    if parts.is_empty() {
        return Some(path);
    }
    let mut found = None;
    for part in parts {
        for step in part.split('/').filter(|step| !step.is_empty() && *step != ".") {
            path = if step == ".." { split_up_folder(&path, 1)?.to_owned() } else { join(&path, step) };
        }
        if !tree.has_file(&path) && !tree.has_folder(&path) {
            break;
        }
        found = Some(path.clone());
    }
    found
}

/// Returns a file that the line names by a relative path: one of the tree, or whatever `open` is given.
fn relative(source: &Source<'_>, line: &Logical, tree: &Tree) -> Option<String> {
    let words = source.words(line);
    let opened = words.windows(3).find(|window| window[0] == "open" && window[1] == "(");
    let opened = opened.and_then(|window| literal(window[2])).filter(|path| is_relative(path));
    let named = || {
        words.iter().find(|word| OPENERS.contains(word))?;
        let texts = words.iter().filter_map(|word| literal(word));
        let mut texts = texts.filter(|text| is_relative(text) && !is_python(text));
        texts.find(|text| {
            tree.has_file(text.trim_start_matches("./"))
                || (text.len() > 2 && tree.has_folder(text.trim_matches(['.', '/'])))
        })
    };
    opened.or_else(named)
}

fn is_relative(path: &str) -> bool {
    !path.is_empty() && !path.starts_with(['/', '~', '\\']) && !path.contains(':') && !path.contains('\n')
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn paths_are_followed_as_far_as_they_are_certain() {
        let text = "\
import os, sys, importlib
from pathlib import Path
HERE = Path(__file__).parent
DATA = HERE / 'data'
a = (DATA / 'x.json').read_text()
b = open(os.path.join(os.path.dirname(__file__), 'data', 'x.json'), 'r')
c = open('settings.ini')
d = open('data/x.json')
e = Path(__file__).with_suffix('.log')
f = HERE / name
sys.path.insert(0, 'lib')
g = importlib.import_module('plugins.one')
h = __import__(name)
i = Path(__file__).resolve().parents[0] / 'gone.txt'
j = open('/etc/passwd')
k = Flask(__name__)
";
        let tree =
            Tree::of(Path::new("/x"), &[("app.py", text), ("data/x.json", "{}"), ("static/x.css", "")]);
        let source = Source::read("app.py", text).unwrap();
        let anchored = |path: &str| Reference::Anchored(path.to_owned());
        let relative = |path: &str| Reference::Relative(path.to_owned());
        let expected = [
            (4, anchored("data")),
            (5, anchored("data/x.json")),
            (6, anchored("data/x.json")),
            (7, relative("settings.ini")),
            (8, relative("data/x.json")),
            (9, Reference::File),
            (11, Reference::SearchPath),
            (12, Reference::Dynamic(Some("plugins.one".to_owned()))),
            (13, Reference::Dynamic(None)),
            (14, Reference::File),
            (16, anchored("static")),
        ];
        assert_eq!(find(&source, &tree), expected);
    }
}
