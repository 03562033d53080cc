//! `entry_points.txt`: scripts and plug-ins of both tables, without any space.

use pyrel_model::pyproject::TableReader;

use super::super::Subject;
use crate::detector::option;
use crate::error::Plan;

type Group = (String, Vec<(String, String)>);
/// Name of a group, and its lines, sorted.
type Lines = (String, Vec<String>);

/// Returns the file: groups and lines sorted, a blank line after each group.
pub(super) fn read(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<Option<String>> {
    let groups = groups(subject, poetry)?;
    let mut text = String::new();
    for (group, lines) in &groups {
        let lines: String = lines.iter().map(|line| format!("{}\n", line.replace(' ', ""))).collect();
        text.push_str(&format!("[{group}]\n{lines}\n"));
    }
    Ok((!groups.is_empty()).then_some(text))
}

/// Returns the groups, sorted; their lines have spaces round the equals sign.
pub(super) fn groups(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<Vec<Lines>> {
    let project = subject.project;
    let mut groups: Vec<Group> = Vec::new();
    if project.scripts.is_empty() {
        let scripts = poetry_scripts(subject, poetry)?;
        if !scripts.is_empty() {
            groups.push(("console_scripts".to_owned(), scripts));
        }
    } else {
        groups.push(("console_scripts".to_owned(), project.scripts.clone()));
    }
    if !project.gui_scripts.is_empty() {
        groups.push(("gui_scripts".to_owned(), project.gui_scripts.clone()));
    }
    if project.entry_points.is_empty() {
        if let Some(plugins) = poetry.subtable("plugins")? {
            let plugins = subject.pyproject.reader("tool.poetry.plugins", plugins);
            for (group, _) in plugins.table().iter() {
                let entries = plugins.string_table(group)?.unwrap_or_default();
                let entries = entries.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
                groups.push((group.to_owned(), entries.collect()));
            }
        }
    } else {
        groups.extend(project.entry_points.iter().cloned());
    }
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    groups.sort_by(|one, other| one.0.cmp(&other.0));
    let mut out = Vec::with_capacity(groups.len());
    for (group, entries) in &groups {
        let is_doubled = groups.iter().filter(|(other, _)| other == group).count() > 1;
        if is_doubled || !group.split('.').all(is_word) {
            return Err(option(poetry, "plugins", format!("has a group that is not reproduced: `{group}`")));
        }
        let mut lines: Vec<String> =
            entries.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        lines.sort();
        if let Some(odd) = lines.iter().find(|line| line.contains(|c: char| c.is_control())) {
            return Err(option(
                poetry,
                "scripts",
                format!("holds a control character: `{}`", odd.escape_debug()),
            ));
        }
        out.push((group.clone(), lines));
    }
    Ok(out)
}

/// Returns the console scripts of `[tool.poetry.scripts]`; files are none.
fn poetry_scripts(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<Vec<(String, String)>> {
    let Some(scripts) = poetry.subtable("scripts")? else { return Ok(Vec::new()) };
    let scripts = subject.pyproject.reader("tool.poetry.scripts", scripts);
    let mut out = Vec::new();
    for (name, item) in scripts.table().iter() {
        let reference = match (item.as_str(), item.as_table_like()) {
            (Some(reference), _) => reference,
            (None, Some(inner)) if inner.get("type").and_then(|kind| kind.as_str()) == Some("console") => {
                inner.get("reference").and_then(|reference| reference.as_str()).unwrap_or_default()
            }
            _ => continue,
        };
        if reference.is_empty() {
            return Err(option(&scripts, name, "refers to nothing"));
        }
        out.push((name.to_owned(), reference.to_owned()));
    }
    Ok(out)
}
