//! Simple tables: columns are what stands under the marks of the top border.

use super::super::line::{Lines, Piece};
use super::super::unicode::strip;
use super::{Cell, Fault, Row, Table, column_chars, head_rule, signed, trimmed};

/// Where a column starts and ends, in characters.
type Column = (usize, usize);

struct Simple {
    block: Lines,
    columns: Vec<Column>,
    border_end: usize,
    rows: Vec<(usize, Row)>,
}

/// Reads a simple table.
pub(super) fn parse(block: &Lines) -> Result<Table, Fault> {
    let last = block.len() - 1;
    let block =
        block.map(
            |at, text| {
                if at == 0 || at == last { Piece::own(&text.replace('=', "-")) } else { text.clone() }
            },
        );
    let (block, rule) = head_rule(&block, super::is_simple_border)?;
    let columns = spans(block.text(0));
    let border_end = columns.last().map_or(0, |column| column.1);
    let mut table = Simple { block, columns, border_end, rows: Vec::new() };
    table.read()?;
    let head_rows = rule
        .filter(|rule| *rule > 0)
        .map_or(0, |rule| table.rows.iter().position(|(offset, _)| *offset > rule).unwrap_or(0));
    let widths = table.columns.iter().map(|(start, end)| signed(end - start)).collect();
    let mut rows: Vec<Row> = table.rows.into_iter().map(|(_, row)| row).collect();
    let body = rows.split_off(head_rows);
    Ok(Table { widths, head: rows, body })
}

/// Lists the runs of marks in a border.
fn spans(line: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut start = None;
    let mut length = 0;
    for (at, c) in line.chars().enumerate() {
        length = at + 1;
        match (c, start) {
            ('-', None) => start = Some(at),
            (' ', Some(begin)) => {
                columns.push((begin, at));
                start = None;
            }
            _ => {}
        }
    }
    columns.extend(start.map(|begin| (begin, length)));
    columns
}

fn is_span_rule(line: &str) -> bool {
    line.starts_with('-') && line.bytes().all(|b| matches!(b, b'-' | b' '))
}

fn slice(line: &[char], start: usize, end: usize) -> &[char] {
    let end = end.min(line.len());
    &line[start.min(end)..end]
}

fn is_blank(chars: &[char]) -> bool {
    chars.iter().all(|c| super::super::unicode::is_space(*c))
}

impl Simple {
    fn read(&mut self) -> Result<(), Fault> {
        let Some(first) = self.columns.first().copied() else {
            return Err(Fault::Gap("a simple table without columns"));
        };
        let mut start = 1;
        let mut has_text = false;
        for offset in 1..self.block.len() {
            let line = self.block.text(offset).to_owned();
            let chars: Vec<char> = line.chars().collect();
            if is_span_rule(&line) {
                self.row((start, offset), Some((strip(&line), offset)))?;
                start = offset + 1;
                has_text = false;
            } else if !is_blank(slice(&chars, first.0, first.1)) {
                if has_text && offset != start {
                    self.row((start, offset), None)?;
                }
                start = offset;
                has_text = true;
            } else if !has_text {
                start = offset + 1;
            }
        }
        Ok(())
    }

    fn row(&mut self, (start, end): (usize, usize), span: Option<(&str, usize)>) -> Result<(), Fault> {
        let lines = self.block.slice(start, end.max(start));
        if lines.is_empty() && span.is_none() {
            return Ok(());
        }
        let mut columns = match span {
            Some((line, offset)) => self.span_columns(line, offset)?,
            None => self.columns.clone(),
        };
        self.check_margins(&lines, start, &mut columns)?;
        let mut row = self.cells(&columns, start)?;
        for (cell, (left, right)) in row.iter_mut().flatten().zip(columns) {
            cell.lines = lines.rectangle(0, left, lines.len(), right).unpad();
        }
        self.rows.push((start, row));
        Ok(())
    }

    fn span_columns(&self, line: &str, offset: usize) -> Result<Vec<Column>, Fault> {
        let mut columns = spans(line);
        let end = self.columns.last().map_or(0, |column| column.1);
        match columns.last_mut() {
            Some(last) if last.1 == self.border_end => last.1 = end,
            _ => {
                let text = format!("Column span incomplete in table line {}.", offset + 1);
                return Err(Fault::new(text, offset));
            }
        }
        Ok(columns)
    }

    fn check_margins(&mut self, lines: &Lines, first: usize, columns: &mut [Column]) -> Result<(), Fault> {
        let lines: Vec<Vec<char>> = lines.iter().map(|line| column_chars(&line.text)).collect();
        let last = columns.len() - 1;
        for at in 0..columns.len() {
            let (start, end) = columns[at];
            let next = columns.get(at + 1).map_or(usize::MAX, |column| column.0);
            for (offset, line) in lines.iter().enumerate() {
                if at == last && !is_blank(slice(line, end, usize::MAX)) {
                    let new_end = start + trimmed(slice(line, start, usize::MAX)).chars().count();
                    if let Some(main) = self.columns.last_mut() {
                        columns[at] = (start, main.1.max(new_end));
                        main.1 = main.1.max(new_end);
                    }
                } else if !is_blank(slice(line, end, next)) {
                    let text = format!("Text in column margin in table line {}.", first + offset + 1);
                    return Err(Fault::new(text, first + offset));
                }
            }
        }
        Ok(())
    }

    fn cells(&self, columns: &[Column], offset: usize) -> Result<Row, Fault> {
        let fault = || {
            let text = format!("Column span alignment problem in table line {}.", offset + 2);
            Fault::new(text, offset + 1)
        };
        let mut at = 0;
        let mut row = Vec::new();
        for (start, end) in columns {
            let mut more_columns = 0;
            if self.columns.get(at).is_none_or(|column| column.0 != *start) {
                return Err(fault());
            }
            while self.columns.get(at).ok_or_else(fault)?.1 != *end {
                at += 1;
                more_columns += 1;
            }
            let lines = Lines::new(Vec::new());
            row.push(Some(Cell { more_rows: 0, more_columns, offset: signed(offset), lines }));
            at += 1;
        }
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(source: &str) -> Result<(usize, usize), String> {
        match parse(&Lines::of_source(source)) {
            Ok(table) => Ok((table.head.len(), table.body.len())),
            Err(Fault::Markup { text, .. }) => Err(text),
            Err(Fault::Gap(text)) => Err(text.to_owned()),
        }
    }

    #[test]
    fn rows_start_where_the_first_column_has_text() {
        assert_eq!(shape("== ==\nA  B\n== ==\n1  2\n   3\n4  5\n== =="), Ok((1, 2)));
        assert_eq!(shape("== ==\nA bB\n== =="), Err("Text in column margin in table line 2.".to_owned()));
    }
}
