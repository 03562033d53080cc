//! Which lines of a document are text, and which stand inside code, comments, or front matter.

/// Where the next line stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Inside {
    Text,
    /// A fenced code block: its character, the length of its fence, and how far its list item is indented.
    Fence {
        sign: u8,
        length: usize,
        item: usize,
    },
    /// An HTML block: the text on its last line, and how far its list item is indented.
    Html {
        end: &'static str,
        item: usize,
    },
    /// The metadata before the document.
    FrontMatter,
}

/// Follows a Markdown document line by line (CommonMark 0.31, sections 4.5, 4.6, and 5.2, as far as headings need it).
#[derive(Debug)]
pub(super) struct Blocks {
    inside: Inside,
    /// How many lines were taken.
    taken: usize,
    /// The line, from 0, on which the block started that is open.
    opened: usize,
    /// How far the content of the open list item is indented; 0 outside of lists.
    item: usize,
}

impl Blocks {
    pub(super) fn new() -> Self {
        Self { inside: Inside::Text, taken: 0, opened: 0, item: 0 }
    }

    /// Returns the line, from 0, of a block that is still open and that only its own end closes, so that whatever
    /// follows belongs to it.
    pub(super) fn open(&self) -> Option<usize> {
        let is_open = match self.inside {
            Inside::Text => false,
            Inside::Fence { item, .. } | Inside::Html { item, .. } => item == 0,
            Inside::FrontMatter => true,
        };
        is_open.then_some(self.opened)
    }

    /// Takes the next line, without its line ending. Tells whether it is text.
    pub(super) fn take(&mut self, line: &str) -> bool {
        let was_text = self.inside == Inside::Text;
        let is_text = self.step(line);
        if was_text && self.inside != Inside::Text {
            self.opened = self.taken;
        }
        self.taken += 1;
        is_text
    }

    fn step(&mut self, line: &str) -> bool {
        let first = self.taken == 0;
        let (indent, text) = indentation(line);
        match self.inside.clone() {
            Inside::FrontMatter => {
                if line.trim_end() == "---" || line.trim_end() == "..." {
                    self.inside = Inside::Text;
                }
                return false;
            }
            Inside::Html { end, item } => {
                let left_item = !text.is_empty() && indent < item;
                if !left_item {
                    if line.to_ascii_lowercase().contains(end) {
                        self.inside = Inside::Text;
                    }
                    return false;
                }
                self.inside = Inside::Text;
            }
            Inside::Fence { sign, length, item } => {
                let left_item = !text.is_empty() && indent < item;
                if !left_item {
                    if indent < item + 4 && closes(text, sign, length) {
                        self.inside = Inside::Text;
                    }
                    return false;
                }
                self.inside = Inside::Text;
            }
            Inside::Text => {}
        }
        if first && line.trim_end() == "---" {
            self.inside = Inside::FrontMatter;
            return false;
        }
        self.take_text(indent, text)
    }

    fn take_text(&mut self, indent: usize, text: &str) -> bool {
        if text.is_empty() {
            return true;
        }
        if indent < self.item {
            self.item = 0;
        }
        let (mut indent, mut text) = (indent, text);
        while let Some(offset) = list_marker(text).filter(|_| indent < self.item + 4) {
            self.item = indent + offset;
            let inner = indentation(&text[offset.min(text.len())..]);
            (indent, text) = (self.item + inner.0, inner.1);
            if text.is_empty() {
                return true;
            }
        }
        if indent >= self.item + 4 {
            return false;
        }
        if let Some((sign, length)) = opens(text) {
            self.inside = Inside::Fence { sign, length, item: self.item };
            return false;
        }
        if let Some(end) = html_end(text) {
            if !text.to_ascii_lowercase()[1..].contains(end) {
                self.inside = Inside::Html { end, item: self.item };
            }
            return false;
        }
        // A heading in a list item belongs to the item.
        indent < 4 && self.item == 0
    }
}

/// Returns how far a line is indented, tabs counted to the next multiple of four, and the rest of it.
fn indentation(line: &str) -> (usize, &str) {
    let mut width = 0;
    for (at, c) in line.char_indices() {
        match c {
            ' ' => width += 1,
            '\t' => width += 4 - width % 4,
            _ => return (width, line[at..].trim_end()),
        }
    }
    (width, "")
}

/// Returns how many characters a list marker and the space after it take.
fn list_marker(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let bytes = text.as_bytes();
    let marker = match bytes.get(digits) {
        Some(b'-' | b'*' | b'+') if digits == 0 => 1,
        Some(b'.' | b')') if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let spaces = text[marker..].bytes().take_while(|byte| *byte == b' ').count();
    let breaks = text.bytes().filter(|byte| *byte != b' ').all(|byte| byte == bytes[0]) && text.len() > 2;
    match text.len() - marker {
        0 => Some(marker + 1),
        _ if spaces == 0 || breaks => None,
        _ => Some(marker + if spaces > 4 { 1 } else { spaces }),
    }
}

fn opens(text: &str) -> Option<(u8, usize)> {
    let sign = text.bytes().next().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let length = text.bytes().take_while(|byte| *byte == sign).count();
    (length >= 3 && !(sign == b'`' && text[length..].contains('`'))).then_some((sign, length))
}

fn closes(text: &str, sign: u8, length: usize) -> bool {
    let run = text.bytes().take_while(|byte| *byte == sign).count();
    run >= length && text[run..].trim().is_empty()
}

/// Returns what ends the HTML block that a line starts; blocks that an empty line ends hold no headings before it.
fn html_end(text: &str) -> Option<&'static str> {
    if text.starts_with("<!--") {
        return Some("-->");
    }
    let lowered = text.to_ascii_lowercase();
    let starts = |tag: &str| {
        let rest = lowered.strip_prefix(tag);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['>', ' ', '\t']))
    };
    [("<pre", "</pre>"), ("<script", "</script>"), ("<style", "</style>"), ("<textarea", "</textarea>")]
        .into_iter()
        .find(|(tag, _)| starts(tag))
        .map(|(_, end)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the numbers of the lines that are text and start with `#`.
    fn headings(document: &str) -> Vec<usize> {
        let mut blocks = Blocks::new();
        let lines = document.lines().enumerate();
        lines
            .filter(|(_, line)| blocks.take(line) && line.trim_start().starts_with('#'))
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn code_comments_and_front_matter_hide_headings() {
        for (document, expected) in [
            ("# a\n```\n# b\n```\n# c", vec![0, 4]),
            ("~~~~ x\n# b\n~~~\n```\n~~~~~\n# c", vec![5]),
            ("```a`b\n# c", vec![1]),
            ("    # code\n   # heading", vec![1]),
            ("\t# code", vec![]),
            ("- item\n  ```\n  # b\n# c", vec![3]),
            ("- ```\n  # b\n  ```\n# c", vec![3]),
            ("- item\n\n  # of the item\n\n# c", vec![4]),
            ("10. item\n    ```\n# b", vec![2]),
            ("<!-- # a\n# b\n--> x\n# c", vec![3]),
            ("<!-- a -->\n# c", vec![1]),
            ("<!-->\n# c\n-->\n# d", vec![1, 3]),
            ("<pre>\n\n# a\n</pre>\n# b", vec![4]),
            ("- <pre> of the item\n# b", vec![1]),
            ("- <!-- x\n  # y\n  -->\n# b", vec![3]),
            ("---\n# a: b\n---\n# c", vec![3]),
            ("text\n---\n# c", vec![2]),
            ("***\n# c", vec![1]),
            ("```\n# never closed", vec![]),
            ("-\n# b", vec![1]),
        ] {
            assert_eq!(headings(document), expected, "{document}");
        }
    }
}
