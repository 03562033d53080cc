//! What Python's mail parser makes of a content type, with which PyPI reads `Description-Content-Type`: its faults and
//! its crashes too, and what the parser itself calls a defect. Owns the walk through the text; judges no value.

use std::cell::Cell;
use std::collections::BTreeMap;

/// What is known of a content type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContentType {
    /// The type, and the parameters by their names, both in small letters.
    Read(String, BTreeMap<String, String>),
    /// The parser raises an error that PyPI's library does not catch.
    Crash,
    /// There are encoded words, character sets, or depths that are not followed here; the type, where it is plain.
    Unclear(Option<String>),
}

/// The first thing on the way that Python's parser calls a defect, though it goes on.
#[derive(Debug, Default)]
struct Defects(Cell<Option<&'static str>>);

impl Defects {
    fn note(&self, what: &'static str) {
        self.0.set(self.0.get().or(Some(what)));
    }

    /// Notes a word with characters that cannot be printed.
    fn note_unprintable(&self, word: &str) {
        if word.contains(|c: char| c <= ' ' || c == '\u{7f}') {
            self.note("it has control characters");
        }
    }
}

/// Why a part cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The parser raises its own error; where parameters are read it starts over behind the bad one.
    Malformed,
    Crash,
    Unclear,
}

type Part<'a, T> = Result<(T, &'a str), Stop>;

/// Comments in comments that are followed.
const DEPTH: usize = 50;
const BLANKS: [char; 2] = [' ', '\t'];
const LEADERS: [char; 3] = [' ', '\t', '('];
const SPECIALS: &str = "()<>@,:;.\\\"[]";
/// The type where there is none that can be read.
const DEFAULT: &str = "text/plain";
/// Ends a part of the type.
const TOKEN_ENDS: &str = "()<>@,:;\\\"[]/?= \t";
/// Ends the name of a parameter; `%` ends no value.
const ATTRIBUTE_ENDS: &str = "()<>@,:;\\\"[]/?=*'% \t";

impl ContentType {
    /// Reads a content type as Python does.
    pub(crate) fn parse(value: &str) -> Self {
        Self::read(value).0
    }

    /// Returns what Python's parser calls a defect of a content type that it reads all the same. PyPI does not look at
    /// that; newer versions of its library do.
    pub(crate) fn defect(value: &str) -> Option<&'static str> {
        match Self::read(value) {
            (Self::Read(..), defects) => defects.0.get(),
            (Self::Crash | Self::Unclear(_), _) => None,
        }
    }

    fn read(value: &str) -> (Self, Defects) {
        let defects = Defects::default();
        (Self::read_noting(value, &defects), defects)
    }

    fn read_noting(value: &str, defects: &Defects) -> Self {
        let has_break = |text: &str| text.contains(is_break);
        // Python takes no header of several lines.
        if has_break(value.trim_end_matches(is_break)) {
            return Self::Crash;
        }
        // It also calls one character a blank that others do not.
        if has_break(value) || value.contains('\u{1f}') {
            return Self::Unclear(None);
        }
        let kind = kind_of(value);
        if value.contains("=?") {
            return Self::Unclear(is_plain(&kind).then_some(kind));
        }
        match behind_type(value, defects).and_then(|rest| parameters_of(rest, defects)) {
            Ok(parameters) => Self::Read(kind, parameters),
            Err(Stop::Unclear) => Self::Unclear(is_plain(&kind).then_some(kind)),
            Err(Stop::Crash | Stop::Malformed) => Self::Crash,
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Returns the text before the first semicolon; what has not one slash in it is plain text, if that is named anywhere.
fn kind_of(value: &str) -> String {
    let kind = value.split(';').next().unwrap_or_default().trim().to_lowercase();
    let is_default = kind.matches('/').count() != 1 && value.to_lowercase().contains(DEFAULT);
    if is_default { DEFAULT.to_owned() } else { kind }
}

/// Tells whether a type is one that no encoding changes.
fn is_plain(kind: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c))
    };
    kind.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// Returns what stands behind the type and its semicolon; where there is no good type, the parser looks for one.
fn behind_type<'a>(text: &'a str, defects: &Defects) -> Result<&'a str, Stop> {
    let token = |text| match attribute(text, |c| TOKEN_ENDS.contains(c), defects) {
        Err(Stop::Malformed) => Ok(None),
        other => other.map(|(_, rest)| Some(rest)),
    };
    let (mut rest, mut is_type) = (text, false);
    if let Some(behind) = token(rest)? {
        rest = behind;
        if let Some(subtype) = behind.strip_prefix('/') {
            let behind = token(subtype)?;
            is_type = behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(';'));
            rest = behind.unwrap_or(subtype);
        }
    }
    if !is_type {
        defects.note("what stands before the first semicolon is not `type/subtype` alone");
    }
    let rest = invalid(rest, defects)?;
    Ok(rest.strip_prefix(';').unwrap_or(rest))
}

/// One parameter, or one section of one.
#[derive(Debug, Default)]
struct Parameter {
    name: String,
    section: u32,
    is_extended: bool,
    charset: Option<String>,
    value: String,
}

fn parameters_of(mut rest: &str, defects: &Defects) -> Result<BTreeMap<String, String>, Stop> {
    let mut found: Vec<Parameter> = Vec::new();
    while !rest.is_empty() {
        match parameter(rest, defects) {
            Ok((parameter, behind)) => {
                found.push(parameter);
                if !behind.is_empty() && !behind.starts_with(';') {
                    defects.note("something stands behind the value of a parameter");
                }
                rest = invalid(behind, defects)?;
            }
            Err(Stop::Malformed) => {
                if rest.starts_with(LEADERS) {
                    rest = blanks(rest, defects)?;
                }
                if !rest.is_empty() {
                    defects.note("something between semicolons is no `name=value`");
                }
                rest = invalid(rest, defects)?;
            }
            Err(stop) => return Err(stop),
        }
        rest = rest.strip_prefix(';').unwrap_or(rest);
    }
    let mut names: Vec<String> = Vec::new();
    for parameter in &found {
        if !names.contains(&parameter.name) {
            names.push(parameter.name.clone());
        }
    }
    // Of names that differ in capitals only the last one counts.
    let mut parameters = BTreeMap::new();
    for name in names {
        let sections = found.iter().filter(|parameter| parameter.name == name).collect();
        parameters.insert(name.to_lowercase(), joined(sections, defects)?);
    }
    Ok(parameters)
}

/// Puts the sections of a parameter together; of plain repetitions the first one counts.
fn joined(mut sections: Vec<&Parameter>, defects: &Defects) -> Result<String, Stop> {
    sections.sort_by_key(|parameter| parameter.section);
    let Some(first) = sections.first().copied() else { return Ok(String::new()) };
    if !first.is_extended && sections.get(1).is_some_and(|second| second.section == 0) {
        defects.note("a parameter is given twice");
        sections.truncate(1);
    }
    let (mut text, mut next) = (String::new(), 0);
    for parameter in sections {
        if parameter.section != next {
            defects.note("the sections of a parameter are not numbered one by one");
            if !parameter.is_extended {
                continue;
            }
        }
        next += 1;
        if parameter.is_extended {
            text.push_str(&decoded(&parameter.value, first.charset.as_deref())?);
        } else {
            text.push_str(&parameter.value);
        }
    }
    Ok(text)
}

/// Decodes the `%` of an extended value, as far as it is ASCII in a character set that has ASCII in it.
fn decoded(value: &str, charset: Option<&str>) -> Result<String, Stop> {
    let charset = charset.unwrap_or("us-ascii").to_ascii_lowercase();
    if !matches!(charset.as_str(), "us-ascii" | "ascii" | "utf-8" | "utf8" | "latin-1" | "iso-8859-1") {
        return Err(Stop::Unclear);
    }
    let (mut out, mut rest) = (String::new(), value);
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        let digits = behind.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.map(|digits| u8::from_str_radix(digits, 16)) {
            Some(Ok(byte)) => {
                out.push(char::from(byte));
                rest = &behind[2..];
            }
            _ => {
                out.push('%');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    if out.is_ascii() { Ok(out) } else { Err(Stop::Unclear) }
}

/// Reads one parameter.
fn parameter<'a>(text: &'a str, defects: &Defects) -> Part<'a, Parameter> {
    let (name, mut rest) = attribute(text, |c| ATTRIBUTE_ENDS.contains(c), defects)?;
    let mut parameter = Parameter { name: name.trim().to_owned(), ..Parameter::default() };
    if rest.is_empty() || rest.starts_with(';') {
        defects.note("a parameter has no value");
        return Ok((parameter, rest));
    }
    if let Some(behind) = rest.strip_prefix('*') {
        let digits = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if behind[digits..].starts_with(|c: char| c.is_numeric()) {
            return Err(Stop::Unclear);
        }
        if digits > 0 {
            if digits > 1 && behind.starts_with('0') {
                defects.note("the number of a section begins with 0");
            }
            parameter.section = behind[..digits].parse().map_err(|_| Stop::Unclear)?;
            rest = &behind[digits..];
        }
        if rest.is_empty() {
            return Err(Stop::Malformed);
        }
        if let Some(behind) = rest.strip_prefix('*') {
            parameter.is_extended = true;
            rest = behind;
        }
    }
    // Python looks at the character behind the star even where there is none.
    let mark = rest.chars().next().ok_or(Stop::Crash)?;
    if mark != '=' {
        return Err(Stop::Malformed);
    }
    rest = blanks(&rest[1..], defects)?;
    if parameter.is_extended && rest.starts_with('"') {
        return Err(Stop::Unclear);
    }
    value_of(parameter, rest, defects)
}

/// Reads what stands behind the `=` of a parameter: a value, or character set, language, and value.
fn value_of<'a>(mut parameter: Parameter, mut rest: &'a str, defects: &Defects) -> Part<'a, Parameter> {
    let mut first = None;
    if !rest.starts_with('\'') {
        let (value, behind) = value(rest, defects)?;
        (first, rest) = (Some(value), behind);
    }
    let is_plain = !parameter.is_extended || parameter.section > 0;
    if is_plain && rest.starts_with('\'') {
        defects.note("a plain parameter has an apostrophe in its value");
    } else if !is_plain && rest.is_empty() {
        defects.note("an extended parameter has no character set");
    }
    if rest.is_empty() || (is_plain && !rest.starts_with('\'')) {
        parameter.value = first.unwrap_or_default();
        return Ok((parameter, rest));
    }
    parameter.charset = first;
    rest = rest.strip_prefix('\'').ok_or(Stop::Malformed)?;
    if !rest.is_empty() && !rest.starts_with('\'') {
        let language = rest.find(|c| ATTRIBUTE_ENDS.contains(c)).unwrap_or(rest.len());
        if language == 0 {
            return Err(Stop::Malformed);
        }
        defects.note_unprintable(&rest[..language]);
        rest = &rest[language..];
        if !rest.starts_with('\'') {
            return Err(Stop::Malformed);
        }
    }
    let (value, rest) = value(rest.strip_prefix('\'').unwrap_or(rest), defects)?;
    parameter.value = value;
    Ok((parameter, rest))
}

/// Reads a value: a text in quotes, or a word.
fn value<'a>(text: &'a str, defects: &Defects) -> Part<'a, String> {
    let rest = blanks(text, defects)?;
    match rest.strip_prefix('"') {
        Some(inner) => quoted(inner, defects),
        None => attribute(rest, |c| c != '%' && ATTRIBUTE_ENDS.contains(c), defects),
    }
}

/// Reads a word and the blanks round it.
fn attribute<'a>(text: &'a str, is_end: impl Fn(char) -> bool, defects: &Defects) -> Part<'a, String> {
    let text = blanks(text, defects)?;
    let end = text.find(is_end).unwrap_or(text.len());
    if end == 0 {
        return Err(Stop::Malformed);
    }
    defects.note_unprintable(&text[..end]);
    Ok((text[..end].to_owned(), blanks(&text[end..], defects)?))
}

/// Reads a text up to its closing quote, behind which blanks may follow.
fn quoted<'a>(text: &'a str, defects: &Defects) -> Part<'a, String> {
    let (mut out, mut rest) = (String::new(), text);
    loop {
        if rest.is_empty() {
            defects.note("a quote is not closed");
            return Ok((out, rest));
        }
        if let Some(behind) = rest.strip_prefix('"') {
            return Ok((out, blanks(behind, defects)?));
        }
        if rest.starts_with(BLANKS) {
            let behind = rest.trim_start();
            out.push_str(&rest[..rest.len() - behind.len()]);
            rest = behind;
        } else {
            let from = out.len();
            rest = escaped(rest, &['"'], &mut out);
            defects.note_unprintable(&out[from..]);
        }
    }
}

/// Takes a text up to a blank or one of `ends`, and takes the backslashes out.
fn escaped<'a>(text: &'a str, ends: &[char], out: &mut String) -> &'a str {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        let is_end = BLANKS.contains(&c) || (!is_escaped && ends.contains(&c));
        if is_end {
            return &text[at..];
        }
        if c == '\\' && !is_escaped {
            is_escaped = true;
        } else {
            is_escaped = false;
            out.push(c);
        }
    }
    ""
}

/// Skips blanks and comments.
fn blanks<'a>(text: &'a str, defects: &Defects) -> Result<&'a str, Stop> {
    let mut rest = text;
    while rest.starts_with(LEADERS) {
        rest = match rest.strip_prefix('(') {
            Some(inner) => comment(inner, 0, defects)?,
            None => rest.trim_start(),
        };
    }
    Ok(rest)
}

fn comment<'a>(text: &'a str, depth: usize, defects: &Defects) -> Result<&'a str, Stop> {
    if depth > DEPTH {
        return Err(Stop::Unclear);
    }
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(')') {
            return Ok(behind);
        }
        rest = match rest.strip_prefix('(') {
            Some(inner) => comment(inner, depth + 1, defects)?,
            None if rest.starts_with(BLANKS) => rest.trim_start(),
            None => {
                let mut word = String::new();
                let behind = escaped(rest, &['(', ')'], &mut word);
                defects.note_unprintable(&word);
                behind
            }
        };
    }
    defects.note("a comment is not closed");
    Ok(rest)
}

/// Skips what is no parameter, up to the next semicolon outside of quotes and comments.
fn invalid<'a>(text: &'a str, defects: &Defects) -> Result<&'a str, Stop> {
    let mut rest = text;
    while let Some(c) = rest.chars().next().filter(|c| *c != ';') {
        rest = if is_phrase_end(c) { &rest[1..] } else { phrase(rest, defects)? };
    }
    Ok(rest)
}

fn is_phrase_end(c: char) -> bool {
    SPECIALS.contains(c) && !".\"(".contains(c)
}

fn phrase<'a>(text: &'a str, defects: &Defects) -> Result<&'a str, Stop> {
    let mut rest = match word(text, defects) {
        Err(Stop::Malformed) => text,
        other => other?,
    };
    while let Some(c) = rest.chars().next().filter(|c| !is_phrase_end(*c)) {
        rest = match (c, word(rest, defects)) {
            ('.', _) => &rest[1..],
            (_, Err(Stop::Malformed)) if LEADERS.contains(&c) => blanks(rest, defects)?,
            (_, read) => read?,
        };
    }
    Ok(rest)
}

fn word<'a>(text: &'a str, defects: &Defects) -> Result<&'a str, Stop> {
    let rest = blanks(text, defects)?;
    if let Some(inner) = rest.strip_prefix('"') {
        return quoted(inner, defects).map(|(_, rest)| rest);
    }
    let end = rest.find(|c| SPECIALS.contains(c) || BLANKS.contains(&c)).unwrap_or(rest.len());
    if end == 0 { Err(Stop::Malformed) } else { blanks(&rest[end..], defects) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(value: &str, name: &str) -> Option<String> {
        match ContentType::parse(value) {
            ContentType::Read(_, parameters) => parameters.get(name).cloned(),
            other => panic!("{value}: {other:?}"),
        }
    }

    #[test]
    fn parameters_are_what_python_makes_of_them() {
        for (value, charset) in [
            ("text/plain; charset=a; charset=b", Some("a")),
            ("text/plain; charset=a; Charset=b", Some("b")),
            ("text/plain; charset", Some("")),
            ("text/plain; charset=", None),
            ("text/plain; charset = (x;y) \"a\\\"b  c\" (z)", Some("a\"b  c")),
            ("text/plain; charset*0=UTF; charset*1=-8", Some("UTF-8")),
            ("text/plain; charset*=utf-8'en'%55TF-8", Some("UTF-8")),
            ("text/plain; charset=utf-8'en'UTF-8", Some("UTF-8")),
            ("text/plain; x y \"a;charset=b\"; charset=c", Some("c")),
            ("text/plain; charset=a b; x", Some("a")),
            ("text/plain;; charset=\"a", Some("a")),
        ] {
            assert_eq!(parameter(value, "charset").as_deref(), charset, "{value}");
        }
    }

    #[test]
    fn what_python_fails_on_and_what_is_not_followed() {
        assert_eq!(ContentType::parse("text/plain; x*"), ContentType::Crash);
        assert_eq!(ContentType::parse("text/plain;\n charset=UTF-8"), ContentType::Crash);
        assert_eq!(ContentType::parse("text/plain; x*0*"), ContentType::Crash);
        for (unclear, kind) in [
            ("text/plain; x*=koi8-r''%c1", Some("text/plain")),
            ("=?utf-8?q??=text/plain", None),
            (&"(".repeat(200), None),
        ] {
            assert_eq!(
                ContentType::parse(unclear),
                ContentType::Unclear(kind.map(str::to_owned)),
                "{unclear}"
            );
        }
    }

    #[test]
    fn a_type_without_one_slash_is_plain_text_where_that_is_named() {
        for (value, kind) in [
            ("Text/Markdown ; x", "text/markdown"),
            ("a/text/plain", "text/plain"),
            ("; text/plain", "text/plain"),
            ("a/b/c", "a/b/c"),
        ] {
            assert!(
                matches!(ContentType::parse(value), ContentType::Read(read, _) if read == kind),
                "{value}"
            );
        }
    }

    #[test]
    fn defects_are_those_of_python() {
        for good in [
            "text/plain",
            "text/x-rst;",
            "text/plain; ",
            "text/plain (a) ; charset=UTF-8 (b)",
            "text/plain; charset=\"UTF-8\"",
            "text/plain; charset*0=UTF; charset*1=-8",
            "text/plain; charset*=utf-8'en'%55TF-8",
            "text/plain; charset=a; Charset=b",
        ] {
            assert_eq!(ContentType::defect(good), None, "{good}");
        }
        for (bad, said) in [
            ("a/text/plain", "what stands before the first semicolon is not `type/subtype` alone"),
            (
                "text/markdown (GitHub) x",
                "what stands before the first semicolon is not `type/subtype` alone",
            ),
            ("text/plain; charset=UTF-8; charset=UTF-8", "a parameter is given twice"),
            ("text/plain; charset=\"UTF-8", "a quote is not closed"),
            ("text/plain; charset=UTF-8 (a", "a comment is not closed"),
            ("text/plain; x", "a parameter has no value"),
            ("text/plain;; x=y", "something between semicolons is no `name=value`"),
            ("text/plain; charset=UTF-8 x", "something stands behind the value of a parameter"),
            ("text/plain; x*1=a", "the sections of a parameter are not numbered one by one"),
            ("text/plain; x*01=a", "the number of a section begins with 0"),
            ("text/plain; x=utf-8'en'a", "a plain parameter has an apostrophe in its value"),
            ("text/plain; x*=a", "an extended parameter has no character set"),
            ("text/plain; x=a\u{1}", "it has control characters"),
        ] {
            assert_eq!(ContentType::defect(bad), Some(said), "{bad}");
        }
    }
}
