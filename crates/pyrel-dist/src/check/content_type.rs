//! What Python's mail parser makes of a content type, with which PyPI reads `Description-Content-Type`: its faults and
//! its crashes too. Owns the walk through the text; judges no value.

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
        let breaks =
            ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
        if value.contains(breaks) {
            return Self::Unclear(None);
        }
        let kind = kind_of(value);
        if value.contains("=?") {
            return Self::Unclear(is_plain(&kind).then_some(kind));
        }
        match behind_type(value).and_then(parameters_of) {
            Ok(parameters) => Self::Read(kind, parameters),
            Err(Stop::Unclear) => Self::Unclear(is_plain(&kind).then_some(kind)),
            Err(Stop::Crash | Stop::Malformed) => Self::Crash,
        }
    }
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
fn behind_type(text: &str) -> Result<&str, Stop> {
    let token = |text| match attribute(text, |c| TOKEN_ENDS.contains(c)) {
        Err(Stop::Malformed) => Ok(None),
        other => other.map(|(_, rest)| Some(rest)),
    };
    let mut rest = text;
    if let Some(behind) = token(rest)? {
        rest = behind;
        if let Some(subtype) = behind.strip_prefix('/') {
            rest = token(subtype)?.unwrap_or(subtype);
        }
    }
    let rest = invalid(rest)?;
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

fn parameters_of(mut rest: &str) -> Result<BTreeMap<String, String>, Stop> {
    let mut found: Vec<Parameter> = Vec::new();
    while !rest.is_empty() {
        match parameter(rest) {
            Ok((parameter, behind)) => {
                found.push(parameter);
                rest = invalid(behind)?;
            }
            Err(Stop::Malformed) => {
                if rest.starts_with(LEADERS) {
                    rest = blanks(rest)?;
                }
                rest = invalid(rest)?;
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
        parameters.insert(name.to_lowercase(), joined(sections)?);
    }
    Ok(parameters)
}

/// Puts the sections of a parameter together; of plain repetitions the first one counts.
fn joined(mut sections: Vec<&Parameter>) -> Result<String, Stop> {
    sections.sort_by_key(|parameter| parameter.section);
    let Some(first) = sections.first().copied() else { return Ok(String::new()) };
    if !first.is_extended && sections.get(1).is_some_and(|second| second.section == 0) {
        sections.truncate(1);
    }
    let (mut text, mut next) = (String::new(), 0);
    for parameter in sections {
        if parameter.section != next && !parameter.is_extended {
            continue;
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
fn parameter(text: &str) -> Part<'_, Parameter> {
    let (name, mut rest) = attribute(text, |c| ATTRIBUTE_ENDS.contains(c))?;
    let mut parameter = Parameter { name: name.trim().to_owned(), ..Parameter::default() };
    if rest.is_empty() || rest.starts_with(';') {
        return Ok((parameter, rest));
    }
    if let Some(behind) = rest.strip_prefix('*') {
        let digits = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if behind[digits..].starts_with(|c: char| c.is_numeric()) {
            return Err(Stop::Unclear);
        }
        if digits > 0 {
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
    rest = blanks(&rest[1..])?;
    if parameter.is_extended && rest.starts_with('"') {
        return Err(Stop::Unclear);
    }
    value_of(parameter, rest)
}

/// Reads what stands behind the `=` of a parameter: a value, or character set, language, and value.
fn value_of(mut parameter: Parameter, mut rest: &str) -> Part<'_, Parameter> {
    let mut first = None;
    if !rest.starts_with('\'') {
        let (value, behind) = value(rest)?;
        (first, rest) = (Some(value), behind);
    }
    let is_plain = !parameter.is_extended || parameter.section > 0;
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
        rest = &rest[language..];
        if !rest.starts_with('\'') {
            return Err(Stop::Malformed);
        }
    }
    let (value, rest) = value(rest.strip_prefix('\'').unwrap_or(rest))?;
    parameter.value = value;
    Ok((parameter, rest))
}

/// Reads a value: a text in quotes, or a word.
fn value(text: &str) -> Part<'_, String> {
    let rest = blanks(text)?;
    match rest.strip_prefix('"') {
        Some(inner) => quoted(inner),
        None => attribute(rest, |c| c != '%' && ATTRIBUTE_ENDS.contains(c)),
    }
}

/// Reads a word and the blanks round it.
fn attribute(text: &str, is_end: impl Fn(char) -> bool) -> Part<'_, String> {
    let text = blanks(text)?;
    let end = text.find(is_end).unwrap_or(text.len());
    if end == 0 {
        return Err(Stop::Malformed);
    }
    Ok((text[..end].to_owned(), blanks(&text[end..])?))
}

/// Reads a text up to its closing quote, behind which blanks may follow.
fn quoted(text: &str) -> Part<'_, String> {
    let (mut out, mut rest) = (String::new(), text);
    loop {
        if rest.is_empty() {
            return Ok((out, rest));
        }
        if let Some(behind) = rest.strip_prefix('"') {
            return Ok((out, blanks(behind)?));
        }
        if rest.starts_with(BLANKS) {
            let behind = rest.trim_start();
            out.push_str(&rest[..rest.len() - behind.len()]);
            rest = behind;
        } else {
            rest = escaped(rest, &['"'], &mut out);
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
fn blanks(text: &str) -> Result<&str, Stop> {
    let mut rest = text;
    while rest.starts_with(LEADERS) {
        rest = match rest.strip_prefix('(') {
            Some(inner) => comment(inner, 0)?,
            None => rest.trim_start(),
        };
    }
    Ok(rest)
}

fn comment(text: &str, depth: usize) -> Result<&str, Stop> {
    if depth > DEPTH {
        return Err(Stop::Unclear);
    }
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(')') {
            return Ok(behind);
        }
        rest = match rest.strip_prefix('(') {
            Some(inner) => comment(inner, depth + 1)?,
            None if rest.starts_with(BLANKS) => rest.trim_start(),
            None => escaped(rest, &['(', ')'], &mut String::new()),
        };
    }
    Ok(rest)
}

/// Skips what is no parameter, up to the next semicolon outside of quotes and comments.
fn invalid(text: &str) -> Result<&str, Stop> {
    let mut rest = text;
    while let Some(c) = rest.chars().next().filter(|c| *c != ';') {
        rest = if is_phrase_end(c) { &rest[1..] } else { phrase(rest)? };
    }
    Ok(rest)
}

fn is_phrase_end(c: char) -> bool {
    SPECIALS.contains(c) && !".\"(".contains(c)
}

fn phrase(text: &str) -> Result<&str, Stop> {
    let mut rest = match word(text) {
        Err(Stop::Malformed) => text,
        other => other?,
    };
    while let Some(c) = rest.chars().next().filter(|c| !is_phrase_end(*c)) {
        rest = match (c, word(rest)) {
            ('.', _) => &rest[1..],
            (_, Err(Stop::Malformed)) if LEADERS.contains(&c) => blanks(rest)?,
            (_, read) => read?,
        };
    }
    Ok(rest)
}

fn word(text: &str) -> Result<&str, Stop> {
    let rest = blanks(text)?;
    if let Some(inner) = rest.strip_prefix('"') {
        return quoted(inner).map(|(_, rest)| rest);
    }
    let end = rest.find(|c| SPECIALS.contains(c) || BLANKS.contains(&c)).unwrap_or(rest.len());
    if end == 0 { Err(Stop::Malformed) } else { blanks(&rest[end..]) }
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
}
