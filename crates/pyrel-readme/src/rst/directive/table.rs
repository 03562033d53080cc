//! Tables made by directives: `table` round a drawn one, and `list-table` out of nested lists.

use super::super::document::About;
use super::super::machine::Machine;
use super::super::node::{Kind, NodeId};
use super::super::parser::Parser;
use super::body::with_messages;
use super::option::Value;
use super::{Call, Ran};

/// A message that takes the place of the table.
pub(super) type Refused = NodeId;

impl Parser {
    /// Reads the title of a table.
    pub(super) fn table_title(&mut self, machine: &Machine, call: &Call) -> (Option<NodeId>, Vec<NodeId>) {
        let Some(text) = call.arguments.first() else { return (None, Vec::new()) };
        let (inline, messages) = self.inline(text, call.line, machine.node);
        let title = self.node_of(machine, call, Kind::Title);
        self.document.tree.extend(title, inline);
        (Some(title), messages)
    }

    pub(super) fn table_directive(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        if call.content.is_empty() {
            let text = format!("Content block expected for the \"{}\" directive; none found.", call.name);
            return Ok(vec![self.document.warning(text, &[&call.source], About::Line(call.line))]);
        }
        let (title, messages) = self.table_title(machine, call);
        let holder = self.document.tree.add(Kind::Fragment);
        self.read_content(call, holder);
        let Some(table) = self.document.tree.only_child(holder, Kind::Table) else {
            let text = format!(
                "Error parsing content block for the \"{}\" directive: exactly one table expected.",
                call.name
            );
            return Ok(vec![self.error_at(call, text)]);
        };
        self.document.tree.node_mut(table).parent = None;
        let line = machine.source_line(Some(call.line));
        self.document.tree.node_mut(table).line = line;
        if call.options.numbers("widths").is_some() {
            let group = self.document.tree.children(table).first().copied();
            let columns: Vec<NodeId> = group
                .map(|group| self.document.tree.children(group).to_vec())
                .unwrap_or_default()
                .into_iter()
                .filter(|child| self.document.tree.kind(*child) == Kind::Colspec)
                .collect();
            match self.column_widths(call, columns.len()) {
                Ok(widths) => {
                    for (column, width) in columns.into_iter().zip(widths) {
                        self.document.tree.attributes_mut(column).set("colwidth", width.to_string());
                    }
                }
                Err(refused) => return Ok(vec![refused]),
            }
        }
        if let Some(class) = widths_class(call) {
            self.document.tree.attributes_mut(table).classes.push(class.to_owned());
        }
        self.finish_table(call, table, title);
        Ok(with_messages(table, messages))
    }

    /// Sets what all tables of directives have in common.
    pub(super) fn finish_table(&mut self, call: &mut Call, table: NodeId, title: Option<NodeId>) {
        self.add_classes(call, table);
        for name in ["align", "width"] {
            if let Some(value) = call.options.text(name) {
                self.document.tree.attributes_mut(table).set(name, value);
            }
        }
        self.add_name(call, table);
        if let Some(title) = title {
            self.document.tree.insert(table, 0, title);
        }
    }

    /// Shares the width out, or takes what the directive asks for.
    pub(super) fn column_widths(&mut self, call: &Call, count: usize) -> Result<Vec<i64>, Refused> {
        if let Some(widths) = call.options.numbers("widths") {
            if widths.len() == count {
                return Ok(widths.to_vec());
            }
            let text =
                format!("\"{}\" widths do not match the number of columns in table ({count}).", call.name);
            return Err(self.error_at(call, text));
        }
        if count == 0 {
            return Err(self.error_at(call, "No table data detected in CSV file."));
        }
        Ok(vec![100 / i64::try_from(count).unwrap_or(100); count])
    }

    /// Compares the number of rows and columns with those that are to be heads.
    pub(super) fn check_dimensions(&mut self, call: &Call, rows: &[usize]) -> Result<(), Refused> {
        let heads = call.options.number("header-rows").unwrap_or(0);
        let stubs = call.options.number("stub-columns").unwrap_or(0);
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let name = &call.name;
        let mut fault = None;
        if count < heads {
            fault = Some(format!(
                "{heads} header row(s) specified but only {count} row(s) of data supplied (\"{name}\" directive)."
            ));
        } else if count == heads && heads > 0 {
            fault = Some(format!(
                "Insufficient data supplied ({count} row(s)); no data remaining for table body, \
                 required by \"{name}\" directive."
            ));
        }
        for columns in rows.iter().map(|columns| i64::try_from(*columns).unwrap_or(i64::MAX)) {
            if fault.is_some() {
                break;
            }
            if columns < stubs {
                fault = Some(format!(
                    "{stubs} stub column(s) specified but only {columns} columns(s) of data supplied \
                     (\"{name}\" directive)."
                ));
            } else if columns == stubs && stubs > 0 {
                fault = Some(format!(
                    "Insufficient data supplied ({columns} columns(s)); no data remaining for table body, \
                     required by \"{name}\" directive."
                ));
            }
        }
        fault.map_or(Ok(()), |text| Err(self.error_at(call, text)))
    }

    pub(super) fn list_table(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        if call.content.is_empty() {
            let text = format!("The \"{}\" directive is empty; content required.", call.name);
            return Ok(vec![self.error_at(call, text)]);
        }
        let (title, messages) = self.table_title(machine, call);
        let holder = self.document.tree.add(Kind::Fragment);
        self.read_content(call, holder);
        let (rows, widths) = match self.list_content(call, holder) {
            Ok(found) => found,
            Err(refused) => return Ok(vec![refused]),
        };
        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
        if let Err(refused) = self.check_dimensions(call, &lengths) {
            return Ok(vec![refused]);
        }
        let table = self.node_of(machine, call, Kind::Table);
        let classes = widths_class(call).map(str::to_owned);
        self.document.tree.attributes_mut(table).classes.extend(classes);
        self.list_rows(call, table, &widths, rows);
        self.finish_table(call, table, title);
        Ok(with_messages(table, messages))
    }

    fn list_rows(&mut self, call: &Call, table: NodeId, widths: &[i64], rows: Vec<Vec<NodeId>>) {
        let group = self.document.tree.add(Kind::Tgroup);
        self.document.tree.append(table, group);
        self.columns(group, widths, call.options.number("stub-columns").unwrap_or(0));
        let heads = call.options.number("header-rows").and_then(|heads| usize::try_from(heads).ok());
        let heads = heads.unwrap_or(0);
        let head = (heads > 0).then(|| self.document.tree.add(Kind::Thead));
        let body = self.document.tree.add(Kind::Tbody);
        self.document.tree.extend(group, head);
        for (at, cells) in rows.into_iter().enumerate() {
            let row = self.document.tree.add(Kind::Row);
            for cell in cells {
                let entry = self.document.tree.add(Kind::Entry);
                let children = self.document.tree.children(cell).to_vec();
                self.document.tree.extend(entry, children);
                self.document.tree.append(row, entry);
            }
            let holder = if at < heads { head.unwrap_or(body) } else { body };
            self.document.tree.append(holder, row);
        }
        self.document.tree.append(group, body);
    }

    /// Holds the content to a list of lists of equal length.
    fn list_content(&mut self, call: &Call, holder: NodeId) -> Result<(Vec<Vec<NodeId>>, Vec<i64>), Refused> {
        let start = format!("Error parsing content block for the \"{}\" directive: ", call.name);
        let Some(list) = self.document.tree.only_child(holder, Kind::BulletList) else {
            return Err(self.error_at(call, format!("{start}exactly one bullet list expected.")));
        };
        let mut rows: Vec<Vec<NodeId>> = Vec::new();
        for (at, item) in self.document.tree.children(list).to_vec().into_iter().enumerate() {
            let number = at + 1;
            let Some(inner) = self.document.tree.only_child(item, Kind::BulletList) else {
                let text = format!(
                    "{start}two-level bullet list expected, but row {number} does not contain a \
                     second-level bullet list."
                );
                return Err(self.error_at(call, text));
            };
            let cells = self.document.tree.children(inner).to_vec();
            let wanted = rows.first().map_or(cells.len(), Vec::len);
            if cells.len() != wanted {
                let text = format!(
                    "{start}uniform two-level bullet list expected, but row {number} does not contain \
                     the same number of items as row 1 ({} vs {wanted}).",
                    cells.len()
                );
                return Err(self.error_at(call, text));
            }
            rows.push(cells);
        }
        let widths = self.column_widths(call, rows.first().map_or(0, Vec::len))?;
        Ok((rows, widths))
    }
}

/// Returns the class that says how columns came by their widths.
pub(super) fn widths_class(call: &Call) -> Option<&'static str> {
    match call.options.get("widths")? {
        Value::Text(text) if text == "auto" => Some("colwidths-auto"),
        _ => Some("colwidths-given"),
    }
}
