//! `[metadata]` of `setup.cfg`, and the fields that are set below `[options]`.

use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{Requirement, Version};

use super::entry_point::{self, Groups};
use super::fields::{Fields, License};
use super::ini::Entry;
use super::layout::Layout;
use super::metadata::Metadata;
use super::requirement::requirements;
use super::setup_cfg::{SetupCfg, dict, list};
use super::{attribute, license_file};
use crate::error::{Plan, Stop, unsupported};
use crate::metadata::is_exotic;
use crate::tree::{Tree, normalize};

/// Options that give fields of the metadata.
pub(super) const FIELD_OPTIONS: [&str; 3] = ["install_requires", "python_requires", "entry_points"];

/// Keys of older tools that setuptools passes over.
const FOREIGN: [&str; 1] = ["description_file"];

/// Keys that hold a text, and the header that it is written under.
const PLAIN: [(&str, &str); 7] = [
    ("url", "Home-page"),
    ("home_page", "Home-page"),
    ("download_url", "Download-URL"),
    ("author", "Author"),
    ("author_email", "Author-email"),
    ("maintainer", "Maintainer"),
    ("maintainer_email", "Maintainer-email"),
];

/// Where values are read from.
pub(super) struct Declaration<'a> {
    pub(super) file: &'a SetupCfg,
    pub(super) tree: &'a Tree,
    pub(super) layout: &'a Layout,
}

/// What a declaration gives, in the making.
#[derive(Default)]
struct Draft {
    fields: Fields,
    groups: Groups,
    referenced: Vec<String>,
}

impl Declaration<'_> {
    /// Reads everything that the file says about a project of this name; a version that is told already is not in it.
    pub(super) fn metadata(
        &self,
        (name, version): (&str, Option<&Version>),
        license_patterns: Option<&[String]>,
    ) -> Plan<Metadata> {
        let mut draft = Draft::default();
        name.clone_into(&mut draft.fields.name);
        draft.fields.version = version.cloned();
        for entry in self.file.entries("metadata") {
            self.field(entry, name, &mut draft)?;
        }
        for key in ["name", "version"] {
            if self.file.entry("metadata", key).is_none() && (key == "name" || version.is_none()) {
                return unsupported(
                    format!("metadata.{key}"),
                    "is missing, so that only setuptools knows it",
                );
            }
        }
        self.options(&mut draft)?;
        draft.fields.license_files = self.license_files(license_patterns)?;
        let Draft { fields, groups, referenced } = draft;
        Metadata::new(fields, referenced, groups)
    }

    fn version(&self, entry: &Entry, referenced: &mut Vec<String>) -> Plan<Version> {
        let text = if let Some(text) = self.file_text(("metadata", entry), referenced)? {
            text.trim().to_owned()
        } else if let Some(path) = entry.value.strip_prefix("attr:") {
            attribute::read(path, self.tree, self.layout)?.map_err(|reason| self.fault(entry, reason))?
        } else {
            entry.value.clone()
        };
        // setuptools turns spaces into dots before it parses.
        match text.parse::<Version>() {
            Ok(version) if !text.contains(char::is_whitespace) => Ok(version),
            _ => Err(self.fault(entry, format!("gives no plain version: `{text}`"))),
        }
    }

    fn field(&self, entry: &Entry, name: &str, draft: &mut Draft) -> Plan<()> {
        let key = entry.key.as_str();
        if let Some((_, header)) = PLAIN.iter().find(|(known, _)| *known == key) {
            return self.plain(entry, header, &mut draft.fields);
        }
        let fields = &mut draft.fields;
        match key {
            "name" if entry.value == name => {}
            "version" => fields.version = Some(self.version(entry, &mut draft.referenced)?),
            "description" | "summary" if fields.summary.is_empty() => {
                fields.summary = self.text(("metadata", entry), &mut draft.referenced)?;
            }
            "long_description" => fields.body = self.text(("metadata", entry), &mut draft.referenced)?,
            "long_description_content_type" => {
                fields.content_type = Some(self.one_line(entry)?).filter(|text| !text.is_empty());
            }
            "license" if !entry.value.starts_with("file:") => {
                fields.license = Some(License::Text(entry.value.clone()));
            }
            // Read with the options.
            "license_files" | "license_file" => {}
            "classifiers" | "classifier" if fields.classifiers.is_empty() => {
                fields.classifiers = list(&self.text(("metadata", entry), &mut draft.referenced)?, ',');
            }
            "platforms" | "platform" if fields.platforms.is_empty() => {
                fields.platforms = list(&entry.value, ',');
            }
            "keywords" => fields.keywords = list(&entry.value, ','),
            "project_urls" => match dict(&entry.value) {
                Some(urls) => fields.urls = urls,
                None => return Err(self.fault(entry, "has a line without `=`, or a label twice")),
            },
            _ if FOREIGN.contains(&key) => {}
            _ => return Err(self.fault(entry, "is not reproduced natively")),
        }
        Ok(())
    }

    fn plain(&self, entry: &Entry, header: &'static str, fields: &mut Fields) -> Plan<()> {
        if fields.plain.iter().any(|(known, _)| *known == header) {
            return Err(self.fault(entry, "is set twice, under two names"));
        }
        let value = self.one_line(entry)?;
        // The one text that setuptools does not mark as read from a file of configuration.
        if header == "Download-URL" && !value.is_empty() {
            fields.dynamic.push("download-url");
        }
        fields.plain.push((header, value));
        Ok(())
    }

    fn one_line(&self, entry: &Entry) -> Plan<String> {
        match entry.value.contains('\n') {
            true => Err(self.fault(entry, "has a value of several lines, which would break its field")),
            false => Ok(entry.value.clone()),
        }
    }

    /// Returns a value, or the content of the files that it names.
    fn text(&self, (section, entry): (&str, &Entry), referenced: &mut Vec<String>) -> Plan<String> {
        Ok(self.file_text((section, entry), referenced)?.unwrap_or_else(|| entry.value.clone()))
    }

    /// Returns the content of the files that a value names with `file:`; those that are not there count for nothing.
    fn file_text(
        &self,
        (section, entry): (&str, &Entry),
        referenced: &mut Vec<String>,
    ) -> Plan<Option<String>> {
        let Some(paths) = entry.value.strip_prefix("file:") else { return Ok(None) };
        let mut texts = Vec::new();
        for path in paths.split(',').map(str::trim) {
            if path != normalize(path) || path.starts_with(['/', '.']) || path.contains('\n') {
                let reason = format!("names a file in an unusual spelling: `{path}`");
                return Err(self.file.entry_fault(section, entry, reason));
            }
            if self.tree.is_file(path) {
                texts.push(self.tree.read_text(path)?);
                referenced.push(path.to_owned());
            }
        }
        Ok(Some(texts.join("\n")))
    }

    fn options(&self, draft: &mut Draft) -> Plan<()> {
        let option = |key: &str| self.file.entry("options", key);
        if let Some(entry) = option("install_requires") {
            draft.fields.dependencies = self.requirements("options", entry, &mut draft.referenced)?;
        }
        for entry in self.file.entries("options.extras_require") {
            let listed = self.requirements("options.extras_require", entry, &mut draft.referenced)?;
            draft.fields.optional.push((entry.key.clone(), listed));
        }
        if let Some(entry) = option("python_requires") {
            let set = entry.value.parse::<SpecifierSet>().ok().filter(|set| !is_exotic(set));
            if set.is_none() {
                return Err(self.option_fault(entry, "has comparisons that are not reproduced natively"));
            }
            draft.fields.requires_python = set;
        }
        if let Some(reason) = draft.fields.odd_dependency().or_else(|| draft.fields.odd_extra()) {
            return unsupported("options.install_requires, options.extras_require", reason);
        }
        self.entry_points(draft)
    }

    fn requirements(
        &self,
        section: &str,
        entry: &Entry,
        referenced: &mut Vec<String>,
    ) -> Plan<Vec<Requirement>> {
        let lines = list(&self.text((section, entry), referenced)?, ';').join("\n");
        requirements(&lines)
            .map_err(|reason| self.file.entry_fault(section, entry, format!("gives {reason}")))
    }

    fn entry_points(&self, draft: &mut Draft) -> Plan<()> {
        const SECTION: &str = "options.entry_points";
        let whole = self.file.entry("options", "entry_points");
        for entry in self.file.entries(SECTION) {
            let lines = list(&entry.value, ',');
            let entries = entry_point::entries(lines.iter().map(String::as_str));
            match entries {
                Some(entries) if whole.is_none() => draft.groups.push((entry.key.clone(), entries)),
                _ => {
                    let reason = "has a line without `=`, or stands beside `options.entry_points`";
                    return Err(self.file.entry_fault(SECTION, entry, reason));
                }
            }
            if entry_point::odd_group(&draft.groups).is_some() {
                return Err(self.file.entry_fault(SECTION, entry, "has an unusual name or entry"));
            }
        }
        if let Some(entry) = whole {
            let text = self.text(("options", entry), &mut draft.referenced)?;
            match entry_point::text(&text).filter(|groups| entry_point::odd_group(groups).is_none()) {
                Some(groups) => draft.groups = groups,
                None => return Err(self.option_fault(entry, "gives an unusual group or entry")),
            }
        }
        Ok(())
    }

    fn license_files(&self, patterns: Option<&[String]>) -> Plan<Vec<String>> {
        let default = license_file::DEFAULT_GLOBS.map(str::to_owned);
        let patterns = patterns.unwrap_or(&default);
        match patterns.iter().find(|pattern| !license_file::is_usual(pattern)) {
            Some(odd) => unsupported("metadata.license_files", format!("holds an unusual pattern: `{odd}`")),
            None => license_file::matching(self.tree, patterns),
        }
    }

    fn fault(&self, entry: &Entry, reason: impl Into<String>) -> Stop {
        self.file.entry_fault("metadata", entry, reason)
    }

    fn option_fault(&self, entry: &Entry, reason: &str) -> Stop {
        self.file.entry_fault("options", entry, reason)
    }
}
