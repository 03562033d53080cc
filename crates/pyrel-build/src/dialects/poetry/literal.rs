//! Texts, lists and tables as `pprint.pformat` of Python prints them, with its width of 80.
//!
//! What depends on the version of Unicode that Python knows, or on rare rules of wrapping, is not printed.

use std::collections::BTreeMap;

use super::super::repr::repr;

const WIDTH: usize = 80;

/// What `pformat` is asked to print.
pub(super) enum Literal {
    Text(String),
    List(Vec<String>),
    /// Printed in the order of its keys.
    Table(BTreeMap<String, Literal>),
}

impl Literal {
    /// Prints on one line when that fits, else one item a line; `None` where Python's way is not certain.
    pub(super) fn pretty(&self) -> Option<String> {
        let mut out = String::new();
        self.write((0, 0), &mut out)?;
        Some(out)
    }

    fn flat(&self) -> Option<String> {
        Some(match self {
            Self::Text(text) => repr(text)?,
            Self::List(items) => {
                let items: Option<Vec<String>> = items.iter().map(|item| repr(item)).collect();
                format!("[{}]", items?.join(", "))
            }
            Self::Table(table) => {
                let pair =
                    |(key, value): (&String, &Self)| Some(format!("{}: {}", repr(key)?, value.flat()?));
                let pairs: Option<Vec<String>> = table.iter().map(pair).collect();
                format!("{{{}}}", pairs?.join(", "))
            }
        })
    }

    /// `indent` is the column, `allowance` the room for what closes or follows on the same line.
    fn write(&self, (indent, allowance): (usize, usize), out: &mut String) -> Option<()> {
        let flat = self.flat()?;
        if fits(&flat, indent + allowance) {
            out.push_str(&flat);
            return Some(());
        }
        let break_line = format!(",\n{}", " ".repeat(indent + 1));
        match self {
            Self::Text(text) => out.push_str(&wrapped(text, indent, allowance)?),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { &break_line });
                    let behind = if at + 1 == items.len() { allowance + 1 } else { 1 };
                    Self::Text(item.clone()).write((indent + 1, behind), out)?;
                }
                out.push(']');
            }
            Self::Table(table) => {
                out.push('{');
                for (at, (key, value)) in table.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { &break_line });
                    let key = format!("{}: ", repr(key)?);
                    let behind = if at + 1 == table.len() { allowance + 1 } else { 1 };
                    let column = indent + 1 + key.chars().count();
                    out.push_str(&key);
                    value.write((column, behind), out)?;
                }
                out.push('}');
            }
        }
        Some(())
    }
}

fn fits(printed: &str, taken: usize) -> bool {
    printed.chars().count() + taken <= WIDTH
}

/// Cuts a text that is too long behind its spaces; a part without any stays whole.
fn wrapped(text: &str, indent: usize, allowance: usize) -> Option<String> {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let bytes = text.as_bytes();
    let cuts = (1..bytes.len()).filter(|at| bytes[at - 1] == b' ' && bytes[*at] != b' ');
    let ends: Vec<usize> = cuts.chain([bytes.len()]).collect();
    let mut chunks = Vec::new();
    let (mut start, mut end) = (0, 0);
    for next in &ends {
        let behind = if *next == bytes.len() { allowance } else { 0 };
        if end > start && !fits(&repr(&text[start..*next])?, indent + behind) {
            chunks.push(repr(&text[start..end])?);
            start = end;
        }
        end = *next;
    }
    chunks.push(repr(&text[start..end])?);
    Some(chunks.join(&format!("\n{}", " ".repeat(indent))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Literal {
        Literal::List(items.iter().map(|item| (*item).to_owned()).collect())
    }

    #[test]
    fn lines_break_where_pformat_breaks_them() {
        let short = "x".repeat(30);
        let table = |key: &str, value| Literal::Table([(key.to_owned(), value)].into());
        for (literal, expected) in [
            (list(&["a", "b"]), "['a', 'b']".to_owned()),
            (list(&[&short, &short, "y"]), format!("['{short}', '{short}', 'y']")),
            (list(&[&short, &short, &short]), format!("['{short}',\n '{short}',\n '{short}']")),
            (
                table("k", list(&[&short, &short, &short])),
                format!("{{'k': ['{short}',\n       '{short}',\n       '{short}']}}"),
            ),
            (
                table("k", list(&[&format!("{short} = {short} {short}")])),
                format!("{{'k': ['{short} = {short} '\n       '{short}']}}"),
            ),
            (table("k", Literal::Text("v".to_owned())), "{'k': 'v'}".to_owned()),
            (list(&[&"z".repeat(90)]), format!("['{}']", "z".repeat(90))),
        ] {
            assert_eq!(literal.pretty(), Some(expected));
        }
        assert_eq!(list(&[&"\u{e4} ".repeat(50)]).pretty(), None);
    }
}
