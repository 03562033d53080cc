//! Tables drawn with characters: where one ends, and the nodes that come of its cells.

mod grid;
mod simple;

use super::block::is_grid_border;
use super::document::About;
use super::line::{Lines, Piece};
use super::machine::Machine;
use super::node::{Kind, NodeId};
use super::parser::Parser;
use super::unicode::{is_combining, rstrip, strip};

/// A cell: how far it reaches beyond its row and column, the line of the table at which it starts, its text.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) more_rows: usize,
    pub(super) more_columns: usize,
    pub(super) offset: i64,
    pub(super) lines: Lines,
}

/// A row; a place that another cell covers is empty.
pub(super) type Row = Vec<Option<Cell>>;

/// A table as it was read.
pub(super) struct Table {
    pub(super) widths: Vec<i64>,
    pub(super) head: Vec<Row>,
    pub(super) body: Vec<Row>,
}

/// What is wrong with a table, and in which of its lines.
pub(super) enum Fault {
    Markup {
        text: String,
        offset: usize,
    },
    /// Docutils itself breaks down, or the table is too large to be read in time.
    Gap(&'static str),
}

impl Fault {
    fn new(text: impl Into<String>, offset: usize) -> Self {
        Self::Markup { text: text.into(), offset }
    }
}

/// Lines of a table, or the messages instead, and whether a blank line follows.
type Isolated = (Option<Lines>, Vec<NodeId>, bool);

/// How the columns of a table are to look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Looks {
    pub(super) stub_columns: i64,
    pub(super) class: Option<&'static str>,
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Parser {
    pub(super) fn grid_table(&mut self, machine: &mut Machine) {
        let isolated = self.isolate_grid(machine);
        self.table(machine, isolated, grid::parse);
    }

    pub(super) fn simple_table(&mut self, machine: &mut Machine) {
        let isolated = self.isolate_simple(machine);
        self.table(machine, isolated, simple::parse);
    }

    fn table(
        &mut self,
        machine: &mut Machine,
        (block, messages, blank_finish): Isolated,
        parse: fn(&Lines) -> Result<Table, Fault>,
    ) {
        if let Some(block) = block {
            match parse(&block) {
                Ok(table) => {
                    let line = machine.line_number() - signed(block.len()) + 1;
                    let node = self.build_table(table, line, Looks::default());
                    let place = machine.source_line(Some(line));
                    self.document.tree.set_place(node, place);
                    self.document.tree.append(machine.node, node);
                }
                Err(Fault::Markup { text, offset }) => {
                    let message = self.malformed(machine, &block, &text, offset);
                    self.document.tree.append(machine.node, message);
                }
                Err(Fault::Gap(construct)) => {
                    let line = machine.line_number() - signed(block.len()) + 1;
                    self.document.give_up(line, construct);
                }
            }
        }
        self.document.tree.extend(machine.node, messages);
        if !blank_finish {
            let text = "Blank line required after table.";
            let message = self.document.warning(text, &[], About::Line(machine.line_number() + 1));
            self.document.tree.append(machine.node, message);
        }
    }

    fn malformed(&mut self, machine: &Machine, block: &Lines, detail: &str, offset: usize) -> NodeId {
        let source = block.unpad().join();
        let first = machine.line_number() - signed(block.len()) + 1;
        let text = format!("Malformed table.\n{detail}");
        self.document.error(text, &[&source], About::Line(first + signed(offset)))
    }

    fn isolate_grid(&mut self, machine: &mut Machine) -> Isolated {
        let mut messages = Vec::new();
        let mut blank_finish = true;
        let block = match machine.text_block(true, &mut self.document) {
            Ok(block) => block,
            Err((block, line)) => {
                let text = "Unexpected indentation.";
                messages.push(self.document.error(text, &[], About::Place(Some(line))));
                blank_finish = false;
                block
            }
        };
        let mut block = block.pad_wide().map(|_, text| Piece::own(strip(text)));
        let width = block.text(0).chars().count();
        let mut last = block.len().saturating_sub(1);
        let open = (0..block.len()).find(|at| !block.text(*at).starts_with(['+', '|']));
        if let Some(at) = open {
            blank_finish = false;
            machine.previous_line(block.len() - at, &mut self.document);
            block = block.slice(0, at);
            last = at;
        }
        if !is_grid_border(block.text(block.len().saturating_sub(1))) {
            let candidates = (2..block.len().saturating_sub(1)).rev();
            let bottom = candidates.clone().find(|at| is_grid_border(block.text(*at)));
            let Some(bottom) = bottom else {
                let offset = candidates.min().unwrap_or(last);
                let detail = "Bottom border missing or corrupt.";
                messages.push(self.malformed(machine, &block, detail, offset));
                return (None, messages, blank_finish);
            };
            machine.previous_line(block.len() - bottom + 1, &mut self.document);
            block = block.slice(0, bottom + 1);
            blank_finish = false;
        }
        let ragged = (0..block.len()).find(|at| {
            let line = block.text(*at);
            line.chars().filter(|c| !is_combining(*c)).count() != width || !line.ends_with(['+', '|'])
        });
        if let Some(at) = ragged {
            let detail = "Right border not aligned or missing.";
            messages.push(self.malformed(machine, &block, detail, at));
            return (None, messages, blank_finish);
        }
        (Some(block), messages, blank_finish)
    }

    fn isolate_simple(&mut self, machine: &mut Machine) -> Isolated {
        let lines = machine.here();
        let width = strip(lines.text(0)).chars().count();
        let ends = |at: usize| at + 1 >= lines.len() || lines.is_blank(at + 1);
        let mut found = 0;
        let mut found_at = 0;
        for at in 1..lines.len() {
            if !is_simple_border(lines.text(at)) {
                continue;
            }
            if strip(lines.text(at)).chars().count() != width {
                machine.next_line(at, &mut self.document);
                let detail = "Bottom border or header rule does not match top border.";
                let message = self.malformed(machine, &lines.slice(0, at + 1), detail, at);
                return (None, vec![message], ends(at));
            }
            found += 1;
            found_at = at;
            if found == 2 || ends(at) {
                machine.next_line(at, &mut self.document);
                return (Some(lines.slice(0, at + 1).pad_wide()), Vec::new(), ends(at));
            }
        }
        let (last, detail) = if found > 0 {
            (found_at, "No bottom table border found or no blank line after table bottom.")
        } else {
            (lines.len().saturating_sub(1), "No bottom table border found.")
        };
        machine.next_line(last, &mut self.document);
        let message = self.malformed(machine, &lines.slice(0, last + 1), detail, 0);
        (None, vec![message], found == 0)
    }

    /// Makes the nodes of a table whose first line is given.
    pub(super) fn build_table(&mut self, table: Table, line: i64, looks: Looks) -> NodeId {
        let node = self.document.tree.add(Kind::Table);
        let classes = looks.class.map(str::to_owned);
        self.document.tree.attributes_mut(node).classes.extend(classes);
        let group = self.document.tree.add(Kind::Tgroup);
        self.document.tree.append(node, group);
        self.columns(group, &table.widths, looks.stub_columns);
        if !table.head.is_empty() {
            let head = self.document.tree.add(Kind::Thead);
            self.document.tree.append(group, head);
            self.rows(head, table.head, line);
        }
        let body = self.document.tree.add(Kind::Tbody);
        self.document.tree.append(group, body);
        self.rows(body, table.body, line);
        node
    }

    /// Appends what describes the columns.
    pub(super) fn columns(&mut self, group: NodeId, widths: &[i64], stub_columns: i64) {
        for (at, width) in widths.iter().enumerate() {
            let column = self.document.tree.add(Kind::Colspec);
            let attributes = self.document.tree.attributes_mut(column);
            attributes.set("colwidth", width.to_string());
            if signed(at) < stub_columns {
                attributes.set("stub", "1");
            }
            self.document.tree.append(group, column);
        }
    }

    fn rows(&mut self, holder: NodeId, rows: Vec<Row>, line: i64) {
        for cells in rows {
            let row = self.document.tree.add(Kind::Row);
            for cell in cells.into_iter().flatten() {
                let entry = self.document.tree.add(Kind::Entry);
                let attributes = self.document.tree.attributes_mut(entry);
                if cell.more_rows > 0 {
                    attributes.set("morerows", cell.more_rows.to_string());
                }
                if cell.more_columns > 0 {
                    attributes.set("morecols", cell.more_columns.to_string());
                }
                self.document.tree.append(row, entry);
                if cell.lines.iter().any(|line| !line.text.is_empty()) {
                    self.nested(cell.lines, line + cell.offset - 1, entry);
                }
            }
            self.document.tree.append(holder, row);
        }
    }
}

fn is_simple_border(line: &str) -> bool {
    line.starts_with('=') && line.bytes().all(|b| matches!(b, b'=' | b' '))
}

/// Finds the rule between head and body, and turns it into an ordinary one.
fn head_rule(block: &Lines, is_rule: fn(&str) -> bool) -> Result<(Lines, Option<usize>), Fault> {
    let mut rule: Option<usize> = None;
    for (at, line) in block.iter().enumerate() {
        if !is_rule(&line.text) {
            continue;
        }
        if let Some(known) = rule.filter(|known| *known > 0) {
            let text = format!(
                "Multiple head/body row separators (table lines {} and {}); only one allowed.",
                known + 1,
                at + 1
            );
            return Err(Fault::new(text, at));
        }
        rule = Some(at);
    }
    if rule.is_some_and(|rule| rule == 0 || rule + 1 == block.len()) {
        let text = "The head/body row separator may not be the first or last line of the table.";
        return Err(Fault::new(text, block.len() - 1));
    }
    let block = block.map(
        |at, text| {
            if rule == Some(at) { Piece::own(&text.replace('=', "-")) } else { text.clone() }
        },
    );
    Ok((block, rule))
}

/// Returns the characters of a line that take a column of their own.
fn column_chars(line: &str) -> Vec<char> {
    line.chars().filter(|c| !is_combining(*c)).collect()
}

fn trimmed(line: &[char]) -> String {
    rstrip(&line.iter().collect::<String>()).to_owned()
}
