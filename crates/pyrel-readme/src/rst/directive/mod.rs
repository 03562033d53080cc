//! Directives: which are known, what each takes, and how one is read and run.

mod body;
mod csv;
mod image;
mod option;
mod part;
mod setting;
mod spec;
mod substitution;
mod table;

use super::document::About;
use super::escape::name_of;
use super::explicit::Explicit;
use super::line::{Cut, Lines};
use super::machine::{Machine, State};
use super::message::Severity;
use super::node::{Kind, NodeId};
use super::parser::Parser;
use super::unicode::words;

use option::Options;
use spec::Spec;

/// A directive that was read and is to run.
struct Call {
    /// As written.
    name: String,
    what: &'static str,
    arguments: Vec<String>,
    options: Options,
    content: Lines,
    /// The line on which it starts, counted from 1.
    line: i64,
    /// The line before its content, counted from 1.
    content_offset: i64,
    source: String,
    is_in_substitution: bool,
}

/// Nodes, or what makes the directive a message.
type Ran = Result<Vec<NodeId>, (Severity, String)>;

impl Parser {
    /// Reads a directive and runs it; `alt` is what a substitution definition presets.
    pub(super) fn directive(
        &mut self,
        machine: &mut Machine,
        name: &str,
        length: usize,
        alt: Option<String>,
    ) -> Explicit {
        let Some(spec) = spec::find(name) else { return self.unknown_directive(machine, name) };
        let line = machine.line_number();
        let start = machine.here();
        let before = machine.at;
        let cut = Cut { first_indent: Some(length), ..Cut::default() };
        let block = machine.cut(cut, false, &mut self.document);
        let read = usize::try_from(machine.at - before + 1).unwrap_or(1);
        let source = start.slice(0, read).join();
        let nodes = match self.read_directive(spec, block.lines, block.offset, alt) {
            Err(fault) => {
                let text = format!("Error in \"{name}\" directive:\n{fault}.");
                vec![self.document.error(text, &[&source], About::Line(line))]
            }
            Ok((arguments, options, content, content_offset)) => {
                let call = Call {
                    name: name.to_owned(),
                    what: spec.name,
                    arguments,
                    options,
                    content,
                    line,
                    content_offset,
                    source,
                    is_in_substitution: machine.state == State::SubstitutionDef,
                };
                self.run_directive(machine, call)
            }
        };
        (nodes, block.blank_finish || machine.is_next_blank())
    }

    fn unknown_directive(&mut self, machine: &mut Machine, name: &str) -> Explicit {
        let remark = format!(
            "No directive entry for \"{name}\" in module \"docutils.parsers.rst.languages.en\".\n\
             Trying \"{name}\" as canonical directive name."
        );
        let about = self.document.tree.place.line.map_or(About::Current, About::Line);
        let message = self.document.info(remark, about);
        self.document.tree.append(machine.node, message);
        let line = machine.line_number();
        let cut = Cut { first_indent: Some(0), keep_indent: true, ..Cut::default() };
        let block = machine.cut(cut, true, &mut self.document);
        let text = format!("Unknown directive type \"{name}\".");
        let message = self.document.error(text, &[&block.lines.join()], About::Line(line));
        (vec![message], block.blank_finish)
    }

    fn run_directive(&mut self, machine: &mut Machine, mut call: Call) -> Vec<NodeId> {
        let ran = match call.what {
            "image" => self.image(machine, &mut call),
            "figure" => self.figure(machine, &mut call),
            "table" => self.table_directive(machine, &mut call),
            "list-table" => self.list_table(machine, &mut call),
            "csv-table" => self.csv_table(machine, &mut call),
            "contents" => self.contents(machine, &call),
            "sectnum" => self.sectnum(&call),
            "header" | "footer" => self.decoration(&call),
            "target-notes" => self.target_notes(&mut call),
            "meta" => self.meta(machine, &call),
            "title" => Ok(Vec::new()),
            "raw" | "include" => Err(disabled(&call)),
            "replace" => self.replace_directive(&call),
            "unicode" => self.unicode_directive(machine, &call),
            "date" => self.date_directive(&call),
            "class" => self.class_directive(&call),
            "role" => self.role_directive(&call),
            "default-role" => self.default_role(&call),
            _ => self.body_directive(machine, &mut call),
        };
        ran.unwrap_or_else(|(severity, text)| {
            vec![self.document.report(severity, text, &[], About::Line(call.line))]
        })
    }

    /// Splits the block of a directive into arguments, options, and content.
    fn read_directive(
        &mut self,
        spec: &Spec,
        block: Lines,
        offset: i64,
        alt: Option<String>,
    ) -> Result<(Vec<String>, Options, Lines, i64), String> {
        let mut block = block;
        let mut offset = offset;
        if !block.is_empty() && block.is_blank(0) {
            block = block.from(1);
            offset += 1;
        }
        block.trim_end();
        let takes_arguments = spec.required + spec.optional > 0;
        let mut head = block.slice(0, 0);
        let mut content = block.clone();
        let mut content_offset = offset;
        let mut head_end = 0;
        if !block.is_empty() && (takes_arguments || spec.options.is_some()) {
            head_end = (0..block.len()).find(|at| block.is_blank(*at)).unwrap_or(block.len());
            head = block.slice(0, head_end);
            content = block.from(head_end + 1);
            content_offset = offset + i64::try_from(head_end).unwrap_or(0) + 1;
        }
        let mut options = Options::default();
        if let Some(known) = spec.options {
            options.preset_alt(alt);
            let start = (0..head.len()).find(|at| super::block::field_marker(head.text(*at)).is_some());
            if let Some(start) = start {
                let lines = head.from(start);
                head = head.slice(0, start);
                self.read_options(known, lines, &mut options)?;
            }
        }
        if !head.is_empty() && !takes_arguments {
            let lines = head.iter().chain(block.from(head_end).iter()).cloned().collect();
            content = Lines::new(lines);
            content_offset = offset;
            head = head.slice(0, 0);
        }
        content_offset += i64::try_from(content.trim_start()).unwrap_or(0);
        let arguments = if takes_arguments { arguments(spec, &head)? } else { Vec::new() };
        if !content.is_empty() && !spec.has_content {
            return Err("no content permitted".to_owned());
        }
        Ok((arguments, options, content, content_offset))
    }

    /// Gives a node the name that the directive asks for.
    fn add_name(&mut self, call: &mut Call, node: NodeId) {
        if let Some(name) = call.options.take_text("name") {
            self.document.tree.attributes_mut(node).names.push(name_of(&name));
            self.document.note_explicit_target(node, Some(node));
        }
    }

    /// Adds the classes that the directive asks for.
    fn add_classes(&mut self, call: &Call, node: NodeId) {
        let classes = call.options.list("class").to_vec();
        self.document.tree.attributes_mut(node).classes.extend(classes);
    }

    /// Makes a node whose place is the directive's first line.
    fn node_of(&mut self, machine: &Machine, call: &Call, kind: Kind) -> NodeId {
        self.placed(kind, machine, Some(call.line))
    }

    fn error_at(&mut self, call: &Call, text: impl Into<String>) -> NodeId {
        self.document.error(text, &[&call.source], About::Line(call.line))
    }

    fn read_content(&mut self, call: &Call, node: NodeId) {
        self.nested(call.content.clone(), call.content_offset, node);
    }
}

impl Call {
    fn assert_content(&self) -> Result<(), (Severity, String)> {
        if self.content.is_empty() {
            let text = format!("Content block expected for the \"{}\" directive; none found.", self.name);
            return Err((Severity::Error, text));
        }
        Ok(())
    }
}

fn disabled(call: &Call) -> (Severity, String) {
    (Severity::Warning, format!("\"{}\" directive disabled.", call.name))
}

fn arguments(spec: &Spec, head: &Lines) -> Result<Vec<String>, String> {
    let text = head.join();
    let given: Vec<&str> = words(&text).collect();
    let most = spec.required + spec.optional;
    if given.len() < spec.required {
        return Err(format!("{} argument(s) required, {} supplied", spec.required, given.len()));
    }
    if given.len() > most {
        if !spec.takes_blanks {
            return Err(format!("maximum {most} argument(s) allowed, {} supplied", given.len()));
        }
        // No known directive takes blanks in any but its only argument.
        return Ok(vec![super::unicode::lstrip(&text).to_owned()]);
    }
    Ok(given.into_iter().map(str::to_owned).collect())
}
