//! Titles of lone sections, which an older renderer makes titles of the document.

use super::super::document::Document;
use super::super::node::{Kind, NodeId, Tree};

/// Tells whether the document is one section with a title, but for what does not show.
pub(in super::super) fn is_title_alone(document: &Document) -> bool {
    candidate(document, Tree::ROOT).is_some()
}

fn candidate(document: &Document, node: NodeId) -> Option<(NodeId, usize)> {
    let children = document.tree.children(node);
    let index = children.iter().position(|child| !document.tree.kind(*child).is_prebibliographic())?;
    let is_last = index + 1 == children.len();
    (is_last && document.tree.kind(children[index]) == Kind::Section).then_some((children[index], index))
}

fn transfer(document: &mut Document, from: NodeId, to: NodeId) {
    let source = document.tree.attributes(from).clone();
    let attributes = document.tree.attributes_mut(to);
    attributes.ids.extend(source.ids);
    attributes.names.extend(source.names);
    attributes.dupnames.extend(source.dupnames);
    attributes.classes.extend(source.classes);
    for id in document.tree.attributes(to).ids.clone() {
        document.ids.insert(id, to);
    }
}

fn set_children(document: &mut Document, node: NodeId, children: Vec<NodeId>) {
    document.tree.node_mut(node).children.clear();
    document.tree.extend(node, children);
}

/// Makes the title of the document, and perhaps a subtitle.
pub(super) fn promote(document: &mut Document) {
    let Some((section, index)) = candidate(document, Tree::ROOT) else { return };
    transfer(document, section, Tree::ROOT);
    let before = document.tree.children(Tree::ROOT)[..index].to_vec();
    let inner = document.tree.children(section).to_vec();
    let (title, rest) = inner.split_at(1.min(inner.len()));
    let children = [title, &before, rest].concat();
    set_children(document, Tree::ROOT, children);
    promote_subtitle(document, Tree::ROOT);
}

fn promote_subtitle(document: &mut Document, node: NodeId) {
    let Some((section, index)) = candidate(document, node) else { return };
    let subtitle = document.tree.add(Kind::Subtitle);
    transfer(document, section, subtitle);
    let inner = document.tree.children(section).to_vec();
    let Some((title, rest)) = inner.split_first() else { return };
    let inline = document.tree.children(*title).to_vec();
    document.tree.extend(subtitle, inline);
    let own = document.tree.children(node).to_vec();
    let children = [&own[..1], &[subtitle], &own[1.min(index)..index], rest].concat();
    set_children(document, node, children);
}

/// Makes subtitles of sections that are alone in theirs.
pub(super) fn promote_section_subtitles(document: &mut Document) {
    for section in document.tree.find(Kind::Section) {
        let is_attached = document.tree.index(section).is_some();
        if is_attached {
            promote_subtitle(document, section);
        }
    }
}
