//! Replacements in text files, by byte range; what no replacement touches keeps every byte.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::BumpError;
use crate::edit::{Edit, EditError, EditSet};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A text file with replacements that are still to be made.
#[derive(Debug)]
struct TextFile {
    raw: Vec<u8>,
    /// The text without a byte order mark.
    text: String,
    replacements: Vec<(Range<usize>, String)>,
}

/// Text files by path, each read once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    files: BTreeMap<PathBuf, Option<TextFile>>,
}

impl Texts {
    /// Returns the text of a file, a byte order mark left out; `None` when there is no such file.
    pub(super) fn text(&mut self, path: &Path) -> Result<Option<&str>, BumpError> {
        Ok(self.file(path)?.as_ref().map(|file| file.text.as_str()))
    }

    /// Takes a file from the disk that was read before, with the text that was read; a file that has changed since is
    /// an error.
    pub(super) fn expect(&mut self, path: &Path, text: &str) -> Result<(), BumpError> {
        match self.text(path)? {
            Some(found) if found == text => Ok(()),
            _ => Err(BumpError::Edit(EditError::Changed { path: path.to_path_buf() })),
        }
    }

    /// Replaces bytes of the text of a file. A replacement that was already asked for is made once.
    pub(super) fn replace(&mut self, path: &Path, range: Range<usize>, new: &str) -> Result<(), BumpError> {
        let Some(file) = self.file(path)? else {
            return Err(BumpError::Edit(EditError::Changed { path: path.to_path_buf() }));
        };
        let replacement = (range, new.to_owned());
        if !file.replacements.contains(&replacement) {
            file.replacements.push(replacement);
        }
        Ok(())
    }

    /// Turns the replacements into edits.
    pub(super) fn into_edits(self, edits: &mut EditSet) -> Result<(), BumpError> {
        for (path, file) in self.files {
            let Some(mut file) = file.filter(|file| !file.replacements.is_empty()) else { continue };
            file.replacements.sort_by_key(|(range, _)| (range.start, range.end));
            let overlaps = file.replacements.windows(2).any(|two| two[1].0.start < two[0].0.end);
            if overlaps {
                return Err(BumpError::Overlap { path });
            }
            let mut text = file.text;
            for (range, new) in file.replacements.iter().rev() {
                text.replace_range(range.clone(), new);
            }
            let mark = if file.raw.starts_with(BYTE_ORDER_MARK.as_bytes()) { BYTE_ORDER_MARK } else { "" };
            let after = format!("{mark}{text}").into_bytes();
            edits.insert(Edit { path, before: Some(file.raw), after: Some(after) })?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<&mut Option<TextFile>, BumpError> {
        if !self.files.contains_key(path) {
            let file = read(path)?;
            self.files.insert(path.to_path_buf(), file);
        }
        Ok(self.files.get_mut(path).expect("the file was just read"))
    }
}

fn read(path: &Path) -> Result<Option<TextFile>, BumpError> {
    let raw = match fs_err::read(path) {
        Ok(raw) => raw,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(BumpError::Edit(EditError::Io(error))),
    };
    let text = match std::str::from_utf8(&raw) {
        Ok(text) => text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).to_owned(),
        Err(_) => return Err(BumpError::NotText { path: path.to_path_buf() }),
    };
    Ok(Some(TextFile { raw, text, replacements: Vec::new() }))
}

/// Returns where in a TOML file a part of a string value stands, when it is spelt there as it is; `span` is that of the
/// value with its quotes, `value` what it means, `part` a range of that.
pub(super) fn in_toml_string(
    text: &str,
    span: &Range<usize>,
    value: &str,
    part: &Range<usize>,
) -> Option<Range<usize>> {
    let source = text.get(span.clone())?;
    let quote = *source.as_bytes().first()?;
    let mut fence = 1;
    if source.len() >= 6 && source.as_bytes().starts_with(&[quote; 3]) {
        fence = 3;
        // A newline right after the opening quotes is not part of the value.
        fence += source[3..].len() - source[3..].trim_start_matches('\r').trim_start_matches('\n').len();
        if value.starts_with('\n') || value.starts_with("\r\n") {
            return None;
        }
    }
    let inner = source.get(fence..)?;
    // Escapes before the part would move it; those after it do no harm.
    (inner.get(..part.end) == value.get(..part.end))
        .then(|| span.start + fence + part.start..span.start + fence + part.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_toml_are_entered() {
        for (source, value, part, found) in [
            ("\"core>=1\"", "core>=1", 4..7, Some(">=1")),
            ("'core>=1'", "core>=1", 4..7, Some(">=1")),
            ("\"\"\"core>=1\"\"\"", "core>=1", 4..7, Some(">=1")),
            ("'''\ncore>=1'''", "core>=1", 4..7, Some(">=1")),
            ("'''\r\ncore>=1'''", "core>=1", 4..7, Some(">=1")),
            ("\"c>=1; p < \\\"3\\\"\"", "c>=1; p < \"3\"", 1..4, Some(">=1")),
            ("\"\\u0063>=1\"", "c>=1", 1..4, None),
            ("\"\"", "", 0..0, Some("")),
        ] {
            let text = format!("a = {source} # end");
            let span = 4..4 + source.len();
            let range = in_toml_string(&text, &span, value, &part);
            assert_eq!(range.map(|range| &text[range]), found, "{source}");
        }
    }

    #[test]
    fn replacements_are_made_once_and_overlaps_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs_err::write(&path, "\u{feff}one two\r\n").unwrap();
        let mut texts = Texts::default();
        assert_eq!(texts.text(&path).unwrap(), Some("one two\r\n"));
        texts.replace(&path, 4..7, "2").unwrap();
        texts.replace(&path, 0..3, "first").unwrap();
        texts.replace(&path, 4..7, "2").unwrap();
        let mut edits = EditSet::new(folder.path()).unwrap();
        texts.into_edits(&mut edits).unwrap();
        assert_eq!(edits.edits().next().unwrap().after.as_deref(), Some("\u{feff}first 2\r\n".as_bytes()));

        let mut texts = Texts::default();
        texts.replace(&path, 0..3, "a").unwrap();
        texts.replace(&path, 2..4, "b").unwrap();
        assert!(matches!(texts.into_edits(&mut edits), Err(BumpError::Overlap { .. })));
    }
}
