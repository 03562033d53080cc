//! The `setup.py` that hatchling adds to sdists for tools that know nothing else.

use std::collections::BTreeSet;

use super::super::repr::repr;
use super::Job;
use super::core::Core;
use super::selection::Selected;
use crate::error::{Plan, unsupported};
use crate::metadata::{groups, sorted};
use crate::tree::parent_and_name;

/// Writes the file for a selection of an sdist.
pub(super) fn write(job: &Job<'_>, core: &Core, files: &[Selected]) -> Plan<String> {
    let mut out = String::from("from setuptools import setup\n\nsetup(\n");
    let project = job.subject.project;
    argument(&mut out, "name", project.name.normalized())?;
    argument(&mut out, "version", &core.version.normalized())?;
    let readme = core.readme.as_ref().map(|(_, body)| body.as_str()).unwrap_or_default();
    for (key, value) in [("description", core.summary.as_str()), ("long_description", readme)] {
        if !value.is_empty() {
            argument(&mut out, key, value)?;
        }
    }
    for (header, value) in &core.people {
        argument(&mut out, &header.to_lowercase().replace('-', "_"), value)?;
    }
    list(&mut out, "    classifiers=[", core.classifiers.iter().map(String::as_str))?;
    let double = |requirement: &String| requirement.replace('\'', "\"");
    let dependencies: Vec<String> = core.dependencies.iter().map(double).collect();
    list(&mut out, "    install_requires=[", dependencies.iter().map(String::as_str))?;
    if !core.extras.is_empty() {
        out.push_str("    extras_require={\n");
        for (extra, requirements) in &core.extras {
            let requirements: Vec<String> = requirements.iter().map(double).collect();
            let open = format!("        {}: [", printed(extra)?);
            list(&mut out, &open, requirements.iter().map(String::as_str))?;
        }
        out.push_str("    },\n");
    }
    entry_points(job, &mut out)?;
    packages(files, &mut out)?;
    out.push_str(")\n");
    Ok(out)
}

fn argument(out: &mut String, key: &str, value: &str) -> Plan<()> {
    out.push_str(&format!("    {key}={},\n", printed(value)?));
    Ok(())
}

/// Writes a list one level deeper than its opening, unless it is empty.
fn list<'a>(out: &mut String, open: &str, items: impl Iterator<Item = &'a str>) -> Plan<()> {
    let indent = &open[..open.len() - open.trim_start().len()];
    let mut is_empty = true;
    for item in items {
        if is_empty {
            out.push_str(&format!("{open}\n"));
        }
        is_empty = false;
        out.push_str(&format!("{indent}    {},\n", printed(item)?));
    }
    if !is_empty {
        out.push_str(&format!("{indent}],\n"));
    }
    Ok(())
}

/// Writes entry points; their names and values stand between quotes as they are.
fn entry_points(job: &Job<'_>, out: &mut String) -> Plan<()> {
    let mut all = groups(job.subject.project);
    if all.is_empty() {
        return Ok(());
    }
    let rank = |group: &str| ["console_scripts", "gui_scripts"].iter().position(|known| *known == group);
    all.sort_by_key(|(group, _)| (rank(group).unwrap_or(2), group.clone()));
    out.push_str("    entry_points={\n");
    for (group, entries) in &all {
        out.push_str(&format!("        {}: [\n", printed(group)?));
        for (name, value) in sorted(entries) {
            out.push_str(&format!("            '{name} = {value}',\n"));
        }
        out.push_str("        ],\n");
    }
    out.push_str("    },\n");
    Ok(())
}

fn packages(files: &[Selected], out: &mut String) -> Plan<()> {
    let folders: BTreeSet<&str> = files
        .iter()
        .map(|file| parent_and_name(&file.relative))
        .filter(|(_, name)| *name == "__init__.py")
        .map(|(folder, _)| folder)
        .collect();
    let names: Vec<String> = folders.iter().map(|folder| package_name(folder)).collect();
    list(out, "    packages=[", names.iter().map(String::as_str))?;
    if folders.iter().any(|folder| folder.starts_with("src/")) {
        out.push_str("    package_dir={'': 'src'},\n");
    }
    Ok(())
}

fn package_name(folder: &str) -> String {
    folder.strip_prefix("src/").unwrap_or(folder).replace('/', ".")
}

/// Prints a text as Python's `repr` does; what is printable beyond ASCII differs from Python to Python.
fn printed(text: &str) -> Plan<String> {
    if let Some(printed) = repr(text) {
        return Ok(printed);
    }
    let odd = text.chars().find(|c| repr(c.encode_utf8(&mut [0; 4])).is_none()).map_or(0, u32::from);
    let reason = format!("needs the character U+{odd:04X} in Python source");
    unsupported("tool.hatch.build.targets.sdist.support-legacy", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_not_every_python_prints_alike_is_named() {
        assert_eq!(printed("näive – ©\u{a0}").unwrap(), "'näive – ©\\xa0'");
        let Err(stop) = printed("a\u{1fae8}") else { panic!("it came with Unicode 15") };
        assert!(format!("{stop:?}").contains("U+1FAE8"), "{stop:?}");
    }
}
