//! The sdist: module, `pyproject.toml`, readme and licences, and what the patterns add and take away.

use std::collections::BTreeSet;

use super::super::Subject;
use super::data;
use super::layout::{Module, all_below, refuse_link};
use super::metadata::Metadata;
use super::options::{Options, SdistOptions};
use crate::detector;
use crate::entry_set::Entry;
use crate::error::{Plan, unsupported};
use crate::pattern::{FnMatch, GlobOptions, has_magic, python_glob};
use crate::tree::Tree;

/// Excluded in any project with a table of patterns; the second means the root alone.
const ALWAYS_EXCLUDED: [&str; 2] = ["**/__pycache__", "**.pyc"];

/// Lists the members of the sdist in flit's order: sorted, `PKG-INFO` last.
pub(super) fn plan(
    subject: &Subject<'_>,
    options: &Options<'_>,
    module: &Module,
    metadata: &Metadata,
    stem: &str,
) -> Plan<Vec<Entry>> {
    let tree = &subject.tree;
    let mut crucial = vec!["pyproject.toml".to_owned()];
    crucial.extend((!module.is_stub()).then(|| module.file()));
    crucial.extend(metadata.readme.iter().chain(&metadata.license_files).cloned());
    let mut files: BTreeSet<String> =
        module.files(tree)?.into_iter().chain(crucial.iter().cloned()).collect();
    if let Some(directory) = &options.data {
        files.extend(data::files(tree, directory)?);
    }
    if let Some(sdist) = &options.sdist {
        files.extend(included(tree, sdist)?);
    }
    for path in &files {
        refuse_link(subject, tree, path)?;
    }
    if let Some(sdist) = &options.sdist {
        exclude(sdist, &mut files, &crucial)?;
    }
    if files.contains("PKG-INFO") {
        let reason = "would stand beside the file of that name that every sdist has";
        return Err(detector::file(&tree.display_path("PKG-INFO"), "PKG-INFO", reason));
    }
    let mut entries = Vec::with_capacity(files.len() + 1);
    for path in files {
        entries.push(tree.file(&path)?.into_entry(format!("{stem}/{path}")));
    }
    entries.push(Entry::generated(format!("{stem}/PKG-INFO"), metadata.text.clone().into_bytes()));
    Ok(entries)
}

/// Returns the files that the patterns match, and everything below folders that they match.
fn included(tree: &Tree, sdist: &SdistOptions<'_>) -> Plan<Vec<String>> {
    let mut files = Vec::new();
    for pattern in &sdist.include {
        let folder = pattern.trim_end_matches("/**");
        if folder == "**" {
            return Err(detector::option(
                &sdist.table,
                "include",
                format!("lists the whole project: `{pattern}`"),
            ));
        }
        // Versions of Python do not agree about a folder that is not there.
        if folder != pattern && !has_magic(folder) && !tree.is_dir(folder) {
            return Err(detector::option(&sdist.table, "include", format!("lists no folder: `{pattern}`")));
        }
        for path in python_glob(tree, "", pattern, GlobOptions { recursive: true, hidden: false })? {
            if tree.is_dir(&path) {
                files.extend(all_below(tree, &path, &|_| true)?);
            } else {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// Takes excluded files out; flit refuses to do without some.
fn exclude(sdist: &SdistOptions<'_>, files: &mut BTreeSet<String>, crucial: &[String]) -> Plan<()> {
    if let Some(odd) = files.iter().find(|path| !path.is_ascii()) {
        let reason = format!("selects among files that are not named in ASCII: `{odd}`");
        return unsupported("tool.flit.sdist", reason);
    }
    let patterns: Vec<Pattern> = ALWAYS_EXCLUDED
        .into_iter()
        .chain(sdist.exclude.iter().map(String::as_str))
        .map(Pattern::new)
        .collect();
    for pattern in &patterns {
        // Versions of Python do not agree about `file/**`.
        if let Some(file) = files.iter().find(|path| pattern.is_below_file(path)) {
            let reason = format!("looks for a folder where there is a file: `{file}`");
            return Err(detector::option(&sdist.table, "exclude", reason));
        }
    }
    files.retain(|path| !patterns.iter().any(|pattern| pattern.takes(path)));
    match crucial.iter().find(|path| !files.contains(*path)) {
        None => Ok(()),
        Some(path) => {
            let reason = format!("takes out a file that flit insists on: `{path}`");
            Err(detector::option(&sdist.table, "exclude", reason))
        }
    }
}

/// A pattern of Python's `glob`, asked about paths that exist.
struct Pattern {
    segments: Vec<Segment>,
}

enum Segment {
    /// `**`: any number of folders that are not hidden.
    Deep,
    /// A name without wildcards.
    Name(String),
    /// A name with wildcards; hidden names need a dot in the pattern.
    Wild { pattern: FnMatch, hidden: bool },
}

impl Segment {
    fn new(text: &str) -> Self {
        if text == "**" {
            Self::Deep
        } else if has_magic(text) {
            Self::Wild { pattern: FnMatch::new(text), hidden: text.starts_with('.') }
        } else {
            Self::Name(text.to_owned())
        }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Deep => !name.starts_with('.'),
            Self::Name(own) => own == name,
            Self::Wild { pattern, hidden } => (*hidden || !name.starts_with('.')) && pattern.matches(name),
        }
    }
}

impl Pattern {
    fn new(text: &str) -> Self {
        Self { segments: text.split('/').map(Segment::new).collect() }
    }

    /// Tells whether a file, or a folder on the way to it, is matched.
    fn takes(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        (1..=names.len()).any(|end| matches(&self.segments, &names[..end]))
    }

    /// Tells whether the pattern is that of a file with `/**` behind it.
    fn is_below_file(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        let deep = self.segments.iter().rev().take_while(|segment| matches!(segment, Segment::Deep)).count();
        let stem = &self.segments[..self.segments.len() - deep];
        deep > 0 && !stem.is_empty() && matches(stem, &names)
    }
}

fn matches(segments: &[Segment], names: &[&str]) -> bool {
    match segments.split_first() {
        None => names.is_empty(),
        Some((Segment::Deep, rest)) => {
            let depth = names.iter().take_while(|name| Segment::Deep.matches(name)).count();
            (0..=depth).any(|skipped| matches(rest, &names[skipped..]))
        }
        Some((segment, rest)) => {
            names.split_first().is_some_and(|(name, below)| segment.matches(name) && matches(rest, below))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_files_and_what_is_below_folders() {
        for (pattern, path, expected) in [
            ("**/__pycache__", "a/__pycache__/x", true),
            ("**/__pycache__", "__pycache__/x", true),
            ("**/__pycache__", ".a/__pycache__/x", false),
            ("**.pyc", "a.pyc", true),
            ("**.pyc", "a/a.pyc", false),
            ("a", "a/b/.c", true),
            ("a", "ab", false),
            ("a/**", "a/.b", true),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/.b/c", false),
            ("a/*", "a/.b", false),
            ("a/.*", "a/.b", true),
            ("**/*.txt", "a/b/c.txt", true),
            ("*/b", "a/b/c", true),
            ("a/b", "x/a/b", false),
        ] {
            assert_eq!(Pattern::new(pattern).takes(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn deep_patterns_behind_a_file_are_noticed() {
        for (pattern, path, expected) in [
            ("a/x.txt/**", "a/x.txt", true),
            ("a/**", "a/x.txt", false),
            ("a/*/**", "a/x", true),
            ("**", "a", false),
        ] {
            assert_eq!(Pattern::new(pattern).is_below_file(path), expected, "{pattern} {path}");
        }
    }
}
