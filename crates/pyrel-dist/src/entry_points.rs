//! `entry_points.txt`, parsed as PyPI parses it: Python's `configparser` with `=` as the only delimiter.

use std::collections::{BTreeSet, HashMap};

/// One entry point.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryPoint {
    /// The name, which for a script is its command.
    pub name: String,
    /// The target: `package.module:object`, extras in brackets kept.
    pub target: String,
}

impl EntryPoint {
    /// Returns the module and the object of the target `module:object`, extras left out; `None` when it has no
    /// such form.
    #[must_use]
    pub fn module_and_object(&self) -> Option<(&str, &str)> {
        let target = self.target.split('[').next().unwrap_or_default();
        let (module, object) = target.split_once(':')?;
        let (module, object) = (module.trim(), object.trim());
        (is_dotted(module) && is_dotted(object)).then_some((module, object))
    }
}

fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

/// The groups of an `entry_points.txt`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryPoints {
    sections: Vec<(String, Vec<EntryPoint>)>,
}

/// Why a text is no `entry_points.txt`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEntryPoints {
    /// The bytes are not UTF-8.
    #[error("it is not UTF-8")]
    Encoding,
    /// A line stands before the first `[group]`.
    #[error("line {0} stands before the first `[group]`")]
    Section(usize),
    /// A line is no `name = target`.
    #[error("line {0} is not `name = target`")]
    Line(usize),
    /// A group or a name in it is given twice.
    #[error("line {0} gives twice: `{1}`")]
    Duplicate(usize, String),
    /// The name of a script has a character that no script has.
    #[error("the name of a script may have letters, digits, `_`, `.`, and `-` only: `{0}`")]
    Name(String),
}

const DEFAULT: &str = "DEFAULT";

impl EntryPoints {
    /// Parses the bytes of an `entry_points.txt`.
    ///
    /// # Errors
    /// When PyPI would call the file invalid.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidEntryPoints> {
        let text = std::str::from_utf8(bytes).map_err(|_| InvalidEntryPoints::Encoding)?;
        let mut parser = Parser::default();
        for (index, line) in text.split('\n').enumerate() {
            parser.line(index + 1, line)?;
        }
        let parsed = Self { sections: parser.sections };
        parsed.check_names()?;
        Ok(parsed)
    }

    /// Returns the entry points of a group, such as `console_scripts`, sorted by name.
    #[must_use]
    pub fn group(&self, group: &str) -> Vec<EntryPoint> {
        let mut found: Vec<EntryPoint> =
            self.sections.iter().filter(|(name, _)| name == group).flat_map(|(_, all)| all.clone()).collect();
        found.sort();
        found
    }

    /// Returns the names of the groups, in file order.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the entry points of all groups, in file order, with the names of the groups.
    pub fn all(&self) -> impl Iterator<Item = (&str, &EntryPoint)> {
        self.sections.iter().flat_map(|(group, entries)| entries.iter().map(move |e| (group.as_str(), e)))
    }

    /// Returns the names of the source files that targets can stand in: `a/b.py` and `a/b/__init__.py` for `a.b`.
    pub(crate) fn module_files(&self) -> impl Iterator<Item = String> {
        self.all().filter_map(|(_, entry)| entry.module_and_object()).flat_map(|(module, _)| {
            let path = module.replace('.', "/");
            [format!("{path}.py"), format!("{path}/__init__.py")]
        })
    }

    /// Script names also come from `[DEFAULT]`, which `configparser` mixes into every group.
    fn check_names(&self) -> Result<(), InvalidEntryPoints> {
        for group in ["console_scripts", "gui_scripts"] {
            if !self.groups().any(|name| name == group) {
                continue;
            }
            for entry in self.group(group).into_iter().chain(self.group(DEFAULT)) {
                let valid = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
                if !entry.name.chars().all(valid) {
                    return Err(InvalidEntryPoints::Name(entry.name));
                }
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Parser {
    sections: Vec<(String, Vec<EntryPoint>)>,
    current: Option<usize>,
    in_option: bool,
    indent: usize,
    places: HashMap<String, usize>,
    seen: BTreeSet<(usize, String)>,
}

impl Parser {
    fn line(&mut self, number: usize, line: &str) -> Result<(), InvalidEntryPoints> {
        let value = strip(line);
        if value.is_empty() || value.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.chars().take_while(|c| is_space(*c)).count();
        if let Some(current) = self.current
            && self.in_option
            && indent > self.indent
        {
            if let Some(entry) = self.sections[current].1.last_mut() {
                entry.target.push('\n');
                entry.target.push_str(value);
            }
            return Ok(());
        }
        self.indent = indent;
        match section_name(value) {
            Some(name) => self.section(number, name),
            None => self.option(number, value),
        }
    }

    fn section(&mut self, number: usize, name: &str) -> Result<(), InvalidEntryPoints> {
        self.in_option = false;
        let known = self.places.get(name).copied();
        if known.is_some() && name != DEFAULT {
            return Err(InvalidEntryPoints::Duplicate(number, name.to_owned()));
        }
        if known.is_none() {
            self.places.insert(name.to_owned(), self.sections.len());
            self.sections.push((name.to_owned(), Vec::new()));
        }
        self.current = known.or(Some(self.sections.len() - 1));
        Ok(())
    }

    fn option(&mut self, number: usize, value: &str) -> Result<(), InvalidEntryPoints> {
        let Some(current) = self.current else { return Err(InvalidEntryPoints::Section(number)) };
        let Some((name, target)) = value.split_once('=') else {
            return Err(InvalidEntryPoints::Line(number));
        };
        let (name, target) = (strip(name).to_owned(), strip(target).to_owned());
        if name.is_empty() {
            return Err(InvalidEntryPoints::Line(number));
        }
        if !self.seen.insert((current, name.clone())) {
            return Err(InvalidEntryPoints::Duplicate(number, name));
        }
        self.sections[current].1.push(EntryPoint { name, target });
        self.in_option = true;
        Ok(())
    }
}

/// `[name]` at the start of the value; the name reaches to the last `]`.
fn section_name(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('[')?;
    let end = inner.rfind(']')?;
    (end > 0).then(|| &inner[..end])
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<EntryPoints, InvalidEntryPoints> {
        EntryPoints::parse(text.as_bytes())
    }

    #[test]
    fn groups_comments_and_continuations() {
        let points =
            parse("# c\n[console_scripts]\nb = p:b\na=p.q:main [x]\n\n[other]\nsome thing = v\n   more\n")
                .unwrap();
        let names: Vec<String> = points.group("console_scripts").into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(points.group("other")[0].target, "v\nmore");
        assert_eq!(points.groups().collect::<Vec<_>>(), ["console_scripts", "other"]);
    }

    #[test]
    fn what_configparser_refuses() {
        type E = InvalidEntryPoints;
        for (text, error) in [
            ("a = b\n", E::Section(1)),
            ("\u{feff}[console_scripts]\n", E::Section(1)),
            ("[g]\na: b\n", E::Line(2)),
            ("[g]\n= b\n", E::Line(2)),
            ("[g]\na=1\na=2\n", E::Duplicate(3, "a".to_owned())),
            ("[g]\n[g]\n", E::Duplicate(2, "g".to_owned())),
            ("[console_scripts]\nmy tool = a:b\n", E::Name("my tool".to_owned())),
            ("[DEFAULT]\na/b = c\n[gui_scripts]\nx = y:z\n", E::Name("a/b".to_owned())),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
        assert_eq!(EntryPoints::parse(b"\xff"), Err(E::Encoding));
        assert!(parse("[other]\nmy tool = anything\n").is_ok(), "other groups are free");
    }
}
