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
    rows: Vec<Row>,
}

/// A line of a table.
#[derive(Debug)]
enum Row {
    /// One cell a column.
    Cells(Vec<Cell>),
    /// A title over the rows that follow, as wide as it likes.
    Section(String),
}

impl Table {
    /// Makes a table with headings.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row of cells with styles.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row::Cells(cells));
    }

    /// Adds a title over the rows that follow.
    pub(crate) fn section(&mut self, title: String) {
        self.rows.push(Row::Section(title));
    }

    /// Returns the lines, headings first; styles are ANSI sequences, to be stripped by the stream.
    pub(crate) fn lines(&self) -> Vec<String> {
        let heading_style = Style::new().bold();
        let heading: Vec<Cell> = self.columns.iter().map(|(name, _)| (name.clone(), heading_style)).collect();
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        let rows = self.rows.iter().map(|row| match row {
            Row::Cells(cells) => self.line(cells, &widths),
            Row::Section(title) => title.clone(),
        });
        std::iter::once(self.line(&heading, &widths)).chain(rows).collect()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => cells.get(column).map(|(text, _)| text.chars().count()),
            Row::Section(_) => None,
        });
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
        let plain = |cells: [&str; 3]| cells.map(|text| (text.to_owned(), Style::new())).to_vec();
        table.section("a title of any width, which moves no column".to_owned());
        table.row(plain(["a.whl", "5 B", "x"]));
        table.row(plain(["long.tar.gz", "1000 B", ""]));
        let lines: Vec<String> =
            table.lines().iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert_eq!(
            lines,
            [
                "file           size  note",
                "a title of any width, which moves no column",
                "a.whl           5 B  x",
                "long.tar.gz  1000 B  "
            ]
        );
    }
}
