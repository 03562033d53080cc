//! Findings and located errors as data; rendering is the edge's.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Fails only under `--strict`.
    Warning,
    /// Fails.
    Error,
}

impl Level {
    /// Returns `error`, `warning`, or `info`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a text file: line and column count from one, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 when only the file is known.
    pub line: usize,
    /// The column, from 1; 0 when only the line is known.
    pub column: usize,
    /// The text of that line, when known.
    #[serde(skip)]
    pub source_line: Option<String>,
    /// How many characters the problem spans on that line, at least 1.
    #[serde(skip)]
    pub width: usize,
}

impl Location {
    /// Locates a byte span of `text`, the content of the file at `path`.
    #[must_use]
    pub fn of_span(path: &Path, text: &str, span: &Range<usize>) -> Self {
        let start = floor_boundary(text, span.start.min(text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor_boundary(text, span.end.clamp(start, line_end));
        Self {
            path: path.to_path_buf(),
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            source_line: Some(text[line_start..line_end].trim_end_matches('\r').to_owned()),
            width: text[start..end].chars().count().max(1),
        }
    }

    /// Locates a whole file.
    #[must_use]
    pub fn of_file(path: &Path) -> Self {
        Self { path: path.to_path_buf(), line: 0, column: 0, source_line: None, width: 1 }
    }

    /// Returns `path:line:column`, as far as known.
    #[must_use]
    pub fn to_text(&self) -> String {
        let path = self.path.display();
        match (self.line, self.column) {
            (0, _) => format!("{path}"),
            (line, 0) => format!("{path}:{line}"),
            (line, column) => format!("{path}:{line}:{column}"),
        }
    }

    /// Returns the source line with a caret under the problem, as a compiler prints it; empty when unknown.
    #[must_use]
    pub fn to_snippet(&self) -> String {
        let Some(source) = &self.source_line else { return String::new() };
        let gutter = self.line.to_string().len();
        let mut out = String::new();
        let indent: String = source
            .chars()
            .take(self.column.saturating_sub(1))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let carets = "^".repeat(self.width);
        let _ = writeln!(out, "{:gutter$} |", "");
        let _ = writeln!(out, "{} | {source}", self.line);
        let _ = write!(out, "{:gutter$} | {indent}{carets}", "");
        out
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A located problem with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// Where.
    pub location: Option<Location>,
    /// What to do.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Makes a diagnostic without a place or a remedy.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), location: None, hint: None }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Adds the remedy.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.location {
            Some(location) => write!(f, "{}: {}", location.to_text(), self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_becomes_line_column_and_caret() {
        let text = "[project]\nname = \"ä\"\nversion = 3\n";
        let start = text.find('3').unwrap();
        let location = Location::of_span(Path::new("pyproject.toml"), text, &(start..start + 1));
        assert_eq!(location.to_text(), "pyproject.toml:3:11");
        assert_eq!(location.to_snippet(), "  |\n3 | version = 3\n  |           ^");
    }

    #[test]
    fn a_span_past_the_end_stays_inside() {
        let location = Location::of_span(Path::new("x"), "ab", &(7..9));
        assert_eq!((location.line, location.column, location.width), (1, 3, 1));
    }
}
