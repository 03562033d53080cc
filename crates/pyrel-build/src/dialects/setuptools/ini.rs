//! Files of Python's `configparser`: read and printed as it does, in its strict mode and without interpolation.
//!
//! What it would refuse, or what its interpolation would change, is an error here.

/// A parsed file.
#[derive(Debug, Default, Clone)]
pub(super) struct Ini {
    pub(super) sections: Vec<Section>,
}

/// A section, its entries in file order.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) name: String,
    /// The line of the header, from 1.
    pub(super) line: usize,
    pub(super) entries: Vec<Entry>,
}

/// A key with its value; lines of the value are trimmed.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: String,
    /// The line of the key, from 1.
    pub(super) line: usize,
}

/// What is wrong, and in which line.
pub(super) type Fault = (usize, String);

impl Ini {
    /// Reads a text with these characters between keys and values.
    pub(super) fn parse(text: &str, delimiters: &[char]) -> Result<Self, Fault> {
        let mut reader = Reader { delimiters, ini: Self::default(), indent: 0 };
        for (index, line) in text.split('\n').enumerate() {
            reader.line(line, index + 1).map_err(|reason| (index + 1, reason))?;
        }
        for entry in reader.ini.sections.iter_mut().flat_map(|section| &mut section.entries) {
            entry.value.truncate(entry.value.trim_end().len());
            if entry.value.contains('%') {
                return Err((entry.line, format!("has a value with `%` in it: `{}`", entry.key)));
            }
        }
        Ok(reader.ini)
    }

    /// Returns a section.
    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Sets a value; a section or key that is not there comes last.
    pub(super) fn set(&mut self, name: &str, key: &str, value: &str) {
        let at = self.sections.iter().position(|section| section.name == name).unwrap_or_else(|| {
            self.sections.push(Section { name: name.to_owned(), line: 0, entries: Vec::new() });
            self.sections.len() - 1
        });
        let entries = &mut self.sections[at].entries;
        match entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => value.clone_into(&mut entry.value),
            None => entries.push(Entry { key: key.to_owned(), value: value.to_owned(), line: 0 }),
        }
    }

    /// Prints all sections, a blank line after each; comments are gone.
    pub(super) fn print(&self) -> String {
        let mut out = String::new();
        for section in &self.sections {
            out.push_str(&format!("[{}]\n", section.name));
            for entry in &section.entries {
                out.push_str(&format!("{} = {}\n", entry.key, entry.value.replace('\n', "\n\t")));
            }
            out.push('\n');
        }
        out
    }
}

struct Reader<'d> {
    delimiters: &'d [char],
    ini: Ini,
    /// How far the last key or header is indented.
    indent: usize,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, number: usize) -> Result<(), String> {
        if line.contains(|c: char| (c.is_control() && c != '\t') || (c.is_whitespace() && !c.is_ascii())) {
            return Err("has an unusual white space or control character".to_owned());
        }
        let text = line.trim();
        let section = self.ini.sections.last_mut();
        if text.is_empty() {
            if let Some(open) = section.and_then(|section| section.entries.last_mut()) {
                open.value.push('\n');
            }
            return Ok(());
        }
        if text.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.len() - line.trim_start().len();
        if indent > self.indent
            && let Some(open) = section.and_then(|section| section.entries.last_mut())
        {
            open.value.push('\n');
            open.value.push_str(text);
            return Ok(());
        }
        self.indent = indent;
        match text.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
            Some((name, _)) if !name.is_empty() => self.header(name, number),
            _ => self.entry(text, number),
        }
    }

    fn header(&mut self, name: &str, line: usize) -> Result<(), String> {
        if self.ini.section(name).is_some() {
            return Err(format!("has a section twice: `[{name}]`"));
        }
        self.ini.sections.push(Section { name: name.to_owned(), line, entries: Vec::new() });
        Ok(())
    }

    fn entry(&mut self, text: &str, line: usize) -> Result<(), String> {
        let Some((key, value)) = text.split_once(self.delimiters) else {
            return Err(format!("has a line that is no `key = value`: `{text}`"));
        };
        let Some(section) = self.ini.sections.last_mut() else {
            return Err("has a line before the first section".to_owned());
        };
        let key = key.trim_end();
        if key.is_empty() || section.entries.iter().any(|entry| entry.key == key) {
            return Err(format!("has a key twice, or an empty one: `{key}`"));
        }
        section.entries.push(Entry { key: key.to_owned(), value: value.trim().to_owned(), line });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &[char] = &['=', ':'];

    #[test]
    fn values_go_on_in_indented_lines() {
        let text = "# c\n[a]\nx=1\ny : 2 = 3\nz =\n    one\n\n    ; no\n  two\n\n[b] tail\n \tk = v\n  # c\n\tl = w\n   m\n";
        let ini = Ini::parse(text, BOTH).unwrap();
        let printed = "[a]\nx = 1\ny = 2 = 3\nz = \n\tone\n\t\n\ttwo\n\n[b]\nk = v\nl = w\n\tm\n\n";
        assert_eq!(ini.print(), printed);
        assert_eq!(Ini::parse(printed, BOTH).unwrap().print(), printed);
        assert_eq!(ini.section("b").map(|section| (section.line, section.entries[1].line)), Some((11, 14)));
    }

    #[test]
    fn keys_are_set_in_place() {
        let mut ini = Ini::parse("[egg_info]\ntag_date = 1\n[z]\n", BOTH).unwrap();
        ini.set("egg_info", "tag_build", "");
        ini.set("egg_info", "tag_date", "0");
        assert_eq!(ini.print(), "[egg_info]\ntag_date = 0\ntag_build = \n\n[z]\n\n");
    }

    #[test]
    fn what_python_refuses_or_expands_is_an_error() {
        for (text, line) in [
            ("x = 1\n", 1),
            ("[a]\n[a]\n", 2),
            ("[a]\nx = 1\nx : 2\n", 3),
            ("[a]\nx\n", 2),
            ("[a]\n= 1\n", 2),
            ("[]\n", 1),
            ("\u{feff}[a]\n", 1),
            ("[a]\nx = 1\u{a0}\n", 2),
            ("[a]\ny = 1\nx = 100%\n", 3),
        ] {
            assert_eq!(Ini::parse(text, BOTH).map_err(|(line, _)| line).err(), Some(line), "{text}");
        }
        assert!(Ini::parse("[a]\nx: 1\n", &['=']).is_err());
    }
}
