//! Section numbers and tables of contents.

use super::super::document::{Backlinks, Document, Task};
use super::super::node::{Kind, NodeId, Tree};

fn sections(document: &Document, node: NodeId) -> Vec<NodeId> {
    let children = document.tree.children(node).iter().copied();
    children.filter(|child| document.tree.kind(*child) == Kind::Section).collect()
}

fn title_of(document: &Document, section: NodeId) -> Option<NodeId> {
    document.tree.children(section).first().copied().filter(|node| document.tree.kind(*node) == Kind::Title)
}

/// Numbers the titles.
pub(super) fn number(document: &mut Document, pending: NodeId, task: &Task) {
    let Task::Numbering { depth, start, prefix, suffix } = task else { return };
    document.tree.remove(pending);
    let deepest = depth.unwrap_or(i64::MAX);
    let around = (prefix.as_str(), suffix.as_str());
    number_below(document, Tree::ROOT, &[], (*start, 1, deepest), around);
}

fn number_below(
    document: &mut Document,
    node: NodeId,
    numbers: &[String],
    (start, depth, deepest): (i64, i64, i64),
    around: (&str, &str),
) {
    for (section, number) in sections(document, node).into_iter().zip(start..) {
        let mut own = numbers.to_vec();
        own.push(number.to_string());
        if let Some(title) = title_of(document, section) {
            let text = format!("{}{}{}\u{a0}\u{a0}\u{a0}", around.0, own.join("."), around.1);
            let generated = document.tree.add_with_text(Kind::Generated, text);
            document.tree.attributes_mut(generated).classes.push("sectnum".to_owned());
            document.tree.insert(title, 0, generated);
            document.tree.attributes_mut(title).auto = Some('1');
        }
        if depth < deepest {
            number_below(document, section, &own, (1, depth + 1, deepest), around);
        }
    }
}

/// Builds a table of contents.
pub(super) fn apply(document: &mut Document, pending: NodeId, task: &Task) {
    let Task::Contents { depth, is_local, backlinks } = task else { return };
    let Some(topic) = document.tree.parent(pending) else { return };
    let id = document.set_id(topic);
    let mut start = Tree::ROOT;
    if *is_local {
        let mut above = document.tree.parent(topic);
        while let Some(node) = above {
            if matches!(document.tree.kind(node), Kind::Section | Kind::Document) {
                start = node;
                break;
            }
            above = document.tree.parent(node);
        }
    }
    let deepest = depth.unwrap_or(i64::MAX);
    match build(document, start, (1, deepest), (*backlinks, &id)) {
        Some(list) => document.tree.replace(pending, &[list]),
        None => document.tree.remove(topic),
    }
}

fn build(
    document: &mut Document,
    node: NodeId,
    (level, deepest): (i64, i64),
    (backlinks, topic): (Backlinks, &str),
) -> Option<NodeId> {
    let found = sections(document, node);
    if found.is_empty() {
        return None;
    }
    let list = document.tree.add(Kind::BulletList);
    for section in found {
        let Some(title) = title_of(document, section) else { continue };
        if document.tree.attributes(title).auto.is_some() {
            let classes = &mut document.tree.attributes_mut(list).classes;
            if classes.is_empty() {
                classes.push("auto-toc".to_owned());
            }
        }
        let reference = document.tree.add(Kind::Reference);
        let id = document.tree.attributes(section).ids.first().cloned();
        document.tree.attributes_mut(reference).refid = id;
        copy_plain(document, title, reference);
        let entry = document.set_id_with(reference, "toc-entry");
        let has_link =
            document.tree.walk(title).iter().any(|node| document.tree.kind(*node) == Kind::Reference);
        if !has_link {
            document.tree.attributes_mut(title).refid = match backlinks {
                Backlinks::Entry => Some(entry),
                Backlinks::Top => Some(topic.to_owned()),
                Backlinks::None => None,
            };
        }
        let paragraph = document.tree.add(Kind::Paragraph);
        document.tree.append(paragraph, reference);
        let item = document.tree.add(Kind::ListItem);
        document.tree.append(item, paragraph);
        if level < deepest {
            let inner = build(document, section, (level + 1, deepest), (backlinks, topic));
            document.tree.extend(item, inner);
        }
        document.tree.append(list, item);
    }
    Some(list)
}

/// Copies a title's content without links, notes, and images.
fn copy_plain(document: &mut Document, from: NodeId, to: NodeId) {
    for child in document.tree.children(from).to_vec() {
        match document.tree.kind(child) {
            Kind::CitationReference | Kind::FootnoteReference => {}
            Kind::Image => {
                let alt = document.tree.attributes(child).get("alt").map(str::to_owned);
                let alt = alt.map(|alt| document.tree.add_text(alt));
                document.tree.extend(to, alt);
            }
            Kind::Problematic | Kind::Reference | Kind::Target => copy_plain(document, child, to),
            Kind::Text => {
                let text = document.tree.node(child).text.clone();
                let text = document.tree.add_text(text);
                document.tree.append(to, text);
            }
            kind => {
                let node = document.tree.add(kind);
                let classes = document.tree.attributes(child).classes.clone();
                document.tree.attributes_mut(node).classes = classes;
                document.tree.append(to, node);
                copy_plain(document, child, node);
            }
        }
    }
}
