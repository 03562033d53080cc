//! Anonymous references: the first goes to the first anonymous target, and so on.

use super::super::document::{About, Document};
use super::super::node::Kind;

/// Links references to targets in order.
pub(super) fn apply(document: &mut Document) {
    let is_anonymous = |document: &Document, node| document.tree.attributes(node).is_anonymous;
    let mut references = document.tree.find(Kind::Reference);
    references.retain(|node| is_anonymous(document, *node));
    let mut targets = document.tree.find(Kind::Target);
    targets.retain(|node| is_anonymous(document, *node));
    if references.len() != targets.len() {
        let text = format!(
            "Anonymous hyperlink mismatch: {} references but {} targets.\nSee \"backrefs\" attribute for IDs.",
            references.len(),
            targets.len()
        );
        document.error(text, &[], About::Current);
        return;
    }
    for (reference, target) in references.into_iter().zip(targets) {
        let attributes = document.tree.attributes(reference);
        if attributes.refid.is_some() || attributes.refuri.is_some() {
            continue;
        }
        let mut target = target;
        document.tree.attributes_mut(target).is_referenced = true;
        let (mut refuri, mut refid) = (None, None);
        // A target that gave its identifier away points to who took it.
        for _ in 0..1000 {
            let attributes = document.tree.attributes(target);
            if attributes.refuri.is_some() {
                refuri.clone_from(&attributes.refuri);
                break;
            }
            if let Some(id) = attributes.ids.first() {
                refid = Some(id.clone());
                break;
            }
            let next = attributes.refid.as_ref().and_then(|id| document.ids.get(id));
            let Some(next) = next else { break };
            target = *next;
        }
        let attributes = document.tree.attributes_mut(reference);
        attributes.is_resolved |= refuri.is_some();
        attributes.refuri = refuri;
        attributes.refid = refid;
        document.note_refid(reference);
    }
}
