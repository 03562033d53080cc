//! Bibliographic fields: a field list at the start of the document becomes a table of facts about it.

use super::super::document::About;
use super::super::escape::name_of;
use super::super::identifier::make_id;
use super::super::node::{Kind, NodeId, Tree};
use super::super::parser::Parser;
use super::super::unicode::strip;

const FIELDS: [&str; 12] = [
    "author",
    "authors",
    "organization",
    "address",
    "contact",
    "version",
    "revision",
    "status",
    "date",
    "copyright",
    "dedication",
    "abstract",
];

/// What became of a field.
enum Taken {
    Fact(NodeId),
    Topic(usize, NodeId),
    Not,
}

/// Replaces the field list, if it comes first.
pub(super) fn apply(parser: &mut Parser) {
    let tree = &parser.document.tree;
    let children = tree.children(Tree::ROOT);
    let candidate = children.iter().copied().find(|node| !tree.kind(*node).is_prebibliographic());
    let Some(list) = candidate.filter(|node| tree.kind(*node) == Kind::FieldList) else { return };
    let leads = |kind| matches!(kind, Kind::Title | Kind::Subtitle | Kind::Decoration | Kind::Meta);
    let at = children.iter().position(|node| !leads(tree.kind(*node))).unwrap_or(0);
    let nodes = extract(parser, list);
    parser.document.tree.remove(list);
    for (index, node) in nodes.into_iter().enumerate() {
        parser.document.tree.insert(Tree::ROOT, at + index, node);
    }
}

fn extract(parser: &mut Parser, list: NodeId) -> Vec<NodeId> {
    let info = parser.document.tree.add(Kind::Docinfo);
    let mut topics: [Option<NodeId>; 2] = [None, None];
    for field in parser.document.tree.children(list).to_vec() {
        match take(parser, field, &topics) {
            Taken::Fact(fact) => parser.document.tree.append(info, fact),
            Taken::Topic(slot, topic) => topics[slot] = Some(topic),
            Taken::Not => {
                let name = field_name(parser, field);
                let class = make_id(&name_of(&name));
                if !class.is_empty() {
                    parser.document.tree.attributes_mut(field).classes.push(class);
                }
                parser.document.tree.append(info, field);
            }
        }
    }
    let has_facts = !parser.document.tree.children(info).is_empty();
    has_facts.then_some(info).into_iter().chain(topics.into_iter().flatten()).collect()
}

fn field_name(parser: &Parser, field: NodeId) -> String {
    let tree = &parser.document.tree;
    let name = tree.children(field).first().and_then(|name| tree.children(*name).first());
    name.map(|name| tree.as_text(*name)).unwrap_or_default()
}

fn take(parser: &mut Parser, field: NodeId, topics: &[Option<NodeId>; 2]) -> Taken {
    let name = field_name(parser, field);
    let canonical = name_of(&name);
    let Some(body) = parser.document.tree.children(field).get(1).copied() else { return Taken::Not };
    if !FIELDS.contains(&canonical.as_str()) {
        return Taken::Not;
    }
    if parser.document.tree.children(body).is_empty() {
        let text = format!("Cannot extract empty bibliographic field \"{name}\".");
        warn(parser, (field, body), &text);
        return Taken::Not;
    }
    match canonical.as_str() {
        "authors" => authors(parser, (field, body), &name),
        "dedication" | "abstract" => topic(parser, (field, body), (&name, &canonical), topics),
        _ => fact(parser, (field, body), (&name, &canonical)),
    }
}

fn warn(parser: &mut Parser, (field, body): (NodeId, NodeId), text: &str) {
    let message = parser.document.warning(text, &[], About::Node(field));
    parser.document.tree.append(body, message);
}

fn fact(parser: &mut Parser, (field, body): (NodeId, NodeId), (name, canonical): (&str, &str)) -> Taken {
    let Some(inline) = single_paragraph(parser, (field, body), name) else { return Taken::Not };
    let node = parser.document.tree.add(Kind::Biblio);
    parser.document.tree.attributes_mut(node).set("name", canonical);
    parser.document.tree.extend(node, inline);
    Taken::Fact(node)
}

fn single_paragraph(parser: &mut Parser, (field, body): (NodeId, NodeId), name: &str) -> Option<Vec<NodeId>> {
    let tree = &parser.document.tree;
    if let Some(paragraph) = tree.only_child(body, Kind::Paragraph) {
        return Some(tree.children(paragraph).to_vec());
    }
    let children = tree.children(body).to_vec();
    let raw = tree.attributes(body).raw.clone();
    let is_initial = children.first().is_some_and(|node| tree.kind(*node) == Kind::EnumeratedList)
        && !strip(&raw).contains('\n')
        && !raw.ends_with("::");
    if is_initial {
        // A name with an initial was taken for the item of a list.
        return Some(parser.inline(&format!("\\{}", strip(&raw)), 1, body).0);
    }
    let kinds = children.iter().map(|node| tree.kind(*node)).filter(|kind| *kind != Kind::SystemMessage);
    let tags: Vec<String> = kinds.map(|kind| format!("<{}>", kind.tag())).collect();
    let content = match &*tags {
        [only] => format!("a {only}"),
        _ => format!("[{}]", tags.join(", ")),
    };
    let text = format!("Bibliographic field \"{name}\"\nmust contain a single <paragraph>, not {content}.");
    warn(parser, (field, body), &text);
    None
}

fn topic(
    parser: &mut Parser,
    (field, body): (NodeId, NodeId),
    (name, canonical): (&str, &str),
    topics: &[Option<NodeId>; 2],
) -> Taken {
    let slot = usize::from(canonical == "abstract");
    if topics[slot].is_some() {
        warn(parser, (field, body), &format!("There can only be one \"{name}\" field."));
        return Taken::Not;
    }
    let title = if slot == 0 { "Dedication" } else { "Abstract" };
    let title = parser.document.tree.add_with_text(Kind::Title, title);
    let node = parser.document.tree.add(Kind::Topic);
    parser.document.tree.attributes_mut(node).classes.push(canonical.to_owned());
    parser.document.tree.append(node, title);
    let children = parser.document.tree.children(body).to_vec();
    parser.document.tree.extend(node, children);
    Taken::Topic(slot, node)
}

fn authors(parser: &mut Parser, (field, body): (NodeId, NodeId), name: &str) -> Taken {
    let found = authors_of(parser, body).unwrap_or_default();
    let node = parser.document.tree.add(Kind::Authors);
    for content in found.into_iter().filter(|content| !content.is_empty()) {
        let author = parser.document.tree.add(Kind::Author);
        parser.document.tree.extend(author, content);
        parser.document.tree.append(node, author);
    }
    if !parser.document.tree.children(node).is_empty() {
        return Taken::Fact(node);
    }
    let text = format!(
        "Cannot extract \"{name}\" from bibliographic field:\nBibliographic field \"{name}\" must contain \
         either\n a single paragraph (with author names separated by a character from the set \";,\"),\n \
         multiple paragraphs (one per author),\n or a bullet list with one author name per item.\nNote: \
         Leading initials can cause (mis)recognizing names as enumerated list."
    );
    warn(parser, (field, body), &text);
    Taken::Not
}

fn authors_of(parser: &mut Parser, body: NodeId) -> Option<Vec<Vec<NodeId>>> {
    let tree = &mut parser.document.tree;
    if let Some(paragraph) = tree.only_child(body, Kind::Paragraph) {
        let texts = tree.walk(paragraph).into_iter().filter(|node| tree.kind(*node) == Kind::Text);
        let text: String = texts.map(|node| tree.node(node).text.clone()).collect();
        let separator = [';', ','].into_iter().find(|mark| split_at(&text, *mark).len() > 1).unwrap_or(',');
        let names: Vec<String> = split_at(&text, separator)
            .into_iter()
            .map(|name| strip(name).to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        return Some(names.into_iter().map(|name| vec![tree.add_text(name)]).collect());
    }
    if let [only] = *tree.children(body) {
        if tree.kind(only) != Kind::BulletList {
            return None;
        }
        let items = tree.children(only).to_vec();
        return items
            .into_iter()
            .map(|item| tree.only_child(item, Kind::Paragraph).map(|node| tree.children(node).to_vec()))
            .collect();
    }
    let children = tree.children(body).to_vec();
    let fits = children.iter().all(|node| matches!(tree.kind(*node), Kind::Paragraph | Kind::Comment));
    let paragraphs = children.into_iter().filter(|node| tree.kind(*node) == Kind::Paragraph);
    fits.then(|| paragraphs.map(|node| tree.children(node).to_vec()).collect())
}

/// Splits at a mark that is not escaped.
fn split_at(text: &str, mark: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(mark) {
        if !text[..at].ends_with('\0') {
            parts.push(&text[start..at]);
            start = at + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}
