//! Targets that name another target: they take over where that one points.

use std::collections::HashSet;

use super::super::document::{About, Document};
use super::super::node::{Kind, NodeId};

/// Targets that name one another in a row; docutils itself ends in a stack overflow somewhat further.
const DEEPEST: usize = 200;

/// Resolves all of them, and the references to them.
pub(super) fn apply(document: &mut Document) {
    let mut open = HashSet::new();
    for target in document.indirect_targets.clone() {
        if document.is_halted() {
            return;
        }
        if !document.tree.attributes(target).is_resolved {
            resolve(document, target, &mut open);
        }
        resolve_references(document, target, 0);
    }
}

fn resolve(document: &mut Document, target: NodeId, open: &mut HashSet<NodeId>) {
    let attributes = document.tree.attributes(target);
    let (refname, mut refid) = (attributes.refname.clone(), attributes.refid.clone());
    let pointed = match (&refid, &refname) {
        (Some(id), _) => document.ids.get(id).copied(),
        (None, Some(name)) => {
            refid = document.nameids.get(name).cloned().flatten();
            document.named(name).flatten()
        }
        (None, None) => return,
    };
    let Some(pointed) = pointed else {
        refuse_missing(document, target, refname.as_deref().unwrap_or_default());
        return;
    };
    let refid = refid.unwrap_or_else(|| document.set_id(pointed));
    let next = document.tree.attributes(pointed);
    let is_open_target =
        document.tree.kind(pointed) == Kind::Target && !next.is_resolved && next.refname.is_some();
    if is_open_target {
        if !open.insert(target) {
            refuse(document, target, "forming a circular reference");
            return;
        }
        if open.len() > DEEPEST {
            let line = document.tree.source_line(target).1.unwrap_or(0);
            document.give_up(line, "a long row of targets that name one another");
            return;
        }
        resolve(document, pointed, open);
        open.remove(&target);
    }
    let next = document.tree.attributes(pointed);
    let (uri, id, has_ids) = (next.refuri.clone(), next.refid.clone(), !next.ids.is_empty());
    let attributes = document.tree.attributes_mut(target);
    if uri.is_some() {
        attributes.refuri = uri;
        attributes.refid = None;
    } else if id.is_some() {
        attributes.refid = id;
        document.note_refid(target);
    } else if has_ids {
        attributes.refid = Some(refid);
        document.note_refid(target);
    } else {
        refuse_missing(document, target, refname.as_deref().unwrap_or_default());
        return;
    }
    let attributes = document.tree.attributes_mut(target);
    attributes.refname = None;
    attributes.is_resolved = true;
}

fn refuse_missing(document: &mut Document, target: NodeId, name: &str) {
    if document.named(name) == Some(None) {
        refuse(document, target, "which is a duplicate, and cannot be used as a unique reference");
    } else {
        refuse(document, target, "which does not exist");
    }
}

fn refuse(document: &mut Document, target: NodeId, explanation: &str) {
    let attributes = document.tree.attributes(target);
    let mut naming = String::new();
    let mut references = Vec::new();
    if let Some(name) = attributes.names.first() {
        naming = format!("\"{name}\" ");
    }
    for name in &attributes.names {
        references.extend(document.refnames.get(name).into_iter().flatten().copied());
    }
    for id in &attributes.ids {
        references.extend(document.refids.get(id).into_iter().flatten().copied());
    }
    if let Some(id) = attributes.ids.first() {
        naming.push_str(&format!("(id=\"{id}\")"));
    }
    let name = attributes.refname.clone().unwrap_or_default();
    let text = format!("Indirect hyperlink target {naming} refers to target \"{name}\", {explanation}.");
    let message = document.error(text, &[], About::Node(target));
    let mut seen = HashSet::new();
    for reference in references.into_iter().filter(|node| seen.insert(*node)) {
        document.replace_by_problematic(reference, message);
    }
    document.tree.attributes_mut(target).is_resolved = true;
}

fn resolve_references(document: &mut Document, target: NodeId, depth: usize) {
    let attributes = document.tree.attributes(target);
    let (uri, id) = (attributes.refuri.clone(), attributes.refid.clone());
    if depth > DEEPEST || (uri.is_none() && id.is_none()) {
        return;
    }
    let (names, ids) = (attributes.names.clone(), attributes.ids.clone());
    let mut references: Vec<NodeId> = Vec::new();
    for name in &names {
        references.extend(document.refnames.get(name).into_iter().flatten().copied());
    }
    for known in &ids {
        references.extend(document.refids.get(known).into_iter().flatten().copied());
    }
    if !references.is_empty() {
        document.tree.attributes_mut(target).is_referenced = true;
    }
    for reference in references {
        let attributes = document.tree.attributes_mut(reference);
        if attributes.is_resolved {
            continue;
        }
        attributes.refname = None;
        attributes.is_resolved = true;
        if id.is_some() {
            attributes.refid.clone_from(&id);
            document.note_refid(reference);
        } else {
            attributes.refid = None;
            attributes.refuri.clone_from(&uri);
        }
        if document.tree.kind(reference) == Kind::Target {
            resolve_references(document, reference, depth + 1);
        }
    }
}
