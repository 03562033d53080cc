//! `setup.cfg` as setuptools reads it: sections, keys, and values over several lines. Nothing is expanded.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pyrel_model::{Diagnostic, Location, Requirement};

use crate::source_file;

/// A parsed `setup.cfg`.
#[derive(Debug, Clone)]
pub(crate) struct SetupCfg {
    path: PathBuf,
    sections: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    /// The line of the key, from 1.
    line: usize,
    /// The value; continuation lines follow a newline each, trimmed.
    value: String,
    /// The bytes of each line of the value in the file, white space around it left out.
    spans: Vec<Range<usize>>,
}

impl SetupCfg {
    /// Reads `text`, the content of the file at `path`, as Python's `RawConfigParser` does.
    ///
    /// # Errors
    /// At a line that is neither section, key, comment, nor continuation.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, Box<Diagnostic>> {
        let mut reader = Reader::default();
        let mut offset = 0;
        for (index, whole) in text.split_inclusive('\n').enumerate() {
            let line = whole.strip_suffix('\n').map_or(whole, |line| line.strip_suffix('\r').unwrap_or(line));
            let start = offset;
            offset += whole.len();
            reader.line(line, index + 1, start).map_err(|message| {
                let mut location = Location::of_file(path);
                location.line = index + 1;
                location.source_line = Some(line.to_owned());
                location.column = 1;
                location.width = line.chars().count().max(1);
                Box::new(Diagnostic::new(message).at(location))
            })?;
        }
        Ok(Self { path: path.to_path_buf(), sections: reader.sections })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Tells whether the file describes a package at all.
    pub(crate) fn has_metadata(&self) -> bool {
        self.sections.contains_key("metadata")
    }

    /// Returns a value, trimmed; `None` when it is absent or empty.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<&str> {
        let value = self.sections.get(section)?.get(key)?.value.trim();
        (!value.is_empty()).then_some(value)
    }

    /// Returns the bytes of each line of a value in the file, without those that are blank or only a comment.
    pub(crate) fn spans(&self, section: &str, key: &str) -> &[Range<usize>] {
        let entry = self.sections.get(section).and_then(|entries| entries.get(key));
        entry.map(|entry| entry.spans.as_slice()).unwrap_or_default()
    }

    /// Returns the keys of a section, sorted.
    pub(crate) fn keys(&self, section: &str) -> impl Iterator<Item = &str> {
        self.sections.get(section).into_iter().flat_map(|entries| entries.keys().map(String::as_str))
    }

    /// Returns the lines of a value, without blank ones and comments.
    pub(crate) fn lines(&self, section: &str, key: &str) -> Vec<String> {
        let value = self.get(section, key).unwrap_or_default();
        let lines = value.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    }

    /// Returns a list of requirements: one a line, or on one line separated by `;`, or from the lines of files.
    pub(crate) fn requirements(&self, section: &str, key: &str) -> Result<Vec<Requirement>, Box<Diagnostic>> {
        let files = self.get(section, key).and_then(|value| value.strip_prefix("file:"));
        let mut texts = match files {
            Some(paths) => self.file_lines(paths)?,
            None => uncommented(self.lines(section, key)),
        };
        let on_one_line = self.get(section, key).is_some_and(|value| !value.contains('\n'));
        if on_one_line && texts.iter().any(|text| text.parse::<Requirement>().is_err()) {
            texts =
                texts.iter().flat_map(|text| text.split(';')).map(|text| text.trim().to_owned()).collect();
            texts.retain(|text| !text.is_empty());
        }
        let parse = |text: &String| text.parse().map_err(|error| self.fault(section, key, &error));
        texts.iter().map(parse).collect()
    }

    /// Returns the lines of files beside this one, continued ones joined; files that are not there have none.
    fn file_lines(&self, paths: &str) -> Result<Vec<String>, Box<Diagnostic>> {
        let mut lines = Vec::new();
        for path in paths.split(',') {
            let path = self.path.with_file_name("").join(path.trim());
            let text = source_file::read(&path)?.unwrap_or_default();
            let whole = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.extend(whole.map(str::to_owned));
        }
        let joined = uncommented(lines).join("\n").replace("\\\n", " ");
        Ok(joined.lines().map(str::to_owned).collect())
    }

    /// Makes a diagnostic at a key.
    pub(crate) fn fault(&self, section: &str, key: &str, reason: &dyn fmt::Display) -> Box<Diagnostic> {
        let mut location = Location::of_file(&self.path);
        let entry = self.sections.get(section).and_then(|entries| entries.get(key));
        location.line = entry.map_or(0, |entry| entry.line);
        Box::new(Diagnostic::new(format!("in `{section}.{key}`: {reason}")).at(location))
    }
}

/// Cuts comments off the ends of lines.
fn uncommented(lines: Vec<String>) -> Vec<String> {
    let code =
        |line: String| line.split_once(" #").map_or(line.as_str(), |(code, _)| code.trim_end()).to_owned();
    lines.into_iter().map(code).collect()
}

#[derive(Default)]
struct Reader {
    sections: BTreeMap<String, BTreeMap<String, Entry>>,
    section: Option<String>,
    /// The key that a continuation line belongs to, and how far it is indented.
    open: Option<(String, usize)>,
}

impl Reader {
    /// Takes a line, its number from 1, and its offset in the file.
    fn line(&mut self, line: &str, number: usize, start: usize) -> Result<(), &'static str> {
        let text = line.trim();
        if text.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.len() - line.trim_start().len();
        if text.is_empty() {
            return Ok(());
        }
        if let Some((key, key_indent)) = &self.open
            && indent > *key_indent
        {
            let entry =
                self.section.as_ref().and_then(|section| self.sections.get_mut(section)?.get_mut(key));
            if let Some(entry) = entry {
                entry.value.push('\n');
                entry.value.push_str(text);
                entry.spans.push(start + indent..start + indent + text.len());
            }
            return Ok(());
        }
        if let Some(header) = text.strip_prefix('[') {
            let name = header.split_once(']').ok_or("a section must end with `]`")?.0;
            self.sections.entry(name.to_owned()).or_default();
            self.section = Some(name.to_owned());
            self.open = None;
            return Ok(());
        }
        let section = self.section.as_ref().ok_or("there is no section before this line")?;
        let at = text.find(['=', ':']).ok_or("expected `key = value`")?;
        let key = text[..at].trim().replace('-', "_");
        if key.is_empty() {
            return Err("expected a key before `=`");
        }
        let rest = &text[at + 1..];
        let value = rest.trim();
        let from = start + indent + at + 1 + (rest.len() - rest.trim_start().len());
        let span = from..from + value.len();
        let spans = if value.is_empty() { Vec::new() } else { vec![span] };
        let entry = Entry { line: number, value: value.to_owned(), spans };
        self.sections.entry(section.clone()).or_default().insert(key.clone(), entry);
        self.open = Some((key, indent));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> SetupCfg {
        SetupCfg::parse(Path::new("setup.cfg"), text).unwrap()
    }

    #[test]
    fn values_over_several_lines_belong_together() {
        let file = parse(
            "# top\n[metadata]\nname = demo\ndescription: one = two\n; no\n[options]\ninstall-requires =\n    a>=1\n\n    # no\n    b; python_version < '3.9'\nzip_safe = no\n[flake8]\n",
        );
        assert!(file.has_metadata());
        assert_eq!(file.get("metadata", "name"), Some("demo"));
        assert_eq!(file.get("metadata", "description"), Some("one = two"));
        let requirements = file.requirements("options", "install_requires").unwrap();
        assert_eq!(requirements.iter().map(|one| one.name.normalized()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(file.get("options", "zip_safe"), Some("no"));
    }

    #[test]
    fn one_line_may_hold_several_requirements() {
        let file = parse("[options]\ninstall_requires = a>=1; b\nsetup_requires = c; python_version < '3'\n");
        assert_eq!(file.requirements("options", "install_requires").unwrap().len(), 2);
        assert_eq!(file.requirements("options", "setup_requires").unwrap().len(), 1);
    }

    #[test]
    fn requirements_may_have_comments_and_lie_in_files() {
        let file = parse("[options]\ninstall_requires =\n  a>=1 # why\n  b\n");
        let names = |file: &SetupCfg| -> Vec<String> {
            let found = file.requirements("options", "install_requires").unwrap();
            found.iter().map(ToString::to_string).collect()
        };
        assert_eq!(names(&file), ["a>=1", "b"]);
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("r.txt"), "# all\na >=1, \\\n  <2 # c\n\nb\n").unwrap();
        let text = "[options]\ninstall_requires = file: r.txt, missing.txt\n";
        let file = SetupCfg::parse(&folder.path().join("setup.cfg"), text).unwrap();
        assert_eq!(names(&file), ["a<2,>=1", "b"]);
    }

    #[test]
    fn faults_name_the_line() {
        for (text, expected) in [
            ("name = x", "setup.cfg:1:1: there is no section before this line"),
            ("[metadata\n", "setup.cfg:1:1: a section must end with `]`"),
            ("[metadata]\nname\n", "setup.cfg:2:1: expected `key = value`"),
            ("[metadata]\n= x\n", "setup.cfg:2:1: expected a key before `=`"),
        ] {
            let fault = SetupCfg::parse(Path::new("setup.cfg"), text).unwrap_err();
            assert_eq!(fault.to_string(), expected);
        }
        let file = parse("[options]\n\ninstall_requires =\n  -x\n");
        let fault = file.requirements("options", "install_requires").unwrap_err();
        assert!(
            fault.to_string().starts_with("setup.cfg:3: in `options.install_requires`: invalid requirement")
        );
    }
}
