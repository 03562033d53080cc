//! Versions in files of any kind: documents, labels, pins. Found by a pattern, or wherever the version stands alone.

use std::ops::Range;
use std::sync::LazyLock;

use pyrel_model::{PackageName, Version};
use regex::Regex;

/// A version as documents hold it, a leading `v` not included.
const VERSION: &str = r"(?x)
    (?:\d+!)? \d+ (?:\.\d+)*
    (?: [-_.]? (?:alpha|beta|preview|pre|rc|a|b|c) [-_.]? \d* )?
    (?: -\d+ | [-_.]? (?:post|rev|r) [-_.]? \d* )?
    (?: [-_.]? dev [-_.]? \d* )?
    (?: \+[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)* )?";

/// Versions anywhere in a text.
static ANYWHERE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(VERSION).expect("the expression is a constant"));

/// Returns the bytes of every occurrence of a version that stands alone: not within a longer number or word.
pub(super) fn occurrences(text: &str, version: &Version) -> Vec<Range<usize>> {
    let found = ANYWHERE.find_iter(text).map(|found| found.range());
    found
        .filter(|range| {
            stands_alone(text, range)
                && text[range.clone()].parse().is_ok_and(|found: Version| found == *version)
        })
        .collect()
}

fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let mut before = text[..range.start].chars().rev();
    let first = before.next();
    // `v1.2.0` is a version, `rev1.2.0` is not.
    let first = if matches!(first, Some('v' | 'V')) { before.next() } else { first };
    let joined = |c: char| c.is_alphanumeric() || c == '_';
    let mut after = text[range.end..].chars();
    let next = after.next();
    let goes_on = match next {
        Some('.') => after.next().is_some_and(|c| c.is_ascii_digit()),
        other => other.is_some_and(joined),
    };
    !first.is_some_and(|c| joined(c) || c == '.') && !goes_on
}

/// Returns the bytes of the version in every place where a pattern matches. `{version}` stands for the version and
/// `{name}` for the package's name in any spelling; everything else is meant literally.
pub(super) fn matches(text: &str, pattern: &str, name: &PackageName) -> Vec<Range<usize>> {
    let version = format!("(?:[vV]?(?<version>{VERSION}))");
    let separators = |part: &str| regex::escape(part);
    let name: Vec<String> = name.normalized().split('-').map(separators).collect();
    let name = format!("(?i:{})", name.join("[-_.]+"));
    let expression = regex::escape(pattern).replace(r"\{version\}", &version).replace(r"\{name\}", &name);
    // The configuration checked that there is one `{version}`, and all the rest is escaped.
    let Ok(expression) = Regex::new(&expression) else { return Vec::new() };
    expression
        .captures_iter(text)
        .filter_map(|captures| captures.name("version").map(|found| found.range()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_stands_alone_is_found() {
        let version: Version = "1.2.0".parse().unwrap();
        for (text, count) in [
            ("pip install demo==1.2.0.", 1),
            ("v1.2.0 and V1.2.0, not rev1.2.0", 2),
            ("demo-1.2.0.tar.gz demo-1.2.0-py3-none-any.whl", 2),
            ("11.2.0 1.2.01 1.2.0.1 0.1.2.0 1.2.0rc1 1.2.0-1 x1.2.0 1.2.0x _1.2.0", 0),
            ("(1.2.0) \"1.2.0\" `1.2.0`\r\n1.2.0", 4),
            ("1.2", 1),
            ("ünïcode 1.2.0 é", 1),
        ] {
            assert_eq!(occurrences(text, &version).len(), count, "{text}");
        }
        let candidate: Version = "1.2.0rc1".parse().unwrap();
        let text = "a 1.2.0rc1 b 1.2.0-rc.1 c 1.2.0";
        let found: Vec<&str> = occurrences(text, &candidate).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["1.2.0rc1", "1.2.0-rc.1"]);
    }

    #[test]
    fn patterns_are_literal_but_for_their_names() {
        let name: PackageName = "My.Pkg".parse().unwrap();
        let text =
            "my-pkg==1.0 My_Pkg==1.0rc1 other==9 (my.pkg)==2 LABEL version=\"v1.0\" LABEL version=\"1.0\"";
        let found = |pattern: &str| -> Vec<&str> {
            matches(text, pattern, &name).into_iter().map(|range| &text[range]).collect()
        };
        assert_eq!(found("{name}=={version}"), ["1.0", "1.0rc1"]);
        assert_eq!(found("LABEL version=\"{version}\""), ["1.0", "1.0"]);
        assert_eq!(found("({name})=={version}"), ["2"]);
        assert!(found("label version=\"{version}\"").is_empty());
    }
}
