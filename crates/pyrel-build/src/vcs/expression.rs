//! Regular expressions of Python whose meaning is the same here.
//!
//! Whoever uses one must see to it that the text is ASCII: `\d` and `\w` agree about nothing else.

use regex::{Regex, RegexBuilder};

/// Compiles an expression of Python's `re`; `None` for one whose meaning is not certain.
///
/// Literals, classes, groups (`(…)`, `(?:…)`, `(?P<name>…)`), alternatives, and greedy or lazy quantifiers are
/// certain; flags, looks around, back references, and possessive quantifiers are not.
pub(crate) fn python_expression(text: &str, multi_line: bool) -> Option<Regex> {
    let mut parser = Parser { rest: text, can_repeat: false };
    while !parser.rest.is_empty() {
        parser.step()?;
    }
    RegexBuilder::new(text).multi_line(multi_line).size_limit(1 << 20).build().ok()
}

struct Parser<'a> {
    rest: &'a str,
    /// Whether a quantifier may follow.
    can_repeat: bool,
}

impl Parser<'_> {
    fn step(&mut self) -> Option<()> {
        let c = self.take()?;
        match c {
            '\\' => self.escape("dswDSW")?,
            '[' => self.class()?,
            '(' => {
                self.group()?;
                self.can_repeat = false;
                return Some(());
            }
            '|' | '^' | '$' => {
                self.can_repeat = false;
                return Some(());
            }
            '*' | '+' | '?' | '{' => return self.quantifier(c),
            c if c == ')' || c == '.' || is_literal(c) => {}
            _ => return None,
        }
        self.can_repeat = true;
        Some(())
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn skip(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A class of characters by its letter, or a sign that means itself.
    fn escape(&mut self, classes: &str) -> Option<()> {
        let c = self.take()?;
        (classes.contains(c) || "*+?()|[]{}.^$-\"'/\\#&~".contains(c)).then_some(())
    }

    fn group(&mut self) -> Option<()> {
        if !self.rest.starts_with('?') || self.skip("?:") {
            return Some(());
        }
        if !self.skip("?P<") {
            return None;
        }
        let (name, rest) = self.rest.split_once('>')?;
        self.rest = rest;
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_name.then_some(())
    }

    fn class(&mut self) -> Option<()> {
        self.skip("^");
        let mut previous = None;
        loop {
            let c = self.take()?;
            match c {
                ']' if previous.is_some() => return Some(()),
                '\\' => self.escape("dswDSW")?,
                // Twice, these combine classes in one of the two languages.
                '-' | '&' | '~' if previous == Some(c) => return None,
                c if c == '-' || is_literal(c) || "*+?(){}.$|^".contains(c) => {}
                _ => return None,
            }
            previous = Some(c);
        }
    }

    fn quantifier(&mut self, c: char) -> Option<()> {
        if !self.can_repeat {
            return None;
        }
        if c == '{' {
            let (counts, rest) = self.rest.split_once('}')?;
            self.rest = rest;
            let (low, high) = counts.split_once(',').unwrap_or((counts, "0"));
            let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number(low) || !(high.is_empty() || is_number(high)) {
                return None;
            }
        }
        self.skip("?");
        self.can_repeat = false;
        Some(())
    }
}

/// A character that stands for itself in both languages.
fn is_literal(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_ =:\"',-<>/!@%&~`;#".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain() {
        for (text, on, expected) in [
            (r"^v(?P<version>\d+(?:\.\d+)*)$", "v1.2", Some("1.2")),
            (r"^(?:[\w-]+-)?([vV]?\d+(?:\.\d+){0,2}[^\+]*)(?:\+.*)?$", "a-v1+x", Some("v1")),
            (r"release/([0-9.]+?)$", "release/3.1", Some("3.1")),
            ("^([a-c*]{2,})", "d", None),
        ] {
            let expression = python_expression(text, false).unwrap();
            let found = expression.captures(on).and_then(|found| found.get(1));
            assert_eq!(found.map(|found| found.as_str()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not() {
        for text in [
            r"a++",
            r"a*+",
            r"a{1}+",
            r"a??+",
            r"(?i)a",
            r"(?=a)",
            r"(?<=a)b",
            r"(a)\1",
            r"[a&&b]",
            r"[a--b]",
            r"[[:alpha:]]",
            r"\A",
            r"\bx",
            r"(?P=x)",
            r"(?#x)",
            "ä",
            r"*a",
            r"^*",
            r"(*)",
            r"a{,3}",
            r"[]a]",
            r"\pL",
            "a\n",
            r"(?<x>a)",
            "[a",
        ] {
            assert!(python_expression(text, false).is_none(), "{text}");
        }
    }
}
