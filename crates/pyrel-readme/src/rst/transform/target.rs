//! References by name: they take over the address or the identifier of their target.

use super::super::document::Document;
use super::super::node::{Kind, NodeId};

/// Resolves references to targets with addresses, then those to targets within the text.
pub(super) fn apply(document: &mut Document) {
    let targets = document.tree.find(Kind::Target);
    for target in &targets {
        if let Some(uri) = document.tree.attributes(*target).refuri.clone() {
            for reference in references_to(document, *target) {
                let attributes = document.tree.attributes_mut(reference);
                attributes.refname = None;
                attributes.refuri = Some(uri.clone());
                attributes.is_resolved = true;
            }
        }
    }
    for target in &targets {
        let attributes = document.tree.attributes(*target);
        if attributes.refuri.is_some() || attributes.refid.is_some() {
            continue;
        }
        for name in attributes.names.clone() {
            let id = document.nameids.get(&name).cloned().flatten();
            for reference in document.refnames.get(&name).cloned().unwrap_or_default() {
                let attributes = document.tree.attributes_mut(reference);
                if attributes.is_resolved {
                    continue;
                }
                if id.is_some() {
                    attributes.refname = None;
                    attributes.refid.clone_from(&id);
                }
                attributes.is_resolved = true;
            }
        }
    }
}

fn references_to(document: &Document, target: NodeId) -> Vec<NodeId> {
    let names = document.tree.attributes(target).names.iter();
    let found = names.filter_map(|name| document.refnames.get(name)).flatten().copied();
    found.filter(|node| !document.tree.attributes(*node).is_resolved).collect()
}
