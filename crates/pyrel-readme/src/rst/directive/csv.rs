//! `csv-table`: comma-separated values as Python's `csv` module reads them, strictly.

use super::super::document::About;
use super::super::line::{Line, Lines, Piece};
use super::super::machine::Machine;
use super::super::node::NodeId;
use super::super::parser::Parser;
use super::super::table::{Cell, Looks, Row, Table};
use super::super::unicode::split_lines;
use super::body::with_messages;
use super::table::{Refused, widths_class};
use super::{Call, Ran};

/// Rows of values.
type Values = Vec<Vec<String>>;

/// How values are separated and quoted.
struct Dialect {
    delimiter: char,
    quote: char,
    escape: Option<char>,
    skips_blanks: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    StartRecord,
    StartField,
    Escaped,
    InField,
    Quoted,
    EscapedInQuotes,
    QuoteInQuotes,
}

impl Parser {
    pub(super) fn csv_table(&mut self, machine: &Machine, call: &mut Call) -> Ran {
        if call.options.has("file") || call.options.has("url") {
            let text = format!("File and URL access deactivated; ignoring \"{}\" directive.", call.name);
            return Ok(vec![self.document.warning(text, &[&call.source], About::Line(call.line))]);
        }
        let (title, messages) = self.table_title(machine, call);
        let (head, rows) = match self.csv_rows(call) {
            Ok(found) => found,
            Err(refused) => return Ok(vec![refused]),
        };
        let columns = head.iter().chain(&rows).map(Vec::len).max().unwrap_or(0);
        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
        let widths =
            match self.check_dimensions(call, &lengths).and_then(|()| self.column_widths(call, columns)) {
                Ok(widths) => widths,
                Err(refused) => return Ok(vec![refused]),
            };
        let heads = call.options.number("header-rows").and_then(|heads| usize::try_from(heads).ok());
        let mut head: Vec<Row> = head.iter().map(|row| cells(row, columns)).collect();
        let mut body: Vec<Row> = rows.iter().map(|row| cells(row, columns)).collect();
        let rest = body.split_off(heads.unwrap_or(0).min(body.len()));
        head.append(&mut body);
        let table = Table { widths, head, body: rest };
        let looks = Looks {
            stub_columns: call.options.number("stub-columns").unwrap_or(0),
            class: widths_class(call),
        };
        let node = self.build_table(table, call.content_offset, looks);
        let line = machine.source_line(Some(call.line));
        self.document.tree.set_place(node, line);
        self.finish_table(call, node, title);
        Ok(with_messages(node, messages))
    }

    fn csv_rows(&mut self, call: &Call) -> Result<(Values, Values), Refused> {
        if call.content.is_empty() {
            let text = format!("The \"{}\" directive requires content; none supplied.", call.name);
            return Err(self.document.warning(text, &[&call.source], About::Line(call.line)));
        }
        let dialect = Dialect::of(call);
        let header = call.options.text("header").map(|header| dialect.read(header.split('\n')));
        let head = header.unwrap_or(Ok(Vec::new())).map_err(|fault| self.csv_fault(call, &fault))?;
        let content: Vec<&str> = call.content.iter().map(|line| &*line.text).collect();
        let rows = dialect.read(content.into_iter()).map_err(|fault| self.csv_fault(call, &fault))?;
        Ok((head, rows))
    }

    fn csv_fault(&mut self, call: &Call, fault: &str) -> NodeId {
        let text = format!("Error with CSV data in \"{}\" directive:\n{fault}", call.name);
        self.error_at(call, text)
    }
}

fn cells(row: &[String], columns: usize) -> Row {
    let mut cells: Row = row
        .iter()
        .map(|text| {
            let lines = split_lines(text).into_iter().zip(0..);
            let lines = lines.map(|(line, origin)| Line { text: Piece::own(line), origin }).collect();
            Some(Cell { more_rows: 0, more_columns: 0, offset: 0, lines: Lines::new(lines) })
        })
        .collect();
    while cells.len() < columns {
        let lines = Lines::new(Vec::new());
        cells.push(Some(Cell { more_rows: 0, more_columns: 0, offset: 0, lines }));
    }
    cells
}

impl Dialect {
    fn of(call: &Call) -> Self {
        let character = |name: &str| call.options.text(name).and_then(|text| text.chars().next());
        Self {
            delimiter: character("delim").unwrap_or(','),
            quote: character("quote").unwrap_or('"'),
            escape: character("escape"),
            skips_blanks: !call.options.has("keepspace"),
        }
    }

    fn read<'a>(&self, lines: impl Iterator<Item = &'a str>) -> Result<Vec<Vec<String>>, String> {
        let mut rows = Vec::new();
        let mut row = Vec::new();
        let mut field = String::new();
        let mut state = State::StartRecord;
        for line in lines {
            for c in line.chars() {
                state = self.step(state, c, &mut field, &mut row)?;
            }
            state = match state {
                State::Escaped => {
                    field.push('\n');
                    State::InField
                }
                State::EscapedInQuotes => {
                    field.push('\n');
                    State::Quoted
                }
                State::Quoted => {
                    field.push('\n');
                    State::Quoted
                }
                State::StartRecord => {
                    rows.push(std::mem::take(&mut row));
                    State::StartRecord
                }
                _ => {
                    row.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut row));
                    State::StartRecord
                }
            };
        }
        if state == State::Quoted || !field.is_empty() {
            return Err("unexpected end of data".to_owned());
        }
        Ok(rows)
    }

    fn step(
        &self,
        state: State,
        c: char,
        field: &mut String,
        row: &mut Vec<String>,
    ) -> Result<State, String> {
        let mut end_field = |field: &mut String| {
            row.push(std::mem::take(field));
            State::StartField
        };
        let is_escape = self.escape == Some(c);
        Ok(match state {
            State::StartRecord | State::StartField => {
                if c == self.quote {
                    State::Quoted
                } else if is_escape {
                    State::Escaped
                } else if c == ' ' && self.skips_blanks {
                    State::StartField
                } else if c == self.delimiter {
                    end_field(field)
                } else {
                    field.push(c);
                    State::InField
                }
            }
            State::Escaped => {
                field.push(c);
                State::InField
            }
            State::InField if is_escape => State::Escaped,
            State::InField if c == self.delimiter => end_field(field),
            State::InField => {
                field.push(c);
                State::InField
            }
            State::Quoted if is_escape => State::EscapedInQuotes,
            State::Quoted if c == self.quote && self.escape.is_none() => State::QuoteInQuotes,
            State::Quoted if c == self.quote => State::InField,
            State::Quoted | State::EscapedInQuotes => {
                field.push(c);
                State::Quoted
            }
            State::QuoteInQuotes if c == self.quote => {
                field.push(c);
                State::Quoted
            }
            State::QuoteInQuotes if c == self.delimiter => end_field(field),
            State::QuoteInQuotes => {
                return Err(format!("'{}' expected after '{}'", self.delimiter, self.quote));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON: Dialect = Dialect { delimiter: ',', quote: '"', escape: None, skips_blanks: true };

    #[test]
    fn values_are_split_as_python_does() {
        let read = |text: &str| COMMON.read(text.split('\n'));
        assert_eq!(read("a, \"b,\"\"c\"\nd"), Ok(vec![vec!["a".into(), "b,\"c".into()], vec!["d".into()]]));
        assert_eq!(read("a,"), Ok(vec![vec!["a".into(), String::new()]]));
        assert_eq!(read(""), Ok(vec![Vec::<String>::new()]));
        assert_eq!(read("\"a\"b"), Err("',' expected after '\"'".into()));
        assert_eq!(read("\"a"), Err("unexpected end of data".into()));
        assert_eq!(read("\"a\nb\""), Ok(vec![vec!["a\nb".into()]]));
    }
}
