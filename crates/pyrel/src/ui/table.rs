//! Columns of text that line up, with or without colour.

use anstyle::Style;

/// Where a column's text sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// At the left.
    Left,
    /// At the right, for numbers.
    Right,
}

/// A cell: a text and how it looks.
type Cell = (String, Style);

/// A table without lines, two spaces between its columns.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Makes a table with headings.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row of plain cells.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.styled_row(cells.into_iter().map(|cell| (cell, Style::new())).collect());
    }

    /// Adds a row of cells with styles.
    pub(crate) fn styled_row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Returns the lines, headings first; styles are ANSI sequences, to be stripped by the stream.
    pub(crate) fn lines(&self) -> Vec<String> {
        let heading_style = Style::new().bold();
        let heading = self.columns.iter().map(|(name, _)| (name.clone(), heading_style)).collect();
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        std::iter::once(&heading).chain(&self.rows).map(|row| self.line(row, &widths)).collect()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|(text, _)| text.chars().count());
        cells.chain([self.columns[column].0.chars().count()]).max().unwrap_or(0)
    }

    fn line(&self, row: &[Cell], widths: &[usize]) -> String {
        let mut line = String::new();
        for (index, ((text, style), width)) in row.iter().zip(widths).enumerate() {
            let padding = " ".repeat(width - text.chars().count().min(*width));
            let styled = format!("{style}{text}{style:#}");
            let is_last = index + 1 == row.len();
            match self.columns[index].1 {
                Align::Right => line.extend([padding.as_str(), styled.as_str()]),
                Align::Left if is_last => line.push_str(&styled),
                Align::Left => line.extend([styled.as_str(), padding.as_str()]),
            }
            if !is_last {
                line.push_str("  ");
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_end_without_spaces() {
        let mut table = Table::new(&[("file", Align::Left), ("size", Align::Right), ("note", Align::Left)]);
        table.row(vec!["a.whl".into(), "5 B".into(), "x".into()]);
        table.row(vec!["long.tar.gz".into(), "1000 B".into(), String::new()]);
        let lines: Vec<String> =
            table.lines().iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert_eq!(lines, ["file           size  note", "a.whl           5 B  x", "long.tar.gz  1000 B  "]);
    }
}
