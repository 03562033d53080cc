//! The text of one section, as a forge shows it at a release.

use std::io::ErrorKind;
use std::path::Path;

use fs_err as fs;
use pyrel_model::Version;
use pyrel_model::changelog::{Document, Markup, Section};

use super::ChangelogError;

/// Returns what a changelog says about a version: the text below its heading, byte for byte, and the definitions of
/// the links in it that stand elsewhere.
///
/// # Errors
/// When there is no changelog, or it has no entry about the version.
pub fn notes_of(path: &Path, version: &Version) -> Result<String, ChangelogError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(ChangelogError::Missing { path: path.to_path_buf() });
        }
        Err(error) => return Err(error.into()),
    };
    let document = Document::parse(&bytes, Markup::of(&path.to_string_lossy()));
    let section = document.section(version);
    let no_entry = || ChangelogError::NoEntry { path: path.to_path_buf(), version: version.clone() };
    section.map(|section| notes(&document, section)).ok_or_else(no_entry)
}

/// Tells whether a changelog has an entry about a version that says something.
///
/// # Errors
/// When the changelog cannot be read.
pub fn has_entry(path: &Path, version: &Version) -> Result<bool, ChangelogError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let document = Document::parse(&bytes, Markup::of(&path.to_string_lossy()));
    Ok(document.section(version).is_some_and(|section| document.has_content(section)))
}

/// Returns the text of a section with the definitions that it needs.
pub(super) fn notes(document: &Document, section: &Section) -> String {
    let lines = document.trimmed(&section.body);
    let text: Vec<u8> = lines.clone().flat_map(|at| document.line(at).to_vec()).collect();
    let mut text = String::from_utf8_lossy(&text).into_owned();
    let ending = document.line_ending();
    let needed: Vec<String> = document
        .definitions()
        .iter()
        .filter(|one| !lines.contains(&one.line) && uses(&text, &one.label))
        .map(|one| document.text(one.line).trim().to_owned())
        .collect();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(ending);
    }
    if !needed.is_empty() {
        text.push_str(ending);
        needed.iter().for_each(|line| text.extend([line.as_str(), ending]));
    }
    text
}

/// Tells whether a text refers to a label: `[label]`, `[text][label]`.
fn uses(text: &str, label: &str) -> bool {
    let (text, reference) = (text.to_lowercase(), format!("[{}]", label.to_lowercase()));
    text.match_indices(&reference).any(|(at, _)| !text[at + reference.len()..].starts_with(['(', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_quoted_with_the_definitions_it_needs() {
        let text = "## [1.1]\r\n\r\n- a [#1] and [x][Y]\r\n- [z](w)\r\n\r\n## [1.0]\r\n\r\n[1.1]: u\r\n[#1]: one\r\n[y]: two\r\n[z]: three";
        let document = Document::parse(text.as_bytes(), Markup::Markdown);
        let found = notes(&document, &document.sections()[0]);
        assert_eq!(found, "- a [#1] and [x][Y]\r\n- [z](w)\r\n\r\n[#1]: one\r\n[y]: two\r\n");
        assert_eq!(notes(&document, &document.sections()[1]), "");
    }

    #[test]
    fn what_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("CHANGELOG.md");
        let version: Version = "1.2".parse().unwrap();
        assert!(matches!(notes_of(&path, &version), Err(ChangelogError::Missing { .. })));
        fs::write(&path, "## 1.1\nx").unwrap();
        let error = notes_of(&path, &version).unwrap_err();
        assert!(error.to_string().ends_with("CHANGELOG.md` has no entry for 1.2"), "{error}");
        assert_eq!(notes_of(&path, &"1.1.0".parse().unwrap()).unwrap(), "x\n");
        assert!(has_entry(&path, &"1.1.0".parse().unwrap()).unwrap());
        fs::write(&path, "## 1.2\n\n### Added\n").unwrap();
        assert!(!has_entry(&path, &version).unwrap());
    }
}
