//! Bullet lists, enumerated lists, and definition lists.

use super::document::About;
use super::machine::{Enumeration, Flow, Format, Machine, Sequence, State};
use super::node::{Kind, NodeId};
use super::parser::Parser;

impl Parser {
    pub(super) fn bullet_list(&mut self, machine: &mut Machine, line: &str, length: usize) {
        let list = self.placed(Kind::BulletList, machine, None);
        self.document.tree.append(machine.node, list);
        let bullet: String = line.chars().take(1).collect();
        self.document.tree.attributes_mut(list).set("bullet", bullet);
        let blank_finish = self.item_of(machine, list, length);
        let blank_finish = self.list_rest(machine, (list, State::BulletList), blank_finish, None);
        self.check_blank_finish(machine, blank_finish, "Bullet list");
    }

    /// Reads a further item of the list that is the reader's node.
    pub(super) fn list_item(&mut self, machine: &mut Machine, length: usize) {
        machine.blank_finish = self.item_of(machine, machine.node, length);
    }

    fn item_of(&mut self, machine: &mut Machine, list: NodeId, length: usize) -> bool {
        let item = self.placed(Kind::ListItem, machine, None);
        let block = if machine.line().chars().nth(length).is_some() {
            machine.known_indented(length, &mut self.document)
        } else {
            machine.first_known(length, &mut self.document)
        };
        if !block.lines.is_empty() {
            self.nested(block.lines, block.offset, item);
        }
        self.document.tree.append(list, item);
        block.blank_finish
    }

    pub(super) fn enumerated_list(
        &mut self,
        machine: &mut Machine,
        (format, text): (Format, &str),
        length: usize,
    ) -> Flow {
        let sequence = sequence_of(text, None);
        let Some(ordinal) = ordinal(text, sequence) else { return Flow::AsText };
        if !is_followed_well(machine, ordinal, sequence, format) {
            return Flow::AsText;
        }
        let list = self.placed(Kind::EnumeratedList, machine, None);
        self.document.tree.append(machine.node, list);
        self.document.tree.attributes_mut(list).set("enumtype", sequence.name());
        if ordinal != 1 {
            self.document.tree.attributes_mut(list).set("start", ordinal.to_string());
            let text = format!("Enumerated list start value not ordinal-1: \"{text}\" (ordinal {ordinal})");
            let message = self.document.info(text, About::Node(list));
            self.document.tree.append(machine.node, message);
        }
        let blank_finish = self.item_of(machine, list, length);
        let is_auto = sequence == Sequence::Auto;
        let sequence = if is_auto { Sequence::Arabic } else { sequence };
        let enumeration = Enumeration { format, sequence, last: ordinal, is_auto };
        let blank_finish =
            self.list_rest(machine, (list, State::EnumeratedList), blank_finish, Some(enumeration));
        self.check_blank_finish(machine, blank_finish, "Enumerated list");
        Flow::Next(State::Body)
    }

    /// Reads a further item; `false` when it belongs to another list.
    pub(super) fn further_enumerated(
        &mut self,
        machine: &mut Machine,
        (format, text): (Format, &str),
        length: usize,
    ) -> bool {
        let Some(mut known) = machine.enumeration else { return false };
        let sequence = sequence_of(text, Some(known.sequence));
        let number = ordinal(text, sequence);
        let continues = sequence == Sequence::Auto
            || (sequence == known.sequence && !known.is_auto && number == Some(known.last + 1));
        let Some(number) = number.filter(|_| continues && format == known.format) else { return false };
        if !is_followed_well(machine, number, sequence, format) {
            return false;
        }
        known.is_auto |= sequence == Sequence::Auto;
        self.list_item(machine, length);
        known.last = number;
        machine.enumeration = Some(known);
        true
    }

    /// Starts a definition list: the reader is at the indented line below a term.
    pub(super) fn definition_list(&mut self, machine: &mut Machine) -> Flow {
        let list = self.placed(Kind::DefinitionList, machine, Some(machine.line_number() - 1));
        let (item, blank_finish) = self.definition_item(machine);
        self.document.tree.append(list, item);
        self.document.tree.append(machine.node, list);
        let blank_finish = self.list_rest(machine, (list, State::DefinitionList), blank_finish, None);
        self.check_blank_finish(machine, blank_finish, "Definition list");
        machine.context.clear();
        Flow::Next(State::Body)
    }

    pub(super) fn further_definition(&mut self, machine: &mut Machine) -> Flow {
        let (item, blank_finish) = self.definition_item(machine);
        self.document.tree.append(machine.node, item);
        machine.blank_finish = blank_finish;
        machine.context.clear();
        Flow::Next(State::DefinitionList)
    }

    fn definition_item(&mut self, machine: &mut Machine) -> (NodeId, bool) {
        let number = machine.line_number();
        let term_line = machine.context.first().cloned();
        let term_text = term_line.as_deref().unwrap_or_default();
        let block = machine.indented(&mut self.document);
        let item = self.placed(Kind::DefinitionListItem, machine, Some(number - 1));
        let (terms, messages) = self.term(machine, term_text, number - 1);
        self.document.tree.extend(item, terms);
        let definition = self.document.tree.add(Kind::Definition);
        self.document.tree.extend(definition, messages);
        let line = machine.source_line(Some(number));
        self.document.tree.set_place(definition, line);
        self.document.tree.append(item, definition);
        if term_text.ends_with("::") {
            let text = "Blank line missing before literal block (after the \"::\")? \
                        Interpreted as a definition list item.";
            let message = self.document.info(text, About::Line(number));
            self.document.tree.append(definition, message);
        }
        self.nested(block.lines, block.offset, definition);
        (item, block.blank_finish)
    }

    fn term(&mut self, machine: &Machine, text: &str, number: i64) -> (Vec<NodeId>, Vec<NodeId>) {
        let (inline, messages) = self.inline(text, number, machine.node);
        let term = self.placed(Kind::Term, machine, Some(number));
        let mut nodes = vec![term];
        let mut holder = term;
        for node in inline {
            if self.document.tree.kind(node) != Kind::Text {
                self.document.tree.append(holder, node);
                continue;
            }
            let text = self.document.tree.node(node).text.clone();
            let parts = classifiers(&text);
            if parts.len() == 1 {
                self.document.tree.append(holder, node);
                continue;
            }
            let first = self.document.tree.add_text(super::unicode::rstrip(parts[0]));
            self.document.tree.append(holder, first);
            for part in &parts[1..] {
                holder = self.document.tree.add_with_text(Kind::Classifier, *part);
                nodes.push(holder);
            }
        }
        (nodes, messages)
    }
}

/// Splits at a colon with blanks on both sides.
fn classifiers(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut from = 0;
    while let Some(at) = text[from..].find(" :").map(|at| from + at) {
        let after = &text[at + 2..];
        if !after.starts_with(' ') {
            from = at + 2;
            continue;
        }
        let left = text[start..at].trim_end_matches(' ').len();
        parts.push(&text[start..start + left]);
        start = at + 2 + (after.len() - after.trim_start_matches(' ').len());
        from = start;
    }
    parts.push(&text[start..]);
    parts
}

impl Sequence {
    fn name(self) -> &'static str {
        match self {
            Self::Auto | Self::Arabic => "arabic",
            Self::LowerAlpha => "loweralpha",
            Self::UpperAlpha => "upperalpha",
            Self::LowerRoman => "lowerroman",
            Self::UpperRoman => "upperroman",
        }
    }

    fn accepts(self, text: &str) -> bool {
        let all = |set: &str| text.chars().all(|c| set.contains(c));
        match self {
            Self::Auto => text == "#",
            Self::Arabic => text.bytes().all(|b| b.is_ascii_digit()),
            Self::LowerAlpha => text.len() == 1 && text.bytes().all(|b| b.is_ascii_lowercase()),
            Self::UpperAlpha => text.len() == 1 && text.bytes().all(|b| b.is_ascii_uppercase()),
            Self::LowerRoman => all("ivxlcdm"),
            Self::UpperRoman => all("IVXLCDM"),
        }
    }
}

fn sequence_of(text: &str, expected: Option<Sequence>) -> Sequence {
    use Sequence::{Arabic, Auto, LowerAlpha, LowerRoman, UpperAlpha, UpperRoman};
    if text == "#" {
        return Auto;
    }
    match expected {
        Some(expected) if expected.accepts(text) => return expected,
        Some(_) => {}
        None if text == "i" => return LowerRoman,
        None if text == "I" => return UpperRoman,
        None => {}
    }
    [Arabic, LowerAlpha, UpperAlpha, LowerRoman, UpperRoman]
        .into_iter()
        .find(|sequence| sequence.accepts(text))
        .unwrap_or(UpperRoman)
}

fn ordinal(text: &str, sequence: Sequence) -> Option<i64> {
    let letter = |zero: u8| text.bytes().next().map(|b| i64::from(b - zero) + 1);
    match sequence {
        Sequence::Auto => Some(1),
        Sequence::Arabic => Some(text.parse().unwrap_or(i64::MAX - 1)),
        Sequence::LowerAlpha => letter(b'a'),
        Sequence::UpperAlpha => letter(b'A'),
        Sequence::LowerRoman | Sequence::UpperRoman => from_roman(&text.to_ascii_uppercase()),
    }
}

const ROMAN: [(i64, &str); 13] = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

fn to_roman(mut number: i64) -> Option<String> {
    if !(1..=4999).contains(&number) {
        return None;
    }
    let mut out = String::new();
    for (value, letters) in ROMAN {
        while number >= value {
            number -= value;
            out.push_str(letters);
        }
    }
    Some(out)
}

fn from_roman(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut number = 0;
    for (value, letters) in ROMAN {
        while number < 5000
            && let Some(after) = rest.strip_prefix(letters)
        {
            number += value;
            rest = after;
        }
    }
    (rest.is_empty() && to_roman(number).as_deref() == Some(text)).then_some(number)
}

/// Tells whether the second line fits: blank, indented, or the next enumerator.
fn is_followed_well(machine: &Machine, ordinal: i64, sequence: Sequence, format: Format) -> bool {
    let rest = machine.rest();
    let Some(next) = rest.get(0) else { return true };
    let next: &str = &next.text;
    if next.chars().next().is_none_or(super::unicode::is_space) {
        return true;
    }
    let number = ordinal.saturating_add(1);
    let text = match sequence {
        Sequence::Auto => Some("#".to_owned()),
        Sequence::Arabic => Some(number.to_string()),
        Sequence::LowerAlpha | Sequence::UpperAlpha if number > 26 => None,
        Sequence::LowerAlpha | Sequence::UpperAlpha => u8::try_from(number).ok().map(|number| {
            let zero = if sequence == Sequence::LowerAlpha { b'a' } else { b'A' };
            char::from(zero + number - 1).to_string()
        }),
        Sequence::LowerRoman => to_roman(number).map(|roman| roman.to_lowercase()),
        Sequence::UpperRoman => to_roman(number),
    };
    let Some(text) = text else { return false };
    let (prefix, suffix) = match format {
        Format::Parens => ("(", ") "),
        Format::RightParen => ("", ") "),
        Format::Period => ("", ". "),
    };
    next.starts_with(&format!("{prefix}{text}{suffix}")) || next.starts_with(&format!("{prefix}#{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals() {
        assert_eq!(from_roman("MCMXCIV"), Some(1994));
        assert_eq!(from_roman("IIII"), None);
        assert_eq!(from_roman("IC"), None);
        assert_eq!(to_roman(49).as_deref(), Some("XLIX"));
        assert_eq!(ordinal("c", sequence_of("c", None)), Some(3));
        assert_eq!(ordinal("mm", sequence_of("mm", None)), Some(2000));
        assert_eq!(sequence_of("i", Some(Sequence::LowerAlpha)), Sequence::LowerAlpha);
    }

    #[test]
    fn a_term_is_split_at_colons_with_blanks() {
        assert_eq!(classifiers("a : b  :  c"), ["a", "b", "c"]);
        assert_eq!(classifiers("a: b"), ["a: b"]);
        assert_eq!(classifiers("a :b"), ["a :b"]);
    }
}
