//! The parser: runs readers over lines and hands each construct to the file that knows it.
//!
//! Owns the order in which docutils looks at lines, which decides the order of messages.

use super::block::{Opening, is_rule, opening};
use super::document::Document;
use super::line::{Lines, Piece};
use super::machine::{Enumeration, Flow, Machine, State};
use super::node::{Kind, NodeId, Tree};
use super::role::Roles;

/// Readers within readers; docutils itself ends in a stack overflow somewhat deeper.
const DEEPEST: usize = 60;

/// The characters over and under a title.
pub(super) type TitleStyle = (Option<char>, char);

/// Everything that readers share.
pub(super) struct Parser {
    pub(super) document: Document,
    pub(super) roles: Roles,
    pub(super) title_styles: Vec<TitleStyle>,
    depth: usize,
}

impl Parser {
    pub(super) fn new(source: Lines) -> Self {
        Self { document: Document::new(source), roles: Roles::new(), title_styles: Vec::new(), depth: 0 }
    }

    /// Reads the whole source.
    pub(super) fn read_all(&mut self) {
        let mut machine = Machine::new(self.document.source.clone(), 0, Tree::ROOT, State::Body);
        machine.is_root = true;
        self.run(&mut machine);
    }

    /// Reads lines into a node; returns where reading ended.
    pub(super) fn nested(&mut self, lines: Lines, offset: i64, node: NodeId) -> i64 {
        self.nested_list(Machine::new(lines, offset, node, State::Body)).0
    }

    /// Runs a reader; returns where it ended and whether its last item ended with a blank line.
    pub(super) fn nested_list(&mut self, mut machine: Machine) -> (i64, bool) {
        if self.depth >= DEEPEST {
            let line = machine.input_offset + 1;
            self.document.give_up(line, format!("blocks nested more than {DEEPEST} deep"));
        }
        self.depth += 1;
        self.run(&mut machine);
        self.depth -= 1;
        (machine.offset(), machine.blank_finish)
    }

    /// Reads the further items of a list after its first one, which `machine` has just read.
    pub(super) fn list_rest(
        &mut self,
        machine: &mut Machine,
        (node, state): (NodeId, State),
        blank_finish: bool,
        enumeration: Option<Enumeration>,
    ) -> bool {
        let mut inner = Machine::new(machine.rest(), machine.offset() + 1, node, state);
        inner.blank_finish = blank_finish;
        inner.enumeration = enumeration;
        let (offset, blank_finish) = self.nested_list(inner);
        machine.go_to(offset, &mut self.document);
        blank_finish
    }

    pub(super) fn run(&mut self, machine: &mut Machine) {
        let mut as_text = false;
        loop {
            let flow = if !machine.next_line(1, &mut self.document) {
                Flow::End
            } else if as_text {
                let line = machine.line();
                self.text_transition(machine, line)
            } else {
                let line = machine.line();
                self.transition(machine, line)
            };
            as_text = false;
            let flow = if flow == Flow::End { self.end(machine) } else { flow };
            match flow {
                Flow::Next(state) => machine.state = state,
                Flow::End => return,
                Flow::AsText => {
                    machine.previous_line(1, &mut self.document);
                    as_text = true;
                }
                Flow::BackToText => {
                    machine.previous_line(1, &mut self.document);
                    machine.state = State::Body;
                    as_text = true;
                }
            }
        }
    }

    fn end(&mut self, machine: &mut Machine) -> Flow {
        match machine.state {
            State::Text if !machine.context.is_empty() => self.paragraph_end(machine),
            State::Definition => machine.previous_line(2, &mut self.document),
            State::Line => return self.rule_at_end(machine),
            State::QuotedLiteral => self.quoted_end(machine),
            _ => {}
        }
        Flow::End
    }

    fn transition(&mut self, machine: &mut Machine, line: Piece) -> Flow {
        match machine.state {
            State::Text => self.second_line(machine, &line),
            State::Definition => {
                if line.starts_with(' ') {
                    self.further_definition(machine)
                } else {
                    Flow::End
                }
            }
            State::Line => self.after_rule(machine, &line),
            State::QuotedLiteral => self.quoted_line(machine, line),
            State::SubstitutionDef if line.is_empty() => Flow::Next(State::SubstitutionDef),
            State::SubstitutionDef if line.starts_with(' ') => {
                self.block_quote_lines(machine);
                Flow::Next(State::SubstitutionDef)
            }
            State::SubstitutionDef => self.substitution_content(machine, &line),
            State::Body => self.body_line(machine, line),
            _ => self.list_line(machine, line),
        }
    }

    /// What a line does that was taken for text after something else did not fit.
    fn text_transition(&mut self, machine: &mut Machine, line: Piece) -> Flow {
        match machine.state {
            State::Body => {
                machine.context = vec![line];
                Flow::Next(State::Text)
            }
            State::Text => self.paragraph_lines(machine),
            State::DefinitionList => {
                machine.context = vec![line];
                Flow::Next(State::Definition)
            }
            _ => self.not_an_item(machine),
        }
    }

    fn body_line(&mut self, machine: &mut Machine, line: Piece) -> Flow {
        match opening(&line) {
            Opening::Blank => {}
            Opening::Indent => self.block_quote_lines(machine),
            Opening::Bullet { length } => self.bullet_list(machine, &line, length),
            Opening::Enumerator { format, text, length } => {
                return self.enumerated_list(machine, (format, &text), length);
            }
            Opening::Field { name, length } => self.field_list(machine, &name, length),
            Opening::Options { length } => return self.option_list(machine, &line, length),
            Opening::Doctest => self.doctest(machine),
            Opening::LineBlock { length } => self.line_block(machine, &line, length),
            Opening::GridTable => self.grid_table(machine),
            Opening::SimpleTable => self.simple_table(machine),
            Opening::Explicit { length } => self.explicit_markup(machine, &line, length),
            Opening::Anonymous { length } => self.anonymous_target_list(machine, &line, length),
            Opening::Rule => return self.rule(machine, line),
            Opening::Text => {
                machine.context = vec![line];
                return Flow::Next(State::Text);
            }
        }
        Flow::Next(State::Body)
    }

    /// A line where only a further item of the list may stand.
    fn list_line(&mut self, machine: &mut Machine, line: Piece) -> Flow {
        let state = machine.state;
        let stays = Flow::Next(state);
        match (state, opening(&line)) {
            (State::LineBlock | State::Explicit, Opening::Blank) => return self.not_an_item(machine),
            (_, Opening::Blank) => {}
            (State::BulletList, Opening::Bullet { length }) => {
                let bullet = self.document.tree.attributes(machine.node).get("bullet");
                if bullet.is_some_and(|bullet| !line.starts_with(bullet)) {
                    return self.not_an_item(machine);
                }
                self.list_item(machine, length);
            }
            (State::EnumeratedList, Opening::Enumerator { format, text, length }) => {
                if !self.further_enumerated(machine, (format, &text), length) {
                    return self.not_an_item(machine);
                }
            }
            (State::FieldList, Opening::Field { name, length }) => {
                machine.blank_finish = self.field(machine, &name, length);
            }
            (State::ExtensionOptions, Opening::Field { name, length }) => {
                machine.blank_finish = self.extension_option(machine, &name, length);
            }
            (State::MetaBody, Opening::Field { name, length }) => self.meta_field(machine, &name, length),
            (State::OptionList, Opening::Options { length }) => {
                match self.option_list_item(machine, &line, length) {
                    Some((item, blank_finish)) => {
                        self.document.tree.append(machine.node, item);
                        machine.blank_finish = blank_finish;
                    }
                    None => return Flow::AsText,
                }
            }
            (State::LineBlock, Opening::LineBlock { length }) => {
                self.further_line(machine, &line, length);
            }
            (State::Explicit, Opening::Explicit { length }) => {
                let (nodes, blank_finish) = self.explicit_construct(machine, &line, length);
                self.document.tree.extend(machine.node, nodes);
                machine.blank_finish = blank_finish;
            }
            (State::Explicit, Opening::Anonymous { length }) => {
                let (nodes, blank_finish) = self.anonymous_target(machine, &line, length);
                self.document.tree.extend(machine.node, nodes);
                machine.blank_finish = blank_finish;
            }
            (State::DefinitionList, Opening::Text) => {
                machine.context = vec![line];
                return Flow::Next(State::Definition);
            }
            _ => return self.not_an_item(machine),
        }
        stays
    }

    /// Gives the line back: the list ends before it.
    fn not_an_item(&mut self, machine: &mut Machine) -> Flow {
        machine.previous_line(1, &mut self.document);
        Flow::End
    }

    /// Says that a construct ends without a blank line.
    pub(super) fn unindent_warning(&mut self, machine: &Machine, construct: &str) -> NodeId {
        let text = format!("{construct} ends without a blank line; unexpected unindent.");
        let line = machine.line_number() + 1;
        self.document.warning(text, &[], super::document::About::Line(line))
    }

    /// Appends the warning about a missing blank line, if it is missing.
    pub(super) fn check_blank_finish(&mut self, machine: &Machine, blank_finish: bool, construct: &str) {
        if !blank_finish {
            let message = self.unindent_warning(machine, construct);
            self.document.tree.append(machine.node, message);
        }
    }

    fn rule(&mut self, machine: &mut Machine, line: Piece) -> Flow {
        use super::document::About;
        debug_assert!(is_rule(&line), "only a rule comes here");
        let number = machine.line_number();
        if machine.is_root {
            machine.context = vec![line];
            return Flow::Next(State::Line);
        }
        let marker = line.trim_end_matches(' ');
        if marker == "::" {
            return Flow::AsText;
        }
        if marker.len() < 4 {
            let text = "Unexpected possible title overline or transition.\n\
                        Treating it as ordinary text because it's so short.";
            let message = self.document.info(text, About::Line(number));
            self.document.tree.append(machine.node, message);
            return Flow::AsText;
        }
        let text = "Unexpected section title or transition.";
        let message = self.document.error(text, &[&line], About::Line(number));
        self.document.tree.append(machine.node, message);
        Flow::Next(State::Body)
    }

    /// Makes a node of a kind whose place is a line of the reader.
    pub(super) fn placed(&mut self, kind: Kind, machine: &Machine, number: Option<i64>) -> NodeId {
        let node = self.document.tree.add(kind);
        let line = machine.source_line(number);
        self.document.tree.set_place(node, line);
        node
    }
}
