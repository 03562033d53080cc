//! Internal targets: their names go to the element behind them.

use std::collections::HashMap;

use super::super::document::Document;
use super::super::node::{Kind, NodeId, Tree};

/// Names on one element before a text counts as hostile.
const MOST_NAMES: usize = 500;

/// Moves names and identifiers of targets that point nowhere.
pub(super) fn apply(document: &mut Document) {
    let targets = document.tree.find(Kind::Target);
    if targets.is_empty() {
        return;
    }
    let places = places(&document.tree);
    for target in targets {
        let attributes = document.tree.attributes(target);
        let is_inline = document.tree.parent_kind(target).is_some_and(Kind::holds_text);
        if is_inline
            || attributes.refid.is_some()
            || attributes.refuri.is_some()
            || attributes.refname.is_some()
        {
            continue;
        }
        let Some(next) = next_element(&document.tree, &places, target) else { continue };
        let kind = document.tree.kind(next);
        let keeps_own = kind.is_invisible() || matches!(kind, Kind::Footnote | Kind::Citation);
        if keeps_own && kind != Kind::Target {
            continue;
        }
        if attributes.names.len() > MOST_NAMES {
            let line = document.tree.source_line(target).1.unwrap_or(0);
            document.give_up(line, "a great many targets in a row");
            return;
        }
        move_names(document, target, next);
    }
}

fn places(tree: &Tree) -> HashMap<NodeId, usize> {
    let mut places = HashMap::new();
    for node in tree.walk(Tree::ROOT) {
        if !tree.kind(node).holds_text() {
            places.extend(tree.children(node).iter().enumerate().map(|(at, child)| (*child, at)));
        }
    }
    places
}

/// Finds the element behind a node, or behind the nearest one above it that has one.
fn next_element(tree: &Tree, places: &HashMap<NodeId, usize>, from: NodeId) -> Option<NodeId> {
    let mut at = from;
    loop {
        let parent = tree.parent(at)?;
        let index = *places.get(&at)?;
        let following = tree.children(parent)[index + 1..].iter();
        if let Some(next) = following.copied().find(|node| tree.kind(*node) != Kind::SystemMessage) {
            return Some(next);
        }
        at = parent;
    }
}

fn move_names(document: &mut Document, target: NodeId, next: NodeId) {
    let own = document.tree.attributes_mut(target);
    let (ids, names) = (std::mem::take(&mut own.ids), std::mem::take(&mut own.names));
    own.refid = ids.first().cloned();
    for id in &ids {
        document.ids.insert(id.clone(), next);
    }
    let attributes = document.tree.attributes_mut(next);
    attributes.ids.extend(ids);
    attributes.names.extend(names);
    let in_figure = document.tree.parent_kind(target) == Some(Kind::Figure);
    if in_figure && document.tree.kind(next) == Kind::Caption {
        document.tree.remove(target);
        return;
    }
    document.note_refid(target);
}
