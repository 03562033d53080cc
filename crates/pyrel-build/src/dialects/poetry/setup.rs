//! The `setup.py` that `generate-setup-file` adds to the sdist. Its fixed lines are poetry-core's, byte for byte; what
//! they say is worked out here.

use std::collections::BTreeMap;

use pyrel_model::pyproject::TableReader;

use super::super::Subject;
use super::super::repr::repr;
use super::dependency::Dependencies;
use super::entry_points;
use super::literal::Literal;
use super::metadata::Metadata;
use super::package::{Inventory, portable};
use super::selection::Selection;
use crate::detector::option;
use crate::error::Plan;

const KEY: &str = "generate-setup-file";

/// Collects what stands before the arguments, and among them.
#[derive(Default)]
struct Draft {
    before: Vec<String>,
    extra: Vec<String>,
    /// The first value that is not printed for certain.
    uncertain: Option<&'static str>,
}

impl Draft {
    /// Adds a variable and the argument that it is the value of.
    fn variable(&mut self, (name, argument): (&'static str, &str), value: &Literal) {
        let Some(printed) = value.pretty() else {
            self.uncertain.get_or_insert(name);
            return;
        };
        // Of all of them, the modules alone end without a line break.
        let end = if name == "modules" { "" } else { "\n" };
        self.before.push(format!("{name} = \\\n{printed}{end}"));
        self.extra.push(format!("'{argument}': {name},"));
    }

    fn list(&mut self, name: &'static str, argument: &str, items: Vec<String>) {
        if !items.is_empty() {
            self.variable((name, argument), &Literal::List(items));
        }
    }

    fn lists(&mut self, name: &'static str, table: BTreeMap<String, Vec<String>>) {
        if !table.is_empty() {
            let table = table.into_iter().map(|(key, items)| (key, Literal::List(items)));
            self.variable((name, name), &Literal::Table(table.collect()));
        }
    }

    fn text(&mut self, name: &'static str, text: &str) -> String {
        repr(text).unwrap_or_else(|| {
            self.uncertain.get_or_insert(name);
            String::new()
        })
    }
}

/// Returns the text of `setup.py`.
pub(super) fn text(subject: &Subject<'_>, selection: &Selection<'_>, metadata: &Metadata) -> Plan<String> {
    let empty = toml_edit::Table::new();
    let poetry = subject.pyproject.tool(&["poetry"]).unwrap_or(&empty);
    let poetry = subject.pyproject.reader("tool.poetry", poetry);
    let mut draft = Draft::default();
    let inventory = Inventory::read(selection)?;
    if !inventory.folders.is_empty() {
        let folders = inventory.folders.into_iter().map(|(name, path)| (name, Literal::Text(path)));
        draft.variable(("package_dir", "package_dir"), &Literal::Table(folders.collect()));
    }
    draft.list("packages", "packages", inventory.packages);
    draft.lists("package_data", inventory.data);
    draft.list("modules", "py_modules", inventory.modules);
    let Some((required, extras)) = requirements(&metadata.dependencies) else {
        return Err(odd(
            subject,
            &poetry,
            "has a marker of several parts on a dependency that only extras ask for",
        ));
    };
    draft.list("install_requires", "install_requires", required);
    draft.lists("extras_require", extras);
    draft.lists("entry_points", entry_points::groups(subject, &poetry)?.into_iter().collect());
    for path in &selection.options.scripts {
        portable(path)?;
    }
    draft.list("scripts", "scripts", selection.options.scripts.clone());
    if let Some(requires) = metadata.python.requires.as_deref().filter(|requires| !requires.is_empty()) {
        let requires = draft.text("requires-python", requires);
        draft.extra.push(format!("'python_requires': {requires},"));
    }
    let arguments = arguments(subject, metadata, &mut draft);
    if let Some(name) = draft.uncertain {
        return Err(odd(
            subject,
            &poetry,
            &format!("needs a text that Python may print in another way: `{name}`"),
        ));
    }
    Ok(format!(
        "# -*- coding: utf-8 -*-\nfrom setuptools import setup\n\n{}\nsetup_kwargs = {{\n{arguments}    {}\n}}\n\n\nsetup(**setup_kwargs)\n",
        draft.before.join("\n"),
        draft.extra.join("\n    "),
    ))
}

fn odd(subject: &Subject<'_>, poetry: &TableReader<'_>, reason: &str) -> crate::error::Stop {
    match poetry.subtable("build") {
        Ok(Some(build)) => option(&subject.pyproject.reader("tool.poetry.build", build), KEY, reason),
        _ => option(poetry, "build", reason),
    }
}

/// Returns a line for each argument that is always there; what is not known is the text `None`.
fn arguments(subject: &Subject<'_>, metadata: &Metadata, draft: &mut Draft) -> String {
    let version = metadata.version.to_string();
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "None".to_owned());
    let (author, maintainer) = (&metadata.author, &metadata.maintainer);
    let values = [
        ("name", subject.project.name.as_written().to_owned()),
        ("version", version),
        ("description", metadata.summary.clone()),
        ("long_description", or_none(&metadata.body)),
        ("author", or_none(&author.name)),
        ("author_email", or_none(&author.email)),
        ("maintainer", or_none(&maintainer.name)),
        ("maintainer_email", or_none(&maintainer.email)),
        ("url", or_none(&metadata.home_page)),
    ];
    values.iter().map(|(name, value)| format!("    '{name}': {},\n", draft.text(name, value))).collect()
}

type Requirements = (Vec<String>, BTreeMap<String, Vec<String>>);

/// Returns what is always required, sorted, and what is on a condition or for an extra, in the order of the file;
/// `None` when a marker is not printed for certain.
fn requirements(dependencies: &Dependencies) -> Option<Requirements> {
    let mut required = Vec::new();
    let mut extras: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (line, is_optional) in &dependencies.all {
        let requirement = line.unbracketed();
        if !is_optional {
            match line.condition(&line.in_extras) {
                None => required.push(requirement),
                Some(condition) => extras.entry(format!(":{condition}")).or_default().push(requirement),
            }
            continue;
        }
        for (extra, members) in &dependencies.members {
            for _ in members.iter().filter(|member| **member == line.name.normalized()) {
                let key = match &line.marker {
                    None => extra.clone(),
                    // Without a part about extras, markers of several parts are simplified once more.
                    Some(marker) if marker.contains(" and ") || marker.contains(" or ") => return None,
                    Some(marker) => format!("{extra}:{marker}"),
                };
                extras.entry(key).or_default().push(requirement.clone());
            }
        }
    }
    if extras.keys().any(|key| key.contains(';')) {
        return None;
    }
    required.sort();
    Some((required, extras))
}
