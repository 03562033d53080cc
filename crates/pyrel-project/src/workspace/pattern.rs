//! Globs of directories, such as `packages/*`, relative to the root of a workspace.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// A glob of directories. `*` and `?` stay within a path segment, `**` spans any number of them.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    segments: Vec<Segment>,
    matcher: GlobMatcher,
}

/// One path segment of a pattern.
#[derive(Debug, Clone)]
pub(crate) enum Segment {
    /// A name.
    Literal(String),
    /// Names that match.
    Glob(Box<GlobMatcher>),
    /// Any number of segments.
    AnyDepth,
}

/// A text that is no glob of directories below the root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidPattern {
    #[error("an empty pattern matches nothing")]
    Empty,
    #[error("a pattern must be relative to the root and may not leave it: `{0}`")]
    Outside(String),
    #[error("a pattern separates directories by `/`: `{0}`")]
    Backslash(String),
    #[error("invalid glob, {reason}: `{text}`")]
    Glob { text: String, reason: String },
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidPattern> {
        if text.trim().is_empty() {
            return Err(InvalidPattern::Empty);
        }
        if text.contains('\\') {
            return Err(InvalidPattern::Backslash(text.to_owned()));
        }
        let leaves = |part| !matches!(part, Component::Normal(_) | Component::CurDir);
        if Path::new(text).components().any(leaves) {
            return Err(InvalidPattern::Outside(text.to_owned()));
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let mut segments: Vec<Segment> =
            parts.iter().map(|part| segment(text, part)).collect::<Result<_, _>>()?;
        // One says as much as several, and takes one search.
        segments.dedup_by(|a, b| matches!((a, b), (Segment::AnyDepth, Segment::AnyDepth)));
        let whole = if parts.is_empty() { ".".to_owned() } else { parts.join("/") };
        let matcher = glob(text, &whole)?;
        Ok(Self { segments, matcher })
    }

    /// Returns the segments; none stand for the root itself.
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the directory that the pattern names, when it has no wild card; `.` for the root itself.
    pub(crate) fn literal(&self) -> Option<PathBuf> {
        let mut path = PathBuf::new();
        for segment in &self.segments {
            let Segment::Literal(name) = segment else { return None };
            path.push(name);
        }
        Some(if self.segments.is_empty() { PathBuf::from(".") } else { path })
    }

    /// Tells whether a directory, or one that it lies in, matches. Only `.` matches the root itself.
    pub(crate) fn covers(&self, relative: &Path) -> bool {
        if relative == Path::new(".") {
            return self.segments.is_empty();
        }
        relative
            .ancestors()
            .filter(|path| !path.as_os_str().is_empty())
            .any(|path| self.matcher.is_match(path))
    }
}

fn segment(text: &str, part: &str) -> Result<Segment, InvalidPattern> {
    if part == "**" {
        return Ok(Segment::AnyDepth);
    }
    if !is_glob(part) {
        return Ok(Segment::Literal(part.to_owned()));
    }
    Ok(Segment::Glob(Box::new(glob(text, part)?)))
}

fn glob(text: &str, part: &str) -> Result<GlobMatcher, InvalidPattern> {
    match GlobBuilder::new(part).literal_separator(true).build() {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => Err(InvalidPattern::Glob { text: text.to_owned(), reason: error.kind().to_string() }),
    }
}

/// Tells whether a text has a wild card.
pub(crate) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stay_below_the_root() {
        for (text, start) in [
            ("", "an empty pattern"),
            (" ", "an empty pattern"),
            ("/abs", "a pattern must be relative"),
            ("../x", "a pattern must be relative"),
            ("a/../..", "a pattern must be relative"),
            ("a\\b", "a pattern separates directories by `/`"),
            ("a[", "invalid glob, "),
            ("{a,b", "invalid glob, "),
        ] {
            let error = Pattern::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(start), "{text}: {error}");
        }
    }

    #[test]
    fn a_pattern_covers_what_lies_below_a_match() {
        let covers = |pattern: &str, path: &str| Pattern::parse(pattern).unwrap().covers(Path::new(path));
        assert!(covers("packages/*", "packages/a"));
        assert!(covers("packages/*", "packages/a/nested"));
        assert!(covers("./packages/", "packages/a"));
        assert!(covers("**/old", "x/y/old"));
        assert!(covers(".", "."));
        assert!(!covers("packages/*", "packages"));
        assert!(!covers("*", ".") && !covers("**", ".") && !covers(".", "a"));
        assert!(!covers("old", "x/old"));
    }
}
