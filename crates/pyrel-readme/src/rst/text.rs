//! Paragraphs, literal blocks, and titles: what the second line of a text decides.

use super::block::is_rule;
use super::document::About;
use super::escape::name_of;
use super::line::Piece;
use super::machine::{Flow, Machine, State};
use super::node::{Kind, NodeId};
use super::parser::{Parser, TitleStyle};
use super::unicode::{column_width, lstrip, rstrip};

/// Lines below which a rule is too short to be taken for one that is certain.
const SHORTEST_RULE: usize = 4;

impl Parser {
    pub(super) fn second_line(&mut self, machine: &mut Machine, line: &Piece) -> Flow {
        if line.is_empty() {
            self.paragraph_end(machine);
            return Flow::Next(State::Body);
        }
        if line.starts_with(' ') {
            return self.definition_list(machine);
        }
        if is_rule(line) {
            return self.underline(machine, line);
        }
        self.paragraph_lines(machine)
    }

    /// Ends a paragraph of one line.
    pub(super) fn paragraph_end(&mut self, machine: &mut Machine) {
        let lines = std::mem::take(&mut machine.context);
        let is_literal_next = self.paragraph(machine, &lines, machine.line_number() - 1, None);
        if is_literal_next {
            self.literal_block(machine);
        }
    }

    /// Reads the rest of a paragraph.
    pub(super) fn paragraph_lines(&mut self, machine: &mut Machine) -> Flow {
        let start = machine.line_number() - 1;
        let mut lines = std::mem::take(&mut machine.context);
        let (block, message) = match machine.text_block(true, &mut self.document) {
            Ok(block) => (block, None),
            Err((block, line)) => {
                let message = self.document.error("Unexpected indentation.", &[], About::Place(Some(line)));
                (block, Some(message))
            }
        };
        lines.extend(block.iter().map(|line| line.text.clone()));
        if self.paragraph(machine, &lines, start, message) {
            machine.next_line(1, &mut self.document);
            self.literal_block(machine);
        }
        Flow::Next(State::Body)
    }

    /// Appends a paragraph; tells whether a literal block must follow.
    fn paragraph(
        &mut self,
        machine: &Machine,
        lines: &[Piece],
        number: i64,
        message: Option<NodeId>,
    ) -> bool {
        let joined = lines.iter().map(|line| &**line).collect::<Vec<_>>().join("\n");
        let data = rstrip(&joined);
        let (text, is_literal_next) = split_literal_mark(data);
        if let Some(text) = text {
            let (inline, messages) = self.inline(text, number, machine.node);
            let paragraph = self.placed(Kind::Paragraph, machine, Some(number));
            self.document.tree.extend(paragraph, inline);
            self.document.tree.append(machine.node, paragraph);
            self.document.tree.extend(machine.node, messages);
        }
        self.document.tree.extend(machine.node, message);
        is_literal_next
    }

    fn literal_block(&mut self, machine: &mut Machine) {
        let mut block = machine.indented(&mut self.document);
        block.lines.trim_end();
        if block.lines.is_empty() {
            self.quoted_literal_block(machine);
            return;
        }
        let node = self.document.tree.add_with_text(Kind::LiteralBlock, block.lines.join());
        let line = machine.source_line(Some(block.offset + 1));
        self.document.tree.set_place(node, line);
        self.document.tree.append(machine.node, node);
        self.check_blank_finish(machine, block.blank_finish, "Literal block");
    }

    fn quoted_literal_block(&mut self, machine: &mut Machine) {
        let holder = self.document.tree.add(Kind::Fragment);
        let inner = Machine::new(machine.here(), machine.offset(), holder, State::QuotedLiteral);
        let (offset, _) = self.nested_list(inner);
        machine.go_to(offset, &mut self.document);
        let found = self.document.tree.children(holder).to_vec();
        self.document.tree.extend(machine.node, found);
    }

    pub(super) fn quoted_line(&mut self, machine: &mut Machine, line: Piece) -> Flow {
        let first = line.chars().next();
        let stays = Flow::Next(State::QuotedLiteral);
        match (machine.quote.mark, first) {
            (Some(mark), Some(first)) if first == mark => {
                machine.context.push(line);
                stays
            }
            (mark, None) if mark.is_some() => Flow::End,
            (_, None) => stays,
            (None, Some(first)) if first.is_ascii_punctuation() => {
                machine.quote.mark = Some(first);
                machine.quote.first_line = machine.line_number();
                machine.context = vec![line];
                stays
            }
            (None, Some(_)) => Flow::End,
            (Some(_), Some(first)) => {
                let text = if first == ' ' {
                    "Unexpected indentation."
                } else {
                    "Inconsistent literal block quoting."
                };
                let message = self.document.error(text, &[], About::Line(machine.line_number()));
                machine.quote.messages.push(message);
                machine.previous_line(1, &mut self.document);
                Flow::End
            }
        }
    }

    pub(super) fn quoted_end(&mut self, machine: &mut Machine) {
        if machine.context.is_empty() {
            let line = machine.line_number();
            let text = "Literal block expected; none found.";
            let message = self.document.warning(text, &[], About::Line(line));
            self.document.tree.append(machine.node, message);
            machine.previous_line(1, &mut self.document);
        } else {
            let lines: Vec<&str> = machine.context.iter().map(|line| &**line).collect();
            let node = self.document.tree.add_with_text(Kind::LiteralBlock, lines.join("\n"));
            let line = machine.source_line(Some(machine.quote.first_line));
            self.document.tree.set_place(node, line);
            self.document.tree.append(machine.node, node);
        }
        let messages = std::mem::take(&mut machine.quote.messages);
        self.document.tree.extend(machine.node, messages);
    }

    fn underline(&mut self, machine: &mut Machine, line: &str) -> Flow {
        let number = machine.line_number();
        let context = machine.context.first().cloned();
        let full_title = context.as_deref().unwrap_or_default();
        let title = rstrip(full_title);
        let underline = rstrip(line);
        let mut messages = Vec::new();
        if column_width(title) > underline.len() {
            if underline.len() < SHORTEST_RULE {
                if machine.is_root {
                    let text = "Possible title underline, too short for the title.\n\
                                Treating it as ordinary text because it's so short.";
                    let message = self.document.info(text, About::Line(number));
                    self.document.tree.append(machine.node, message);
                }
                return Flow::AsText;
            }
            let block = format!("{full_title}\n{line}");
            let text = "Title underline too short.";
            messages.push(self.document.warning(text, &[&block], About::Line(number)));
        }
        machine.context.clear();
        if !machine.is_root {
            let block = format!("{full_title}\n{line}");
            let place = About::Place(machine.source_line(None));
            messages.push(self.document.error("Unexpected section title.", &[&block], place));
            self.document.tree.extend(machine.node, messages);
            return Flow::Next(State::Body);
        }
        let style = (None, underline.chars().next().unwrap_or('='));
        let source = format!("{title}\n{underline}");
        self.section(machine, (title, &source), (style, number - 1), messages);
        Flow::Next(State::Body)
    }

    fn section(
        &mut self,
        machine: &mut Machine,
        (title, source): (&str, &str),
        (style, number): (TitleStyle, i64),
        messages: Vec<NodeId>,
    ) {
        let parents = self.document.tree.sections(machine.node);
        let current = parents.len();
        let known = self.title_styles.iter().position(|known| *known == style);
        let level = known.unwrap_or(self.title_styles.len()) + 1;
        if level > current + 1 {
            let text = format!("Inconsistent title style: skip from level {current} to {level}.");
            let styles: Vec<String> = self.title_styles.iter().map(shown_style).collect();
            let established = format!("Established title styles: {}", styles.join(" "));
            let message = self.document.error(text, &[source, &established], About::Line(number));
            self.document.tree.append(machine.node, message);
            return;
        }
        if level <= current
            && let Some(parent) = parents.get(level - 1).and_then(|node| self.document.tree.parent(*node))
        {
            machine.node = parent;
        }
        if level > self.title_styles.len() {
            self.title_styles.push(style);
        }
        self.new_section(machine, title, number, messages);
    }

    fn new_section(&mut self, machine: &mut Machine, title: &str, number: i64, messages: Vec<NodeId>) {
        let section = self.document.tree.add(Kind::Section);
        self.document.tree.append(machine.node, section);
        let (inline, title_messages) = self.inline(title, number, machine.node);
        let node = self.document.tree.add(Kind::Title);
        self.document.tree.extend(node, inline);
        let name = name_of(&self.document.tree.as_text(node));
        self.document.tree.attributes_mut(section).names.push(name);
        self.document.tree.append(section, node);
        self.document.tree.extend(section, messages);
        self.document.tree.extend(section, title_messages);
        self.document.note_implicit_target(section, Some(section));
        machine.node = section;
    }

    /// Ends the source after a rule: it is a transition, or text when it is short.
    pub(super) fn rule_at_end(&mut self, machine: &mut Machine) -> Flow {
        if self.context_rule(machine).len() < SHORTEST_RULE {
            return self.rule_as_text(machine, 1);
        }
        self.transition_node(machine);
        Flow::End
    }

    fn context_rule(&self, machine: &Machine) -> String {
        machine.context.first().map(|line| rstrip(line).to_owned()).unwrap_or_default()
    }

    fn transition_node(&mut self, machine: &Machine) {
        let node = self.document.tree.add(Kind::Transition);
        let line = machine.source_line(None).map(|line| line - 1);
        self.document.tree.set_place(node, line);
        self.document.tree.append(machine.node, node);
    }

    fn rule_as_text(&mut self, machine: &mut Machine, lines: usize) -> Flow {
        machine.previous_line(lines, &mut self.document);
        machine.context.clear();
        Flow::BackToText
    }

    fn short_overline(&mut self, machine: &mut Machine, number: i64, lines: usize) -> Flow {
        let text = "Possible incomplete section title.\n\
                    Treating the overline as ordinary text because it's so short.";
        let message = self.document.info(text, About::Line(number));
        self.document.tree.append(machine.node, message);
        self.rule_as_text(machine, lines)
    }

    /// The line after a rule: blank, a title, or another rule.
    pub(super) fn after_rule(&mut self, machine: &mut Machine, line: &Piece) -> Flow {
        let overline = self.context_rule(machine);
        if line.is_empty() {
            if overline.len() < SHORTEST_RULE {
                return self.rule_as_text(machine, 1);
            }
            self.transition_node(machine);
            machine.context.clear();
            return Flow::Next(State::Body);
        }
        let number = machine.line_number() - 1;
        if is_rule(line) {
            if overline.len() < SHORTEST_RULE {
                return self.short_overline(machine, number, 1);
            }
            let block = format!("{overline}\n{}", &**line);
            let text = "Invalid section title or transition marker.";
            let message = self.document.error(text, &[&block], About::Line(number));
            self.document.tree.append(machine.node, message);
            machine.context.clear();
            return Flow::Next(State::Body);
        }
        self.overlined_title(machine, &overline, line)
    }

    fn overlined_title(&mut self, machine: &mut Machine, overline: &str, full_title: &str) -> Flow {
        let number = machine.line_number() - 1;
        let has_underline = machine.next_line(1, &mut self.document);
        let underline = if has_underline { rstrip(&machine.line()).to_owned() } else { String::new() };
        let source = format!("{overline}\n{full_title}\n{underline}");
        let fault = if !has_underline {
            Some(("Incomplete section title.", format!("{overline}\n{full_title}")))
        } else if !is_rule(&underline) {
            Some(("Missing matching underline for section title overline.", source.clone()))
        } else if overline != underline {
            Some(("Title overline & underline mismatch.", source.clone()))
        } else {
            None
        };
        let is_short = overline.len() < SHORTEST_RULE;
        if let Some((text, block)) = fault {
            if is_short {
                return self.short_overline(machine, number, 2);
            }
            let message = self.document.error(text, &[&block], About::Line(number));
            self.document.tree.append(machine.node, message);
            machine.context.clear();
            return Flow::Next(State::Body);
        }
        let title = rstrip(full_title);
        let mut messages = Vec::new();
        if column_width(title) > overline.len() {
            if is_short {
                return self.short_overline(machine, number, 2);
            }
            let text = "Title overline too short.";
            messages.push(self.document.warning(text, &[&source], About::Line(number)));
        }
        machine.context.clear();
        let mark = overline.chars().next().unwrap_or('=');
        let style = (Some(mark), underline.chars().next().unwrap_or('='));
        self.section(machine, (lstrip(title), &source), (style, number + 1), messages);
        Flow::Next(State::Body)
    }
}

fn shown_style((over, under): &TitleStyle) -> String {
    over.map_or_else(|| under.to_string(), |over| format!("{over}/{under}"))
}

/// Takes `::` off the end of a paragraph; there is no paragraph when nothing else is left.
fn split_literal_mark(data: &str) -> (Option<&str>, bool) {
    let Some(before) = data.strip_suffix("::") else { return (Some(data), false) };
    let escapes = before.len() - before.trim_end_matches('\\').len();
    if escapes % 2 == 1 {
        return (Some(data), false);
    }
    match before.chars().next_back() {
        None => (None, true),
        Some(' ' | '\n') => (Some(rstrip(&before[..before.len() - 1])), true),
        Some(_) => (Some(&data[..data.len() - 1]), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_a_literal_block() {
        assert_eq!(split_literal_mark("a::"), (Some("a:"), true));
        assert_eq!(split_literal_mark("a ::"), (Some("a"), true));
        assert_eq!(split_literal_mark("::"), (None, true));
        assert_eq!(split_literal_mark(r"a\::"), (Some(r"a\::"), false));
        assert_eq!(split_literal_mark("a:"), (Some("a:"), false));
    }
}
