//! Explicit markup: footnotes, citations, targets, substitution definitions, directives, and comments.

use super::block::simple_name;
use super::document::About;
use super::escape::{escape, join_address, name_of, unescape};
use super::inline::adjust_address;
use super::line::{Cut, Line, Lines, Piece};
use super::machine::{Flow, Machine, State};
use super::node::{Kind, NodeId};
use super::parser::Parser;
use super::unicode::{collapse, is_space, rstrip, strip};

/// What a line of explicit markup holds. Lengths are in characters, from the start of the line.
enum Construct<'a> {
    Footnote { label: &'a str, length: usize },
    Citation { label: &'a str, length: usize },
    Target { length: usize },
    Substitution { length: usize },
    Directive { name: &'a str, length: usize },
    Comment,
}

/// Nodes, and whether the construct ends with a blank line.
pub(super) type Explicit = (Vec<NodeId>, bool);

/// A fault that turns the construct into a comment.
struct Malformed(&'static str);

impl Parser {
    pub(super) fn explicit_markup(&mut self, machine: &mut Machine, line: &str, length: usize) {
        let (nodes, blank_finish) = self.explicit_construct(machine, line, length);
        self.document.tree.extend(machine.node, nodes);
        self.explicit_rest(machine, blank_finish);
    }

    pub(super) fn anonymous_target_list(&mut self, machine: &mut Machine, line: &str, length: usize) {
        let (nodes, blank_finish) = self.anonymous_target(machine, line, length);
        self.document.tree.extend(machine.node, nodes);
        self.explicit_rest(machine, blank_finish);
    }

    fn explicit_rest(&mut self, machine: &mut Machine, blank_finish: bool) {
        let blank_finish = self.list_rest(machine, (machine.node, State::Explicit), blank_finish, None);
        self.check_blank_finish(machine, blank_finish, "Explicit markup");
    }

    /// Reads one construct; `length` is that of the marker with its blanks.
    pub(super) fn explicit_construct(
        &mut self,
        machine: &mut Machine,
        line: &str,
        length: usize,
    ) -> Explicit {
        let found = match construct(line, length) {
            Construct::Footnote { label, length } => Ok(self.footnote(machine, label, length)),
            Construct::Citation { label, length } => Ok(self.citation(machine, label, length)),
            Construct::Target { length } => self.hyperlink_target(machine, line, length),
            Construct::Substitution { length } => self.substitution_definition(machine, line, length),
            Construct::Directive { name, length } => Ok(self.directive(machine, name, length, None)),
            Construct::Comment => return self.comment(machine, line, length),
        };
        found.unwrap_or_else(|Malformed(text)| {
            let about = About::Line(machine.line_number());
            let message = self.document.warning(text, &[], about);
            let (mut nodes, blank_finish) = self.comment(machine, line, length);
            nodes.push(message);
            (nodes, blank_finish)
        })
    }

    fn comment(&mut self, machine: &mut Machine, line: &str, length: usize) -> Explicit {
        let comment = self.document.tree.add(Kind::Comment);
        if machine.is_next_blank() && line.chars().skip(length).all(is_space) {
            return (vec![comment], true);
        }
        let mut block = machine.first_known(length, &mut self.document);
        block.lines.trim_end();
        let text = block.lines.join();
        if !text.is_empty() {
            let text = self.document.tree.add_text(text);
            self.document.tree.append(comment, text);
        }
        (vec![comment], block.blank_finish)
    }

    fn footnote(&mut self, machine: &mut Machine, label: &str, length: usize) -> Explicit {
        let footnote = self.placed(Kind::Footnote, machine, None);
        let block = machine.first_known(length, &mut self.document);
        let mut name = name_of(label);
        let document = &mut self.document;
        if let Some(rest) = name.strip_prefix('#') {
            name = rest.to_owned();
            document.tree.attributes_mut(footnote).auto = Some('1');
            if !name.is_empty() {
                document.tree.attributes_mut(footnote).names.push(name.clone());
            }
            document.set_id(footnote);
            document.autofootnotes.push(footnote);
        } else if name == "*" {
            name.clear();
            document.tree.attributes_mut(footnote).auto = Some('*');
            document.set_id(footnote);
            document.symbol_footnotes.push(footnote);
        } else {
            let label = document.tree.add_with_text(Kind::Label, label);
            document.tree.append(footnote, label);
            document.tree.attributes_mut(footnote).names.push(name.clone());
            document.set_id(footnote);
            document.footnotes.push(footnote);
        }
        if name.is_empty() {
            self.document.set_id(footnote);
        } else {
            self.document.note_explicit_target(footnote, Some(footnote));
        }
        self.note_content(footnote, block.lines, block.offset, "Footnote content expected.");
        (vec![footnote], block.blank_finish)
    }

    fn citation(&mut self, machine: &mut Machine, label: &str, length: usize) -> Explicit {
        let citation = self.placed(Kind::Citation, machine, None);
        let block = machine.first_known(length, &mut self.document);
        let node = self.document.tree.add_with_text(Kind::Label, label);
        self.document.tree.append(citation, node);
        self.document.tree.attributes_mut(citation).names.push(name_of(label));
        self.document.citations.push(citation);
        self.document.note_explicit_target(citation, Some(citation));
        self.note_content(citation, block.lines, block.offset, "Citation content expected.");
        (vec![citation], block.blank_finish)
    }

    fn note_content(&mut self, note: NodeId, lines: Lines, offset: i64, missing: &str) {
        if lines.is_empty() {
            let message = self.document.warning(missing, &[], About::Current);
            self.document.tree.append(note, message);
        } else {
            self.nested(lines, offset, note);
        }
    }

    fn hyperlink_target(
        &mut self,
        machine: &mut Machine,
        _line: &str,
        length: usize,
    ) -> Result<Explicit, Malformed> {
        let number = machine.line_number();
        let cut = Cut { until_blank: true, keep_indent: true, first_indent: Some(length), ..Cut::default() };
        let block = machine.cut(cut, true, &mut self.document);
        let lines: Vec<String> = block.lines.iter().map(|line| escape(&line.text)).collect();
        let mut escaped = lines.first().cloned().unwrap_or_default();
        let mut at = 0;
        let (name, end) = loop {
            if let Some(found) = target_name(&escaped) {
                break found;
            }
            at += 1;
            let Some(line) = lines.get(at) else { return Err(Malformed("malformed hyperlink target.")) };
            escaped.push_str(line);
        };
        let mut rest = vec![strip(&escaped[end..]).to_owned()];
        rest.extend(lines.into_iter().skip(at + 1));
        let name = name.map(|(start, end)| escaped[start..end].to_owned());
        let target = self.make_target(machine, &rest, number, name.as_deref());
        Ok((vec![target], block.blank_finish))
    }

    pub(super) fn anonymous_target(&mut self, machine: &mut Machine, _line: &str, length: usize) -> Explicit {
        let number = machine.line_number();
        let cut = Cut { until_blank: true, first_indent: Some(length), ..Cut::default() };
        let block = machine.cut(cut, true, &mut self.document);
        let lines: Vec<String> = block.lines.iter().map(|line| escape(&line.text)).collect();
        let target = self.make_target(machine, &lines, number, None);
        (vec![target], block.blank_finish)
    }

    fn make_target(
        &mut self,
        machine: &Machine,
        block: &[String],
        number: i64,
        name: Option<&str>,
    ) -> NodeId {
        let target = self.document.tree.add(Kind::Target);
        self.document.tree.node_mut(target).line = Some(number);
        let mut address = String::new();
        let mut is_indirect = false;
        match target_of(block) {
            TargetOf::Name(name) => {
                is_indirect = true;
                self.document.tree.attributes_mut(target).refname = Some(name_of(&name));
            }
            TargetOf::Address(found) => address = found,
        }
        let attributes = self.document.tree.attributes_mut(target);
        if let Some(name) = name {
            attributes.names.push(name_of(&unescape(name)));
            if !address.is_empty() {
                attributes.refuri = Some(adjust_mail(address));
            }
            self.document.note_explicit_target(target, Some(machine.node));
        } else {
            attributes.refuri = Some(address).filter(|address| !address.is_empty());
            attributes.is_anonymous = true;
            self.document.set_id(target);
        }
        if is_indirect {
            self.document.note_indirect_target(target);
        }
        target
    }

    fn substitution_definition(
        &mut self,
        machine: &mut Machine,
        line: &str,
        length: usize,
    ) -> Result<Explicit, Malformed> {
        let place = machine.source_line(None);
        let cut = Cut { keep_indent: true, first_indent: Some(length), ..Cut::default() };
        let block = machine.cut(cut, true, &mut self.document);
        let marker: String = line.chars().take(length).collect();
        let source = format!("{marker}{}", block.lines.join());
        let (name, at, rest) = substitution_name(&block.lines)?;
        let mut offset = block.offset;
        let mut content: Vec<Line> = block.lines.iter().skip(at + 1).cloned().collect();
        if rest.is_empty() {
            offset += 1;
        } else {
            let origin = block.lines.get(at).map_or(0, |line| line.origin);
            content.insert(0, Line { text: Piece::own(&rest), origin });
        }
        let mut content = Lines::new(content);
        content.trim_end();
        let about = About::Place(place);
        if content.is_empty() {
            let text = format!("Substitution definition \"{name}\" missing contents.");
            let message = self.document.warning(text, &[&source], about);
            return Ok((vec![message], block.blank_finish));
        }
        content = content.map(|at, text| if at == 0 { Piece::own(strip(text)) } else { text.clone() });
        let node = self.document.tree.add(Kind::SubstitutionDefinition);
        self.document.tree.set_place(node, place);
        let attributes = self.document.tree.attributes_mut(node);
        attributes.names.push(collapse(&name));
        attributes.raw.clone_from(&source);
        let mut inner = Machine::new(content, offset, node, State::SubstitutionDef);
        inner.blank_finish = block.blank_finish;
        let (_, blank_finish) = self.nested_list(inner);
        let nodes = self.finished_substitution(machine, node, (&name, &source), about);
        Ok((nodes, blank_finish))
    }

    /// Judges what a definition came to hold, and registers it.
    fn finished_substitution(
        &mut self,
        machine: &Machine,
        node: NodeId,
        (name, source): (&str, &str),
        about: About,
    ) -> Vec<NodeId> {
        for child in self.document.tree.children(node).to_vec() {
            let kind = self.document.tree.kind(child);
            if !(kind.is_inline() || kind == Kind::Text) {
                self.document.tree.remove(child);
                self.document.tree.append(machine.node, child);
            }
        }
        for below in self.document.tree.walk(node).into_iter().skip(1) {
            let text = if self.document.tree.kind(below) == Kind::Problematic {
                Some("Problematic content in substitution definition".to_owned())
            } else {
                let what = self.not_in_substitution(below);
                what.map(|what| format!("{what} are not supported in a substitution definition."))
            };
            if let Some(text) = text {
                return vec![self.document.error(text, &[source], about)];
            }
        }
        if self.document.tree.children(node).is_empty() {
            let text = format!("Substitution definition \"{name}\" empty or invalid.");
            return vec![self.document.warning(text, &[source], about)];
        }
        self.document.note_substitution(node, name, machine.node);
        vec![node]
    }

    fn not_in_substitution(&self, node: NodeId) -> Option<&'static str> {
        let attributes = self.document.tree.attributes(node);
        match self.document.tree.kind(node) {
            Kind::Reference if attributes.is_anonymous => Some("Anonymous references"),
            Kind::FootnoteReference if attributes.auto.is_some() => {
                Some("References to auto-numbered and auto-symbol footnotes")
            }
            Kind::Text => None,
            _ if attributes.names.is_empty() && attributes.ids.is_empty() => None,
            _ => Some("Targets (names and identifiers)"),
        }
    }

    /// Reads what a substitution stands for: a directive and nothing else.
    pub(super) fn substitution_content(&mut self, machine: &mut Machine, line: &str) -> Flow {
        let directive =
            simple_name(line).filter(|end| line[*end..].strip_prefix("::").is_some_and(is_blank_led));
        if let Some(end) = directive {
            let name = line[..end].to_owned();
            let rest = &line[end + 2..];
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            let length = name.chars().count() + 2 + blanks;
            let alt = self.document.tree.attributes(machine.node).names.first().cloned();
            let (nodes, blank_finish) = self.directive(machine, &name, length, alt);
            self.document.tree.extend(machine.node, nodes);
            if !machine.is_at_end() {
                machine.blank_finish = blank_finish;
            }
        } else if !machine.is_at_end() {
            machine.blank_finish = machine.is_next_blank();
        }
        Flow::End
    }
}

fn is_blank_led(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(' ')
}

/// Tells the constructs apart; `length` is that of the marker with its blanks.
fn construct(line: &str, length: usize) -> Construct<'_> {
    let rest = line.get(length..).unwrap_or_default();
    if line.as_bytes().get(2) != Some(&b' ') {
        return Construct::Comment;
    }
    if let Some(inner) = rest.strip_prefix('[')
        && let Some((label, is_citation)) = note_label(inner)
    {
        let after = &inner[label.len() + 1..];
        let blanks = after.len() - after.trim_start_matches(' ').len();
        let length = length + 2 + label.chars().count() + blanks;
        return if is_citation {
            Construct::Citation { label, length }
        } else {
            Construct::Footnote { label, length }
        };
    }
    let is_open = |rest: &str| !is_blank_led(rest);
    if rest.strip_prefix('_').is_some_and(is_open) {
        return Construct::Target { length: length + 1 };
    }
    if rest.strip_prefix('|').is_some_and(is_open) {
        return Construct::Substitution { length: length + 1 };
    }
    if let Some(end) = simple_name(rest) {
        let after = &rest[end..];
        let colons = after.strip_prefix(' ').unwrap_or(after);
        if let Some(argument) = colons.strip_prefix("::").filter(|rest| is_blank_led(rest)) {
            let blanks = argument.len() - argument.trim_start_matches(' ').len();
            let marks = after.len() - argument.len();
            let length = length + rest[..end].chars().count() + marks + blanks;
            return Construct::Directive { name: &rest[..end], length };
        }
    }
    Construct::Comment
}

/// Reads the label of a footnote or citation up to its bracket.
fn note_label(inner: &str) -> Option<(&str, bool)> {
    let (label, after) = inner.split_once(']')?;
    if !is_blank_led(after) {
        return None;
    }
    let is_simple = |text: &str| simple_name(text) == Some(text.len());
    if label == "#"
        || label == "*"
        || (!label.is_empty() && label.bytes().all(|b| b.is_ascii_digit()))
        || label.strip_prefix('#').is_some_and(is_simple)
    {
        return Some((label, false));
    }
    is_simple(label).then_some((label, true))
}

/// The name in a target, as a range, and where what follows starts.
type TargetName = (Option<(usize, usize)>, usize);

/// Reads the name of a target up to its colon; an anonymous target has none.
fn target_name(escaped: &str) -> Option<TargetName> {
    let past_colon = |at: usize| {
        let rest = escaped[at..].strip_prefix(':')?;
        is_blank_led(rest).then(|| escaped.len() - rest.trim_start_matches(' ').len())
    };
    let with_space = |at: usize| {
        escaped[at..].strip_prefix(' ').and_then(|_| past_colon(at + 1)).or_else(|| past_colon(at))
    };
    if escaped.starts_with('_') {
        return with_space(1).map(|end| (None, end));
    }
    let ends_well = |text: &str| !text.ends_with(|c| c == '\0' || is_space(c));
    if let Some(quoted) = escaped.strip_prefix('`') {
        if quoted.starts_with([' ', '`']) {
            return None;
        }
        return quoted.match_indices('`').filter(|(at, _)| *at > 0).find_map(|(at, _)| {
            let end = at + 1;
            let past = ends_well(&quoted[..at]).then(|| with_space(end + 1)).flatten()?;
            Some((Some((1, end)), past))
        });
    }
    if escaped.starts_with(' ') {
        return None;
    }
    escaped.match_indices(':').find_map(|(colon, _)| {
        let past = past_colon(colon)?;
        let candidates = [escaped[..colon].strip_suffix(' ').map(str::len), Some(colon)];
        let end = candidates.into_iter().flatten().find(|end| {
            let name = &escaped[..*end];
            let open_colon = name.ends_with(':') && !name.ends_with("\0:");
            !name.is_empty() && ends_well(name) && !open_colon
        })?;
        Some((Some((0, end)), past))
    })
}

/// What a target points to.
pub(super) enum TargetOf {
    Name(String),
    Address(String),
}

/// Tells what the lines behind a target's name mean.
pub(super) fn target_of(block: &[String]) -> TargetOf {
    if block.last().is_some_and(|line| strip(line).ends_with('_')) {
        let joined = block.iter().map(|line| strip(line)).collect::<Vec<_>>().join(" ");
        if let Some(name) = reference_name(&collapse(&joined)) {
            return TargetOf::Name(name);
        }
    }
    TargetOf::Address(join_address(&block.join(" ")))
}

fn reference_name(text: &str) -> Option<String> {
    let body = text.strip_suffix('_')?;
    if !body.is_empty() && simple_name(body) == Some(body.len()) {
        return Some(body.to_owned());
    }
    let phrase = body.strip_prefix('`')?.strip_suffix('`')?;
    let is_well_formed =
        !phrase.is_empty() && !phrase.starts_with(' ') && !phrase.ends_with(|c| c == '\0' || is_space(c));
    is_well_formed.then(|| unescape(phrase))
}

fn adjust_mail(address: String) -> String {
    if address.ends_with("\\_") { address } else { adjust_address(address) }
}

/// Reads the name of a substitution; returns it, the line on which it ends, and the rest of that line.
fn substitution_name(lines: &Lines) -> Result<(String, usize, String), Malformed> {
    let mut escaped = escape(rstrip(lines.text(0)));
    let mut at = 0;
    loop {
        if !escaped.starts_with(' ') {
            let end = escaped.match_indices('|').find(|(end, _)| {
                *end > 0
                    && !escaped[..*end].ends_with(|c| c == '\0' || is_space(c))
                    && is_blank_led(&escaped[end + 1..])
            });
            if let Some((end, _)) = end {
                let count = escaped[end + 1..].trim_start_matches(' ').chars().count();
                let line = strip(lines.text(at));
                let skip = line.chars().count().saturating_sub(count);
                return Ok((escaped[..end].to_owned(), at, line.chars().skip(skip).collect()));
            }
        }
        at += 1;
        let Some(line) = lines.get(at) else { return Err(Malformed("malformed substitution definition.")) };
        escaped.push(' ');
        escaped.push_str(&escape(strip(&line.text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_targets_end_at_a_colon() {
        assert_eq!(target_name("a: b"), Some((Some((0, 1)), 3)));
        assert_eq!(target_name("a b : c"), Some((Some((0, 3)), 6)));
        assert_eq!(target_name("`a: b`: c"), Some((Some((1, 5)), 8)));
        assert_eq!(target_name("_: b"), Some((None, 3)));
        assert_eq!(target_name("a:b"), None);
        assert_eq!(target_name("a\0: b: c"), Some((Some((0, 5)), 7)));
    }

    #[test]
    fn constructs_are_told_apart() {
        let name = |line: &str| match construct(line, 3) {
            Construct::Footnote { length, .. } => ("footnote", length),
            Construct::Citation { length, .. } => ("citation", length),
            Construct::Target { length } => ("target", length),
            Construct::Substitution { length } => ("substitution", length),
            Construct::Directive { length, .. } => ("directive", length),
            Construct::Comment => ("comment", 0),
        };
        assert_eq!(name(".. [1] a"), ("footnote", 7));
        assert_eq!(name(".. [a] a"), ("citation", 7));
        assert_eq!(name(".. _a: b"), ("target", 4));
        assert_eq!(name(".. |a| b"), ("substitution", 4));
        assert_eq!(name(".. a-b::  c"), ("directive", 10));
        assert_eq!(name(".. a :: c"), ("directive", 8));
        assert_eq!(name(".. a: c"), ("comment", 0));
    }
}
