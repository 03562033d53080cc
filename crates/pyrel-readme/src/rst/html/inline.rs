//! Elements of running text.

use super::super::node::{Kind, NodeId};
use super::Writer;
use crate::html::{is_safe_address, push_attribute, push_text};

impl Writer<'_> {
    pub(super) fn inline(&mut self, node: NodeId) {
        match self.tree.kind(node) {
            Kind::Abbreviation | Kind::Acronym => self.element("abbr", node, ""),
            Kind::Emphasis => self.element("em", node, ""),
            Kind::Strong => self.element("strong", node, ""),
            Kind::Subscript => self.element("sub", node, ""),
            Kind::Superscript => self.element("sup", node, ""),
            Kind::TitleReference => self.element("cite", node, ""),
            Kind::Literal => self.literal(node),
            Kind::Math => {
                let text = self.tree.as_text(node);
                self.out.push_str("<span class=\"math\">");
                push_text(&mut self.out, &format!("\\({text}\\)"));
                self.end("span");
            }
            Kind::Reference => self.reference(node),
            Kind::FootnoteReference | Kind::CitationReference => self.note_reference(node),
            Kind::Image => self.image(node),
            Kind::Target => self.target(node),
            Kind::Problematic | Kind::SubstitutionReference => self.children(node),
            _ => {
                let class = self.classes(node, "");
                self.element("span", node, &class);
            }
        }
    }

    fn literal(&mut self, node: NodeId) {
        let class = self.classes(node, "");
        if self.tree.attributes(node).classes.iter().any(|class| class == "code") {
            self.element("code", node, &class);
        } else {
            let class = self.classes(node, "docutils literal");
            self.element("span", node, &class);
        }
    }

    fn link(&mut self, node: NodeId, address: Option<&str>) {
        self.out.push_str("<a");
        if let Some(address) = address.filter(|address| is_safe_address(address)) {
            push_attribute(&mut self.out, "href", address);
        }
        if let Some(id) = self.tree.attributes(node).ids.first() {
            push_attribute(&mut self.out, "id", id);
        }
        push_attribute(&mut self.out, "rel", "nofollow");
        self.out.push('>');
    }

    fn reference(&mut self, node: NodeId) {
        let attributes = self.tree.attributes(node);
        let within = attributes.refid.as_ref().map(|id| format!("#{id}"));
        let address = attributes.refuri.clone().or(within);
        let mail = address.as_deref().and_then(|address| address.strip_prefix("mailto:"));
        if let Some(mail) = mail {
            // Addresses are cloaked a little, so that not every robot reads them.
            self.link(node, Some(&format!("mailto:{}", mail.replace('@', "%40"))));
            let text = self.tree.as_text(node);
            if text == mail {
                self.cloaked(&text);
            } else {
                self.children(node);
            }
        } else {
            self.link(node, address.as_deref());
            self.children(node);
        }
        self.end("a");
    }

    fn cloaked(&mut self, text: &str) {
        for c in text.chars() {
            if matches!(c, '@' | '.') {
                self.out.push_str("<span>");
                self.out.push(c);
                self.end("span");
            } else {
                push_text(&mut self.out, c.encode_utf8(&mut [0; 4]));
            }
        }
    }

    fn note_reference(&mut self, node: NodeId) {
        let address = self.tree.attributes(node).refid.as_ref().map(|id| format!("#{id}"));
        self.link(node, address.as_deref());
        if self.tree.kind(node) == Kind::FootnoteReference {
            self.out.push_str("<span class=\"fn-bracket\">[</span>");
            self.children(node);
            self.out.push_str("<span class=\"fn-bracket\">]</span>");
        } else {
            self.out.push('[');
            self.children(node);
            self.out.push(']');
        }
        self.end("a");
    }

    fn image(&mut self, node: NodeId) {
        let attributes = self.tree.attributes(node);
        let address = attributes.get("uri").unwrap_or_default();
        self.out.push_str("<img");
        push_attribute(&mut self.out, "alt", attributes.get("alt").unwrap_or(address));
        if is_safe_address(address) {
            push_attribute(&mut self.out, "src", address);
        }
        for name in ["width", "height"] {
            if let Some(value) = attributes.get(name) {
                push_attribute(&mut self.out, name, value);
            }
        }
        let align = attributes.get("align").map(|align| format!("align-{align}")).unwrap_or_default();
        let class = self.classes(node, &align);
        if !class.is_empty() {
            push_attribute(&mut self.out, "class", &class);
        }
        self.out.push('>');
    }

    fn target(&mut self, node: NodeId) {
        let attributes = self.tree.attributes(node);
        let points =
            attributes.refuri.is_some() || attributes.refid.is_some() || attributes.refname.is_some();
        if points {
            self.children(node);
        } else {
            let class = self.classes(node, "target");
            self.element("span", node, &class);
        }
    }
}
