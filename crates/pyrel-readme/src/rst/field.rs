//! Field lists and option lists.

use super::machine::{Flow, Machine, State};
use super::node::{Kind, NodeId};
use super::parser::Parser;

impl Parser {
    pub(super) fn field_list(&mut self, machine: &mut Machine, name: &str, length: usize) {
        let list = self.document.tree.add(Kind::FieldList);
        self.document.tree.append(machine.node, list);
        let outer = std::mem::replace(&mut machine.node, list);
        let blank_finish = self.field(machine, name, length);
        machine.node = outer;
        let blank_finish = self.list_rest(machine, (list, State::FieldList), blank_finish, None);
        self.check_blank_finish(machine, blank_finish, "Field list");
    }

    /// Reads a field into the list that is the reader's node; tells whether it ends with a blank line.
    pub(super) fn field(&mut self, machine: &mut Machine, name: &str, length: usize) -> bool {
        let field = self.placed(Kind::Field, machine, None);
        let number = machine.line_number();
        let block = machine.first_known(length, &mut self.document);
        let (inline, messages) = self.inline(name, number, machine.node);
        let field_name = self.document.tree.add(Kind::FieldName);
        self.document.tree.extend(field_name, inline);
        self.document.tree.append(field, field_name);
        let body = self.document.tree.add(Kind::FieldBody);
        self.document.tree.attributes_mut(body).raw = block.lines.join();
        self.document.tree.extend(body, messages);
        self.document.tree.append(field, body);
        if !block.lines.is_empty() {
            self.nested(block.lines, block.offset, body);
        }
        self.document.tree.append(machine.node, field);
        block.blank_finish
    }

    /// Reads a field that is an option of a directive: its text stays as it is.
    pub(super) fn extension_option(&mut self, machine: &mut Machine, name: &str, length: usize) -> bool {
        let number = machine.line_number();
        let field = self.document.tree.add(Kind::Field);
        let block = machine.first_known(length, &mut self.document);
        let (inline, messages) = self.inline(name, number, machine.node);
        let field_name = self.document.tree.add(Kind::FieldName);
        self.document.tree.extend(field_name, inline);
        self.document.tree.append(field, field_name);
        let body = self.document.tree.add(Kind::FieldBody);
        self.document.tree.extend(body, messages);
        self.document.tree.append(field, body);
        let mut paragraph: Vec<&str> = Vec::new();
        for line in block.lines.iter().map(|line| &*line.text).chain(std::iter::once("")) {
            if !super::unicode::strip(line).is_empty() {
                paragraph.push(line);
            } else if !paragraph.is_empty() {
                let node = self.document.tree.add_with_text(Kind::Paragraph, paragraph.join("\n"));
                self.document.tree.append(body, node);
                paragraph.clear();
            }
        }
        self.document.tree.append(machine.node, field);
        block.blank_finish
    }

    pub(super) fn option_list(&mut self, machine: &mut Machine, line: &str, length: usize) -> Flow {
        let list = self.placed(Kind::OptionList, machine, None);
        let Some((item, blank_finish)) = self.option_list_item(machine, line, length) else {
            return Flow::AsText;
        };
        self.document.tree.append(machine.node, list);
        self.document.tree.append(list, item);
        let blank_finish = self.list_rest(machine, (list, State::OptionList), blank_finish, None);
        self.check_blank_finish(machine, blank_finish, "Option list");
        Flow::Next(State::Body)
    }

    /// Reads an item; there is none when no description follows the options.
    pub(super) fn option_list_item(
        &mut self,
        machine: &mut Machine,
        line: &str,
        length: usize,
    ) -> Option<(NodeId, bool)> {
        let offset = machine.offset();
        let block = machine.first_known(length, &mut self.document);
        if block.lines.is_empty() {
            machine.go_to(offset, &mut self.document);
            return None;
        }
        let group = self.option_group(&line[..length.min(line.len())]);
        let description = self.document.tree.add(Kind::Description);
        self.nested(block.lines, block.offset, description);
        let item = self.document.tree.add(Kind::OptionListItem);
        self.document.tree.append(item, group);
        self.document.tree.append(item, description);
        Some((item, block.blank_finish))
    }

    fn option_group(&mut self, marker: &str) -> NodeId {
        let group = self.document.tree.add(Kind::OptionGroup);
        for option in split_options(super::unicode::rstrip(marker)) {
            let node = self.document.tree.add(Kind::Option);
            let (name, delimiter, argument) = option_parts(option);
            let string = self.document.tree.add_with_text(Kind::OptionString, name);
            self.document.tree.append(node, string);
            if !argument.is_empty() {
                let argument = self.document.tree.add_with_text(Kind::OptionArgument, argument);
                self.document.tree.attributes_mut(argument).set("delimiter", delimiter);
                self.document.tree.append(node, argument);
            }
            self.document.tree.append(group, node);
        }
        group
    }
}

/// Splits at `, ` outside of angle brackets.
fn split_options(marker: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    for (at, b) in marker.bytes().enumerate() {
        match b {
            b'<' => depth += 1,
            b'>' => depth = depth.saturating_sub(1),
            b',' if depth == 0 && marker[at..].starts_with(", ") => {
                parts.push(&marker[start..at]);
                start = at + 2;
            }
            _ => {}
        }
    }
    parts.push(&marker[start..]);
    parts
}

/// Splits an option into its name, what stands between, and its argument.
fn option_parts(option: &str) -> (&str, &str, &str) {
    let first = option.split(' ').next().unwrap_or(option);
    if let Some(at) = first.find('=') {
        return (&option[..at], "=", &option[at + 1..]);
    }
    let is_short = first.starts_with('+') || (first.starts_with('-') && !first.starts_with("--"));
    if is_short && first.len() > 2 {
        return (&option[..2], "", &option[2..]);
    }
    match option.split_once(' ') {
        Some((name, argument)) => (name, " ", argument),
        None => (option, "", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_their_arguments() {
        assert_eq!(split_options("-a, --all=<b, c>"), ["-a", "--all=<b, c>"]);
        assert_eq!(option_parts("-ofile"), ("-o", "", "file"));
        assert_eq!(option_parts("--out=file"), ("--out", "=", "file"));
        assert_eq!(option_parts("--out <a b>"), ("--out", " ", "<a b>"));
        assert_eq!(option_parts("-x"), ("-x", "", ""));
    }
}
