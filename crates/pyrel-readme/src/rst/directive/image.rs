//! Images and figures.

use super::super::document::About;
use super::super::escape::{escape, join_address, name_of};
use super::super::explicit::{TargetOf, target_of};
use super::super::machine::Machine;
use super::super::message::Severity;
use super::super::node::{Kind, NodeId};
use super::super::parser::Parser;
use super::super::unicode::split_lines;
use super::{Call, Ran};

const VERTICAL: [&str; 3] = ["top", "middle", "bottom"];
const HORIZONTAL: [&str; 3] = ["left", "center", "right"];

impl Parser {
    pub(super) fn image(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        if let Some(align) = call.options.text("align") {
            let (allowed, where_) = if call.is_in_substitution {
                (VERTICAL, " within a substitution definition")
            } else {
                (HORIZONTAL, "")
            };
            if !allowed.contains(&align) {
                let text = format!(
                    "Error in \"{}\" directive: \"{align}\" is not a valid value for the \"align\" \
                     option{where_}.  Valid values for \"align\" are: \"{}\".",
                    call.name,
                    allowed.join("\", \"")
                );
                return Err((Severity::Error, text));
            }
        }
        let address = join_address(&escape(call.arguments.first().map(String::as_str).unwrap_or_default()));
        let reference = call.options.take_text("target").map(|target| self.image_reference(&target));
        let node = self.node_of(machine, call, Kind::Image);
        let alt = call.options.text("alt").map(str::to_owned);
        let scale = call.options.number("scale");
        let attributes = self.document.tree.attributes_mut(node);
        attributes.set("uri", address);
        if let Some(alt) = alt {
            attributes.set("alt", alt);
        }
        for name in ["width", "height", "align", "loading"] {
            if let Some(value) = call.options.text(name) {
                attributes.set(name, value);
            }
        }
        if let Some(scale) = scale {
            attributes.set("scale", scale.to_string());
        }
        self.add_classes(call, node);
        self.add_name(call, node);
        let Some(reference) = reference else { return Ok(vec![node]) };
        self.document.tree.append(reference, node);
        Ok(vec![reference])
    }

    fn image_reference(&mut self, target: &str) -> NodeId {
        let escaped = escape(target);
        let block: Vec<String> = split_lines(&escaped).into_iter().map(str::to_owned).collect();
        let reference = self.document.tree.add(Kind::Reference);
        match target_of(&block) {
            TargetOf::Address(address) => {
                self.document.tree.attributes_mut(reference).refuri = Some(address);
            }
            TargetOf::Name(name) => {
                self.document.tree.attributes_mut(reference).refname = Some(name_of(&name));
                self.document.note_refname(reference);
            }
        }
        reference
    }

    pub(super) fn figure(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        let width = call.options.take_text("figwidth");
        let classes = call.options.take_list("figclass");
        let name = call.options.take_text("figname");
        let align = call.options.take_text("align");
        let image = self.image(machine, call)?;
        let figure = self.node_of(machine, call, Kind::Figure);
        self.document.tree.extend(figure, image);
        let attributes = self.document.tree.attributes_mut(figure);
        if let Some(width) = width.filter(|width| width != "image") {
            attributes.set("width", width);
        }
        attributes.classes.extend(classes);
        if let Some(align) = align {
            attributes.set("align", align);
        }
        if let Some(name) = name {
            self.document.tree.attributes_mut(figure).names.push(name_of(&name));
            self.document.note_explicit_target(figure, Some(figure));
        }
        if call.content.is_empty() {
            return Ok(vec![figure]);
        }
        let holder = self.document.tree.add(Kind::Fragment);
        self.read_content(call, holder);
        Ok(self.caption(call, figure, holder))
    }

    fn caption(&mut self, call: &Call, figure: NodeId, holder: NodeId) -> Vec<NodeId> {
        let children = self.document.tree.children(holder).to_vec();
        let mut legend = children.len();
        for (at, child) in children.iter().copied().enumerate() {
            match self.document.tree.kind(child) {
                Kind::Target | Kind::Pending => {
                    self.document.tree.append(figure, child);
                    legend = at + 1;
                    continue;
                }
                Kind::Paragraph => {
                    let (_, line) = self.document.tree.source_line(child);
                    let caption = self.document.tree.add(Kind::Caption);
                    self.document.tree.set_place(caption, line);
                    let inline = self.document.tree.children(child).to_vec();
                    self.document.tree.extend(caption, inline);
                    self.document.tree.append(figure, caption);
                }
                Kind::Comment if self.document.tree.children(child).is_empty() => {}
                _ => {
                    let text = "Figure caption must be a paragraph or empty comment.";
                    let message = self.document.error(text, &[&call.source], About::Line(call.line));
                    return vec![figure, message];
                }
            }
            legend = at + 1;
            break;
        }
        if legend < children.len() {
            let node = self.document.tree.add(Kind::Legend);
            self.document.tree.extend(node, children[legend..].iter().copied());
            self.document.tree.append(figure, node);
        }
        vec![figure]
    }
}
