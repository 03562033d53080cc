//! What a wheel holds beside the selected files: shared files and scripts, and the dist-info folder.

use std::path::Path;

use super::Job;
use super::core::{self, Core};
use super::metadata;
use super::options::{Kind, Options};
use super::selection::Selection;
use super::target::{configured_map, normalized_map};
use crate::detector::option;
use crate::entry_set::{Entry, Source};
use crate::error::{BuildError, Plan};
use crate::metadata::{groups, sorted};
use crate::tree::{Tree, TreeFile, normalize, parent_and_name};

/// The kernel reads no more of the first line of a script.
const MAX_SHEBANG: usize = 256;

/// Returns everything behind the selected files, in hatchling's order.
pub(super) fn extras(job: &Job<'_>, core: &Core, tree: &Tree, selection: &Selection<'_>) -> Plan<Vec<Entry>> {
    let stem = &job.wheel_stem;
    let dist_info = format!("{stem}.dist-info");
    let options = Options::new(job.settings, Kind::Wheel);
    let mapped = |key: &str| -> Plan<Vec<(TreeFile, String)>> {
        let map = normalized_map(configured_map(options.target, key)?);
        let files = selection.mapped(&map)?.into_iter();
        files.map(|file| Ok((tree.file(&file.path)?, file.distribution))).collect()
    };
    let mut out = Vec::new();
    for (file, path) in mapped("shared-data")? {
        out.push(file.into_entry(format!("{stem}.data/data/{path}")));
    }
    for (file, path) in mapped("shared-scripts")? {
        out.push(script(file, format!("{stem}.data/scripts/{path}"))?);
    }
    let metadata = metadata::print(job, core, Kind::Wheel)?;
    out.push(Entry::generated(format!("{dist_info}/METADATA"), metadata.into_bytes()));
    out.push(Entry::generated(format!("{dist_info}/WHEEL"), wheel_file(job)?.into_bytes()));
    let entry_points = entry_points(job);
    if !entry_points.is_empty() {
        out.push(Entry::generated(format!("{dist_info}/entry_points.txt"), entry_points.into_bytes()));
    }
    for path in &core.license_files {
        out.push(tree.file(path)?.into_entry(format!("{dist_info}/licenses/{path}")));
    }
    for (path, place) in sboms(&options, tree, selection)? {
        out.push(tree.file(&path)?.into_entry(format!("{dist_info}/sboms/{place}")));
    }
    for (file, path) in mapped("extra-metadata")? {
        out.push(file.into_entry(format!("{dist_info}/extra_metadata/{path}")));
    }
    Ok(out)
}

fn wheel_file(job: &Job<'_>) -> Plan<String> {
    let tags = core::tags(job.subject.project.requires_python.as_ref())?;
    let mut expanded = tags.expand();
    expanded.sort();
    let tag_lines: String = expanded.iter().map(|tag| format!("Tag: {tag}\n")).collect();
    let generator = &job.generator;
    Ok(format!("Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\n{tag_lines}"))
}

/// Makes a member of a script, whose first line loses the place of its Python.
fn script(file: TreeFile, path: String) -> Result<Entry, BuildError> {
    let bytes = match &file.source {
        Source::Bytes(bytes) => bytes.to_vec(),
        Source::File { path, .. } => read(path)?,
    };
    let Some(rest) = behind_python(&bytes) else { return Ok(file.into_entry(path)) };
    let content = [&b"#!python"[..], &bytes[rest..]].concat();
    Ok(Entry { executable: file.executable, ..Entry::generated(path, content) })
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    fs_err::read(path).map_err(|source| BuildError::Read { path: path.to_path_buf(), source })
}

/// Returns where the name of Python ends in the first line of a script, if it is run by Python.
fn behind_python(script: &[u8]) -> Option<usize> {
    if !script.starts_with(b"#!") {
        return None;
    }
    let head = &script[..script.len().min(MAX_SHEBANG)];
    let line = match head.iter().position(|byte| *byte == b'\n') {
        Some(end) => &head[..=end],
        None if head.len() == MAX_SHEBANG => return None,
        None => head,
    };
    let is_python = |at: &usize| line[*at..].starts_with(b"python") || line[*at..].starts_with(b"pypy");
    let start = (2..line.len()).rev().find(is_python)?;
    let mut end = start + if line[start..].starts_with(b"python") { 6 } else { 4 };
    end += usize::from(line.get(end) == Some(&b'w'));
    while line.get(end).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.') {
        end += 1;
    }
    Some(end)
}

/// Returns the bills of material with their places.
fn sboms(options: &Options<'_>, tree: &Tree, selection: &Selection<'_>) -> Plan<Vec<(String, String)>> {
    let key = "sbom-files";
    let Some(table) = options.target else { return Ok(Vec::new()) };
    let mut map: Vec<(String, String)> = Vec::new();
    for path in table.strings(key)?.unwrap_or_default() {
        if normalize(path) != path || path.starts_with(['/', '.']) {
            return Err(option(&table, key, format!("has a path that is not plain: `{path}`")));
        }
        if !tree.is_file(path) {
            let mut fault = *table.fault(key, &format!("names a file that does not exist: `{path}`"));
            fault.hint =
                Some("create it, and see that the sdist holds it, which wheels are built from".to_owned());
            return Err(Box::new(fault).into());
        }
        let (_, name) = parent_and_name(path);
        if !map.iter().any(|(known, _)| known == path) {
            map.push((path.to_owned(), name.to_owned()));
        }
    }
    Ok(selection.mapped(&map)?.into_iter().map(|file| (file.path, file.distribution)).collect())
}

/// Console scripts, graphical scripts, then the other groups sorted; names sorted; blank lines between groups.
fn entry_points(job: &Job<'_>) -> String {
    let mut all = groups(job.subject.project);
    let scripts = all.iter().filter(|(group, _)| matches!(group.as_str(), "console_scripts" | "gui_scripts"));
    let first_other = scripts.count();
    all[first_other..].sort();
    let sections = all.iter().map(|(group, entries)| {
        let lines: String =
            sorted(entries).iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        format!("[{group}]\n{lines}")
    });
    sections.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_lose_the_place_of_python() {
        let rest = |text: &str| behind_python(text.as_bytes()).map(|at| text[at..].to_owned());
        for (script, expected) in [
            ("#!/usr/bin/env python3\nx", Some("\nx")),
            ("#!/usr/bin/python3.11 -E\n", Some(" -E\n")),
            ("#!/opt/python2/bin/pythonw", Some("")),
            ("#!/usr/bin/pypy3\n", Some("\n")),
            ("#!/bin/sh\npython\n", None),
            ("# !python\n", None),
            ("", None),
        ] {
            assert_eq!(rest(script).as_deref(), expected, "{script}");
        }
        let long = format!("#!/{}/python\n", "x".repeat(246));
        assert_eq!(long.len(), 257);
        assert_eq!(rest(&long), None);
        assert_eq!(rest(&long[1..].replacen('!', "#!", 1)).as_deref(), None);
        assert_eq!(rest(&long.replacen("/x", "/", 1)).as_deref(), Some("\n"));
    }
}
