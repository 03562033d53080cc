//! Roles of interpreted text: the known ones, those that a document defines, and what each makes of its text.

use std::collections::HashMap;

use super::document::About;
use super::escape::{restore, unescape};
use super::node::{Kind, NodeId};
use super::number::integer;
use super::parser::Parser;

/// What a role does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    Plain(Kind),
    Pep,
    Rfc,
    Raw,
    Code,
    Math,
    Unimplemented,
}

/// A role: what it does, and what a directive added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) base: Base,
    pub(super) classes: Vec<String>,
    pub(super) language: Option<String>,
}

/// The roles in force; the empty name is the default role.
pub(super) struct Roles {
    known: HashMap<String, Role>,
}

impl Roles {
    pub(super) fn new() -> Self {
        Self { known: HashMap::new() }
    }

    fn get(&self, name: &str) -> Option<Role> {
        let name = name.to_lowercase();
        self.known.get(&name).cloned().or_else(|| built_in(&name))
    }

    pub(super) fn set(&mut self, name: &str, role: Role) {
        self.known.insert(name.to_lowercase(), role);
    }

    pub(super) fn reset_default(&mut self) {
        self.known.remove("");
    }
}

fn built_in(name: &str) -> Option<Role> {
    let base = match name {
        "abbreviation" | "ab" => Base::Plain(Kind::Abbreviation),
        "acronym" | "ac" => Base::Plain(Kind::Acronym),
        "code" => Base::Code,
        "emphasis" => Base::Plain(Kind::Emphasis),
        "literal" => Base::Plain(Kind::Literal),
        "math" => Base::Math,
        "pep-reference" | "pep" => Base::Pep,
        "rfc-reference" | "rfc" => Base::Rfc,
        "strong" => Base::Plain(Kind::Strong),
        "subscript" | "sub" => Base::Plain(Kind::Subscript),
        "superscript" | "sup" => Base::Plain(Kind::Superscript),
        "" | "title-reference" | "title" | "t" => Base::Plain(Kind::TitleReference),
        "raw" => Base::Raw,
        "index"
        | "i"
        | "anonymous-reference"
        | "citation-reference"
        | "footnote-reference"
        | "named-reference"
        | "substitution-reference"
        | "uri-reference"
        | "uri"
        | "url"
        | "target"
        | "restructuredtext-unimplemented-role" => Base::Unimplemented,
        _ => return None,
    };
    Some(Role { base, classes: Vec::new(), language: None })
}

impl Parser {
    /// Looks a role up; what docutils remarks on a name that it does not know comes along.
    pub(super) fn role(&mut self, name: &str, number: i64) -> (Option<Role>, Vec<NodeId>) {
        if let Some(role) = self.roles.get(name) {
            return (Some(role), Vec::new());
        }
        let text = format!(
            "No role entry for \"{name}\" in module \"docutils.parsers.rst.languages.en\".\n\
             Trying \"{name}\" as canonical role name."
        );
        (None, vec![self.document.info(text, About::Line(number))])
    }

    /// Makes the nodes of interpreted text, given as the whole source and the text inside.
    pub(super) fn interpreted(
        &mut self,
        (raw, text): (&str, &str),
        name: &str,
        number: i64,
    ) -> (Vec<NodeId>, Vec<NodeId>) {
        let (role, mut messages) = self.role(name, number);
        let Some(role) = role else {
            let words = format!("Unknown interpreted text role \"{name}\".");
            let message = self.document.error(words, &[], About::Line(number));
            messages.push(message);
            return (vec![self.document.problematic(raw, message)], messages);
        };
        match self.role_node(&role, (raw, text), name, number) {
            Ok(node) => {
                self.document.tree.attributes_mut(node).classes.extend(role.classes);
                (vec![node], messages)
            }
            Err(message) => {
                messages.push(message);
                (vec![self.document.problematic(raw, message)], messages)
            }
        }
    }

    fn role_node(
        &mut self,
        role: &Role,
        (raw, text): (&str, &str),
        name: &str,
        number: i64,
    ) -> Result<NodeId, NodeId> {
        match role.base {
            Base::Plain(kind) => {
                let node = self.document.tree.add_with_text(kind, text);
                self.document.tree.attributes_mut(node).raw = raw.to_owned();
                Ok(node)
            }
            Base::Math => Ok(self.document.tree.add_with_text(Kind::Math, restore(text))),
            Base::Pep => self.pep(text, number),
            Base::Rfc => self.rfc(text, number),
            Base::Raw => {
                let words = "raw (and derived) roles disabled";
                Err(self.document.warning(words, &[], About::Current))
            }
            Base::Code => self.code(role, text, name),
            Base::Unimplemented => {
                let words = format!("Interpreted text role \"{name}\" not implemented.");
                Err(self.document.error(words, &[], About::Line(number)))
            }
        }
    }

    fn pep(&mut self, text: &str, number: i64) -> Result<NodeId, NodeId> {
        match integer(Some(&unescape(text))) {
            Ok(pep @ 0..=9999) => {
                Ok(self.link(&format!("PEP {text}"), format!("https://peps.python.org/pep-{pep:04}")))
            }
            _ => {
                let words = format!("PEP number must be a number from 0 to 9999; \"{text}\" is invalid.");
                Err(self.document.error(words, &[], About::Line(number)))
            }
        }
    }

    fn rfc(&mut self, text: &str, number: i64) -> Result<NodeId, NodeId> {
        let plain = unescape(text);
        let (rfc, section) = plain.split_once('#').map_or((plain.as_str(), None), |(a, b)| (a, Some(b)));
        match integer(Some(rfc)) {
            Ok(rfc @ 1..) => {
                let section = section.map(|section| format!("#{section}")).unwrap_or_default();
                let address = format!("https://tools.ietf.org/html/rfc{rfc}.html{section}");
                Ok(self.link(&format!("RFC {rfc}"), address))
            }
            _ => {
                let words =
                    format!("RFC number must be a number greater than or equal to 1; \"{text}\" is invalid.");
                Err(self.document.error(words, &[], About::Line(number)))
            }
        }
    }

    fn link(&mut self, text: &str, address: String) -> NodeId {
        let node = self.document.tree.add_with_text(Kind::Reference, text);
        self.document.tree.attributes_mut(node).refuri = Some(address);
        node
    }

    fn code(&mut self, role: &Role, text: &str, name: &str) -> Result<NodeId, NodeId> {
        let named = if name == "code" { "" } else { name };
        let language = role.language.as_deref().unwrap_or(named);
        let is_plain = language.is_empty() || language == "text" || language.eq_ignore_ascii_case("none");
        if !is_plain && role.language.is_some() && !super::language::is_known(language) {
            let words = format!("Cannot analyze code. No Pygments lexer found for \"{language}\".");
            return Err(self.document.warning(words, &[], About::Current));
        }
        let node = self.document.tree.add_with_text(Kind::Literal, restore(text));
        let attributes = self.document.tree.attributes_mut(node);
        attributes.classes.push("code".to_owned());
        if !is_plain {
            attributes.classes.push(language.to_owned());
        }
        Ok(node)
    }
}
