//! Transforms: what docutils does to the tree after reading, in its order of priority.

mod anonymous;
mod class;
mod contents;
mod dangling;
mod docinfo;
mod footnote;
mod indirect;
mod propagate;
mod quotes;
mod substitution;
mod target;
mod title;
mod transition;

use super::document::{Document, Task};
use super::node::{Kind, NodeId};
use super::parser::Parser;

pub(super) use title::is_title_alone;

/// Settings in which the renderers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    /// Whether a lone section's title becomes the title of the document, which is not shown.
    pub(super) promotes_title: bool,
}

/// Applies all transforms.
pub(super) fn apply(parser: &mut Parser, settings: Settings) {
    parser.document.tree.place = super::node::Place::default();
    let steps: [fn(&mut Parser, Settings); 15] = [
        |parser, _| parser.document.tasks_of(class_task, class::apply),
        |parser, _| substitution::apply(&mut parser.document),
        |parser, _| propagate::apply(&mut parser.document),
        |parser, settings| {
            if settings.promotes_title {
                title::promote(&mut parser.document);
            }
        },
        |parser, _| docinfo::apply(parser),
        |parser, settings| {
            if settings.promotes_title {
                title::promote_section_subtitles(&mut parser.document);
            }
        },
        |parser, _| anonymous::apply(&mut parser.document),
        |parser, _| indirect::apply(&mut parser.document),
        |parser, _| parser.document.tasks_of(notes_task, footnote::target_notes),
        |parser, _| footnote::apply(&mut parser.document),
        |parser, _| target::apply(&mut parser.document),
        |parser, _| parser.document.tasks_of(numbering_task, contents::number),
        |parser, _| {
            parser.document.tasks_of(contents_task, contents::apply);
            strip_comments(&mut parser.document);
        },
        |parser, _| transition::apply(&mut parser.document),
        |parser, _| {
            dangling::apply(&mut parser.document);
            quotes::apply(&mut parser.document);
        },
    ];
    for step in steps {
        if parser.document.is_halted() {
            return;
        }
        step(parser, settings);
    }
}

fn class_task(task: &Task) -> bool {
    matches!(task, Task::Class { .. })
}

fn notes_task(task: &Task) -> bool {
    matches!(task, Task::TargetNotes { .. })
}

fn numbering_task(task: &Task) -> bool {
    matches!(task, Task::Numbering { .. })
}

fn contents_task(task: &Task) -> bool {
    matches!(task, Task::Contents { .. })
}

impl Document {
    /// Runs the tasks of a kind in the order in which directives asked for them.
    fn tasks_of(&mut self, wanted: fn(&Task) -> bool, run: fn(&mut Self, NodeId, &Task)) {
        let tasks: Vec<(NodeId, Task)> =
            self.tasks.iter().filter(|(_, task)| wanted(task)).cloned().collect();
        for (node, task) in tasks {
            run(self, node, &task);
        }
    }

    /// Shows the source of a reference as what a message is about.
    fn replace_by_problematic(&mut self, node: NodeId, message: NodeId) {
        let raw = self.tree.attributes(node).raw.clone();
        let problematic = self.problematic(&raw, message);
        self.tree.replace(node, &[problematic]);
    }
}

fn strip_comments(document: &mut Document) {
    let parents: Vec<NodeId> =
        document.tree.find(Kind::Comment).into_iter().filter_map(|node| document.tree.parent(node)).collect();
    for parent in parents {
        let mut children = document.tree.children(parent).to_vec();
        children.retain(|child| document.tree.kind(*child) != Kind::Comment);
        document.tree.node_mut(parent).children = children;
    }
}
