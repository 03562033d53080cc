//! Directives that make one element: admonitions, topics, code, mathematics, quotes, and containers.

use super::super::document::About;
use super::super::identifier::{class_names, make_id};
use super::super::machine::Machine;
use super::super::message::Severity;
use super::super::node::{Kind, NodeId};
use super::super::parser::Parser;
use super::super::unicode::{is_space, strip};
use super::option::Value;
use super::{Call, Ran};

impl Parser {
    pub(super) fn body_directive(&mut self, machine: &mut Machine, call: &mut Call) -> Ran {
        match call.what {
            "admonition" | "notice" => self.admonition(machine, call),
            "topic" | "sidebar" => self.pseudo_section(machine, call),
            "code" => self.code_directive(call),
            "math" => self.math_directive(machine, call),
            "rubric" => self.rubric(machine, call),
            "line-block" => self.line_block_directive(machine, call),
            "parsed-literal" => self.parsed_literal(machine, call),
            "epigraph" | "highlights" | "pull-quote" => self.quote_directive(machine, call),
            "compound" | "container" => self.container(machine, call),
            _ => Ok(vec![self.document.info("Directive processed.", About::Line(call.line))]),
        }
    }

    fn admonition(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        call.assert_content()?;
        let node = self.node_of(machine, call, Kind::Admonition);
        self.add_classes(call, node);
        self.add_name(call, node);
        if let Some(title_text) = call.arguments.first().cloned() {
            let (inline, messages) = self.inline(&title_text, call.line, machine.node);
            let title = self.node_of(machine, call, Kind::Title);
            self.document.tree.extend(title, inline);
            self.document.tree.append(node, title);
            self.document.tree.extend(node, messages);
            let attributes = self.document.tree.attributes_mut(node);
            if !call.options.has("class") {
                attributes.classes.push(format!("admonition-{}", make_id(&title_text)));
            }
        } else {
            let name = call.name.to_lowercase();
            self.document.tree.attributes_mut(node).set("type", name);
        }
        self.read_content(call, node);
        Ok(vec![node])
    }

    /// Refuses a place where neither a topic nor a table of contents may stand.
    pub(super) fn assert_section_level(
        &self,
        machine: &Machine,
        call: &Call,
    ) -> Result<(), (Severity, String)> {
        let kind = self.document.tree.kind(machine.node);
        if matches!(kind, Kind::Document | Kind::Section | Kind::Sidebar | Kind::Fragment) {
            return Ok(());
        }
        let text = format!("The \"{}\" directive may not be used within topics or body elements.", call.name);
        Err((Severity::Error, text))
    }

    fn pseudo_section(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        let error = |text: String| Err((Severity::Error, text));
        let is_sidebar = call.what == "sidebar";
        if is_sidebar && self.document.tree.kind(machine.node) == Kind::Sidebar {
            return error(format!(
                "The \"{}\" directive may not be used within a sidebar element.",
                call.name
            ));
        }
        let subtitle = call.options.text("subtitle").map(str::to_owned);
        if is_sidebar && subtitle.is_some() && call.arguments.is_empty() {
            return error("The \"subtitle\" option may not be used without a title.".to_owned());
        }
        self.assert_section_level(machine, call)?;
        call.assert_content()?;
        let kind = if is_sidebar { Kind::Sidebar } else { Kind::Topic };
        let mut messages = Vec::new();
        let mut titles = Vec::new();
        if let Some(text) = call.arguments.first() {
            let texts = [(Some(text.clone()), Kind::Title), (subtitle, Kind::Subtitle)];
            for (text, kind) in texts {
                let Some(text) = text else { continue };
                let (inline, more) = self.inline(&text, call.line, machine.node);
                let title = self.document.tree.add(kind);
                self.document.tree.extend(title, inline);
                titles.push(title);
                messages.extend(more);
            }
        }
        let node = self.node_of(machine, call, kind);
        self.document.tree.extend(node, titles);
        self.document.tree.extend(node, messages);
        self.add_classes(call, node);
        self.add_name(call, node);
        self.read_content(call, node);
        Ok(vec![node])
    }

    fn code_directive(&mut self, call: &mut Call) -> Ran {
        call.assert_content()?;
        let node = self.document.tree.add_with_text(Kind::LiteralBlock, call.content.join());
        let attributes = self.document.tree.attributes_mut(node);
        attributes.classes.push("code".to_owned());
        attributes.classes.extend(call.arguments.first().cloned());
        match call.options.get("number-lines") {
            Some(Value::Number(start)) => attributes.set("number-lines", start.to_string()),
            Some(_) => attributes.set("number-lines", "1"),
            None => {}
        }
        self.add_classes(call, node);
        self.add_name(call, node);
        Ok(vec![node])
    }

    fn math_directive(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        call.assert_content()?;
        let content = call.content.join();
        let mut nodes = Vec::new();
        for block in content.split("\n\n").filter(|block| !block.is_empty()) {
            let node = self.node_of(machine, call, Kind::MathBlock);
            let text = self.document.tree.add_text(block);
            self.document.tree.append(node, text);
            self.add_classes(call, node);
            self.add_name(call, node);
            nodes.push(node);
        }
        Ok(nodes)
    }

    fn rubric(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        let text = call.arguments.first().cloned().unwrap_or_default();
        let (inline, messages) = self.inline(&text, call.line, machine.node);
        let node = self.node_of(machine, call, Kind::Rubric);
        self.document.tree.extend(node, inline);
        self.add_classes(call, node);
        self.add_name(call, node);
        Ok(std::iter::once(node).chain(messages).collect())
    }

    fn line_block_directive(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        call.assert_content()?;
        let block = self.node_of(machine, call, Kind::LineBlock);
        self.add_classes(call, block);
        self.add_name(call, block);
        let mut nodes = vec![block];
        let content = call.content.clone();
        for (offset, line) in (call.content_offset..).zip(content.iter()) {
            let (inline, messages) = self.inline(strip(&line.text), call.line + offset, machine.node);
            let node = self.document.tree.add(Kind::Line);
            self.document.tree.extend(node, inline);
            if !strip(&line.text).is_empty() {
                let indent = line.text.chars().take_while(|c| is_space(*c)).count();
                self.document.tree.attributes_mut(node).indent = Some(indent);
            }
            self.document.tree.append(block, node);
            nodes.extend(messages);
        }
        self.nest_lines(block);
        Ok(nodes)
    }

    fn parsed_literal(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        call.assert_content()?;
        let (inline, messages) = self.inline(&call.content.join(), call.line, machine.node);
        let node = self.document.tree.add(Kind::LiteralBlock);
        self.document.tree.node_mut(node).line = Some(call.content_offset + 1);
        self.document.tree.extend(node, inline);
        self.add_classes(call, node);
        self.add_name(call, node);
        Ok(std::iter::once(node).chain(messages).collect())
    }

    fn quote_directive(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        call.assert_content()?;
        let elements = self.block_quote(machine, call.content.clone(), call.content_offset);
        for element in &elements {
            if self.document.tree.kind(*element) == Kind::BlockQuote {
                self.document.tree.attributes_mut(*element).classes.push(call.what.to_owned());
            }
        }
        Ok(elements)
    }

    fn container(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        call.assert_content()?;
        let mut classes = Vec::new();
        if let Some(text) = call.arguments.first() {
            classes = class_names(text).map_err(|_| invalid_class(call))?;
        }
        let kind = if call.what == "compound" { Kind::Compound } else { Kind::Container };
        let node = self.node_of(machine, call, kind);
        self.document.tree.attributes_mut(node).classes.extend(classes);
        self.add_classes(call, node);
        self.add_name(call, node);
        self.read_content(call, node);
        Ok(vec![node])
    }
}

/// What is said of an argument of which nothing serves for a class name.
pub(super) fn invalid_class(call: &Call) -> (Severity, String) {
    let argument = call.arguments.first().map(String::as_str).unwrap_or_default();
    let text = format!("Invalid class attribute value for \"{}\" directive: \"{argument}\".", call.name);
    (Severity::Error, text)
}

/// Puts a node before the messages that came with it.
pub(super) fn with_messages(node: NodeId, messages: Vec<NodeId>) -> Vec<NodeId> {
    std::iter::once(node).chain(messages).collect()
}
