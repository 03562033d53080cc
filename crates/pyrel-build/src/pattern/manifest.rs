//! The patterns of `MANIFEST.in` exclusions: `*` and `?` stay inside a part, a part `**` is any depth.

use regex::Regex;

/// A compiled pattern that matches whole paths.
#[derive(Debug, Clone)]
pub(crate) struct ManifestPattern {
    regex: Regex,
}

impl ManifestPattern {
    /// Compiles a pattern; every text is one.
    pub(crate) fn new(pattern: &str) -> Self {
        let mut out = String::from("(?s)^");
        let parts: Vec<&str> = pattern.split('/').collect();
        for (index, part) in parts.iter().enumerate() {
            let is_last = index + 1 == parts.len();
            match (*part, is_last) {
                ("**", true) => out.push_str(".*"),
                ("**", false) => out.push_str("(?:[^/]+/)*"),
                (_, true) => translate(part, &mut out),
                (_, false) => {
                    translate(part, &mut out);
                    out.push('/');
                }
            }
        }
        out.push('$');
        Self { regex: Regex::new(&out).expect("a translated pattern is a valid expression") }
    }

    /// Tells whether a path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.regex.is_match(path)
    }
}

fn translate(part: &str, out: &mut String) {
    let characters: Vec<char> = part.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        match characters[at] {
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => at = translate_class(&characters, at, out),
            other => out.push_str(&regex::escape(&other.to_string())),
        }
        at += 1;
    }
}

/// Translates a class of single characters (setuptools escapes the `-` of ranges); returns where it ends.
fn translate_class(characters: &[char], open: usize, out: &mut String) -> usize {
    let mut end = open + 1;
    end += usize::from(characters.get(end) == Some(&'!'));
    end += usize::from(characters.get(end) == Some(&']'));
    while characters.get(end).is_some_and(|c| *c != ']') {
        end += 1;
    }
    if end >= characters.len() {
        out.push_str("\\[");
        return open;
    }
    let negated = characters[open + 1] == '!';
    let content = &characters[open + 1 + usize::from(negated)..end];
    out.push_str(if negated { "[^" } else { "[" });
    for c in content {
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(*c);
    }
    out.push(']');
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_setuptools_does() {
        for (pattern, path, expected) in [
            ("*.txt", "a.txt", true),
            ("*.txt", "a/b.txt", false),
            ("**/*.txt", "a/b/c.txt", true),
            ("**/*.txt", "c.txt", true),
            ("docs/**", "docs/a/b", true),
            ("docs/**", "docs", false),
            ("a[!b]c", "axc", true),
            ("[a-c]", "b", false),
            ("[a-c]", "-", true),
            ("[ab", "[ab", true),
        ] {
            assert_eq!(ManifestPattern::new(pattern).matches(path), expected, "{pattern} {path}");
        }
    }
}
