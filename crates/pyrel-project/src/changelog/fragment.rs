//! Change fragments: one small file a change, as towncrier reads them (`changes/123.fixed.md`).

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::changelog::{Document, Markup};

use super::draft::issue_link;
use super::{ChangelogError, Remote};
use crate::config::ChangelogConfig;

/// A change that somebody described in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// The file, absolute.
    pub path: PathBuf,
    /// Its bytes, so that its removal can be planned.
    pub bytes: Vec<u8>,
    /// The name without type and extension: an issue's number, or anything else.
    pub name: String,
    /// The heading that it stands under.
    pub heading: String,
    /// What it says, white space at the ends removed.
    pub text: String,
}

impl Fragment {
    /// Reads the fragments in a folder, sorted by name; none when there is no such folder. Files whose names start
    /// with `.`, `_`, `README`, or `template` are none.
    ///
    /// # Errors
    /// When a file cannot be read, is no text, says nothing, or has a name without a known type.
    pub fn read_all(folder: &Path, settings: &ChangelogConfig) -> Result<Vec<Self>, ChangelogError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error.into()),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() && is_fragment(&entry.file_name().to_string_lossy()) {
                paths.push(entry.path());
            }
        }
        paths.sort_by_key(|path| sort_key(path));
        paths.into_iter().map(|path| Self::read(path, settings)).collect()
    }

    fn read(path: PathBuf, settings: &ChangelogConfig) -> Result<Self, ChangelogError> {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((name, heading)) = parts(&file_name, settings) else {
            return Err(ChangelogError::FragmentName { path, known: known(settings) });
        };
        let bytes = fs::read(&path)?;
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}').trim().replace("\r\n", "\n"),
            Err(_) => return Err(ChangelogError::FragmentText { path, what: "is not UTF-8 text" }),
        };
        if text.is_empty() && issue(&name).is_none() {
            return Err(ChangelogError::FragmentText { path, what: "says nothing" });
        }
        let document = Document::parse(text.as_bytes(), Markup::Markdown);
        if !document.headings().is_empty() {
            return Err(ChangelogError::FragmentText { path, what: "has a heading of its own" });
        }
        if document.unclosed().is_some() {
            return Err(ChangelogError::FragmentText { path, what: "has a block that never ends" });
        }
        Ok(Self { path, bytes, name, heading, text })
    }

    /// Returns the fragment as an item of a list. A list stays as it is; anything else becomes one item with the
    /// issue that the name tells.
    pub(super) fn item(&self, remote: Option<&Remote>) -> String {
        if ["- ", "* ", "+ "].iter().any(|mark| self.text.starts_with(mark)) {
            return self.text.clone();
        }
        let link = issue(&self.name).map(|number| issue_link(number, remote));
        let mut lines: Vec<String> = self.text.lines().map(|line| format!("  {}", line.trim_end())).collect();
        match (link, lines.last_mut()) {
            (Some(link), Some(last)) if last.trim() != "```" => last.push_str(&format!(" ({link})")),
            (Some(link), Some(_)) => lines.push(format!("\n  ({link})")),
            (Some(link), None) => lines.push(format!("  {link}")),
            (None, _) => {}
        }
        let text: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
        format!("- {}", text.join("\n").trim_start())
    }
}

fn is_fragment(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ![".", "_", "readme", "template"].iter().any(|start| name.starts_with(start)) && !name.ends_with('~')
}

/// Numbers sort as numbers, before words.
fn sort_key(path: &Path) -> (u64, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    (digits.parse().unwrap_or(u64::MAX), name)
}

/// Splits `123.fixed.md`, `+x.fixed`, and `123.fixed.2.md` into name and heading.
fn parts(file_name: &str, settings: &ChangelogConfig) -> Option<(String, String)> {
    let mut parts: Vec<&str> = file_name.split('.').collect();
    if parts.last().is_some_and(|last| ["md", "markdown", "rst", "txt"].contains(last)) {
        parts.pop();
    }
    if parts.len() > 2 && parts.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        parts.pop();
    }
    let kind = parts.pop()?.to_lowercase();
    let name = parts.join(".");
    let by_heading = || {
        let headings = settings.categories.iter().map(|category| category.heading.as_str());
        let mut all = headings.chain([settings.other.as_str(), settings.breaking.as_str()]);
        all.find(|heading| heading.to_lowercase() == kind)
    };
    let breaking = (kind == "breaking").then_some(settings.breaking.as_str());
    let heading = breaking.or_else(|| settings.category(&kind)).or_else(by_heading)?;
    (!name.is_empty()).then(|| (name, heading.to_owned()))
}

fn known(settings: &ChangelogConfig) -> Vec<String> {
    let first = |category: &crate::config::Category| {
        category.types.first().cloned().unwrap_or_else(|| category.heading.to_lowercase())
    };
    std::iter::once("breaking".to_owned()).chain(settings.categories.iter().map(first)).collect()
}

/// Returns the number of the issue that a name is: `123`, `#123`, `gh-123`, also after a package's name.
fn issue(name: &str) -> Option<u64> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let digits = ["#", "gh-", "GH-"].iter().find_map(|mark| last.strip_prefix(mark)).unwrap_or(last);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_issue_and_type() {
        let settings = ChangelogConfig::default();
        for (name, expected) in [
            ("123.fixed.md", Some(("123", "Fixed"))),
            ("123.feature.rst", Some(("123", "Added"))),
            ("123.bugfix.2.md", Some(("123", "Fixed"))),
            ("+orphan.fixed.md", Some(("+orphan", "Fixed"))),
            ("a.b.removal", Some(("a.b", "Removed"))),
            ("x.breaking.md", Some(("x", "Breaking changes"))),
            ("x.Documentation.md", Some(("x", "Documentation"))),
            ("x.odd.md", None),
            ("fixed.md", None),
            ("notes", None),
        ] {
            let found = parts(name, &settings);
            let found = found.as_ref().map(|(name, heading)| (name.as_str(), heading.as_str()));
            assert_eq!(found, expected, "{name}");
        }
    }

    fn item(name: &str, text: &str) -> String {
        let fragment = Fragment {
            path: PathBuf::new(),
            bytes: Vec::new(),
            name: name.to_owned(),
            heading: String::new(),
            text: text.to_owned(),
        };
        fragment.item(None)
    }

    #[test]
    fn a_fragment_becomes_an_item() {
        assert_eq!(item("12", "Fix it.\nFor all."), "- Fix it.\n  For all. (#12)");
        assert_eq!(item("+x", "One\n\n    code"), "- One\n\n      code");
        assert_eq!(item("12", "- a\n- b"), "- a\n- b");
        assert_eq!(item("gh-12", ""), "- #12");
        assert_eq!(item("12", "x\n\n```\ncode\n```"), "- x\n\n  ```\n  code\n  ```\n\n  (#12)");
    }

    #[test]
    fn a_folder_is_read_in_order_and_every_fault_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, text) in
            [("10.fixed.md", "b"), ("9.fixed.md", "a\r\nb"), ("README.md", ""), (".gitignore", "")]
        {
            fs::write(path(name), text).unwrap();
        }
        fs::create_dir(path("sub.fixed.md")).unwrap();
        let settings = ChangelogConfig::default();
        let read = || Fragment::read_all(folder.path(), &settings);
        let texts: Vec<String> = read().unwrap().into_iter().map(|fragment| fragment.text).collect();
        assert_eq!(texts, ["a\nb", "b"]);
        fs::write(path("+a.fixed.md"), " \n").unwrap();
        assert!(read().unwrap_err().to_string().starts_with("the change fragment says nothing: "));
        fs::write(path("+a.fixed.md"), b"\xff").unwrap();
        assert!(read().unwrap_err().to_string().starts_with("the change fragment is not UTF-8 text: "));
        for (text, start) in [
            ("x\n\n## 9.9\n", "the change fragment has a heading of its own: "),
            ("x\n\n```\ny\n", "the change fragment has a block that never ends: "),
        ] {
            fs::write(path("+a.fixed.md"), text).unwrap();
            assert!(read().unwrap_err().to_string().starts_with(start), "{text}");
        }
        fs::remove_file(path("+a.fixed.md")).unwrap();
        fs::write(path("1.odd.md"), "x").unwrap();
        let error = read().unwrap_err();
        assert!(error.to_string().ends_with("1.odd.md`"), "{error}");
        assert!(error.hint().unwrap().starts_with("known types are `breaking`, `feat`"));
        assert!(Fragment::read_all(&path("nowhere"), &settings).unwrap().is_empty());
    }
}
