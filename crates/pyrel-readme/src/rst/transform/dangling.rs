//! References that no target answers.

use super::super::document::{About, Document};
use super::super::node::{Kind, NodeId, Tree};

/// Resolves what only a title or another implicit target answers, and reports the rest.
pub(super) fn apply(document: &mut Document) {
    for node in document.tree.walk(Tree::ROOT) {
        if document.is_halted() {
            return;
        }
        let kind = document.tree.kind(node);
        if matches!(kind, Kind::Reference | Kind::FootnoteReference | Kind::CitationReference) {
            visit(document, node);
        }
    }
}

fn visit(document: &mut Document, node: NodeId) {
    let attributes = document.tree.attributes(node);
    if attributes.is_resolved {
        return;
    }
    let Some(name) = attributes.refname.clone() else { return };
    let known = document.nameids.get(&name).cloned();
    if let Some(Some(id)) = known {
        let attributes = document.tree.attributes_mut(node);
        attributes.refname = None;
        attributes.refid = Some(id);
        attributes.is_resolved = true;
        return;
    }
    let message = if known.is_some() {
        let text = format!("Duplicate target name, cannot be used as a unique reference: \"{name}\".");
        document.error(text, &[], About::Node(node))
    } else {
        let text = format!("Unknown target name: \"{name}\".");
        match hint(&name) {
            Some(hint) => document.error(text, &[&hint], About::Node(node)),
            None => document.error(text, &[], About::Node(node)),
        }
    };
    document.replace_by_problematic(node, message);
}

fn hint(name: &str) -> Option<String> {
    if !name.contains(['<', '>']) {
        return None;
    }
    let mut hint = "Did you want to embed a URI or alias?".to_owned();
    if !name.contains('<') {
        hint.push_str("\nOpening bracket missing.");
    } else if !name.contains(" <") {
        hint.push_str("\nThe embedded reference must be preceded by whitespace.");
    }
    if !name.contains('>') {
        hint.push_str("\nClosing bracket missing.");
    } else if !name.ends_with('>') {
        hint.push_str("\nThe embedded reference must be the last text before the end string.");
    }
    if name.contains("< ") || name.contains(" >") {
        hint.push_str("\nWhitespace around the embedded reference is not allowed.");
    }
    Some(hint)
}
