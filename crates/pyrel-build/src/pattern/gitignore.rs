//! Git-style pattern lists with the semantics of the `pathspec` library, version 1.1, which hatchling uses.
//!
//! They differ from git's: a pattern that matches the path itself beats every one that matches through a
//! parent folder, wherever it stands in the list.

use regex::Regex;

/// A compiled list of patterns.
#[derive(Debug)]
pub(crate) struct IgnoreSpec {
    /// In reverse order, no-op lines left out.
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    include: bool,
    regex: Regex,
}

/// A pattern that `pathspec` itself refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidPattern(pub(crate) String);

/// The name of the group that tells a match through a folder from one of the path itself.
const FOLDER: &str = "folder";

impl IgnoreSpec {
    /// Compiles lines; blank lines and comments do nothing.
    pub(crate) fn new<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidPattern> {
        let mut patterns = Vec::new();
        for line in lines {
            patterns.extend(compile(line)?);
        }
        patterns.reverse();
        Ok(Self { patterns })
    }

    /// Tells whether the list takes a path. A leading `/` is dropped, as `pathspec` does.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix('/').unwrap_or(path);
        let mut through_folder = None;
        for pattern in &self.patterns {
            let Some(found) = pattern.regex.captures(path) else { continue };
            if found.name(FOLDER).is_none() {
                return pattern.include;
            }
            through_folder.get_or_insert(pattern.include);
        }
        through_folder.unwrap_or(false)
    }
}

fn compile(line: &str) -> Result<Option<Pattern>, InvalidPattern> {
    let invalid = || InvalidPattern(line.trim_end().to_owned());
    let text = if line.ends_with("\\ ") { line } else { line.trim_end() };
    if text.is_empty() || text.starts_with('#') || text == "/" {
        return Ok(None);
    }
    let (include, text) = text.strip_prefix('!').map_or((true, text), |rest| (false, rest));
    let mut segments: Vec<&str> = text.split('/').collect();
    let folder_only = text.ends_with('/');
    normalize_segments(&mut segments).ok_or_else(invalid)?;
    let regex = match special_case(&segments, folder_only) {
        Some(regex) => regex,
        None => match translate(&segments, folder_only) {
            Ok(regex) => regex,
            Err(Broken::Range) => return Ok(None),
            Err(Broken::Escape) => return Err(invalid()),
        },
    };
    let regex = Regex::new(&regex).map_err(|_| invalid())?;
    Ok(Some(Pattern { include, regex }))
}

/// Anchors or unanchors the segments and collapses `**/**`; `None` when nothing is left.
fn normalize_segments(segments: &mut Vec<&str>) -> Option<()> {
    if segments.first()?.is_empty() {
        segments.remove(0);
    } else if (segments.len() == 1 || (segments.len() == 2 && segments[1].is_empty())) && segments[0] != "**"
    {
        segments.insert(0, "**");
    }
    let last = segments.last_mut()?;
    if last.is_empty() {
        *last = "**";
    }
    segments.dedup_by(|next, previous| *next == "**" && *previous == "**");
    Some(())
}

fn special_case(segments: &[&str], folder_only: bool) -> Option<String> {
    let folder = format!("(?P<{FOLDER}>/)");
    match (segments, folder_only) {
        (["**"], true) | (["**", "*", "**"], true) => Some(folder),
        (["**"], false) | (["**", "*"], _) => Some("(?s:.)".to_owned()),
        (["**", "*", "**"], false) => Some("/".to_owned()),
        _ => None,
    }
}

enum Broken {
    Range,
    Escape,
}

fn translate(segments: &[&str], folder_only: bool) -> Result<String, Broken> {
    let mut out = String::new();
    let mut need_slash = false;
    let end = segments.len() - 1;
    for (index, segment) in segments.iter().enumerate() {
        if *segment == "**" {
            if index == 0 {
                out.push_str("^(?:.+/)?");
            } else if index < end {
                out.push_str("(?:/.+)?");
                need_slash = true;
            } else if folder_only {
                out.push_str(&format!("(?P<{FOLDER}>/)"));
            } else {
                out.push('/');
            }
            continue;
        }
        if index == 0 {
            out.push('^');
        }
        if need_slash {
            out.push('/');
        }
        if *segment == "*" {
            out.push_str("[^/]+");
        } else {
            translate_segment(segment, &mut out)?;
        }
        if index == end {
            out.push_str(&format!("(?:(?P<{FOLDER}>/)|$)"));
        }
        need_slash = true;
    }
    Ok(out)
}

fn translate_segment(segment: &str, out: &mut String) -> Result<(), Broken> {
    let characters: Vec<char> = segment.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        let c = characters[at];
        at += 1;
        match c {
            '\\' => {
                let escaped = characters.get(at).ok_or(Broken::Escape)?;
                out.push_str(&regex::escape(&escaped.to_string()));
                at += 1;
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => at = translate_class(&characters, at, out)?,
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    Ok(())
}

/// Translates a bracket expression whose content starts at `start`; returns where it ends.
fn translate_class(characters: &[char], start: usize, out: &mut String) -> Result<usize, Broken> {
    let mut end = start;
    let negated = matches!(characters.get(end), Some('!' | '^'));
    end += usize::from(negated);
    let content = end;
    end += usize::from(characters.get(end) == Some(&']'));
    while *characters.get(end).ok_or(Broken::Range)? != ']' {
        end += 1;
    }
    // `--` means a difference of sets to one expression engine and a range to the other.
    if characters[content..end].windows(2).any(|pair| pair == ['-', '-']) {
        return Err(Broken::Escape);
    }
    out.push_str(if negated { "[^" } else { "[" });
    for c in &characters[content..end] {
        if matches!(c, '\\' | '[' | ']' | '^' | '&' | '~') {
            out.push('\\');
        }
        out.push(*c);
    }
    out.push(']');
    Ok(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(patterns: &str, path: &str) -> bool {
        IgnoreSpec::new(patterns.lines()).unwrap().matches(path)
    }

    #[test]
    fn a_match_of_the_path_beats_one_through_a_folder() {
        for patterns in ["src/\n!src/keep.txt", "!src/keep.txt\nsrc/"] {
            assert!(!matches(patterns, "src/keep.txt"), "{patterns}");
            assert!(matches(patterns, "src/other.txt"), "{patterns}");
        }
        assert!(matches("*.txt\n!src/", "src/a.txt"));
    }

    #[test]
    fn anchors_follow_the_slash() {
        assert!(matches("/dist", "dist/a.whl") && !matches("/dist", "x/dist/a"));
        assert!(matches("a/b", "a/b") && !matches("a/b", "x/a/b"));
        assert!(matches("b", "a/b/c") && matches("b/", "a/b/c") && !matches("b/", "a/b"));
        assert!(matches("a/**/z", "a/z") && matches("a/**/z", "a/b/c/z"));
        assert!(matches("**/foo", "x/foo") && matches("foo/**", "foo/x"));
    }

    #[test]
    fn wildcards_stay_inside_a_segment() {
        assert!(matches("*.py[cdo]", "a/b.pyc") && !matches("*.py[cdo]", "a/b.py"));
        assert!(!matches("/a*c", "ab/c") && matches("/a?c", "abc"));
        assert!(matches("[!a]x", "bx") && !matches("[!a]x", "ax") && matches("[]-]x", "]x"));
        assert!(matches("\\!x", "!x") && matches("\\#x", "#x"));
    }

    #[test]
    fn the_whole_tree_patterns() {
        assert!(matches("*", "a") && matches("**", "a/b"));
        assert!(matches("*/", "a/b") && !matches("*/", "a"));
        assert!(!matches("*\n!*.py", "a.py"));
    }

    #[test]
    fn no_ops_and_faults() {
        assert!(!matches("# a\n\n/\n[a", "a"));
        assert!(matches("a  ", "a"));
        assert_eq!(IgnoreSpec::new(["a\\"]).unwrap_err(), InvalidPattern("a\\".to_owned()));
    }
}
