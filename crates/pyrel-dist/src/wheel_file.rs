//! `WHEEL`: format version, layout, and tags of a wheel as the archive states them. Parses; judges nothing.

/// The fields of a `WHEEL` file in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct WheelFile {
    fields: Vec<(String, String)>,
    /// Why the file is no list of fields.
    pub(crate) broken: Option<String>,
}

impl WheelFile {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut file = Self::default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            file.broken = Some("it is not UTF-8".to_owned());
            return file;
        };
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            match line.split_once(':') {
                Some((name, value)) if !name.contains(char::is_whitespace) => {
                    file.fields.push((name.to_owned(), value.trim().to_owned()));
                }
                _ => {
                    file.broken.get_or_insert(format!("line {} is no `Field: value`", index + 1));
                }
            }
        }
        file
    }

    /// Returns the first value of a field, its name in any case.
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(field)).map(|(_, value)| value.as_str())
    }

    /// Returns all values of a field, its name in any case.
    pub(crate) fn get_all<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(name, _)| name.eq_ignore_ascii_case(field))
            .map(|(_, value)| value.as_str())
    }

    /// Returns `Root-Is-Purelib`; `None` when it is absent or neither `true` nor `false`.
    pub(crate) fn purelib(&self) -> Option<bool> {
        match self.get("Root-Is-Purelib")?.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_any_case() {
        let file = WheelFile::parse(b"Wheel-Version: 1.0\nroot-is-purelib: True\nTag: a\nTag: b\n\n");
        assert_eq!(
            (file.get("WHEEL-version"), file.purelib(), file.broken.as_deref()),
            (Some("1.0"), Some(true), None)
        );
        assert_eq!(file.get_all("tag").collect::<Vec<_>>(), ["a", "b"]);
        assert!(WheelFile::parse(b"nonsense\n").broken.is_some());
    }
}
