//! Classes that a directive gives to the next element.

use super::super::document::{About, Document, Task};
use super::super::node::{Kind, NodeId};

/// Moves the classes to the next element that shows.
pub(super) fn apply(document: &mut Document, pending: NodeId, task: &Task) {
    let Task::Class { names, directive } = task else { return };
    let mut at = pending;
    while let (Some(parent), Some(index)) = (document.tree.parent(at), document.tree.index(at)) {
        let following = document.tree.children(parent)[index + 1..].iter().copied();
        let next = following.into_iter().find(|node| {
            let kind = document.tree.kind(*node);
            !(kind.is_invisible() || kind == Kind::SystemMessage || kind == Kind::Text)
        });
        if let Some(next) = next {
            document.tree.attributes_mut(next).classes.extend(names.iter().cloned());
            document.tree.remove(pending);
            return;
        }
        at = parent;
    }
    let text = format!("No suitable element following \"{directive}\" directive");
    let source = document.tree.attributes(pending).raw.clone();
    let about = document.tree.node(pending).line.map_or(About::Current, About::Line);
    let message = document.error(text, &[&source], about);
    document.tree.replace(pending, &[message]);
}
