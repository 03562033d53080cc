//! Block quotes with their attributions, line blocks, and doctest blocks.

use super::document::About;
use super::line::{Cut, Lines};
use super::machine::{Machine, State};
use super::node::{Kind, NodeId};
use super::parser::Parser;
use super::unicode::{is_space, rstrip};

/// Levels of line blocks within one another that are shown as such.
const DEEPEST_LINES: usize = 40;

/// A block quote split at its attribution.
struct Split {
    quote: Lines,
    /// The attribution's lines and its place in the block.
    attribution: Option<(Lines, usize)>,
    rest: Option<(Lines, usize)>,
}

impl Parser {
    pub(super) fn block_quote_lines(&mut self, machine: &mut Machine) {
        let block = machine.indented(&mut self.document);
        let elements = self.block_quote(machine, block.lines, block.offset);
        self.document.tree.extend(machine.node, elements);
        self.check_blank_finish(machine, block.blank_finish, "Block quote");
    }

    /// Reads lines as block quotes, one after each attribution.
    pub(super) fn block_quote(&mut self, machine: &Machine, lines: Lines, offset: i64) -> Vec<NodeId> {
        let mut elements = Vec::new();
        let mut lines = lines;
        let mut offset = offset;
        while !lines.is_empty() {
            let quote = self.placed(Kind::BlockQuote, machine, Some(offset + 1));
            let split = split_attribution(&lines);
            self.nested(split.quote, offset, quote);
            elements.push(quote);
            if let Some((attribution, at)) = split.attribution {
                let number = 1 + offset + i64::try_from(at).unwrap_or(0);
                let joined = attribution.join();
                let (inline, messages) = self.inline(rstrip(&joined), number, machine.node);
                let node = self.placed(Kind::Attribution, machine, Some(number));
                self.document.tree.extend(node, inline);
                self.document.tree.append(quote, node);
                elements.extend(messages);
            }
            let Some((rest, at)) = split.rest else { break };
            offset += i64::try_from(at).unwrap_or(0);
            lines = rest;
            while !lines.is_empty() && lines.text(0).is_empty() {
                lines = lines.from(1);
                offset += 1;
            }
        }
        elements
    }

    pub(super) fn doctest(&mut self, machine: &mut Machine) {
        let line = self.document.tree.place.line;
        let (Ok(block) | Err((block, _))) = machine.text_block(false, &mut self.document);
        let node = self.document.tree.add_with_text(Kind::DoctestBlock, block.join());
        self.document.tree.node_mut(node).line = line;
        self.document.tree.append(machine.node, node);
    }

    pub(super) fn line_block(&mut self, machine: &mut Machine, line: &str, length: usize) {
        let block = self.document.tree.add(Kind::LineBlock);
        self.document.tree.append(machine.node, block);
        let number = machine.line_number();
        let place = machine.source_line(Some(number));
        self.document.tree.set_place(block, place);
        let (node, messages, mut blank_finish) = self.line_of_block(machine, line, length);
        self.document.tree.append(block, node);
        self.document.tree.extend(machine.node, messages);
        if !blank_finish {
            blank_finish = self.list_rest(machine, (block, State::LineBlock), false, None);
        }
        if !blank_finish {
            let text = "Line block ends without a blank line.";
            let message = self.document.warning(text, &[], About::Line(number + 1));
            self.document.tree.append(machine.node, message);
        }
        self.nest_lines(block);
    }

    pub(super) fn further_line(&mut self, machine: &mut Machine, line: &str, length: usize) {
        let (node, messages, blank_finish) = self.line_of_block(machine, line, length);
        self.document.tree.append(machine.node, node);
        if let Some(parent) = self.document.tree.parent(machine.node) {
            self.document.tree.extend(parent, messages);
        }
        machine.blank_finish = blank_finish;
    }

    fn line_of_block(
        &mut self,
        machine: &mut Machine,
        line: &str,
        length: usize,
    ) -> (NodeId, Vec<NodeId>, bool) {
        let number = machine.line_number();
        let cut = Cut { until_blank: true, first_indent: Some(length), ..Cut::default() };
        let block = machine.cut(cut, true, &mut self.document);
        let (inline, messages) = self.inline(&block.lines.join(), number, machine.node);
        let node = self.placed(Kind::Line, machine, Some(number));
        self.document.tree.extend(node, inline);
        if rstrip(line) != "|" {
            self.document.tree.attributes_mut(node).indent = Some(length.saturating_sub(2));
        }
        (node, messages, block.blank_finish)
    }

    /// Puts lines that are indented deeper into blocks of their own.
    pub(super) fn nest_lines(&mut self, block: NodeId) {
        let mut previous = 0;
        for line in self.document.tree.children(block).to_vec() {
            let attributes = self.document.tree.attributes_mut(line);
            previous = *attributes.indent.get_or_insert(previous);
        }
        self.nest_segment(block, 0);
    }

    fn nest_segment(&mut self, block: NodeId, depth: usize) {
        let lines = self.document.tree.children(block).to_vec();
        let indent = |parser: &Self, line: NodeId| parser.document.tree.attributes(line).indent.unwrap_or(0);
        let least = lines.iter().map(|line| indent(self, *line)).min().unwrap_or(0);
        if depth >= DEEPEST_LINES || lines.iter().all(|line| indent(self, *line) == least) {
            return;
        }
        self.document.tree.node_mut(block).children.clear();
        let mut deeper: Option<NodeId> = None;
        for line in lines {
            if indent(self, line) > least {
                let inner = match deeper {
                    Some(inner) => inner,
                    None => {
                        let inner = self.document.tree.add(Kind::LineBlock);
                        self.document.tree.append(block, inner);
                        *deeper.insert(inner)
                    }
                };
                self.document.tree.append(inner, line);
            } else {
                if let Some(inner) = deeper.take() {
                    self.nest_segment(inner, depth + 1);
                }
                self.document.tree.append(block, line);
            }
        }
        if let Some(inner) = deeper {
            self.nest_segment(inner, depth + 1);
        }
    }
}

fn split_attribution(lines: &Lines) -> Split {
    let mut blank = None;
    let mut has_text = false;
    for (at, line) in lines.iter().enumerate() {
        let text = rstrip(&line.text);
        if text.is_empty() {
            blank = Some(at);
            continue;
        }
        let is_after_blank = has_text && at > 0 && blank == Some(at - 1);
        if is_after_blank
            && let Some(length) = attribution_mark(text)
            && let Some((end, indent)) = attribution_end(lines, at)
        {
            let attribution = lines.slice(at, end).trim_left(length, 0, 1).trim_left(indent, 1, usize::MAX);
            let rest = Some((lines.from(end), end));
            return Split { quote: lines.slice(0, at), attribution: Some((attribution, at)), rest };
        }
        has_text = true;
    }
    Split { quote: lines.clone(), attribution: None, rest: None }
}

/// Returns the length in characters of the dash that starts an attribution.
fn attribution_mark(text: &str) -> Option<usize> {
    let rest = text
        .strip_prefix("---")
        .filter(|rest| !rest.starts_with('-'))
        .or_else(|| text.strip_prefix("--").filter(|rest| !rest.starts_with('-')))
        .or_else(|| text.strip_prefix('\u{2014}'))?;
    let words = rest.trim_start_matches(' ');
    (!words.is_empty()).then(|| text.chars().count() - words.chars().count())
}

/// Returns the place past an attribution and the indent of its further lines, if it has the right shape.
fn attribution_end(lines: &Lines, start: usize) -> Option<(usize, usize)> {
    let mut indent = None;
    for at in start + 1..lines.len() {
        let text = lines.text(at);
        if rstrip(text).is_empty() {
            return Some((at, indent.unwrap_or(0)));
        }
        let own = text.chars().take_while(|c| is_space(*c)).count();
        if *indent.get_or_insert(own) != own {
            return None;
        }
    }
    Some((lines.len(), indent.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributions_start_with_a_dash() {
        assert_eq!(attribution_mark("-- Me"), Some(3));
        assert_eq!(attribution_mark("---Me"), Some(3));
        assert_eq!(attribution_mark("\u{2014} Me"), Some(2));
        assert_eq!(attribution_mark("---- Me"), None);
        assert_eq!(attribution_mark("--"), None);
    }
}
