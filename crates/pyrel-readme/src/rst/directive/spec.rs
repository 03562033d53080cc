//! The directives that are known: their arguments, options, and content.

use super::option::Convert;
use super::option::Convert::{
    Backlinks, Choice, Classes, Delimiter, Encoding, FigureWidth, Flag, Integer, Length, LengthOrPercentage,
    NonNegative, NumberLines, Path, Percentage, SingleCharacter, Text, TextRequired, Uri, Widths,
    WidthsOrGrid,
};

/// Options with how their values are read.
pub(super) type Known = &'static [(&'static str, Convert)];

/// What a directive takes.
pub(super) struct Spec {
    /// The name that directs to the code.
    pub(super) name: &'static str,
    pub(super) required: usize,
    pub(super) optional: usize,
    /// Whether the argument may contain blanks.
    pub(super) takes_blanks: bool,
    pub(super) options: Option<Known>,
    pub(super) has_content: bool,
}

const SIDES: Convert = Choice(&["left", "center", "right"]);
const PLAIN: Known = &[("class", Classes), ("name", Text)];
const IMAGE: Known = &[
    ("alt", Text),
    ("height", Length),
    ("width", LengthOrPercentage),
    ("scale", Percentage),
    ("align", Choice(&["top", "middle", "bottom", "left", "center", "right"])),
    ("target", TextRequired),
    ("loading", Choice(&["embed", "link", "lazy"])),
    ("class", Classes),
    ("name", Text),
];
const FIGURE: Known = &[
    ("alt", Text),
    ("height", Length),
    ("width", LengthOrPercentage),
    ("scale", Percentage),
    ("align", SIDES),
    ("target", TextRequired),
    ("loading", Choice(&["embed", "link", "lazy"])),
    ("class", Classes),
    ("name", Text),
    ("figwidth", FigureWidth),
    ("figclass", Classes),
    ("figname", Text),
];
const TABLE: Known = &[
    ("class", Classes),
    ("name", Text),
    ("align", SIDES),
    ("width", LengthOrPercentage),
    ("widths", WidthsOrGrid),
];
const LIST_TABLE: Known = &[
    ("header-rows", NonNegative),
    ("stub-columns", NonNegative),
    ("width", LengthOrPercentage),
    ("widths", Widths),
    ("class", Classes),
    ("name", Text),
    ("align", SIDES),
];
const CSV_TABLE: Known = &[
    ("header-rows", NonNegative),
    ("stub-columns", NonNegative),
    ("header", Text),
    ("width", LengthOrPercentage),
    ("widths", Widths),
    ("file", Path),
    ("url", Uri),
    ("encoding", Encoding),
    ("class", Classes),
    ("name", Text),
    ("align", SIDES),
    ("delim", Delimiter),
    ("keepspace", Flag),
    ("quote", SingleCharacter),
    ("escape", SingleCharacter),
];
const INCLUDE: Known = &[
    ("literal", Flag),
    ("code", Text),
    ("encoding", Encoding),
    ("parser", Convert::Parser),
    ("tab-width", Integer),
    ("start-line", Integer),
    ("end-line", Integer),
    ("start-after", Text),
    ("end-before", Text),
    ("number-lines", NumberLines),
    ("class", Classes),
    ("name", Text),
];

const fn spec(name: &'static str, (required, optional): (usize, usize), options: Option<Known>) -> Spec {
    Spec { name, required, optional, takes_blanks: true, options, has_content: true }
}

const fn empty(name: &'static str, arguments: (usize, usize), options: Option<Known>) -> Spec {
    Spec { has_content: false, ..spec(name, arguments, options) }
}

static ADMONITION: Spec = spec("admonition", (1, 0), Some(PLAIN));
static NOTICE: Spec = spec("notice", (0, 0), Some(PLAIN));
static SPECS: [Spec; 33] = [
    spec("topic", (1, 0), Some(PLAIN)),
    spec("sidebar", (0, 1), Some(&[("class", Classes), ("name", Text), ("subtitle", TextRequired)])),
    spec("line-block", (0, 0), Some(PLAIN)),
    spec("parsed-literal", (0, 0), Some(PLAIN)),
    Spec {
        takes_blanks: false,
        ..spec("code", (0, 1), Some(&[("class", Classes), ("name", Text), ("number-lines", NumberLines)]))
    },
    spec("math", (0, 0), Some(PLAIN)),
    empty("rubric", (1, 0), Some(PLAIN)),
    spec("epigraph", (0, 0), None),
    spec("highlights", (0, 0), None),
    spec("pull-quote", (0, 0), None),
    spec("compound", (0, 0), Some(PLAIN)),
    spec("container", (0, 1), Some(&[("name", Text)])),
    spec("table", (0, 1), Some(TABLE)),
    spec("csv-table", (0, 1), Some(CSV_TABLE)),
    spec("list-table", (0, 1), Some(LIST_TABLE)),
    spec("meta", (0, 0), None),
    empty("image", (1, 0), Some(IMAGE)),
    spec("figure", (1, 0), Some(FIGURE)),
    empty("include", (1, 0), Some(INCLUDE)),
    spec("raw", (1, 0), Some(&[("file", Path), ("url", Uri), ("encoding", Encoding), ("class", Classes)])),
    spec("replace", (0, 0), None),
    empty("unicode", (1, 0), Some(&[("trim", Flag), ("ltrim", Flag), ("rtrim", Flag)])),
    spec("date", (0, 0), None),
    spec("class", (1, 0), None),
    spec("role", (0, 0), None),
    Spec { takes_blanks: false, ..empty("default-role", (0, 1), None) },
    empty("title", (1, 0), None),
    empty(
        "contents",
        (0, 1),
        Some(&[("depth", NonNegative), ("local", Flag), ("backlinks", Backlinks), ("class", Classes)]),
    ),
    empty(
        "sectnum",
        (0, 0),
        Some(&[("depth", Integer), ("start", Integer), ("prefix", TextRequired), ("suffix", TextRequired)]),
    ),
    spec("header", (0, 0), None),
    spec("footer", (0, 0), None),
    empty("target-notes", (0, 0), Some(&[("class", Classes)])),
    spec("test", (0, 1), Some(&[("option", TextRequired)])),
];

/// Finds a directive by its name in any case.
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    let lower = name.to_lowercase();
    let name = match lower.as_str() {
        "admonition" => return Some(&ADMONITION),
        "attention" | "caution" | "danger" | "error" | "hint" | "important" | "note" | "tip" | "warning" => {
            return Some(&NOTICE);
        }
        "code-block" | "sourcecode" => "code",
        "rst-class" => "class",
        "section-numbering" => "sectnum",
        "restructuredtext-test-directive" => "test",
        "test" | "notice" => return None,
        other => other,
    };
    SPECS.iter().find(|spec| spec.name == name)
}

/// Options of a role that a directive defines.
pub(super) fn of_role(is_code: bool, is_raw: bool) -> Spec {
    let options: Known = if is_code {
        &[("language", Text), ("class", Classes)]
    } else if is_raw {
        &[("format", Text), ("class", Classes)]
    } else {
        &[("class", Classes)]
    };
    empty("role", (0, 0), Some(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_other_names() {
        assert_eq!(find("Code-Block").unwrap().name, "code");
        assert_eq!(find("rst-class").unwrap().name, "class");
        assert!(find("toctree").is_none() && find("notice").is_none());
    }
}
