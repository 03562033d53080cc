//! Entry points: which ones are plain, how they are read from texts and files, and how they are printed.

use std::sync::LazyLock;

use pyrel_model::pyproject::Entries;
use regex::Regex;

use super::ini::Ini;
use crate::metadata::{python_lines, sorted};

/// Groups with their entries.
pub(super) type Groups = Vec<(String, Entries)>;

static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_.-]+$").expect("a constant expression"));
static GROUP: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$").expect("a constant expression"));
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    const DOTTED: &str = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*";
    Regex::new(&format!("^{DOTTED}(:{DOTTED})?$")).expect("a constant expression")
});

/// Returns the first entry whose name or reference setuptools might refuse or spell in another way, or that is there
/// twice.
pub(super) fn odd_entry(entries: &Entries) -> Option<&(String, String)> {
    let is_odd = |(at, (name, value)): &(usize, &(String, String))| {
        !NAME.is_match(name)
            || !REFERENCE.is_match(value)
            || entries[..*at].iter().any(|(earlier, _)| earlier == name)
    };
    entries.iter().enumerate().find(is_odd).map(|(_, entry)| entry)
}

/// Returns the first group with an odd name or entry.
pub(super) fn odd_group(groups: &Groups) -> Option<&str> {
    let is_odd = |(at, (group, entries)): &(usize, &(String, Entries))| {
        !GROUP.is_match(group)
            || odd_entry(entries).is_some()
            || groups[..*at].iter().any(|(earlier, _)| earlier == group)
    };
    groups.iter().enumerate().find(is_odd).map(|(_, (group, _))| group.as_str())
}

/// Reads lines of `name = reference`; `None` when one has no `=`.
pub(super) fn entries<'t>(lines: impl IntoIterator<Item = &'t str>) -> Option<Entries> {
    let lines = lines.into_iter().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &str| {
        line.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
    };
    lines.map(pair).collect()
}

/// Reads a text of groups, as the `entry_points` of setuptools may be; `None` when it is not plain.
pub(super) fn text(text: &str) -> Option<Groups> {
    let mut groups: Groups = Vec::new();
    for line in python_lines(text).into_iter().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            groups.push((name.to_owned(), Vec::new()));
        } else if !line.is_empty() && !line.starts_with('#') {
            groups.last_mut()?.1.extend(entries([line])?);
        }
    }
    Some(groups)
}

/// Reads a file of groups, as `[tool.setuptools.dynamic]` may name one: a file of `configparser`.
pub(super) fn file(text: &str) -> Result<Groups, String> {
    let ini = Ini::parse(text, &['=']).map_err(|(line, reason)| format!("{reason} (line {line})"))?;
    let pairs = |section: super::ini::Section| {
        let entries = section.entries.into_iter().map(|entry| (entry.key, entry.value));
        (section.name, entries.collect())
    };
    Ok(ini.sections.into_iter().map(pairs).collect())
}

/// Prints groups sorted, names sorted, a blank line between groups; those without entries are left out.
pub(super) fn print(mut groups: Groups) -> String {
    groups.retain(|(_, entries)| !entries.is_empty());
    groups.sort();
    let sections = groups.iter().map(|(group, entries)| {
        let lines: Vec<String> =
            sorted(entries).iter().map(|(name, value)| format!("{name} = {value}")).collect();
        format!("[{group}]\n{}\n", lines.join("\n"))
    });
    sections.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_files_give_groups() {
        let source = "[b.x]\n# c\nz = m:f\n a=m\n\n[a]\nk = m.n:o.p\n";
        let expected = "[a]\nk = m.n:o.p\n\n[b.x]\na = m\nz = m:f\n";
        assert_eq!(text(source).map(print).as_deref(), Some(expected));
        assert_eq!(text("x = m\n"), None);
        assert_eq!(text("[a]\nx\n"), None);
        let file = file(&source.replace(" a", "a")).map(print);
        assert_eq!(file.as_deref(), Ok(expected));
    }

    #[test]
    fn odd_ones_are_found() {
        let entries = |list: &[(&str, &str)]| -> Entries {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert!(odd_entry(&entries(&[("a-b.c", "m.n:o.p"), ("d", "m")])).is_none());
        for odd in [("a b", "m:f"), ("a", "m:f [x]"), ("a", "m:"), ("a", "1m")] {
            assert!(odd_entry(&entries(&[odd])).is_some(), "{odd:?}");
        }
        assert!(odd_entry(&entries(&[("a", "m"), ("a", "n")])).is_some());
        assert_eq!(odd_group(&vec![("a b".to_owned(), Vec::new())]), Some("a b"));
        assert_eq!(odd_group(&vec![("a".to_owned(), Vec::new()), ("a".to_owned(), Vec::new())]), Some("a"));
    }
}
