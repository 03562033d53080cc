//! Transitions: they separate something from something, and leave sections that they end.

use super::super::document::{About, Document};
use super::super::node::{Kind, NodeId, Tree};

fn is_ignored(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Decoration
            | Kind::Meta
            | Kind::Pending
            | Kind::SubstitutionDefinition
            | Kind::Subtitle
            | Kind::Target
            | Kind::Title
    )
}

/// Judges and moves all transitions.
pub(super) fn apply(document: &mut Document) {
    visit(document, Tree::ROOT);
}

fn visit(document: &mut Document, holder: NodeId) {
    let mut at = 0;
    let mut bounds = bounds(document, holder);
    while !document.is_halted() {
        let Some(child) = document.tree.children(holder).get(at).copied() else { return };
        match document.tree.kind(child) {
            Kind::Section => {
                let before = document.tree.children(holder).len();
                visit(document, child);
                if document.tree.children(holder).len() != before {
                    bounds = self::bounds(document, holder);
                }
            }
            Kind::Transition => {
                judge(document, holder, (child, at), bounds);
                if document.tree.children(holder).get(at) != Some(&child) {
                    bounds = self::bounds(document, holder);
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Returns the first and the last child that count.
fn bounds(document: &Document, holder: NodeId) -> (usize, usize) {
    let children = document.tree.children(holder);
    let counts = |node: &NodeId| !is_ignored(document.tree.kind(*node));
    (children.iter().position(counts).unwrap_or(0), children.iter().rposition(counts).unwrap_or(0))
}

fn judge(
    document: &mut Document,
    holder: NodeId,
    (node, at): (NodeId, usize),
    (first, last): (usize, usize),
) {
    let previous = at.checked_sub(1).map(|at| document.tree.children(holder)[at]);
    let follows = previous.is_some_and(|node| document.tree.kind(node) == Kind::Transition);
    let begins = at <= first;
    let ends = at >= last;
    let mut parent = holder;
    if ends {
        match move_up(document, holder, node) {
            Some(found) => parent = found,
            None => warn(document, node, "Transition at the end of the document."),
        }
    }
    if begins {
        let tag = document.tree.kind(parent).tag();
        warn(document, node, &format!("Transition at the start of the {tag}."));
    } else if follows {
        warn(document, node, "At least one body element should separate transitions.");
    }
}

/// Moves a transition behind the nearest section above it that something follows.
fn move_up(document: &mut Document, holder: NodeId, node: NodeId) -> Option<NodeId> {
    let mut sibling = holder;
    while let Some(parent) = document.tree.parent(sibling) {
        let index = document.tree.index(sibling)?;
        if index + 1 < document.tree.children(parent).len() {
            document.tree.remove(node);
            document.tree.insert(parent, index + 1, node);
            return Some(parent);
        }
        sibling = parent;
    }
    None
}

fn warn(document: &mut Document, node: NodeId, text: &str) {
    let message = document.warning(text, &[], About::Node(node));
    if let (Some(parent), Some(index)) = (document.tree.parent(node), document.tree.index(node)) {
        document.tree.insert(parent, index + 1, message);
    }
}
