//! The lowest Python 3 that a project needs, from its syntax and from what it takes from the standard library.

use std::collections::BTreeMap;

use pyrel_model::python::PythonModule;
use pyrel_model::requirement::SpecifierSet;

use super::source::{Imported, Source};
use super::tree::Tree;

/// The lowest minor version that is offered when nothing asks for more.
const USUAL: u64 = 9;

/// Modules of the standard library that came later.
const MODULES: &[(&str, u64)] = &[("zoneinfo", 9), ("graphlib", 9), ("tomllib", 11), ("wsgiref.types", 11)];

/// Names that a module of the standard library got later.
const NAMES: &[(&str, &str, u64)] = &[
    ("asyncio", "TaskGroup", 11),
    ("asyncio", "Runner", 11),
    ("asyncio", "timeout", 11),
    ("asyncio", "to_thread", 9),
    ("contextlib", "aclosing", 10),
    ("contextlib", "chdir", 11),
    ("datetime", "UTC", 11),
    ("enum", "StrEnum", 11),
    ("enum", "ReprEnum", 11),
    ("functools", "cache", 9),
    ("importlib.resources", "files", 9),
    ("itertools", "batched", 12),
    ("itertools", "pairwise", 10),
    ("typing", "Annotated", 9),
    ("typing", "Concatenate", 10),
    ("typing", "LiteralString", 11),
    ("typing", "Never", 11),
    ("typing", "NotRequired", 11),
    ("typing", "ParamSpec", 10),
    ("typing", "Required", 11),
    ("typing", "Self", 11),
    ("typing", "TypeAlias", 10),
    ("typing", "TypeAliasType", 12),
    ("typing", "TypeGuard", 10),
    ("typing", "Unpack", 11),
    ("typing", "assert_never", 11),
    ("typing", "override", 12),
    ("warnings", "deprecated", 13),
];

/// The lowest minor version, with what asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Floor {
    pub(super) minor: u64,
    /// What asks for it, with file and line; none when it is only the usual one.
    pub(super) cause: Option<(String, String, usize)>,
}

/// Finds what asks for the highest version.
pub(super) fn find(sources: &[&Source<'_>]) -> Floor {
    let mut floor = Floor { minor: USUAL, cause: None };
    for source in sources {
        for (minor, label, line) in needs(source) {
            let is_more = minor > floor.minor || (minor == floor.minor && floor.cause.is_none());
            if is_more {
                floor = Floor { minor, cause: Some((label, source.path.to_owned(), line)) };
            }
        }
    }
    floor
}

fn needs(source: &Source<'_>) -> Vec<(u64, String, usize)> {
    let features = PythonModule::read(source.text.as_bytes(), false).features;
    let mut found: Vec<(u64, String, usize)> = features
        .into_iter()
        .map(|(feature, line)| (feature.minor(), feature.label().to_owned(), line))
        .collect();
    let mut aliases: BTreeMap<String, String> = BTreeMap::new();
    for import in source.imports() {
        // A module that is tried and done without asks for nothing.
        let is_free = import.indent.as_deref() == Some("");
        match import.what {
            Imported::Modules(names) => {
                for name in names.into_iter().filter(|_| is_free) {
                    let late = MODULES.iter().find(|(module, _)| *module == name.dotted);
                    found.extend(
                        late.map(|(module, minor)| (*minor, format!("the module `{module}`"), import.line)),
                    );
                    aliases.insert(name.alias.unwrap_or_else(|| name.dotted.clone()), name.dotted);
                }
            }
            Imported::From { level: 0, module, names, .. } if is_free => {
                let late = MODULES.iter().find(|(late, _)| *late == module);
                found.extend(late.map(|(late, minor)| (*minor, format!("the module `{late}`"), import.line)));
                for name in names {
                    let late = NAMES.iter().find(|(of, late, _)| *of == module && *late == name.dotted);
                    found.extend(
                        late.map(|(of, late, minor)| (*minor, format!("`{of}.{late}`"), import.line)),
                    );
                }
            }
            Imported::From { .. } => {}
        }
    }
    found.extend(attributes(source, &aliases));
    found
}

/// Finds `asyncio.TaskGroup` and the like.
fn attributes(source: &Source<'_>, aliases: &BTreeMap<String, String>) -> Vec<(u64, String, usize)> {
    let mut found = Vec::new();
    for line in &source.lines {
        for window in line.tokens.windows(3).filter(|window| window[1].is_op(b'.')) {
            let Some(module) = aliases.get(source.word(&window[0])) else { continue };
            let name = source.word(&window[2]);
            let late = NAMES.iter().find(|(of, late, _)| of == module && *late == name);
            found.extend(late.map(|(of, late, minor)| (*minor, format!("`{of}.{late}`"), window[0].line)));
        }
    }
    found
}

/// Returns the minor version that `.python-version` or `runtime.txt` names.
pub(super) fn pinned(tree: &Tree) -> Option<(&'static str, u64)> {
    [".python-version", "runtime.txt"].into_iter().find_map(|path| {
        let text = tree.text(path)?.lines().next()?.trim();
        let version = text.trim_start_matches("python").trim_start_matches(['-', ' ']);
        Some((path, version.strip_prefix("3.")?.split('.').next()?.parse().ok()?))
    })
}

/// Tells whether a declared set lets in a minor version that is too low.
pub(super) fn is_too_low(declared: &SpecifierSet, floor: u64) -> bool {
    let lets_in = |minor: u64| {
        let version = format!("3.{minor}.99").parse();
        version.is_ok_and(|version| declared.contains(&version))
    };
    (0..floor).any(lets_in)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn floor(text: &str) -> (u64, Option<usize>) {
        let source = Source::read("app.py", text).unwrap();
        let floor = find(&[&source]);
        (floor.minor, floor.cause.map(|(_, _, line)| line))
    }

    #[test]
    fn syntax_and_library_ask_for_versions() {
        for (text, minor, line) in [
            ("print(1)\n", 9, None),
            ("import zoneinfo\n", 9, Some(1)),
            ("match x:\n    case 1: pass\n", 10, Some(1)),
            ("try:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib\n", 9, None),
            ("import tomllib\n", 11, Some(1)),
            ("import asyncio as a\n\na.TaskGroup()\n", 11, Some(3)),
            ("from itertools import (chain,\n    batched)\n", 12, Some(1)),
            ("type X = int\nfrom typing import Self\n", 12, Some(1)),
        ] {
            assert_eq!(floor(text), (minor, line), "{text}");
        }
    }

    #[test]
    fn declarations_are_compared() {
        let set = |text: &str| text.parse::<SpecifierSet>().unwrap();
        assert!(is_too_low(&set(">=3.8"), 10));
        assert!(!is_too_low(&set(">=3.10,<4"), 10));
        let tree = Tree::of(Path::new("/x"), &[("runtime.txt", "python-3.11.4\n")]);
        assert_eq!(pinned(&tree), Some(("runtime.txt", 11)));
        let tree = Tree::of(Path::new("/x"), &[(".python-version", "pypy3.9\n")]);
        assert_eq!(pinned(&tree), None);
    }
}
