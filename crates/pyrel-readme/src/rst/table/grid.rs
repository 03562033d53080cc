//! Grid tables: cells are traced from their upper left corners.

use std::collections::{BTreeMap, BTreeSet};

use super::super::line::Lines;
use super::{Cell, Fault, Row, Table, column_chars, head_rule, signed};

/// Steps of tracing before a table counts as hostile.
const MOST_STEPS: usize = 4_000_000;

struct Grid {
    block: Lines,
    chars: Vec<Vec<char>>,
    bottom: usize,
    right: usize,
    /// The last line of each column that belongs to a cell.
    done: Vec<i64>,
    rows: BTreeSet<usize>,
    columns: BTreeSet<usize>,
    steps: usize,
}

/// A cell by its corners.
struct Traced {
    top: usize,
    left: usize,
    bottom: usize,
    right: usize,
}

/// The rows and columns that a trace passed.
#[derive(Default)]
struct Seen {
    rows: Vec<usize>,
    columns: Vec<usize>,
}

/// Reads a grid table.
pub(super) fn parse(block: &Lines) -> Result<Table, Fault> {
    let (block, rule) = head_rule(block, is_head_rule)?;
    let chars: Vec<Vec<char>> = block.iter().map(|line| column_chars(&line.text)).collect();
    let right = chars.first().map_or(0, Vec::len).saturating_sub(1);
    let mut grid = Grid {
        bottom: block.len() - 1,
        right,
        done: vec![-1; right + 1],
        rows: BTreeSet::from([0]),
        columns: BTreeSet::from([0]),
        steps: 0,
        block,
        chars,
    };
    let cells = grid.trace()?;
    grid.structure(cells, rule)
}

fn is_head_rule(line: &str) -> bool {
    let line = line.trim_end_matches(' ');
    line.len() >= 5
        && line.starts_with("+=")
        && line.ends_with("=+")
        && line.bytes().all(|b| matches!(b, b'=' | b'+'))
}

impl Grid {
    fn trace(&mut self) -> Result<Vec<Traced>, Fault> {
        let mut cells = Vec::new();
        let mut corners = BTreeMap::from([((0, 0), 1_usize)]);
        while let Some(((top, left), _)) = corners.pop_first() {
            let is_known = top == self.bottom || left == self.right || signed(top) <= self.done[left];
            if is_known {
                continue;
            }
            let Some((bottom, right, seen)) = self.scan_right(top, left) else {
                if self.steps > MOST_STEPS {
                    return Err(Fault::Gap("a very large grid table"));
                }
                continue;
            };
            self.rows.extend(seen.rows);
            self.columns.extend(seen.columns);
            let (before, after) = (signed(top) - 1, signed(bottom) - 1);
            for done in &mut self.done[left..right] {
                if *done != before {
                    return Err(Fault::Gap("a grid table with overlapping cells"));
                }
                *done = after;
            }
            cells.push(Traced { top, left, bottom, right });
            corners.insert((top, right), 1);
            corners.insert((bottom, left), 1);
        }
        let last = signed(self.bottom) - 1;
        if self.done[..self.right].iter().any(|done| *done != last) {
            return Err(Fault::new("Malformed table; parse incomplete.", 0));
        }
        Ok(cells)
    }

    fn at(&self, row: usize, column: usize) -> char {
        self.chars[row].get(column).copied().unwrap_or(' ')
    }

    fn scan_right(&mut self, top: usize, left: usize) -> Option<(usize, usize, Seen)> {
        let mut seen = Seen::default();
        for column in left + 1..=self.right {
            match self.at(top, column) {
                '+' => {
                    seen.columns.push(column);
                    if let Some((bottom, found)) = self.scan_down(top, left, column) {
                        seen.rows.extend(found.rows);
                        seen.columns.extend(found.columns);
                        return Some((bottom, column, seen));
                    }
                    if self.steps > MOST_STEPS {
                        return None;
                    }
                }
                '-' => {}
                _ => return None,
            }
        }
        None
    }

    fn scan_down(&mut self, top: usize, left: usize, right: usize) -> Option<(usize, Seen)> {
        let mut seen = Seen::default();
        for row in top + 1..=self.bottom {
            self.steps += 1;
            match self.at(row, right) {
                '+' => {
                    seen.rows.push(row);
                    if let Some(found) = self.scan_left((top, left), (row, right)) {
                        seen.rows.extend(found.rows);
                        seen.columns.extend(found.columns);
                        return Some((row, seen));
                    }
                }
                '|' => {}
                _ => return None,
            }
        }
        None
    }

    fn scan_left(&mut self, (top, left): (usize, usize), (bottom, right): (usize, usize)) -> Option<Seen> {
        let mut seen = Seen::default();
        for column in (left + 1..right).rev() {
            self.steps += 1;
            match self.at(bottom, column) {
                '+' => seen.columns.push(column),
                '-' => {}
                _ => return None,
            }
        }
        if self.at(bottom, left) != '+' {
            return None;
        }
        for row in (top + 1..bottom).rev() {
            self.steps += 1;
            match self.at(row, left) {
                '+' => seen.rows.push(row),
                '|' => {}
                _ => return None,
            }
        }
        Some(seen)
    }

    fn structure(&self, cells: Vec<Traced>, rule: Option<usize>) -> Result<Table, Fault> {
        let index = |set: &BTreeSet<usize>| -> BTreeMap<usize, usize> {
            set.iter().enumerate().map(|(at, boundary)| (*boundary, at)).collect()
        };
        let (rows_at, columns_at) = (index(&self.rows), index(&self.columns));
        let boundaries: Vec<usize> = self.columns.iter().copied().collect();
        let widths = boundaries.windows(2).map(|pair| signed(pair[1] - pair[0] - 1)).collect();
        let (row_count, column_count) = (self.rows.len() - 1, self.columns.len() - 1);
        let mut rows: Vec<Row> = vec![vec![None; column_count]; row_count];
        let mut remaining = signed(row_count * column_count);
        let fault = || Fault::Gap("a grid table with overlapping cells");
        for cell in cells {
            let (row, column) = (rows_at[&cell.top], columns_at[&cell.left]);
            let more_rows = rows_at[&cell.bottom] - row - 1;
            let more_columns = columns_at[&cell.right] - column - 1;
            remaining -= signed((more_rows + 1) * (more_columns + 1));
            let lines = self.block.rectangle(cell.top + 1, cell.left + 1, cell.bottom, cell.right).unpad();
            let place = &mut rows[row][column];
            if place.is_some() {
                return Err(fault());
            }
            *place = Some(Cell { more_rows, more_columns, offset: signed(cell.top + 1), lines });
        }
        if remaining != 0 {
            return Err(fault());
        }
        let head_rows = rule.map_or(Some(0), |rule| rows_at.get(&rule).copied());
        // Where no cell ends at the rule, docutils itself breaks down.
        let head_rows = head_rows.ok_or(Fault::Gap("a grid table whose head ends in a cell"))?;
        let body = rows.split_off(head_rows);
        Ok(Table { widths, head: rows, body })
    }
}
