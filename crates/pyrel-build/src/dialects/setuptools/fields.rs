//! The fields of core metadata 2.4, and how setuptools writes them.

use std::fmt::Write as _;

use pyrel_model::requirement::{Marker, SpecifierSet};
use pyrel_model::{Requirement, Version};

use crate::metadata::{is_exotic, python_lines};

/// Everything that setuptools may write. A text that is there is written even when it is empty.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) name: String,
    pub(super) version: Option<Version>,
    pub(super) summary: String,
    /// Home page, download page, author, maintainer, and their addresses: by header, in the order of `PLAIN`.
    pub(super) plain: Vec<(&'static str, String)>,
    pub(super) license: Option<License>,
    pub(super) urls: Vec<(String, String)>,
    pub(super) keywords: Vec<String>,
    pub(super) platforms: Vec<String>,
    pub(super) classifiers: Vec<String>,
    pub(super) provides: Vec<String>,
    pub(super) obsoletes: Vec<String>,
    pub(super) requires_python: Option<SpecifierSet>,
    pub(super) content_type: Option<String>,
    pub(super) license_files: Vec<String>,
    pub(super) dependencies: Vec<Requirement>,
    pub(super) optional: Vec<(String, Vec<Requirement>)>,
    /// Fields of which setuptools says that another build may fill them in otherwise, in its order.
    pub(super) dynamic: Vec<&'static str>,
    pub(super) body: String,
}

/// A licence as it is written.
#[derive(Debug)]
pub(super) enum License {
    /// An SPDX expression in its normal form.
    Expression(String),
    /// A text.
    Text(String),
}

/// Headers of plain texts, in order.
pub(super) const PLAIN: [&str; 6] =
    ["Home-page", "Download-URL", "Author", "Author-email", "Maintainer", "Maintainer-email"];

impl Fields {
    /// Returns the text of `METADATA`.
    pub(super) fn print(&self) -> String {
        let mut text = format!("Metadata-Version: 2.4\nName: {}\n", self.name);
        let mut line = |header: &str, value: &str| {
            let _ = writeln!(text, "{header}: {value}");
        };
        if let Some(version) = &self.version {
            line("Version", &version.to_string());
        }
        if !self.summary.is_empty() {
            line("Summary", first_line(&self.summary));
        }
        for header in PLAIN {
            for (_, value) in self.plain.iter().filter(|(known, _)| *known == header) {
                line(header, value);
            }
        }
        match &self.license {
            Some(License::Expression(expression)) => line("License-Expression", expression),
            Some(License::Text(content)) if !content.is_empty() => line("License", &escaped(content)),
            _ => {}
        }
        for (label, url) in &self.urls {
            line("Project-URL", &format!("{label}, {url}"));
        }
        if !self.keywords.is_empty() {
            line("Keywords", &self.keywords.join(","));
        }
        for (header, values) in [
            ("Platform", &self.platforms),
            ("Classifier", &self.classifiers),
            ("Provides", &self.provides),
            ("Obsoletes", &self.obsoletes),
        ] {
            values.iter().for_each(|value| line(header, value));
        }
        if let Some(requires_python) = self.requires_python.as_ref().filter(|set| !set.is_empty()) {
            line("Requires-Python", &requires_python.to_string());
        }
        if let Some(content_type) = &self.content_type {
            line("Description-Content-Type", content_type);
        }
        self.license_files.iter().for_each(|path| line("License-File", path));
        for requirement in &self.dependencies {
            line("Requires-Dist", &requirement.to_string());
        }
        self.print_optional(&mut text);
        for field in &self.dynamic {
            let _ = writeln!(text, "Dynamic: {field}");
        }
        if !self.body.is_empty() {
            let end = if self.body.ends_with('\n') { "" } else { "\n" };
            let _ = write!(text, "\n{}{end}", self.body);
        }
        text
    }

    fn print_optional(&self, text: &mut String) {
        for (written, requirements) in &self.optional {
            let extra = safe_extra(written);
            let _ = writeln!(text, "Provides-Extra: {extra}");
            for requirement in requirements {
                let marker = match &requirement.marker {
                    Some(marker) => format!("({marker}) and extra == \"{extra}\""),
                    None => format!("extra == \"{extra}\""),
                };
                let mut requirement = requirement.clone();
                requirement.marker = Marker::parse(&marker);
                let _ = writeln!(text, "Requires-Dist: {requirement}");
            }
        }
    }

    /// Returns the reason why one of the requirements without an extra is not printed natively.
    pub(super) fn odd_dependency(&self) -> Option<String> {
        odd_requirement(&self.dependencies)
    }

    /// Returns the reason why one of the extras is not printed natively.
    pub(super) fn odd_extra(&self) -> Option<String> {
        let mut seen: Vec<String> = Vec::new();
        for (written, requirements) in &self.optional {
            let extra = safe_extra(written);
            if extra.is_empty() || seen.contains(&extra) {
                return Some(format!("has extras with the same normal form: `{written}`"));
            }
            if let Some(reason) = odd_requirement(requirements) {
                return Some(reason);
            }
            seen.push(extra);
        }
        None
    }
}

fn odd_requirement(requirements: &[Requirement]) -> Option<String> {
    let odd = requirements.iter().find(|one| is_exotic(&one.specifiers))?;
    Some(format!("has comparisons that are printed by rules of their own: `{odd}`"))
}

fn first_line(summary: &str) -> &str {
    if summary.contains('\n') { summary.trim().split('\n').next().unwrap_or_default() } else { summary }
}

/// Indents every line but the first by eight, as `rfc822_escape` of distutils does.
fn escaped(text: &str) -> String {
    const INDENT: &str = "        ";
    let mut out = String::new();
    let mut rest = text;
    for line in python_lines(text) {
        let end = line.len()
            + rest[line.len()..].find(|c: char| !is_line_end(c)).unwrap_or(rest.len() - line.len());
        let end = line.len() + one_line_end(&rest[line.len()..end.max(line.len())]);
        if !out.is_empty() || rest.len() != text.len() {
            out.push_str(INDENT);
        }
        out.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    if text.ends_with(is_line_end) {
        out.push_str(INDENT);
    }
    out
}

fn is_line_end(c: char) -> bool {
    python_lines(&format!("a{c}b")).len() == 2
}

/// Returns the length of the first line end: `\r\n` is one.
fn one_line_end(ends: &str) -> usize {
    if ends.starts_with("\r\n") { 2 } else { ends.chars().next().map_or(0, char::len_utf8) }
}

/// Turns runs of anything but ASCII letters and digits into one `-`, none at the ends, in lower case.
fn safe_extra(extra: &str) -> String {
    let words = extra.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_texts_are_indented() {
        assert_eq!(escaped("MIT"), "MIT");
        assert_eq!(escaped("a\nb\n\nc"), "a\n        b\n        \n        c");
        assert_eq!(escaped("a\n"), "a\n        ");
        assert_eq!(escaped("\na"), "\n        a");
    }

    #[test]
    fn extras_have_a_normal_form() {
        assert_eq!(safe_extra("_FrIeNdLy-._.-bArD"), "friendly-bard");
    }

    #[test]
    fn a_summary_is_one_line() {
        assert_eq!(first_line("\n a\nb"), "a");
        assert_eq!(first_line(" a "), " a ");
    }

    #[test]
    fn extras_may_not_meet() {
        let fields = |extras: &[&str]| Fields {
            optional: extras.iter().map(|extra| ((*extra).to_owned(), Vec::new())).collect(),
            ..Fields::default()
        };
        assert!(fields(&["a", "b"]).odd_extra().is_none());
        assert!(fields(&["a-b", "A_b"]).odd_extra().is_some());
        assert!(fields(&["-"]).odd_extra().is_some());
    }
}
