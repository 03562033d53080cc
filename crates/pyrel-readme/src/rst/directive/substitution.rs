//! Directives that only make sense in substitution definitions: `replace`, `unicode`, and `date`.

use super::super::document::About;
use super::super::machine::Machine;
use super::super::message::Severity;
use super::super::node::Kind;
use super::super::parser::Parser;
use super::super::unicode::words;
use super::option::{character_code, is_surrogate};
use super::{Call, Ran};

impl Call {
    fn assert_substitution(&self) -> Result<(), (Severity, String)> {
        if self.is_in_substitution {
            return Ok(());
        }
        let text = format!(
            "Invalid context: the \"{}\" directive can only be used within a substitution definition.",
            self.name
        );
        Err((Severity::Error, text))
    }
}

impl Parser {
    pub(super) fn replace_directive(&mut self, call: &Call) -> Ran {
        call.assert_substitution()?;
        call.assert_content()?;
        let holder = self.document.tree.add(Kind::Fragment);
        self.read_content(call, holder);
        let mut paragraph = None;
        let mut nodes = Vec::new();
        for child in self.document.tree.children(holder).to_vec() {
            match self.document.tree.kind(child) {
                Kind::Paragraph if paragraph.is_none() => paragraph = Some(child),
                Kind::SystemMessage => nodes.push(child),
                _ => {
                    let text =
                        format!("Error in \"{}\" directive: may contain a single paragraph only.", call.name);
                    return Ok(vec![self.document.error(text, &[], About::Line(call.line))]);
                }
            }
        }
        if let Some(paragraph) = paragraph {
            nodes.extend(self.document.tree.children(paragraph).to_vec());
        }
        Ok(nodes)
    }

    pub(super) fn unicode_directive(&mut self, machine: &Machine, call: &Call) -> Ran {
        call.assert_substitution()?;
        let attributes = self.document.tree.attributes_mut(machine.node);
        for (option, sides) in
            [("trim", &["ltrim", "rtrim"][..]), ("ltrim", &["ltrim"]), ("rtrim", &["rtrim"])]
        {
            if call.options.has(option) {
                sides.iter().for_each(|side| attributes.set(side, "1"));
            }
        }
        let argument = call.arguments.first().map(String::as_str).unwrap_or_default();
        let mut nodes = Vec::new();
        for code in words(without_comment(argument)) {
            if is_surrogate(code) {
                self.document.give_up(call.line, format!("the character code `{code}`"));
            }
            match character_code(code) {
                Ok(text) => nodes.push(self.document.tree.add_text(text)),
                Err(fault) => {
                    let text = format!("Invalid character code: {code}\nValueError: {fault}");
                    return Err((Severity::Error, text));
                }
            }
        }
        Ok(nodes)
    }

    pub(super) fn date_directive(&mut self, call: &Call) -> Ran {
        call.assert_substitution()?;
        // The server puts the time of rendering here; without a clock the form of it must do.
        let form = call.content.join();
        let shown = if form.is_empty() { "%Y-%m-%d".to_owned() } else { form };
        Ok(vec![self.document.tree.add_text(shown)])
    }
}

/// Cuts off what stands behind `..`.
fn without_comment(argument: &str) -> &str {
    if argument.starts_with(".. ") {
        return "";
    }
    let end = [" .. ", "\n.. "].iter().filter_map(|mark| argument.find(mark)).min();
    &argument[..end.unwrap_or(argument.len())]
}
