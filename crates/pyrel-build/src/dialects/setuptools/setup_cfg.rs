//! `setup.cfg`: which of its sections matter to a build, the values in them, and how the sdist's copy is written.

use std::path::PathBuf;

use pyrel_model::Location;

use super::ini::{Entry, Ini, Section};
use crate::entry_set::Unsupported;
use crate::error::{Plan, Stop};
use crate::tree::Tree;

const FILE: &str = "setup.cfg";

/// Commands that no build runs; whatever is set for them is carried along.
const IDLE_COMMANDS: [&str; 14] = [
    "alias",
    "bdist_dumb",
    "bdist_egg",
    "bdist_rpm",
    "clean",
    "config",
    "develop",
    "easy_install",
    "editable_wheel",
    "register",
    "rotate",
    "saveopts",
    "setopt",
    "upload",
];

/// Commands that a build may run, and the options of all of them.
const COMMANDS: [&str; 20] = [
    "DEFAULT",
    "global",
    "bdist",
    "bdist_wheel",
    "build",
    "build_clib",
    "build_ext",
    "build_py",
    "build_scripts",
    "check",
    "dist_info",
    "egg_info",
    "install",
    "install_data",
    "install_egg_info",
    "install_headers",
    "install_lib",
    "install_scripts",
    "sdist",
    "wheel",
];

/// Commands that a front end asks for by name, which an alias would turn into others.
const ASKED_FOR: [&str; 4] = ["sdist", "bdist_wheel", "egg_info", "dist_info"];

/// The sections below `[options]`.
const OPTION_SECTIONS: [&str; 6] = [
    "options.packages.find",
    "options.package_data",
    "options.exclude_package_data",
    "options.extras_require",
    "options.entry_points",
    "options.data_files",
];

/// The file as setuptools understands it; without one there is nothing in it.
pub(super) struct SetupCfg {
    path: PathBuf,
    /// As it was written.
    ini: Ini,
    /// Sections of setuptools, their keys with `_` for `-` and in lower case where setuptools wants that.
    own: Vec<Section>,
    pub(super) universal: bool,
}

impl SetupCfg {
    /// Reads the file; steps back at the first thing that is not reproduced.
    pub(super) fn read(tree: &Tree) -> Plan<Self> {
        let path = tree.display_path(FILE);
        let mut file = Self { path, ini: Ini::default(), own: Vec::new(), universal: false };
        if !tree.is_file(FILE) {
            return Ok(file);
        }
        file.ini = match Ini::parse(&tree.read_text(FILE)?, &['=', ':']) {
            Ok(ini) => ini,
            Err((line, reason)) => return Err(file.stop(FILE, line, reason)),
        };
        for section in &file.ini.sections {
            file.check(section)?;
            if section.name == "metadata" || section.name.starts_with("options") {
                file.own.push(file.normalized(section)?);
            }
        }
        for name in ["bdist_wheel", "wheel"] {
            file.universal |= file.universal_of(name)?;
        }
        Ok(file)
    }

    fn check(&self, section: &Section) -> Plan<()> {
        let name = section.name.as_str();
        let beyond = |known: &[&str]| {
            let odd = section.entries.iter().find(|entry| !known.contains(&underscored(&entry.key).as_str()));
            odd.map(|entry| self.entry_fault(name, entry, "sets an option that is not reproduced natively"))
        };
        let fault = match name {
            "egg_info" => self.check_tags(section),
            "bdist_wheel" | "wheel" => beyond(&["universal"]),
            "aliases" => {
                let alias = section.entries.iter().find(|entry| ASKED_FOR.contains(&entry.key.as_str()));
                alias.map(|entry| self.entry_fault(name, entry, "turns the command into another one"))
            }
            _ if IDLE_COMMANDS.contains(&name) => None,
            _ if COMMANDS.contains(&name) => {
                Some(self.section_fault(section, "sets options of a command that builds"))
            }
            "metadata" | "options" => None,
            _ if OPTION_SECTIONS.contains(&name) => None,
            _ if name.starts_with("metadata") || name.starts_with("options") => {
                Some(self.section_fault(section, "is no section that setuptools knows"))
            }
            _ => None,
        };
        fault.map_or(Ok(()), Err)
    }

    /// Steps back where `[egg_info]` would change the version.
    fn check_tags(&self, section: &Section) -> Option<Stop> {
        let harmless = |entry: &&Entry| {
            let value = entry.value.to_lowercase();
            match underscored(&entry.key).as_str() {
                "tag_build" => value.is_empty(),
                "tag_date" => is_false(&value),
                // No version that is reproduced looks at it.
                "tag_svn_revision" => true,
                _ => false,
            }
        };
        let odd = section.entries.iter().find(|entry| !harmless(entry));
        odd.map(|entry| {
            self.entry_fault("egg_info", entry, "changes the version or the place of what is built")
        })
    }

    fn universal_of(&self, name: &str) -> Plan<bool> {
        let section = self.ini.section(name);
        let Some(entry) = section.and_then(|section| section.entries.first()) else { return Ok(false) };
        let value = entry.value.to_lowercase();
        match value.as_str() {
            "1" | "true" | "yes" => Ok(true),
            "y" | "t" | "on" if name == "bdist_wheel" => Ok(true),
            _ if is_false(&value) => Ok(false),
            _ => Err(self.entry_fault(name, entry, "is neither true nor false")),
        }
    }

    /// Returns a section with its keys spelt as setuptools wants them.
    fn normalized(&self, section: &Section) -> Plan<Section> {
        let free = section.name.starts_with("options.") && section.name != "options.packages.find";
        let mut entries: Vec<Entry> = Vec::new();
        for entry in &section.entries {
            let key = if free { entry.key.clone() } else { underscored(&entry.key) };
            if entries.iter().any(|known| known.key == key) {
                return Err(self.entry_fault(&section.name, entry, "is there twice, in two spellings"));
            }
            entries.push(Entry { key, ..entry.clone() });
        }
        Ok(Section { name: section.name.clone(), line: section.line, entries })
    }

    /// Returns the entries of a section of setuptools.
    pub(super) fn entries(&self, section: &str) -> &[Entry] {
        let found = self.own.iter().find(|own| own.name == section);
        found.map(|own| own.entries.as_slice()).unwrap_or_default()
    }

    /// Returns an entry of a section of setuptools.
    pub(super) fn entry(&self, section: &str, key: &str) -> Option<&Entry> {
        self.entries(section).iter().find(|entry| entry.key == key)
    }

    /// Tells whether the file says anything about a project.
    pub(super) fn declares(&self) -> bool {
        !self.own.is_empty()
    }

    /// Returns the file of the sdist, in which the version can no longer be changed.
    pub(super) fn generated(&self) -> String {
        let mut ini = self.ini.clone();
        ini.set("egg_info", "tag_build", "");
        ini.set("egg_info", "tag_date", "0");
        ini.print()
    }

    /// Steps back because of an entry.
    pub(super) fn entry_fault(&self, section: &str, entry: &Entry, reason: impl Into<String>) -> Stop {
        self.stop(&format!("{section}.{}", entry.key), entry.line, reason.into())
    }

    fn section_fault(&self, section: &Section, reason: &str) -> Stop {
        self.stop(&section.name, section.line, reason.to_owned())
    }

    fn stop(&self, option: &str, line: usize, reason: String) -> Stop {
        let location = Location { line, ..Location::of_file(&self.path) };
        Stop::Unsupported(Unsupported { option: option.to_owned(), location: Some(location), reason })
    }
}

fn underscored(key: &str) -> String {
    key.replace('-', "_").to_lowercase()
}

/// Tells whether a text in lower case is one of those that mean "no".
fn is_false(value: &str) -> bool {
    ["0", "false", "no", "n", "f", "off"].contains(&value)
}

/// Cuts a value at line ends, or, when it is one line, at the separator.
pub(super) fn list(value: &str, separator: char) -> Vec<String> {
    let parts: Vec<&str> = if value.contains('\n') {
        crate::metadata::python_lines(value)
    } else {
        value.split(separator).collect()
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Reads a list of `key = value`; `None` when a part has no `=`, or a key is there twice.
pub(super) fn dict(value: &str) -> Option<Vec<(String, String)>> {
    let mut out: Vec<(String, String)> = Vec::new();
    for part in list(value, ',') {
        let (key, value) = part.split_once('=')?;
        if out.iter().any(|(known, _)| known == key.trim()) {
            return None;
        }
        out.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    Some(out)
}

/// Everything but three words means "no".
pub(super) fn boolean(value: &str) -> bool {
    ["1", "true", "yes"].contains(&value.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_lists_and_tables() {
        assert_eq!(list("a, b;c", ','), ["a", "b;c"]);
        assert_eq!(list("\na, b\n\n c", ','), ["a, b", "c"]);
        assert_eq!(list("", ','), Vec::<String>::new());
        let pairs = dict("\n = src\na=b = c").unwrap_or_default();
        assert_eq!(pairs, [("", "src"), ("a", "b = c")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert!(dict("a").is_none() && dict("a=1,a=2").is_none());
        assert!(boolean("Yes") && !boolean("on"));
    }
}
