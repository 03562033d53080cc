//! Lines of the source and views of them. Owns where a line came from; refuses to know what it means.

use std::ops::Deref;
use std::rc::Rc;

use super::unicode::{is_combining, is_space, is_wide, rstrip, split_lines};

/// A piece of a shared text.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    text: Rc<str>,
    start: u32,
    end: u32,
}

impl Piece {
    /// Takes a text of its own.
    pub(super) fn own(text: &str) -> Self {
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self { text: Rc::from(text), start: 0, end }
    }

    /// Cuts off the first bytes; what is shorter becomes empty. The bytes are whole characters.
    pub(super) fn skip(&self, bytes: usize) -> Self {
        let start = (self.start as usize + bytes).min(self.end as usize);
        Self { text: Rc::clone(&self.text), start: u32::try_from(start).unwrap_or(self.end), end: self.end }
    }

    /// Cuts off the first characters, as a slice in Python does.
    fn skip_chars(&self, count: usize) -> Self {
        if self.as_bytes().get(..count).is_some_and(<[u8]>::is_ascii) {
            return self.skip(count);
        }
        let bytes = self.char_indices().nth(count).map_or(self.len(), |(at, _)| at);
        self.skip(bytes)
    }
}

impl Deref for Piece {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text[self.start as usize..self.end as usize]
    }
}

/// A line with its place in the source, counted from 0.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) text: Piece,
    pub(super) origin: i64,
}

/// A view of consecutive lines.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    all: Rc<Vec<Line>>,
    start: usize,
    end: usize,
}

/// What is known of a place among lines: Python's list of origins answers for negative places too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    At(i64),
    JustPast,
    Nowhere,
}

/// An indented block as it was cut out.
pub(super) struct Indented {
    pub(super) block: Lines,
    pub(super) blank_finish: bool,
}

/// How an indented block is to be cut out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cut {
    pub(super) until_blank: bool,
    pub(super) keep_indent: bool,
    pub(super) block_indent: Option<usize>,
    pub(super) first_indent: Option<usize>,
}

impl Lines {
    pub(super) fn new(lines: Vec<Line>) -> Self {
        let end = lines.len();
        Self { all: Rc::new(lines), start: 0, end }
    }

    /// Splits the source as docutils does: tabs expanded to 8, trailing white space gone.
    pub(super) fn of_source(source: &str) -> Self {
        let spaced = source.replace(['\u{b}', '\u{c}'], " ");
        let mut text = String::with_capacity(spaced.len());
        let mut ends = Vec::new();
        for line in split_lines(&spaced) {
            let start = text.len();
            expand_tabs(line, &mut text);
            let kept = start + rstrip(&text[start..]).len();
            text.truncate(kept);
            ends.push((start, kept));
        }
        let shared: Rc<str> = Rc::from(text);
        let piece = |(start, end): (usize, usize)| Piece {
            text: Rc::clone(&shared),
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
        };
        let lines = ends.into_iter().zip(0..).map(|(range, origin)| Line { text: piece(range), origin });
        Self::new(lines.collect())
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn is_empty(&self) -> bool {
        self.end == self.start
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.all[self.start..self.end].iter()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Line> {
        self.all[self.start..self.end].get(at)
    }

    /// Returns the text of a line; past the end it is empty.
    pub(super) fn text(&self, at: usize) -> &str {
        self.get(at).map_or("", |line| &line.text)
    }

    pub(super) fn origin(&self, at: i64) -> Origin {
        let len = i64::try_from(self.len()).unwrap_or(i64::MAX);
        let index = if at < 0 { at + len } else { at };
        match usize::try_from(index).ok().and_then(|index| self.get(index)) {
            Some(line) => Origin::At(line.origin),
            None if at == len && len > 0 => Origin::JustPast,
            None => Origin::Nowhere,
        }
    }

    /// Cuts out a range; what lies outside is left out.
    pub(super) fn slice(&self, from: usize, to: usize) -> Self {
        let end = (self.start + to).min(self.end);
        let start = (self.start + from).min(end);
        Self { all: Rc::clone(&self.all), start, end }
    }

    pub(super) fn from(&self, start: usize) -> Self {
        self.slice(start, self.len())
    }

    pub(super) fn join(&self) -> String {
        let mut out = String::new();
        for (index, line) in self.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            out.push_str(&line.text);
        }
        out
    }

    pub(super) fn is_blank(&self, at: usize) -> bool {
        self.text(at).chars().all(is_space)
    }

    /// Drops blank lines at the end.
    pub(super) fn trim_end(&mut self) {
        while !self.is_empty() && self.is_blank(self.len() - 1) {
            self.end -= 1;
        }
    }

    /// Drops blank lines at the start and counts them.
    pub(super) fn trim_start(&mut self) -> usize {
        let before = self.start;
        while !self.is_empty() && self.is_blank(0) {
            self.start += 1;
        }
        self.start - before
    }

    /// Makes lines of their own by changing each.
    pub(super) fn map(&self, change: impl Fn(usize, &Piece) -> Piece) -> Self {
        Self::new(
            self.iter()
                .enumerate()
                .map(|(at, line)| Line { text: change(at, &line.text), origin: line.origin })
                .collect(),
        )
    }

    /// Cuts characters off the start of the lines in a range.
    pub(super) fn trim_left(&self, count: usize, from: usize, to: usize) -> Self {
        self.map(|at, text| if (from..to).contains(&at) { text.skip_chars(count) } else { text.clone() })
    }

    /// Returns the lines up to a blank one, or, as an error, up to an indented one and that one's origin.
    pub(super) fn text_block(&self, start: usize, flush_left: bool) -> Result<Self, (Self, i64)> {
        let mut end = start;
        while let Some(line) = self.get(end) {
            if line.text.chars().all(is_space) {
                break;
            }
            if flush_left && line.text.starts_with(' ') {
                return Err((self.slice(start, end), line.origin + 1));
            }
            end += 1;
        }
        Ok(self.slice(start, end))
    }

    /// Cuts out an indented block.
    pub(super) fn indented(&self, start: usize, cut: Cut) -> Indented {
        let mut indent = cut.block_indent;
        let first_indent = cut.first_indent.or(cut.block_indent);
        let mut end = start + usize::from(first_indent.is_some());
        let mut blank_finish = true;
        while let Some(line) = self.get(end) {
            let text: &str = &line.text;
            if is_outside(text, cut.block_indent) {
                blank_finish = end > start && self.is_blank(end - 1);
                break;
            }
            let stripped = text.trim_start_matches(is_space);
            if stripped.is_empty() {
                if cut.until_blank {
                    break;
                }
            } else if cut.block_indent.is_none() {
                let own = text[..text.len() - stripped.len()].chars().count();
                indent = Some(indent.map_or(own, |least: usize| least.min(own)));
            }
            end += 1;
        }
        let block = self.slice(start, end).strip_indent(first_indent, indent.filter(|_| !cut.keep_indent));
        Indented { block, blank_finish }
    }

    fn strip_indent(&self, first: Option<usize>, indent: Option<usize>) -> Self {
        let indent = indent.unwrap_or(0);
        if self.is_empty() || (first.unwrap_or(0) == 0 && indent == 0) {
            return self.clone();
        }
        self.map(|at, text| match first {
            Some(first) if at == 0 => text.skip_chars(first),
            _ => text.skip_chars(indent),
        })
    }

    /// Cuts out a rectangle; `right` may lie past the ends of the lines.
    pub(super) fn rectangle(&self, top: usize, left: usize, bottom: usize, right: usize) -> Self {
        let cut = self.slice(top, bottom).map(|_, text| Piece::own(columns(text, left, right)));
        let indent = cut
            .iter()
            .filter(|line| !line.text.is_empty())
            .map(|line| line.text.chars().take_while(|c| is_space(*c)).count())
            .fold(right, usize::min);
        if indent > 0 && indent < right { cut.trim_left(indent, 0, usize::MAX) } else { cut }
    }

    /// Pads characters of double width, so that columns and characters agree.
    pub(super) fn pad_wide(&self) -> Self {
        if self.iter().all(|line| line.text.is_ascii()) {
            return self.clone();
        }
        self.map(|_, text| {
            let mut padded = String::with_capacity(text.len() + 8);
            for c in text.chars() {
                padded.push(c);
                if is_wide(c) {
                    padded.push('\0');
                }
            }
            Piece::own(&padded)
        })
    }

    /// Takes the padding out again.
    pub(super) fn unpad(&self) -> Self {
        self.map(
            |_, text| if text.contains('\0') { Piece::own(&text.replace('\0', "")) } else { text.clone() },
        )
    }
}

fn is_outside(text: &str, block_indent: Option<usize>) -> bool {
    if text.is_empty() {
        return false;
    }
    !text.starts_with(' ')
        || block_indent.is_some_and(|indent| text.chars().take(indent).any(|c| !is_space(c)))
}

fn expand_tabs(line: &str, out: &mut String) {
    if !line.contains('\t') {
        out.push_str(line);
        return;
    }
    let mut column = 0;
    for c in line.chars() {
        if c == '\t' {
            let width = 8 - column % 8;
            out.extend(std::iter::repeat_n(' ', width));
            column += width;
        } else {
            out.push(c);
            column += 1;
        }
    }
}

/// Returns what stands between two columns, characters that combine not counted, without trailing white space.
fn columns(text: &str, left: usize, right: usize) -> &str {
    let starts =
        |wanted: usize| text.char_indices().filter(|(_, c)| !is_combining(*c)).nth(wanted).map(|(at, _)| at);
    let chars = |wanted: usize| text.char_indices().nth(wanted).map_or(text.len(), |(at, _)| at);
    let from = starts(left).unwrap_or_else(|| chars(left));
    let to = starts(right).unwrap_or(text.len()).max(from);
    rstrip(&text[from..to])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &Lines) -> Vec<String> {
        lines.iter().map(|line| line.text.to_string()).collect()
    }

    #[test]
    fn tabs_become_blanks_and_line_ends_lose_them() {
        assert_eq!(texts(&Lines::of_source("a\tb  \n\tc\x0c\n")), ["a       b", "        c"]);
    }

    #[test]
    fn a_block_is_cut_by_its_least_indent() {
        let lines = Lines::of_source("   a\n\n  b\nc\n");
        let found = lines.indented(0, Cut::default());
        assert_eq!(texts(&found.block), [" a", "", "b"]);
        assert!(!found.blank_finish);
        let known = lines.indented(0, Cut { first_indent: Some(4), ..Cut::default() });
        assert_eq!(texts(&known.block), ["", "", "b"]);
    }

    #[test]
    fn origins_answer_as_a_python_list() {
        let lines = Lines::of_source("a\nb");
        assert_eq!(lines.origin(-1), Origin::At(1));
        assert_eq!(lines.origin(2), Origin::JustPast);
        assert_eq!(lines.origin(3), Origin::Nowhere);
        assert_eq!(lines.origin(-3), Origin::Nowhere);
    }

    #[test]
    fn a_rectangle_counts_columns() {
        let lines = Lines::of_source("|a\u{301}b | c |\n|  x | d |");
        assert_eq!(texts(&lines.rectangle(0, 1, 2, 4)), ["a\u{301}b", "  x"]);
    }
}
