//! Python's `fnmatch.fnmatchcase`: `*` crosses `/`, `[!…]` negates, nothing is escaped.

use regex::Regex;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct FnMatch {
    regex: Regex,
}

impl FnMatch {
    /// Compiles a pattern; every text is one.
    pub(crate) fn new(pattern: &str) -> Self {
        let regex = format!("(?s)^{}$", translate(pattern, ".*", "."));
        Self { regex: Regex::new(&regex).expect("a translated pattern is a valid expression") }
    }

    /// Tells whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// Translates wildcards into an expression, with the given words for `*` and `?`.
pub(super) fn translate(pattern: &str, star: &str, question: &str) -> String {
    let characters: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < characters.len() {
        let c = characters[at];
        at += 1;
        match c {
            '*' => {
                if !out.ends_with(star) || star.is_empty() {
                    out.push_str(star);
                }
            }
            '?' => out.push_str(question),
            '[' => at = translate_class(&characters, at, &mut out),
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    out
}

/// Translates a bracket expression whose content starts at `start`; an unclosed one is a literal `[`.
fn translate_class(characters: &[char], start: usize, out: &mut String) -> usize {
    let mut end = start + usize::from(characters.get(start) == Some(&'!'));
    end += usize::from(characters.get(end) == Some(&']'));
    while characters.get(end).is_some_and(|c| *c != ']') {
        end += 1;
    }
    if end >= characters.len() {
        out.push_str("\\[");
        return start;
    }
    let negated = characters[start] == '!';
    let content = &characters[start + usize::from(negated)..end];
    let ranges = class_ranges(content);
    match (ranges.is_empty(), negated) {
        // Nothing can match an empty class, anything a negated one.
        (true, false) => out.push_str("[^\\s\\S]"),
        (true, true) => out.push_str("[\\s\\S]"),
        (false, _) => {
            out.push_str(if negated { "[^" } else { "[" });
            out.push_str(&ranges);
            out.push(']');
        }
    }
    end + 1
}

/// Writes characters and `a-z` ranges; a range that runs backwards is dropped, as Python does.
fn class_ranges(content: &[char]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < content.len() {
        if at + 2 < content.len() && content[at + 1] == '-' {
            if content[at] <= content[at + 2] {
                push_escaped(content[at], &mut out);
                out.push('-');
                push_escaped(content[at + 2], &mut out);
            }
            at += 3;
        } else {
            push_escaped(content[at], &mut out);
            at += 1;
        }
    }
    out
}

fn push_escaped(c: char, out: &mut String) {
    if c.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_python_does() {
        for (pattern, text, expected) in [
            ("*", "a/b", true),
            ("a.*", "a.b.c", true),
            ("a.*", "ab", false),
            ("[!a]x", "bx", true),
            ("[z-a]x", "bx", false),
            ("[a-c]", "b", true),
            ("[]]", "]", true),
            ("[ab", "[ab", true),
            ("a?c", "abc", true),
            ("LICEN[CS]E*", "LICENSE.md", true),
        ] {
            assert_eq!(FnMatch::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }
}
