//! Footnotes and citations: numbers, symbols, and the links between notes and references.

use std::collections::HashMap;

use super::super::document::{About, Document, Task};
use super::super::node::{Kind, NodeId};

const SYMBOLS: [char; 10] =
    ['*', '\u{2020}', '\u{2021}', '\u{a7}', '\u{b6}', '#', '\u{2660}', '\u{2665}', '\u{2666}', '\u{2663}'];

/// Numbers footnotes and links them.
pub(super) fn apply(document: &mut Document) {
    let labels = number(document);
    number_references(document, &labels);
    symbolize(document);
    for note in document.footnotes.clone() {
        link_named(document, note, Kind::FootnoteReference);
    }
    for note in document.citations.clone() {
        link_named(document, note, Kind::CitationReference);
    }
}

fn link(document: &mut Document, note: NodeId, reference: NodeId) {
    let id = document.tree.attributes(note).ids.first().cloned();
    let back = document.tree.attributes(reference).ids.first().cloned();
    let attributes = document.tree.attributes_mut(reference);
    attributes.refname = None;
    attributes.refid = id;
    attributes.is_resolved = true;
    document.note_refid(reference);
    document.tree.attributes_mut(note).backrefs.extend(back);
}

fn add_label(document: &mut Document, note: NodeId, label: &str) {
    let node = document.tree.add_with_text(Kind::Label, label);
    document.tree.insert(note, 0, node);
}

fn add_text(document: &mut Document, reference: NodeId, text: &str) {
    let text = document.tree.add_text(text);
    document.tree.append(reference, text);
}

fn number(document: &mut Document) -> Vec<String> {
    let mut labels = Vec::new();
    let mut next = 1;
    for note in document.autofootnotes.clone() {
        let label = loop {
            let label = next.to_string();
            next += 1;
            if !document.nameids.contains_key(&label) {
                break label;
            }
        };
        add_label(document, note, &label);
        for name in document.tree.attributes(note).names.clone() {
            for reference in document.footnote_refs.get(&name).cloned().unwrap_or_default() {
                add_text(document, reference, &label);
                link(document, note, reference);
            }
        }
        let attributes = document.tree.attributes_mut(note);
        if attributes.names.is_empty() && attributes.dupnames.is_empty() {
            attributes.names.push(label.clone());
            document.note_explicit_target(note, Some(note));
            labels.push(label);
        }
    }
    labels
}

fn number_references(document: &mut Document, labels: &[String]) {
    let mut used = 0;
    for reference in document.autofootnote_refs.clone() {
        let attributes = document.tree.attributes(reference);
        if attributes.is_resolved || attributes.refid.is_some() {
            continue;
        }
        let Some(label) = labels.get(used) else {
            let count = labels.len();
            let plural = if count > 1 { "s" } else { "" };
            let text = format!(
                "Too many autonumbered footnote references: only {count} corresponding footnote{plural} \
                 available."
            );
            let message = document.error(text, &[], About::Node(reference));
            for rest in document.autofootnote_refs.clone().into_iter().skip(used) {
                let attributes = document.tree.attributes(rest);
                if !attributes.is_resolved && attributes.refname.is_none() {
                    document.replace_by_problematic(rest, message);
                }
            }
            return;
        };
        used += 1;
        add_text(document, reference, label);
        let id = document.nameids.get(label).cloned().flatten();
        if let Some(note) = id.and_then(|id| document.ids.get(&id).copied()) {
            link(document, note, reference);
        }
    }
}

fn symbolize(document: &mut Document) {
    let mut labels = Vec::new();
    for (at, note) in document.symbol_footnotes.clone().into_iter().enumerate() {
        let symbol = SYMBOLS[at % SYMBOLS.len()];
        let label: String = std::iter::repeat_n(symbol, (at / SYMBOLS.len() + 1).min(1000)).collect();
        add_label(document, note, &label);
        document.set_id(note);
        labels.push((label, note));
    }
    let references = document.symbol_footnote_refs.clone();
    for (at, reference) in references.iter().copied().enumerate() {
        let Some((label, note)) = labels.get(at) else {
            let text = format!(
                "Too many symbol footnote references: only {} corresponding footnotes available.",
                labels.len()
            );
            let message = document.error(text, &[], About::Node(reference));
            for rest in &references[at..] {
                document.replace_by_problematic(*rest, message);
            }
            return;
        };
        add_text(document, reference, label);
        link(document, *note, reference);
    }
}

fn link_named(document: &mut Document, note: NodeId, kind: Kind) {
    for label in document.tree.attributes(note).names.clone() {
        let known =
            if kind == Kind::FootnoteReference { &document.footnote_refs } else { &document.citation_refs };
        for reference in known.get(&label).cloned().unwrap_or_default() {
            if !document.tree.attributes(reference).is_resolved {
                link(document, note, reference);
            }
        }
    }
}

/// Makes footnotes of the addresses that the text refers to.
pub(super) fn target_notes(document: &mut Document, pending: NodeId, task: &Task) {
    let Task::TargetNotes { classes } = task else { return };
    let mut notes: HashMap<String, (NodeId, String)> = HashMap::new();
    let mut made = Vec::new();
    let mut wanted: Vec<(String, Vec<NodeId>)> = Vec::new();
    for target in document.tree.find(Kind::Target) {
        let attributes = document.tree.attributes(target);
        let Some(uri) = attributes.refuri.clone() else { continue };
        let named = attributes.names.iter().filter_map(|name| document.refnames.get(name));
        let references: Vec<NodeId> = named.flatten().copied().collect();
        if !references.is_empty() {
            wanted.push((uri, references));
        }
    }
    for reference in document.tree.find(Kind::Reference) {
        let attributes = document.tree.attributes(reference);
        if let Some(uri) = attributes.refuri.clone().filter(|_| attributes.is_anonymous) {
            wanted.push((uri, vec![reference]));
        }
    }
    for (uri, references) in wanted {
        let (_, name) = notes.entry(uri.clone()).or_insert_with(|| {
            let note = target_note(document, &uri);
            made.push(note.0);
            note
        });
        let name = name.clone();
        for reference in references {
            if document.tree.kind(reference) != Kind::Target {
                add_note_reference(document, reference, &name, classes);
            }
        }
    }
    document.tree.replace(pending, &made);
}

fn target_note(document: &mut Document, uri: &str) -> (NodeId, String) {
    let note = document.tree.add(Kind::Footnote);
    let name = format!("TARGET_NOTE: {}", document.set_id(note));
    let paragraph = document.tree.add(Kind::Paragraph);
    let reference = document.tree.add_with_text(Kind::Reference, uri);
    document.tree.attributes_mut(reference).refuri = Some(uri.to_owned());
    document.tree.append(paragraph, reference);
    document.tree.append(note, paragraph);
    let attributes = document.tree.attributes_mut(note);
    attributes.auto = Some('1');
    attributes.names.push(name.clone());
    document.autofootnotes.push(note);
    document.note_explicit_target(note, Some(note));
    (note, name)
}

fn add_note_reference(document: &mut Document, reference: NodeId, name: &str, classes: &[String]) {
    let (Some(parent), Some(index)) = (document.tree.parent(reference), document.tree.index(reference))
    else {
        return;
    };
    let node = document.tree.add(Kind::FootnoteReference);
    let attributes = document.tree.attributes_mut(node);
    attributes.refname = Some(name.to_owned());
    attributes.auto = Some('1');
    attributes.classes.extend(classes.iter().cloned());
    document.set_id(node);
    document.autofootnote_refs.push(node);
    document.note_footnote_ref(node);
    let space = document.tree.add_text(" ");
    document.tree.insert(parent, index + 1, space);
    document.tree.insert(parent, index + 2, node);
}
