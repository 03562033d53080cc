//! Directives that change how the rest is read: `class`, `role`, and `default-role`.

use super::super::block::simple_name;
use super::super::document::{About, Task};
use super::super::identifier::class_names;
use super::super::message::Severity;
use super::super::node::{Kind, NodeId};
use super::super::parser::Parser;
use super::super::role::{Base, Role};
use super::super::unicode::lstrip;
use super::body::invalid_class;
use super::{Call, Ran, spec};

impl Parser {
    pub(super) fn class_directive(&mut self, call: &Call) -> Ran {
        let argument = call.arguments.first().map(String::as_str).unwrap_or_default();
        let names = class_names(argument).map_err(|_| invalid_class(call))?;
        if call.content.is_empty() {
            let pending = self.document.tree.add(Kind::Pending);
            self.document.tree.attributes_mut(pending).raw = call.source.clone();
            let task = Task::Class { names, directive: call.name.clone() };
            self.document.tasks.push((pending, task));
            return Ok(vec![pending]);
        }
        let holder = self.document.tree.add(Kind::Fragment);
        self.read_content(call, holder);
        let children = self.document.tree.children(holder).to_vec();
        for child in &children {
            self.document.tree.attributes_mut(*child).classes.extend(names.iter().cloned());
        }
        Ok(children)
    }

    pub(super) fn role_directive(&mut self, call: &Call) -> Ran {
        if call.content_offset > call.line || call.content.is_empty() {
            let text = format!("\"{}\" directive requires arguments on the first line.", call.name);
            return Err((Severity::Error, text));
        }
        let first = call.content.text(0).to_owned();
        let Some((name, base)) = role_names(&first) else {
            let text = format!("\"{}\" directive arguments not valid role names: \"{first}\".", call.name);
            return Err((Severity::Error, text));
        };
        let mut role = Role { base: Base::Plain(Kind::Inline), classes: Vec::new(), language: None };
        let mut messages = Vec::new();
        if let Some(base) = base {
            match self.known_role(call, base) {
                Ok(found) => role = found,
                Err(faults) => {
                    messages.extend(faults);
                    return Ok(messages);
                }
            }
        }
        let spec = spec::of_role(role.base == Base::Code, role.base == Base::Raw);
        let rest = call.content.from(1);
        let options = match self.read_directive(&spec, rest, call.content_offset, None) {
            Ok((_, options, _, _)) => options,
            Err(fault) => {
                let text = format!("Error in \"{}\" directive:\n{fault}.", call.name);
                messages.push(self.error_at(call, text));
                return Ok(messages);
            }
        };
        if options.has("class") {
            role.classes = options.list("class").to_vec();
        } else {
            match class_names(name) {
                Ok(classes) => role.classes = classes,
                Err(word) => {
                    let text = format!(
                        "Invalid argument for \"{}\" directive:\ncannot make \"{word}\" into a class name.",
                        call.name
                    );
                    messages.push(self.error_at(call, text));
                    return Ok(messages);
                }
            }
        }
        if let Some(language) = options.text("language") {
            role.language = Some(language.to_owned());
        }
        self.roles.set(name, role);
        Ok(messages)
    }

    fn known_role(&mut self, call: &Call, name: &str) -> Result<Role, Vec<NodeId>> {
        let (role, mut messages) = self.role(name, call.line);
        role.ok_or_else(|| {
            let text = format!("Unknown interpreted text role \"{name}\".");
            messages.push(self.document.error(text, &[&call.source], About::Line(call.line)));
            messages
        })
    }

    pub(super) fn default_role(&mut self, call: &Call) -> Ran {
        let Some(name) = call.arguments.first() else {
            self.roles.reset_default();
            return Ok(Vec::new());
        };
        match self.known_role(call, name) {
            Ok(role) => self.roles.set("", role),
            Err(messages) => return Ok(messages),
        }
        Ok(Vec::new())
    }
}

/// Reads `name` or `name(base)`.
fn role_names(text: &str) -> Option<(&str, Option<&str>)> {
    let end = simple_name(text)?;
    let (name, rest) = (&text[..end], lstrip(&text[end..]));
    if rest.is_empty() {
        return Some((name, None));
    }
    let inner = lstrip(rest.strip_prefix('(')?);
    let base = &inner[..simple_name(inner)?];
    let after = lstrip(&inner[base.len()..]).strip_prefix(')')?;
    lstrip(after).is_empty().then_some((name, Some(base)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_name_their_base() {
        assert_eq!(role_names("a"), Some(("a", None)));
        assert_eq!(role_names("a ( b )"), Some(("a", Some("b"))));
        assert_eq!(role_names("a b"), None);
        assert_eq!(role_names("_a"), None);
    }
}
