//! Core metadata as hatchling prints it, in each version that it knows.

use std::fmt::Write as _;

use super::Job;
use super::core::{Core, CoreLicense};
use super::options::{Kind, Options};
use super::requirement::Extras;
use crate::error::Plan;
use crate::metadata::{field_unless_empty as field, python_lines};

/// A version of core metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MetadataVersion(&'static str);

const KNOWN: [&str; 6] = ["1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];

impl MetadataVersion {
    /// Returns the version that a target asks for.
    pub(super) fn of(options: &Options<'_>) -> Plan<Self> {
        let key = "core-metadata-version";
        let Some(table) = options.target.filter(|table| table.get(key).is_some()) else {
            return Ok(Self(KNOWN[KNOWN.len() - 1]));
        };
        let written = table.string(key)?.unwrap_or_default();
        match KNOWN.into_iter().find(|known| *known == written) {
            Some(version) => Ok(Self(version)),
            None => {
                let mut fault = *table.fault(key, &format!("is unknown: `{written}`"));
                fault.hint = Some(format!("hatchling knows {}", KNOWN.join(", ")));
                Err(Box::new(fault).into())
            }
        }
    }

    /// Tells whether it is this version or a later one.
    pub(super) fn at_least(self, other: &str) -> bool {
        self.0 >= other
    }
}

/// Fields of `[project]`, and those of core metadata that `Dynamic` names for them.
pub(super) const DYNAMIC: [(&str, &[&str]); 14] = [
    ("authors", &["Author", "Author-email"]),
    ("classifiers", &["Classifier"]),
    ("dependencies", &["Requires-Dist"]),
    ("description", &["Summary"]),
    ("import-names", &["Import-Name"]),
    ("import-namespaces", &["Import-Namespace"]),
    ("keywords", &["Keywords"]),
    ("license", &["License", "License-Expression"]),
    ("license-files", &["License-Files"]),
    ("maintainers", &["Maintainer", "Maintainer-email"]),
    ("optional-dependencies", &["Requires-Dist", "Provides-Extra"]),
    ("readme", &["Description", "Description-Content-Type"]),
    ("requires-python", &["Requires-Python"]),
    ("urls", &["Project-URL"]),
];

/// Prints the metadata of one target.
pub(super) fn print(job: &Job<'_>, core: &Core, kind: Kind) -> Plan<String> {
    let version = MetadataVersion::of(&Options::new(job.settings, kind))?;
    let project = job.subject.project;
    let mut text = format!("Metadata-Version: {}\n", version.0);
    field(&mut text, "Name", project.name.as_written());
    field(&mut text, "Version", core.version.as_written());
    if version.at_least("2.5") {
        for (header, name) in &core.imports {
            field(&mut text, header, name);
        }
    }
    if version.at_least("2.2") {
        dynamic(core, &mut text);
    }
    field(&mut text, "Summary", &core.summary);
    for (label, url) in &job.urls {
        let _ = writeln!(text, "Project-URL: {label}, {url}");
    }
    for (header, value) in &core.people {
        field(&mut text, header, value);
    }
    license(core, version, &mut text);
    field(&mut text, "Keywords", &core.keywords);
    for classifier in &core.classifiers {
        field(&mut text, "Classifier", classifier);
    }
    field(&mut text, "Requires-Python", &core.requires_python);
    for requirement in &core.dependencies {
        field(&mut text, "Requires-Dist", requirement);
    }
    if version.at_least("2.1") {
        extras(&core.extras, &mut text);
        if let Some((content_type, body)) = &core.readme {
            let _ = write!(text, "Description-Content-Type: {content_type}\n\n{body}");
        }
    }
    Ok(text)
}

fn dynamic(core: &Core, text: &mut String) {
    let mut seen = Vec::new();
    for name in &core.dynamic {
        let headers = DYNAMIC.iter().find(|(known, _)| known == name).map(|(_, headers)| *headers);
        for header in headers.unwrap_or_default() {
            if !seen.contains(header) {
                seen.push(*header);
                field(text, "Dynamic", header);
            }
        }
    }
}

fn license(core: &Core, version: MetadataVersion, text: &mut String) {
    match &core.license {
        CoreLicense::None => {}
        CoreLicense::Expression(expression) => {
            let header = if version.at_least("2.4") { "License-Expression" } else { "License" };
            field(text, header, expression);
        }
        CoreLicense::Text(content) if content.is_empty() => {}
        CoreLicense::Text(content) => {
            text.push_str("License: ");
            for (index, line) in python_lines(content).into_iter().enumerate() {
                let indent = if index == 0 { "" } else { "        " };
                let _ = writeln!(text, "{indent}{line}");
            }
        }
    }
    if version.at_least("2.4") {
        for path in &core.license_files {
            field(text, "License-File", path);
        }
    }
}

fn extras(extras: &Extras, text: &mut String) {
    for (extra, requirements) in extras {
        field(text, "Provides-Extra", extra);
        for requirement in requirements {
            let line = match requirement.split_once(';') {
                Some((name, marker)) => format!("{name}; ({}) and extra == '{extra}'", marker.trim()),
                None if requirement.contains("@ ") => format!("{requirement} ; extra == '{extra}'"),
                None => format!("{requirement}; extra == '{extra}'"),
            };
            field(text, "Requires-Dist", &line);
        }
    }
}
