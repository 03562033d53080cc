//! What the text of a heading says: a version, that it is unreleased, or something else.

use crate::Version;

/// What a heading stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// What comes next: `Unreleased`.
    Unreleased,
    /// A release: `1.2.0`, `[1.2.0] - 2024-01-02`, `Version 1.2.0/0.33b0`. `plain` when there is nothing else but a
    /// date.
    Release {
        /// The versions, at least one.
        versions: Vec<Version>,
        /// Whether versions and dates are all there is.
        plain: bool,
    },
    /// A version somewhere in a longer text: `demo 1.0`, `Changes in 1.0`.
    Mention(Vec<Version>),
    /// Anything else.
    Other,
}

/// Words that may stand before a version.
const LEADS: &[&str] = &["version", "release", "released", "v", "ver", "ver."];
/// Words that may stand after a version without adding anything.
const TAILS: &[&str] = &["yanked", "released", "unreleased", "on", "date", "release"];

/// Reads the text of a heading.
#[must_use]
pub fn named(text: &str) -> Named {
    let text = without_targets(text);
    let bracketed = text.trim_start_matches(['*', '_', '`', ' ', '#']).starts_with('[');
    let all: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || "[](){},:;#`*\"'".contains(c))
        .filter(|word| word.contains(|c: char| c.is_alphanumeric()))
        .collect();
    let lowered = |word: &str| word.to_ascii_lowercase();
    let words: Vec<&str> = all.iter().copied().filter(|word| !is_date(word)).collect();
    let lead = words.iter().take_while(|word| LEADS.contains(&lowered(word).as_str())).count();
    let Some(first) = words.get(lead) else { return Named::Other };
    if lowered(first) == "unreleased" {
        return Named::Unreleased;
    }
    let rest = &words[lead + 1..];
    let alone = rest.iter().all(|word| TAILS.contains(&lowered(word).as_str()) || is_month_date(word));
    let certain = (bracketed && lead == 0) || lead > 0 || (alone && !is_year(first));
    let versions = versions(first, certain);
    if !versions.is_empty() {
        return Named::Release { versions, plain: alone };
    }
    let mentioned: Vec<Version> = rest.iter().flat_map(|word| self::versions(word, false)).take(1).collect();
    if mentioned.is_empty() { Named::Other } else { Named::Mention(mentioned) }
}

/// Returns the versions in a word: `v1.2`, `1.2.0/0.33b0`, `demo@1.2`, `demo-v1.2`. One without a dot counts only
/// when it is marked by `v`, or when it is certain that a version is meant.
fn versions(word: &str, certain: bool) -> Vec<Version> {
    let pieces = word.split(['/', '@', '=']).filter(|piece| !piece.is_empty());
    let read = |piece: &str| match (version(piece, certain), piece.split_once('-')) {
        (Some(version), _) => vec![version],
        // Two versions of one release: `1.12.0rc2-0.32b0`.
        (None, Some((one, other))) => {
            let both = version(one, false).zip(version(other, false));
            both.map_or(Vec::new(), |(one, other)| vec![one, other])
        }
        (None, None) => Vec::new(),
    };
    pieces.flat_map(read).collect()
}

fn version(piece: &str, certain: bool) -> Option<Version> {
    let piece = piece.trim_end_matches('.');
    let tagged = piece.rfind("-v").map(|at| &piece[at + 1..]);
    let read = |text: &str| {
        let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let marked = bare.len() < text.len();
        let fits =
            bare.starts_with(|c: char| c.is_ascii_digit()) && (certain || marked || bare.contains('.'));
        if fits { bare.parse().ok() } else { None }
    };
    read(piece).or_else(|| read(tagged?))
}

/// Removes tags (`<a name="x">`) and the targets of links (`](…)`), which are not shown.
fn without_targets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', ']']) {
        out.push_str(&rest[..=at]);
        let inner = &rest[at + 1..];
        let close = match (&rest[at..=at], inner.chars().next()) {
            ("<", Some(c)) if c == '/' || c.is_ascii_alphabetic() => inner.find('>'),
            ("]", Some('(')) => inner.find(')'),
            _ => None,
        };
        if close.is_some() && rest[at..].starts_with('<') {
            out.pop();
            out.push(' ');
        }
        rest = close.map_or(inner, |close| &inner[close + 1..]);
    }
    out.push_str(rest);
    out
}

/// Tells whether a word is a day: `2024-01-02`, `2024/1/2`, `02.01.2024`.
fn is_date(word: &str) -> bool {
    let digits = |part: &str, lengths: &[usize]| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    ['-', '/', '.'].iter().any(|sign| match word.split(*sign).collect::<Vec<_>>()[..] {
        [year, month, day] if *sign != '.' && digits(year, &[4]) => {
            digits(month, &[1, 2]) && (digits(day, &[1, 2]) || day.eq_ignore_ascii_case("xx"))
        }
        [day, month, year] => digits(day, &[1, 2]) && digits(month, &[1, 2]) && digits(year, &[4]),
        _ => false,
    })
}

/// Tells whether a word belongs to a date in words: `January`, `2nd`, `2024`.
fn is_month_date(word: &str) -> bool {
    const MONTHS: &[&str] =
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let word = word.to_ascii_lowercase();
    let day = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(&word);
    MONTHS.iter().any(|month| word.starts_with(month))
        || (!day.is_empty() && day.len() <= 4 && day.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && (word.starts_with("19") || word.starts_with("20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let join =
            |versions: &[Version]| versions.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
        match named(text) {
            Named::Unreleased => "unreleased".to_owned(),
            Named::Release { versions, plain } => {
                format!("{}{}", join(&versions), if plain { "" } else { " …" })
            }
            Named::Mention(versions) => format!("?{}", join(&versions)),
            Named::Other => "-".to_owned(),
        }
    }

    #[test]
    fn headings_of_real_life_are_read() {
        for (text, expected) in [
            ("[1.2.0] - 2024-01-02", "1.2.0"),
            ("[1.2.0]", "1.2.0"),
            ("1.2.0 (2024-01-02)", "1.2.0"),
            ("v1.2", "1.2"),
            ("V1.2.0 / 2024/01/02", "1.2.0"),
            ("[v1.2.0](https://example.org/9.9.9) (2024-01-02)", "1.2.0"),
            ("<a name=\"9.9\"></a>1.2.0", "1.2.0"),
            ("**1.2.0** - 2nd January 2024", "1.2.0"),
            ("Version 1.2.0/0.33b0 (2022-08-08)", "1.2.0+0.33b0"),
            ("[1.12.0rc2-0.32b0](u) - 2022-07-01", "1.12.0rc2+0.32b0"),
            ("Release 2", "2"),
            ("[2]", "2"),
            ("v2", "2"),
            ("2", "2"),
            ("1.2.0-rc.1 (unreleased)", "1.2.0rc1"),
            ("[1.2.0] - 2024-01-02 [YANKED]", "1.2.0"),
            ("demo@1.2.0", "1.2.0"),
            ("[demo-v1.2.0]", "1.2.0"),
            ("2024.01.02", "2024.1.2"),
            ("2024-01-02 - 1.2.0", "1.2.0"),
            ("🎉 1.2.0", "1.2.0"),
            ("1.2.0 \"A name\"", "1.2.0 …"),
            ("demo 1.0:", "?1.0"),
            ("Changes in 1.0", "?1.0"),
            ("[Unreleased]", "unreleased"),
            ("unreleased changes", "unreleased"),
            ("Unreleased (2024-01-02)", "unreleased"),
            ("Python 3.12", "?3.12"),
            ("3 new features", "-"),
            ("2024", "-"),
            ("January 2024", "-"),
            ("2024-01-02", "-"),
            ("02.01.2024", "-"),
            ("Added", "-"),
            ("", "-"),
            ("1.2.0-SNAPSHOT", "-"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
