//! Searches and replacements by an expression.

use std::collections::BTreeSet;
use std::ops::Range;

use regex::bytes::{Captures, Regex, RegexBuilder};

use super::parser::Parser;
use super::template::{TemplatePart, parse_template};

/// Bigger automata are left to Python.
const MAX_SIZE: usize = 1 << 20;

/// Flags that are given beside an expression.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flags {
    /// `^` and `$` are at every line.
    pub(crate) multi_line: bool,
    /// `.` takes the ends of lines.
    pub(crate) dot_all: bool,
    /// Capitals do not matter.
    pub(crate) ignore_case: bool,
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub(crate) struct PythonExpression {
    /// One for each character that a back reference can stand for.
    variants: Vec<Regex>,
    needs: Needs,
    may_be_empty: bool,
    /// The numbers of groups that match again and again; nobody asks which time counts.
    repeated: BTreeSet<usize>,
}

/// What an expression asks about characters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Needs {
    pub(super) digits: bool,
    pub(super) spaces: bool,
    pub(super) words: bool,
    pub(super) cases: bool,
}

impl Needs {
    /// Tells whether both libraries say the same about a character.
    fn are_certain_of(self, c: char) -> bool {
        let kinds = self.digits || self.spaces || self.words;
        match c {
            '\u{1c}'..='\u{1f}' => !kinds,
            c if c.is_ascii() => true,
            // Letters that are an ASCII letter in other guise.
            '\u{130}' | '\u{131}' | '\u{17f}' | '\u{212a}' => !(self.cases || self.words),
            // Signs without letters, digits, or marks among them.
            '\u{2010}'..='\u{2027}'
            | '\u{2190}'..='\u{23ff}'
            | '\u{2500}'..='\u{2767}'
            | '\u{1f300}'..='\u{1faff}' => true,
            c => !(self.words || self.digits && c.is_numeric()),
        }
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The place of the group, and that of the whole match.
    At { group: Range<usize>, whole: Range<usize> },
    /// The expression does not match, or not through the group.
    Nothing,
    /// Only Python can tell.
    Uncertain,
}

impl PythonExpression {
    /// Compiles an expression; `None` for one that only Python can evaluate.
    pub(crate) fn new(text: &str, flags: Flags) -> Option<Self> {
        let characters: Vec<char> = text.chars().collect();
        let mut parser = Parser::new(&characters, flags);
        parser.flags()?;
        let shape = parser.alternatives(0)?;
        if parser.at < characters.len() {
            return None;
        }
        let mut variants = Vec::new();
        for pattern in parser.patterns()? {
            let mut builder = RegexBuilder::new(&pattern);
            builder.multi_line(parser.flags.multi_line).dot_matches_new_line(parser.flags.dot_all);
            variants.push(builder.size_limit(MAX_SIZE).build().ok()?);
        }
        let needs = Needs { cases: parser.flags.ignore_case, ..parser.needs };
        let repeated = parser.repeated_groups();
        Some(Self { variants, needs, may_be_empty: shape.may_be_empty, repeated })
    }

    /// Returns the number of the group of this name.
    pub(crate) fn group_named(&self, name: &str) -> Option<usize> {
        self.variants.first()?.capture_names().position(|own| own == Some(name))
    }

    /// Tells how many groups there are.
    pub(crate) fn group_count(&self) -> usize {
        self.variants.first().map_or(0, |regex| regex.captures_len() - 1)
    }

    /// Returns where the first match is, and a group of it by its number.
    pub(crate) fn find(&self, text: &str, group: usize) -> Found {
        if !self.is_certain_of(text) || self.repeated.contains(&group) {
            return Found::Uncertain;
        }
        let found: Vec<Captures<'_>> =
            self.variants.iter().filter_map(|regex| regex.captures(text.as_bytes())).collect();
        let place = |captures: &Captures<'_>, number| captures.get(number).map(|place| place.range());
        let start = |captures: &Captures<'_>| place(captures, 0).map(|whole| whole.start);
        let Some(first) = found.iter().map(start).min() else { return Found::Nothing };
        let mut leftmost = found.iter().filter(|captures| start(captures) == first);
        match (leftmost.next(), leftmost.next()) {
            (Some(captures), None) => match (place(captures, group), place(captures, 0)) {
                (Some(group), Some(whole)) => Found::At { group, whole },
                _ => Found::Nothing,
            },
            _ => Found::Uncertain,
        }
    }

    fn is_certain_of(&self, text: &str) -> bool {
        text.chars().all(|c| self.needs.are_certain_of(c))
    }

    /// Replaces every match by a template of `re`; `None` where only Python knows the outcome.
    pub(crate) fn replace_all(&self, text: &str, template: &str) -> Option<String> {
        let [regex] = self.variants.as_slice() else { return None };
        if self.may_be_empty || !self.is_certain_of(text) {
            return None;
        }
        let template = parse_template(template, regex)?;
        let is_repeated =
            |part: &TemplatePart| matches!(part, TemplatePart::Group(group) if self.repeated.contains(group));
        if template.iter().any(is_repeated) {
            return None;
        }
        let mut out = String::new();
        let mut end = 0;
        for captures in regex.captures_iter(text.as_bytes()) {
            let whole = captures.get(0)?.range();
            out.push_str(&text[end..whole.start]);
            for part in &template {
                match part {
                    TemplatePart::Text(text) => out.push_str(text),
                    TemplatePart::Group(index) => {
                        out.push_str(captures.get(*index).map_or("", |place| &text[place.range()]));
                    }
                }
            }
            end = whole.end;
        }
        out.push_str(&text[end..]);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: Flags = Flags { multi_line: true, dot_all: false, ignore_case: false };

    fn find(pattern: &str, text: &str) -> Option<String> {
        let expression = PythonExpression::new(pattern, LINES).unwrap();
        match expression.find(text, expression.group_named("version").unwrap()) {
            Found::At { group, .. } => Some(text[group].to_owned()),
            Found::Nothing => None,
            Found::Uncertain => Some("?".to_owned()),
        }
    }

    #[test]
    fn finds_what_python_finds() {
        for (pattern, text, expected) in [
            ("version: (?P<version>.+)$", "x\nversion: 1.0\ny", Some("1.0")),
            (r#"(?i)^(__version__|VERSION) *= *(['"])v?(?P<version>.+?)\2"#, "Version = 'v1\"'", Some("1\"")),
            (r#"^V = (?P<q>['"])(?P<version>[^'"]+)(?P=q)"#, "V = \"1'\nV = '2'", Some("2")),
            (r"(?P<version>\d+(?:\.\d+)*)", "a 1.2.3 b", Some("1.2.3")),
            (r"(?P<version>[0-9a-z.]{2,4}?)", "ab.1", Some("ab")),
            (r"(?s)a(?P<version>.*)z", "ä a\nz", Some("\n")),
            (r"(?P<version>\w+)", "ä", Some("?")),
            (r"(?P<version>\w+)", "🚀 a – b", Some("a")),
            (r"(?P<version>\d+)", "ä 1", Some("1")),
            (r"(?P<version>\d+)", "² 1", Some("?")),
            (r"(?i)k(?P<version>[b-d1]+)", "ä KBcD1", Some("BcD1")),
            (r"(?i)k(?P<version>.)", "\u{212a}1", Some("?")),
            (r"[^a]=(?P<version>.)", "ä=ö", Some("ö")),
            (r"x|(?P<version>y)", "x y", None),
            (r"no (?P<version>.)", "x", None),
            (r"(?P<version>[\-\]&&~~]+)", "a-]&~", Some("-]&~")),
            (r"\$\{(?P<version>.)\}", "${1}", Some("1")),
            (r"^v(?P<version>\d+(\.\d+)*)$", "v1.2.3", Some("1.2.3")),
            (r"(?P<version>\d+(?:\.\d+){0,2}?)[^+]*(\+.*)?$", "1.2.3", Some("1")),
            (r"(?P<version>\d)+", "12", Some("?")),
        ] {
            assert_eq!(find(pattern, text).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn what_only_python_can_evaluate() {
        for pattern in [
            "a++",
            "a*+",
            "a?+",
            "(?=a)",
            "(?<!a)b",
            "(?<n>a)",
            "(?x)a",
            "a(?i)b",
            "(?i:a)",
            "(a*)*",
            "(?:a?)+",
            "\\Z",
            "\\z",
            "\\1",
            "(a)\\1",
            "(['\"])?\\1",
            "(x(['\"]))\\2",
            "(['\"])a|\\1",
            "a{,3}",
            "a{2",
            "{",
            "[]a]",
            "[a",
            "(a",
            "a)",
            "[z-a]",
            "\\p{L}",
            "[\\b]",
            "^*",
            "(?#c)",
            "*a",
            "a**",
            "\\N{DASH}",
            "[a-\\d]",
            "(['\"])\\1(['\"])\\2",
        ] {
            assert!(PythonExpression::new(pattern, LINES).is_none(), "{pattern}");
        }
    }

    #[test]
    fn every_match_is_replaced() {
        let replace = |pattern: &str, template: &str, text: &str| {
            PythonExpression::new(pattern, Flags::default())?.replace_all(text, template)
        };
        let issue = (r"#(\d+)", r"[#\1](https://example.org/\g<1>)\n");
        assert_eq!(replace(issue.0, issue.1, "ä #12 b").unwrap(), "ä [#12](https://example.org/12)\n b");
        assert_eq!(replace("(?P<x>a)|b", r"<\g<x>>", "abc").unwrap(), "<a><>c");
        assert_eq!(replace("^a", "x", "a\na").unwrap(), "x\na");
        assert_eq!(replace(r"a\.", r"\\", "a.").unwrap(), "\\");
        for (pattern, template) in [
            ("a$", "x"),
            ("a*", "x"),
            ("a", r"\1"),
            ("(a)", r"\12"),
            ("(a)+", r"\1"),
            ("a", r"\."),
            ("a", r"\g<x>"),
            ("a", "\\"),
            (r"(['])\1|a", "x"),
        ] {
            assert_eq!(replace(pattern, template, "a"), None, "{pattern} {template}");
        }
    }
}
