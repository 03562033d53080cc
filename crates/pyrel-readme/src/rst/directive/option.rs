//! Options of directives: the field list they are written as, and the values it holds.

use super::super::escape::{escape, join_address, unescape};
use super::super::identifier::class_names;
use super::super::line::Lines;
use super::super::machine::{Machine, State};
use super::super::node::{Kind, NodeId};
use super::super::number::{
    choice, integer, length_or_percentage, length_or_unitless, nonnegative, positive,
};
use super::super::parser::Parser;
use super::super::unicode::{repr, strip, words};
use super::spec::Known;

/// How the value of an option is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Convert {
    Backlinks,
    Choice(&'static [&'static str]),
    Classes,
    Delimiter,
    Encoding,
    FigureWidth,
    Flag,
    Integer,
    Length,
    LengthOrPercentage,
    NonNegative,
    NumberLines,
    Parser,
    Path,
    Percentage,
    SingleCharacter,
    Text,
    TextRequired,
    Uri,
    Widths,
    WidthsOrGrid,
}

/// A value as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Text(String),
    Number(i64),
    List(Vec<String>),
    Numbers(Vec<i64>),
}

/// Why a value is none.
enum Fault {
    /// In docutils' words.
    Value(String),
    /// There is no verdict.
    Gap,
}

impl From<String> for Fault {
    fn from(text: String) -> Self {
        Self::Value(text)
    }
}

/// The options of one directive.
#[derive(Debug, Default)]
pub(super) struct Options {
    preset: Option<String>,
    values: Vec<(&'static str, Value)>,
}

impl Options {
    pub(super) fn preset_alt(&mut self, alt: Option<String>) {
        self.preset = alt;
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ if name == "alt" => self.preset.as_deref(),
            _ => None,
        }
    }

    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        let text = self.text(name).map(str::to_owned);
        self.values.retain(|(key, _)| *key != name);
        text
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn list(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    pub(super) fn take_list(&mut self, name: &str) -> Vec<String> {
        let list = self.list(name).to_vec();
        self.values.retain(|(key, _)| *key != name);
        list
    }

    pub(super) fn numbers(&self, name: &str) -> Option<&[i64]> {
        match self.get(name) {
            Some(Value::Numbers(numbers)) => Some(numbers),
            _ => None,
        }
    }
}

impl Parser {
    /// Reads options out of a field list.
    ///
    /// # Errors
    ///
    /// Returns what docutils says about the first fault.
    pub(super) fn read_options(
        &mut self,
        known: Known,
        lines: Lines,
        options: &mut Options,
    ) -> Result<(), String> {
        let list = self.document.tree.add(Kind::FieldList);
        let count = i64::try_from(lines.len()).unwrap_or(0);
        let first_line = lines.get(0).map_or(0, |line| line.origin + 1);
        let (offset, blank_finish) = self.nested_list(Machine::new(lines, 0, list, State::ExtensionOptions));
        if offset != count {
            return Err("invalid option block".to_owned());
        }
        let fields = self.document.tree.children(list).to_vec();
        let mut pairs = Vec::new();
        for field in fields {
            pairs.push(self.option_pair(field).map_err(|fault| format!("invalid option data: {fault}"))?);
        }
        for (name, value) in pairs {
            let Some((key, convert)) = known.iter().find(|(key, _)| *key == name) else {
                return Err(format!("unknown option: \"{name}\""));
            };
            if options.has(key) {
                return Err(format!("invalid option data: duplicate option \"{name}\""));
            }
            match read_value(*convert, value.as_deref()) {
                Ok(value) => options.values.push((key, value)),
                Err(Fault::Value(fault)) => {
                    let shown = value.as_deref().map_or_else(|| "None".to_owned(), repr);
                    return Err(format!(
                        "invalid option value: (option: \"{name}\"; value: {shown})\n{fault}"
                    ));
                }
                Err(Fault::Gap) => {
                    let shown = value.unwrap_or_default();
                    self.document.give_up(first_line, format!("the value `{shown}` of the option `{name}`"));
                }
            }
        }
        if blank_finish { Ok(()) } else { Err("option data incompletely parsed".to_owned()) }
    }

    fn option_pair(&self, field: NodeId) -> Result<(String, Option<String>), String> {
        let tree = &self.document.tree;
        let [name, body] = tree.children(field) else { return Err(String::new()) };
        let name = tree.as_text(*name);
        if words(&name).count() != 1 {
            return Err("extension option field name may not contain multiple words".to_owned());
        }
        let name = name.to_lowercase();
        if tree.children(*body).is_empty() {
            return Ok((name, None));
        }
        let text = tree
            .only_child(*body, Kind::Paragraph)
            .and_then(|paragraph| tree.only_child(paragraph, Kind::Text))
            .map(|text| tree.as_text(text));
        match text {
            Some(text) => Ok((name, Some(text))),
            None => Err(format!(
                "extension option field body may contain\na single paragraph only (option \"{name}\")"
            )),
        }
    }
}

const REQUIRED: &str = "argument required but none supplied";

fn read_value(convert: Convert, text: Option<&str>) -> Result<Value, Fault> {
    Ok(match convert {
        Convert::Text => Value::Text(text.unwrap_or_default().to_owned()),
        Convert::TextRequired => Value::Text(text.ok_or_else(|| REQUIRED.to_owned())?.to_owned()),
        Convert::Path => {
            let text = text.ok_or_else(|| REQUIRED.to_owned())?;
            Value::Text(text.lines().map(strip).collect())
        }
        Convert::Uri => Value::Text(join_address(&escape(text.ok_or_else(|| REQUIRED.to_owned())?))),
        Convert::Classes => {
            let text = text.ok_or_else(|| REQUIRED.to_owned())?;
            let names = class_names(text);
            Value::List(names.map_err(|name| format!("cannot make \"{name}\" into a class name"))?)
        }
        Convert::Flag => match text.filter(|text| !strip(text).is_empty()) {
            Some(text) => return Err(format!("no argument is allowed; \"{text}\" supplied").into()),
            None => Value::None,
        },
        Convert::Choice(values) => Value::Text(choice(text, values)?),
        Convert::Backlinks => Value::Text(choice(text, &["top", "entry", "none"])?),
        Convert::Integer => Value::Number(integer(text)?),
        Convert::NonNegative => Value::Number(nonnegative(text)?),
        Convert::Percentage => {
            Value::Number(nonnegative(text.map(|text| text.trim_end_matches([' ', '%'])))?)
        }
        Convert::NumberLines => {
            text.map_or(Ok(Value::None), |text| integer(Some(text)).map(Value::Number))?
        }
        Convert::Length => Value::Text(length_or_unitless(text)?),
        Convert::LengthOrPercentage => Value::Text(length_or_percentage(text, "")?),
        Convert::FigureWidth => figure_width(text)?,
        Convert::Widths => widths(text, &["auto"])?,
        Convert::WidthsOrGrid => widths(text, &["auto", "grid"])?,
        Convert::Encoding => encoding(text)?,
        Convert::Parser => match text {
            None | Some("") => Value::None,
            Some("rst" | "restructuredtext" | "null") => Value::None,
            Some(_) => return Err(Fault::Gap),
        },
        Convert::SingleCharacter => Value::Text(single_character(text)?),
        Convert::Delimiter => Value::Text(match text {
            Some("tab") => "\t".to_owned(),
            Some("space") => " ".to_owned(),
            other => single_character(other)?,
        }),
    })
}

fn figure_width(text: Option<&str>) -> Result<Value, Fault> {
    // Without a value docutils itself breaks down.
    let text = text.ok_or(Fault::Gap)?;
    if text.to_lowercase() == "image" {
        return Ok(Value::Text("image".to_owned()));
    }
    Ok(Value::Text(length_or_percentage(Some(text), "px")?))
}

fn widths(text: Option<&str>, words_allowed: &[&str]) -> Result<Value, Fault> {
    let Some(text) = text else {
        return Err("argument of type 'NoneType' is not iterable".to_owned().into());
    };
    if words_allowed.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let entries: Vec<&str> =
        if text.contains(',') { text.split(',').collect() } else { words(text).collect() };
    let numbers: Result<Vec<i64>, String> = entries.into_iter().map(positive).collect();
    Ok(Value::Numbers(numbers?))
}

fn encoding(text: Option<&str>) -> Result<Value, Fault> {
    let Some(text) = text else {
        return Err("lookup() argument must be str, not None".to_owned().into());
    };
    let name = text.to_lowercase().replace([' ', '_'], "-");
    match name.as_str() {
        "utf-8" | "utf8" | "ascii" | "us-ascii" | "latin-1" | "latin1" | "iso-8859-1" | "utf-8-sig"
        | "cp1252" | "windows-1252" | "utf-16" => Ok(Value::Text(text.to_owned())),
        _ => Err(Fault::Gap),
    }
}

/// Reads a code of a character; other text stays as it is.
pub(super) fn character_code(code: &str) -> Result<String, String> {
    let number = if !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()) {
        Some(code.parse::<u32>().map_err(|_| "chr() arg not in range(0x110000)".to_owned())?)
    } else {
        hexadecimal(code).map(|digits| u32::from_str_radix(digits, 16).unwrap_or(u32::MAX))
    };
    match number {
        None => Ok(code.to_owned()),
        Some(number) if number > 0x10_ffff => Err("chr() arg not in range(0x110000)".to_owned()),
        Some(number) => Ok(char::from_u32(number).map(String::from).unwrap_or_default()),
    }
}

/// Tells whether a code stands for half a character, which no document can hold.
pub(super) fn is_surrogate(code: &str) -> bool {
    let number = hexadecimal(code).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    number.or_else(|| code.parse().ok()).is_some_and(|number: u32| (0xd800..0xe000).contains(&number))
}

fn hexadecimal(code: &str) -> Option<&str> {
    let lower = code.to_ascii_lowercase();
    let body = ["0x", "x", "\\x", "u+", "u", "\\u"]
        .into_iter()
        .find_map(|prefix| lower.starts_with(prefix).then(|| &code[prefix.len()..]))
        .filter(|digits| is_hexadecimal(digits));
    body.or_else(|| {
        let inner = lower.strip_prefix("&#x").and_then(|rest| rest.strip_suffix(';'))?;
        Some(&code[3..3 + inner.len()]).filter(|digits| is_hexadecimal(digits))
    })
}

fn is_hexadecimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

fn single_character(text: Option<&str>) -> Result<String, Fault> {
    // Without a value docutils itself breaks down.
    let text = text.ok_or(Fault::Gap)?;
    let found = character_code(text)?;
    if found.chars().count() > 1 {
        let shown = repr(&found);
        return Err(format!("{shown} invalid; must be a single character or a Unicode code").into());
    }
    if found.is_empty() { Err(Fault::Gap) } else { Ok(unescape(&found)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_characters() {
        for (code, wanted) in
            [("8212", "\u{2014}"), ("U+2014", "\u{2014}"), ("&#x2014;", "\u{2014}"), ("ab", "ab")]
        {
            assert_eq!(character_code(code), Ok(wanted.to_owned()));
        }
        assert!(character_code("0x110000").is_err());
        assert!(is_surrogate("0xD800") && !is_surrogate("0x41"));
    }
}
