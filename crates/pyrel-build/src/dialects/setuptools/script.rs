//! Script files, whose first line setuptools turns to the interpreter of whoever installs them.

use std::sync::LazyLock;

use regex::Regex;

use super::options::is_plain_path;
use crate::entry_set::{Entry, Source};
use crate::error::{Plan, unsupported};
use crate::tree::{Tree, parent_and_name};

/// The first line of a script for Python.
static SHEBANG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^#!.*python[0-9.]*([ \t].*)?$").expect("a constant expression"));
/// A line that names the encoding.
static CODING: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[ \t\x0c]*#.*?coding[:=][ \t]*([-\w.]+)").expect("a constant expression"));

/// Returns what keeps a list of scripts from being reproduced.
pub(super) fn odd(scripts: &[String]) -> Option<String> {
    let name = |path: &String| parent_and_name(path).1.to_owned();
    let is_odd = |(at, path): &(usize, &String)| {
        !is_plain_path(path) || scripts[..*at].iter().any(|earlier| name(earlier) == name(path))
    };
    let (_, path) = scripts.iter().enumerate().find(is_odd)?;
    Some(format!("lists a script in an unusual spelling, or two of one name: `{path}`"))
}

/// Returns a script as a member of the wheel.
pub(super) fn entry(tree: &Tree, path: &str, place: String) -> Plan<Entry> {
    if !tree.is_file(path) {
        return unsupported("script-files", format!("lists a file that does not exist: `{path}`"));
    }
    let Some(text) = std::str::from_utf8(&tree.read(path)?).ok().map(adjusted) else {
        return unsupported("script-files", format!("lists a file that is not UTF-8: `{path}`"));
    };
    let mut entry = tree.file(path)?.into_entry(place);
    entry.executable = true;
    match text {
        Adjusted::Kept => {}
        Adjusted::Changed(text) => entry.source = Source::Bytes(text.into_bytes().into()),
        Adjusted::Odd => {
            let reason = format!("lists a file that is empty, or in another encoding than UTF-8: `{path}`");
            return unsupported("script-files", reason);
        }
    }
    Ok(entry)
}

enum Adjusted {
    Kept,
    Changed(String),
    Odd,
}

fn adjusted(text: &str) -> Adjusted {
    if text.is_empty() || text.starts_with('\u{feff}') {
        return Adjusted::Odd;
    }
    let plain = text.replace("\r\n", "\n").replace('\r', "\n");
    let foreign = |line: &str| {
        CODING.captures(line).is_some_and(|found| {
            let name = found[1].to_lowercase().replace('_', "-");
            !["utf-8", "utf8"].contains(&name.as_str())
        })
    };
    if plain.split('\n').take(2).any(foreign) {
        return Adjusted::Odd;
    }
    let (first, rest) = plain.split_once('\n').unwrap_or((&plain, ""));
    match SHEBANG.captures(first) {
        None => Adjusted::Kept,
        Some(found) => {
            let options = found.get(1).map_or("", |options| options.as_str());
            Adjusted::Changed(format!("#!python{options}\n{rest}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str) -> Option<String> {
        match adjusted(text) {
            Adjusted::Kept => Some("kept".to_owned()),
            Adjusted::Changed(text) => Some(text),
            Adjusted::Odd => None,
        }
    }

    #[test]
    fn the_first_line_is_turned() {
        for (text, expected) in [
            ("#!/usr/bin/python3 -u\r\nx\ry\n", Some("#!python -u\nx\ny\n")),
            ("#!/usr/bin/env python", Some("#!python\n")),
            ("#!/opt/python3.11/bin/python3.11\n", Some("#!python\n")),
            ("#!/usr/bin/pythonx\nx\n", Some("kept")),
            ("#!/bin/sh\r\n", Some("kept")),
            ("x\n", Some("kept")),
            ("", None),
            ("\u{feff}x", None),
            ("#!/usr/bin/python\n# -*- coding: latin-1 -*-\n", None),
            ("#!python2\n# coding=UTF_8\n", Some("#!python\n# coding=UTF_8\n")),
        ] {
            assert_eq!(changed(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn scripts_have_names_of_their_own() {
        let list = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        assert!(odd(&list(&["bin/a", "bin/b"])).is_none());
        assert!(odd(&list(&["bin/a", "x/a"])).is_some());
        assert!(odd(&list(&["./a"])).is_some());
    }
}
