//! Directives about parts of the document: contents, numbering, header and footer, target notes, meta data.

use super::super::document::{About, Backlinks, Task};
use super::super::escape::{escape, name_of, unescape};
use super::super::machine::{Machine, State};
use super::super::node::{Kind, NodeId, Tree};
use super::super::parser::Parser;
use super::body::with_messages;
use super::{Call, Ran};

impl Parser {
    pub(super) fn contents(&mut self, machine: &Machine, call: &Call) -> Ran {
        self.assert_section_level(machine, call)?;
        let is_local = call.options.has("local");
        let mut messages = Vec::new();
        let mut title = None;
        if let Some(text) = call.arguments.first() {
            let (inline, more) = self.inline(text, call.line, machine.node);
            let node = self.document.tree.add(Kind::Title);
            self.document.tree.extend(node, inline);
            title = Some(node);
            messages = more;
        } else if !is_local {
            title = Some(self.document.tree.add_with_text(Kind::Title, "Contents"));
        }
        let topic = self.document.tree.add(Kind::Topic);
        let line = machine.source_line(None).map(|line| line - 1);
        self.document.tree.set_place(topic, line);
        self.document.tree.attributes_mut(topic).classes.push("contents".to_owned());
        self.add_classes(call, topic);
        if is_local {
            self.document.tree.attributes_mut(topic).classes.push("local".to_owned());
        }
        let name = title.map_or_else(|| "Contents".to_owned(), |title| self.document.tree.as_text(title));
        self.document.tree.extend(topic, title);
        let name = name_of(&name);
        if !self.document.has_name(&name) {
            self.document.tree.attributes_mut(topic).names.push(name);
        }
        self.document.note_implicit_target(topic, None);
        let pending = self.document.tree.add(Kind::Pending);
        let backlinks = match call.options.text("backlinks") {
            Some("top") => Backlinks::Top,
            Some("none") => Backlinks::None,
            _ => Backlinks::Entry,
        };
        let depth = call.options.number("depth");
        self.document.tasks.push((pending, Task::Contents { depth, is_local, backlinks }));
        self.document.tree.append(topic, pending);
        Ok(with_messages(topic, messages))
    }

    pub(super) fn sectnum(&mut self, call: &Call) -> Ran {
        let pending = self.document.tree.add(Kind::Pending);
        let task = Task::Numbering {
            depth: call.options.number("depth"),
            start: call.options.number("start").unwrap_or(1),
            prefix: call.options.text("prefix").unwrap_or_default().to_owned(),
            suffix: call.options.text("suffix").unwrap_or_default().to_owned(),
        };
        self.document.tasks.push((pending, task));
        Ok(vec![pending])
    }

    pub(super) fn decoration(&mut self, call: &Call) -> Ran {
        call.assert_content()?;
        let decoration = self.decoration_node();
        let kind = if call.what == "header" { Kind::Header } else { Kind::Footer };
        let known = self.document.tree.children(decoration).iter().copied();
        let found = known.into_iter().find(|child| self.document.tree.kind(*child) == kind);
        let node = found.unwrap_or_else(|| {
            let node = self.document.tree.add(kind);
            self.document.tree.append(decoration, node);
            node
        });
        self.read_content(call, node);
        Ok(Vec::new())
    }

    fn decoration_node(&mut self) -> NodeId {
        let children = self.document.tree.children(Tree::ROOT);
        let found = children.iter().find(|child| self.document.tree.kind(**child) == Kind::Decoration);
        if let Some(found) = found {
            return *found;
        }
        let before = |kind| matches!(kind, Kind::Title | Kind::Subtitle | Kind::Rubric | Kind::Meta);
        let at = children
            .iter()
            .position(|child| !before(self.document.tree.kind(*child)))
            .unwrap_or(children.len());
        let node = self.document.tree.add(Kind::Decoration);
        self.document.tree.insert(Tree::ROOT, at, node);
        node
    }

    pub(super) fn target_notes(&mut self, call: &mut Call) -> Ran {
        let pending = self.document.tree.add(Kind::Pending);
        let classes = call.options.list("class").to_vec();
        self.document.tasks.push((pending, Task::TargetNotes { classes }));
        Ok(vec![pending])
    }

    pub(super) fn meta(&mut self, _machine: &Machine, call: &Call) -> Ran {
        call.assert_content()?;
        let holder = self.document.tree.add(Kind::Fragment);
        let lines = call.content.clone();
        let count = i64::try_from(lines.len()).unwrap_or(0);
        let inner = Machine::new(lines, call.content_offset, holder, State::MetaBody);
        let (offset, _) = self.nested_list(inner);
        if offset - call.content_offset != count {
            let message = self.error_at(call, "Invalid meta directive.");
            self.document.tree.append(holder, message);
        }
        let before = |kind| matches!(kind, Kind::Title | Kind::Subtitle | Kind::Rubric | Kind::Meta);
        let children = self.document.tree.children(Tree::ROOT);
        let at = children.iter().position(|child| !before(self.document.tree.kind(*child))).unwrap_or(0);
        let nodes = self.document.tree.children(holder).to_vec();
        for (index, node) in nodes.into_iter().enumerate() {
            self.document.tree.insert(Tree::ROOT, at + index, node);
        }
        Ok(Vec::new())
    }

    /// Reads one field of meta data.
    pub(in super::super) fn meta_field(&mut self, machine: &mut Machine, name: &str, length: usize) {
        let name = unescape(&escape(name));
        let block = machine.first_known(length, &mut self.document);
        if block.lines.is_empty() {
            let text = format!("No content for meta tag \"{name}\".");
            let message = self.document.info(text, About::Current);
            self.document.tree.append(machine.node, message);
            return;
        }
        for token in super::super::unicode::words(&name).skip(1) {
            if let Err(fault) = name_and_value(token) {
                let text = format!("Error parsing meta tag attribute \"{token}\": {fault}.");
                let line = machine.line();
                let message = self.document.error(text, &[&line], About::Current);
                self.document.tree.append(machine.node, message);
                return;
            }
        }
        let node = self.document.tree.add(Kind::Meta);
        self.document.tree.append(machine.node, node);
    }
}

fn name_and_value(token: &str) -> Result<(), String> {
    let Some((name, value)) = token.split_once('=') else { return Err("missing \"=\"".to_owned()) };
    if name.is_empty() {
        return Err("missing attribute name before \"=\"".to_owned());
    }
    let Some(first) = value.chars().next() else { return Err(format!("missing value after \"{name}=\"")) };
    if matches!(first, '"' | '\'') {
        match value[1..].find(first) {
            None => return Err(format!("attribute \"{name}\" missing end quote ({first})")),
            Some(end) if end + 2 < value.len() => {
                return Err(format!("attribute \"{name}\" end quote ({first}) not followed by whitespace"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
