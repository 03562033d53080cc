//! Substitutions: each reference gives way to what its name stands for.

use std::collections::HashMap;

use super::super::document::{About, Document};
use super::super::node::{Kind, NodeId};
use super::super::unicode::{lstrip, rstrip};

/// Substitutions before a text counts as hostile.
const MOST: usize = 20_000;
/// Characters that a substitution may stand for.
const LONGEST: usize = 10_000;

/// Replaces every reference.
pub(super) fn apply(document: &mut Document) {
    let mut references = document.tree.find(Kind::SubstitutionReference);
    let mut nested: HashMap<String, Vec<String>> = HashMap::new();
    let mut at = 0;
    while at < references.len() && !document.is_halted() {
        if references.len() > MOST {
            let line = document.tree.source_line(references[at]).1.unwrap_or(0);
            document.give_up(line, "a great many substitutions");
            return;
        }
        let reference = references[at];
        at += 1;
        match resolve(document, reference) {
            Err(message) => document.replace_by_problematic(reference, message),
            Ok((key, definition)) => {
                trim(document, reference, definition);
                let copy = document.tree.copy(definition);
                insert(document, reference, copy, &key, (&mut nested, &mut references));
            }
        }
    }
}

fn resolve(document: &mut Document, reference: NodeId) -> Result<(String, NodeId), NodeId> {
    let name = document.tree.attributes(reference).refname.clone().unwrap_or_default();
    let key = if document.substitutions.contains_key(&name) {
        Some(name.clone())
    } else {
        document.substitution_names.get(&name.to_lowercase()).cloned()
    };
    let found = key.and_then(|key| document.substitutions.get(&key).map(|node| (key.clone(), *node)));
    let Some((key, definition)) = found else {
        let text = format!("Undefined substitution referenced: \"{name}\".");
        return Err(document.error(text, &[], About::Node(reference)));
    };
    if document.tree.as_text(definition).chars().count() > LONGEST {
        let text = format!("Substitution definition \"{key}\" exceeds the line-length-limit.");
        return Err(document.error(text, &[], About::Current));
    }
    Ok((key, definition))
}

/// Takes white space off the texts around a reference, where the definition asks for it.
fn trim(document: &mut Document, reference: NodeId, definition: NodeId) {
    let attributes = document.tree.attributes(definition);
    let (left, right) = (attributes.get("ltrim").is_some(), attributes.get("rtrim").is_some());
    if !left && !right {
        return;
    }
    let (Some(parent), Some(index)) = (document.tree.parent(reference), document.tree.index(reference))
    else {
        return;
    };
    let siblings = document.tree.children(parent).to_vec();
    let before = index.checked_sub(1).and_then(|at| siblings.get(at)).filter(|_| left);
    if let Some(before) = before.filter(|node| document.tree.kind(**node) == Kind::Text) {
        let node = document.tree.node_mut(*before);
        node.text = rstrip(&node.text).to_owned();
    }
    let after = siblings.get(index + 1).filter(|_| right);
    if let Some(after) = after.filter(|node| document.tree.kind(**node) == Kind::Text) {
        let node = document.tree.node_mut(*after);
        node.text = lstrip(&node.text).to_owned();
    }
}

fn insert(
    document: &mut Document,
    reference: NodeId,
    copy: NodeId,
    key: &str,
    (nested, references): (&mut HashMap<String, Vec<String>>, &mut Vec<NodeId>),
) {
    let mut below = document.tree.walk(copy);
    below.retain(|node| document.tree.kind(*node) == Kind::SubstitutionReference);
    for inner in below {
        let name = document.tree.attributes(inner).refname.clone().unwrap_or_default();
        let Some(name) = document.substitution_names.get(&name.to_lowercase()).cloned() else {
            let line = document.tree.source_line(reference).1.unwrap_or(0);
            document.give_up(line, "an undefined substitution within a substitution");
            return;
        };
        let keys = nested.entry(name.clone()).or_default();
        if keys.contains(&name) {
            refuse_circle(document, reference);
            return;
        }
        keys.push(key.to_owned());
        document.tree.attributes_mut(inner).origin = Some(reference);
        references.push(inner);
    }
    let children = document.tree.children(copy).to_vec();
    document.tree.replace(reference, &children);
    for child in children {
        let kind = document.tree.kind(child);
        if matches!(kind, Kind::Reference | Kind::FootnoteReference | Kind::CitationReference) {
            document.note_refname(child);
        }
    }
}

fn refuse_circle(document: &mut Document, reference: NodeId) {
    let parent = document.tree.parent(reference);
    let definition = parent.filter(|node| document.tree.kind(*node) == Kind::SubstitutionDefinition);
    if let Some(definition) = definition {
        let text = "Circular substitution definition detected:";
        let source = document.tree.attributes(definition).raw.clone();
        let message = document.error(text, &[&source], About::Node(definition));
        document.tree.replace(definition, &[message]);
        return;
    }
    let mut origin = reference;
    while let Some(before) = document.tree.attributes(origin).origin {
        origin = before;
    }
    let name = document.tree.attributes(reference).refname.clone().unwrap_or_default();
    let text = format!("Circular substitution definition referenced: \"{}\".", name);
    let message = document.error(text, &[], About::Node(origin));
    document.replace_by_problematic(reference, message);
}
