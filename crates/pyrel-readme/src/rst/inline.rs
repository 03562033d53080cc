//! Inline markup: what starts where it ends, and the nodes and messages that come of it.
//!
//! Owns the end-strings. The text is read once: a search for an end-string that failed is not tried again further on.

use super::document::About;
use super::escape::{escape, join_address, name_of, restore, unescape};
use super::node::{Kind, NodeId};
use super::parser::Parser;
use super::punctuation::may_follow;
use super::start::{Found, Start, Starts};
use super::unicode::{collapse, is_space};
use super::uri;

/// The end-strings; the number is the place of what is known about one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Emphasis = 0,
    Strong = 1,
    Literal = 2,
    Target = 3,
    Substitution = 4,
    Interpreted = 5,
}

/// One text that is being read.
struct Reading<'a> {
    text: &'a str,
    starts: Starts<'a>,
    /// From where on there is no end-string of each kind.
    endless_from: [usize; 6],
    number: i64,
    parent: NodeId,
}

/// What one start-string led to.
struct Step {
    /// The end of the text before the construct.
    before: usize,
    nodes: Vec<NodeId>,
    /// Where reading goes on.
    next: usize,
    messages: Vec<NodeId>,
}

/// An end-string: its place, its end, and for interpreted text the role and the mark of a reference.
struct End {
    start: usize,
    end: usize,
    role: Option<(usize, usize)>,
}

impl Parser {
    /// Reads running text; returns its nodes, and the messages that go behind the block.
    pub(super) fn inline(&mut self, text: &str, number: i64, parent: NodeId) -> (Vec<NodeId>, Vec<NodeId>) {
        let escaped = escape(text);
        let mut nodes = Vec::new();
        let mut messages = Vec::new();
        let mut reading = Reading {
            text: &escaped,
            starts: Starts::new(&escaped),
            endless_from: [usize::MAX; 6],
            number,
            parent,
        };
        let mut base = 0;
        let mut pending = 0;
        while base < escaped.len() && !self.document.is_halted() {
            let Some(found) = reading.starts.find(base) else { break };
            let step = self.construct(&mut reading, base, &found);
            base = step.next;
            messages.extend(step.messages);
            if !step.nodes.is_empty() {
                self.plain(&escaped[pending..step.before], &mut nodes);
                nodes.extend(step.nodes);
                pending = step.next;
            }
        }
        self.plain(&escaped[pending..], &mut nodes);
        (nodes, messages)
    }

    /// Appends plain text, addresses in it turned into links.
    fn plain(&mut self, text: &str, nodes: &mut Vec<NodeId>) {
        let mut rest = text;
        while !rest.is_empty() {
            let Some(found) = uri::find(rest).filter(uri::Address::is_known) else {
                nodes.push(self.document.tree.add_text(rest));
                return;
            };
            if found.start > 0 {
                nodes.push(self.document.tree.add_text(&rest[..found.start]));
            }
            let address = &rest[found.start..found.end];
            let node = self.document.tree.add_with_text(Kind::Reference, address);
            let scheme = if found.scheme.is_none() { "mailto:" } else { "" };
            let attributes = self.document.tree.attributes_mut(node);
            attributes.refuri = Some(format!("{scheme}{}", unescape(address)));
            attributes.raw = restore(address);
            nodes.push(node);
            rest = &rest[found.end..];
        }
    }

    fn construct(&mut self, reading: &mut Reading<'_>, base: usize, found: &Found) -> Step {
        match &found.what {
            Start::Reference { name_end, is_anonymous } => {
                self.simple_reference(reading.text, found, *name_end, *is_anonymous)
            }
            Start::Note { label, is_citation } => {
                let label = &reading.text[label.0..label.1];
                let node = self.note_reference(label, *is_citation);
                Step { before: found.start, nodes: vec![node], next: found.end, messages: Vec::new() }
            }
            Start::Backquote { role: None } if reading.starts.is_quoted(base, found) => as_text(found),
            Start::Backquote { role } => self.backquote(reading, found, *role),
            _ if reading.starts.is_quoted(base, found) => as_text(found),
            Start::Emphasis => self.simple(reading, found, Ending::Emphasis, Kind::Emphasis).0,
            Start::Strong => self.simple(reading, found, Ending::Strong, Kind::Strong).0,
            Start::Literal => self.simple(reading, found, Ending::Literal, Kind::Literal).0,
            Start::InlineTarget => {
                let (step, end) = self.simple(reading, found, Ending::Target, Kind::Target);
                if let (Some(_), [target]) = (end, &*step.nodes) {
                    let name = name_of(&self.document.tree.as_text(*target));
                    self.document.tree.attributes_mut(*target).names.push(name);
                    self.document.note_explicit_target(*target, Some(reading.parent));
                }
                step
            }
            Start::Substitution => self.substitution_reference(reading, found),
        }
    }

    fn simple(
        &mut self,
        reading: &mut Reading<'_>,
        found: &Found,
        ending: Ending,
        kind: Kind,
    ) -> (Step, Option<End>) {
        let Some(end) = reading.find_end(ending, found.end) else {
            let name = kind.tag();
            let text = format!("Inline {name} start-string without end-string.");
            return (self.endless(reading, found.start, found.end, &text), None);
        };
        let inner = &reading.text[found.end..end.start];
        let inner = if ending == Ending::Literal { restore(inner) } else { inner.to_owned() };
        let node = self.document.tree.add_with_text(kind, inner);
        let raw = restore(&reading.text[found.start..end.end]);
        self.document.tree.attributes_mut(node).raw = raw;
        let step = Step { before: found.start, nodes: vec![node], next: end.end, messages: Vec::new() };
        (step, Some(end))
    }

    fn endless(&mut self, reading: &Reading<'_>, start: usize, end: usize, text: &str) -> Step {
        let message = self.document.warning(text, &[], About::Line(reading.number));
        self.marked(reading.text, start, end, vec![message])
    }

    /// Shows a piece of the source as what the last of the messages is about.
    fn marked(&mut self, text: &str, start: usize, end: usize, messages: Vec<NodeId>) -> Step {
        let raw = restore(&text[start..end]);
        let nodes = messages.last().map(|message| self.document.problematic(&raw, *message));
        Step { before: start, nodes: nodes.into_iter().collect(), next: end, messages }
    }

    fn simple_reference(&mut self, text: &str, found: &Found, name_end: usize, is_anonymous: bool) -> Step {
        let name = &text[found.start..name_end];
        let node = self.document.tree.add_with_text(Kind::Reference, name);
        let attributes = self.document.tree.attributes_mut(node);
        attributes.raw = text[found.start..found.end].to_owned();
        if is_anonymous {
            attributes.is_anonymous = true;
        } else {
            attributes.refname = Some(name_of(name));
            self.document.note_refname(node);
        }
        Step { before: found.start, nodes: vec![node], next: found.end, messages: Vec::new() }
    }

    fn note_reference(&mut self, label: &str, is_citation: bool) -> NodeId {
        let refname = name_of(label);
        let kind = if is_citation { Kind::CitationReference } else { Kind::FootnoteReference };
        let node = self.document.tree.add(kind);
        self.document.tree.attributes_mut(node).raw = format!("[{label}]_");
        let mut name = refname.as_str();
        if is_citation {
            let text = self.document.tree.add_text(label);
            self.document.tree.append(node, text);
            self.document.tree.attributes_mut(node).refname = Some(refname);
            self.document.note_citation_ref(node);
            return node;
        }
        if let Some(rest) = refname.strip_prefix('#') {
            name = rest;
            self.document.tree.attributes_mut(node).auto = Some('1');
            self.document.set_id(node);
            self.document.autofootnote_refs.push(node);
        } else if refname == "*" {
            name = "";
            self.document.tree.attributes_mut(node).auto = Some('*');
            self.document.set_id(node);
            self.document.symbol_footnote_refs.push(node);
        } else {
            let text = self.document.tree.add_text(label);
            self.document.tree.append(node, text);
        }
        if !name.is_empty() {
            self.document.tree.attributes_mut(node).refname = Some(name.to_owned());
            self.document.note_footnote_ref(node);
        }
        node
    }

    fn substitution_reference(&mut self, reading: &mut Reading<'_>, found: &Found) -> Step {
        let (mut step, end) = self.simple(reading, found, Ending::Substitution, Kind::SubstitutionReference);
        let (Some(end), [node]) = (end, &*step.nodes) else { return step };
        let node = *node;
        let text = self.document.tree.as_text(node);
        self.document.tree.attributes_mut(node).refname = Some(collapse(&text));
        let marks = end.end - end.start - 1;
        if marks > 0 {
            let reference = self.document.tree.add(Kind::Reference);
            let attributes = self.document.tree.attributes_mut(reference);
            attributes.raw = format!("|{text}{}", &reading.text[end.start..end.end]);
            if marks == 2 {
                attributes.is_anonymous = true;
            } else {
                attributes.refname = Some(name_of(&text));
                self.document.note_refname(reference);
            }
            self.document.tree.append(reference, node);
            step.nodes = vec![reference];
        }
        step
    }

    fn backquote(&mut self, reading: &mut Reading<'_>, found: &Found, role: Option<(usize, usize)>) -> Step {
        let tick = found.end - 1;
        let Some(end) = reading.find_end(Ending::Interpreted, found.end) else {
            let text = "Inline interpreted text or phrase reference start-string without end-string.";
            return self.endless(reading, tick, found.end, text);
        };
        let text = reading.text;
        let about = About::Line(reading.number);
        if role.is_some() && end.role.is_some() {
            let words =
                "Multiple roles in interpreted text (both prefix and suffix present; only one allowed).";
            let message = self.document.warning(words, &[], about);
            return self.marked(text, found.start, end.end, vec![message]);
        }
        let escaped = &text[found.end..end.start];
        if text[..end.end].ends_with('_') {
            if role.is_some() || end.role.is_some() {
                let position = if role.is_some() { "prefix" } else { "suffix" };
                let words = format!("Mismatch: both interpreted text role {position} and reference suffix.");
                let message = self.document.warning(words, &[], about);
                return self.marked(text, found.start, end.end, vec![message]);
            }
            let raw = restore(&text[tick..end.end]);
            let nodes = self.phrase_reference(&raw, escaped, reading.parent);
            return Step { before: tick, nodes, next: end.end, messages: Vec::new() };
        }
        let raw = restore(&text[found.start..end.end]);
        let name = role.or(end.role).map_or("", |(start, end)| &text[start..end]);
        let (nodes, messages) = self.interpreted((&raw, escaped), name, reading.number);
        Step { before: found.start, nodes, next: end.end, messages }
    }

    fn phrase_reference(&mut self, raw: &str, escaped: &str, parent: NodeId) -> Vec<NodeId> {
        let is_anonymous = raw.ends_with("__");
        let reference = self.document.tree.add(Kind::Reference);
        let Some((text, address)) = embedded(escaped) else {
            let child = self.document.tree.add_text(escaped);
            self.document.tree.append(reference, child);
            let attributes = self.document.tree.attributes_mut(reference);
            attributes.raw = raw.to_owned();
            if is_anonymous {
                attributes.is_anonymous = true;
            } else {
                attributes.refname = Some(name_of(&unescape(escaped)));
                self.document.note_refname(reference);
            }
            return vec![reference];
        };
        let is_alias = address.ends_with('_') && !address.ends_with("\0_") && !uri::is_at_start(address);
        let target_value = if is_alias {
            name_of(&unescape(&address[..address.len() - 1]))
        } else {
            adjust_address(join_address(address))
        };
        let text = if text.is_empty() { target_value.clone() } else { text.to_owned() };
        let child = self.document.tree.add_text(text.clone());
        self.document.tree.append(reference, child);
        let attributes = self.document.tree.attributes_mut(reference);
        attributes.raw = raw.to_owned();
        if is_alias {
            attributes.refname = Some(target_value.clone());
        } else {
            attributes.refuri = Some(target_value.clone());
        }
        if is_anonymous {
            if is_alias {
                self.document.note_refname(reference);
            }
            return vec![reference];
        }
        let target = self.embedded_target(&text, target_value, is_alias);
        if is_alias {
            self.document.note_indirect_target(target);
            self.document.note_refname(reference);
        }
        self.document.note_implicit_target(target, Some(parent));
        vec![reference, target]
    }

    fn embedded_target(&mut self, text: &str, value: String, is_alias: bool) -> NodeId {
        let target = self.document.tree.add(Kind::Target);
        let attributes = self.document.tree.attributes_mut(target);
        attributes.names.push(name_of(&unescape(text)));
        if is_alias {
            attributes.refname = Some(value);
        } else {
            attributes.refuri = Some(value);
            attributes.is_referenced = true;
        }
        target
    }
}

fn as_text(found: &Found) -> Step {
    Step { before: found.end, nodes: Vec::new(), next: found.end, messages: Vec::new() }
}

/// Puts `mailto:` before an e-mail address.
pub(super) fn adjust_address(address: String) -> String {
    if uri::is_mail_address(&address) {
        return format!("mailto:{address}");
    }
    match address.strip_suffix("\\_") {
        Some(start) => format!("{start}_"),
        None => address,
    }
}

/// Splits `text <address>`; the address must be the last thing and stand apart.
fn embedded(escaped: &str) -> Option<(&str, &str)> {
    let body = escaped.strip_suffix('>')?;
    if body.ends_with(|c| c == '\0' || is_space(c)) {
        return None;
    }
    let mut open = None;
    for (at, c) in body.char_indices().rev() {
        if matches!(c, '<' | '>') && !body[..at].ends_with('\0') {
            open = (c == '<').then_some(at);
            break;
        }
    }
    let open = open?;
    let (before, address) = (&body[..open], &body[open + 1..]);
    if address.is_empty() || address.starts_with(is_space) {
        return None;
    }
    let text = before.trim_end_matches([' ', '\n']);
    (before.is_empty() || text.len() < before.len()).then_some((text, address))
}

impl Reading<'_> {
    /// Finds an end-string behind at least one character.
    fn find_end(&mut self, ending: Ending, from: usize) -> Option<End> {
        let slot = ending as usize;
        if from >= self.endless_from[slot] || self.end_at(ending, from).is_some() {
            return None;
        }
        let mark = match ending {
            Ending::Emphasis | Ending::Strong => '*',
            Ending::Substitution => '|',
            Ending::Literal | Ending::Target | Ending::Interpreted => '`',
        };
        let mut at = from;
        while let Some(next) = self.text[at..].find(mark).map(|offset| at + offset) {
            if next > from
                && self.may_end_at(ending, next)
                && let Some(end) = self.end_at(ending, next)
            {
                return Some(end);
            }
            at = next + 1;
        }
        self.endless_from[slot] = from;
        None
    }

    fn may_end_at(&self, ending: Ending, at: usize) -> bool {
        let mut before = self.text[..at].chars().rev();
        let Some(last) = before.next() else { return true };
        match ending {
            Ending::Literal => !is_space(last),
            Ending::Interpreted => !(is_space(last) || last == '\0') || before.next() == Some('\0'),
            _ => !(is_space(last) || last == '\0'),
        }
    }

    fn end_at(&self, ending: Ending, at: usize) -> Option<End> {
        let rest = &self.text[at..];
        let plain = |mark: &str| {
            let end = at + mark.len();
            (rest.starts_with(mark) && self.is_followed(end)).then_some(End { start: at, end, role: None })
        };
        match ending {
            Ending::Emphasis => plain("*"),
            Ending::Strong => plain("**"),
            Ending::Literal => plain("``"),
            Ending::Target => plain("`"),
            Ending::Substitution => ["|__", "|_", "|"].into_iter().find_map(plain),
            Ending::Interpreted => {
                rest.strip_prefix('`')?;
                let role = self.role_at(at + 1);
                let with_role =
                    role.and_then(|(start, end)| self.reference_end(at, end + 1, Some((start, end))));
                with_role.or_else(|| self.reference_end(at, at + 1, None))
            }
        }
    }

    fn role_at(&self, at: usize) -> Option<(usize, usize)> {
        let name = self.text[at..].strip_prefix(':')?;
        let length = super::block::simple_name(name)?;
        name[length..].starts_with(':').then_some((at + 1, at + 1 + length))
    }

    fn reference_end(&self, start: usize, at: usize, role: Option<(usize, usize)>) -> Option<End> {
        let rest = &self.text[at..];
        ["__", "_", ""]
            .into_iter()
            .filter(|mark| rest.starts_with(mark))
            .map(|mark| at + mark.len())
            .find(|end| self.is_followed(*end))
            .map(|end| End { start, end, role })
    }

    fn is_followed(&self, at: usize) -> bool {
        self.text[at..].chars().next().is_none_or(may_follow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedded_address_is_the_last_thing() {
        assert_eq!(embedded("a <b>"), Some(("a", "b")));
        assert_eq!(embedded("<b>"), Some(("", "b")));
        assert_eq!(embedded("a<b>"), None);
        assert_eq!(embedded("a < b>"), None);
        assert_eq!(embedded("a <b> c"), None);
        assert_eq!(embedded("a <b\0>>"), Some(("a", "b\0>")));
    }
}
