//! Typed access to TOML with located errors, for every table that pyrel reads.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml_edit::{Item, TableLike, Value};

use crate::diagnostic::{Diagnostic, Location};
use crate::suggestion::nearest;

/// A table of a TOML file, read key by key; each mistake becomes a [`Diagnostic`] with its place.
#[derive(Clone, Copy)]
pub struct TableReader<'a> {
    path: &'a Path,
    text: &'a str,
    /// The dotted name of the table, for messages.
    name: &'a str,
    table: &'a dyn TableLike,
}

/// A text with its byte span in the file.
pub type SpannedStr<'a> = (&'a str, Option<Range<usize>>);

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

impl<'a> TableReader<'a> {
    /// Reads `table`, named `name` in messages, of the file at `path` with content `text`.
    #[must_use]
    pub fn new(path: &'a Path, text: &'a str, name: &'a str, table: &'a dyn TableLike) -> Self {
        Self { path, text, name, table }
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &'a Path {
        self.path
    }

    /// Returns the text of the file.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the table itself.
    #[must_use]
    pub fn table(&self) -> &'a dyn TableLike {
        self.table
    }

    /// Returns the dotted name of the table.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the dotted name of a key of this table; the root table has no name.
    #[must_use]
    pub fn dotted(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Returns the item under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Item> {
        self.table.get(key).filter(|item| !item.is_none())
    }

    /// Makes a diagnostic located at a key of this table (its value).
    #[must_use]
    pub fn fault(&self, key: &str, message: &str) -> Box<Diagnostic> {
        let span = self.get(key).and_then(Item::span);
        self.fault_at(span, &format!("`{}` {message}", self.dotted(key)))
    }

    /// Makes a diagnostic at a byte span of the file, or at the file when there is none.
    #[must_use]
    pub fn fault_at(&self, span: Option<Range<usize>>, message: &str) -> Box<Diagnostic> {
        let location = match span {
            Some(span) => Location::of_span(self.path, self.text, &span),
            None => Location::of_file(self.path),
        };
        Box::new(Diagnostic::new(message).at(location))
    }

    /// Returns a string.
    ///
    /// # Errors
    /// When the value is something else.
    pub fn string(&self, key: &str) -> Result<Option<&'a str>> {
        self.typed(key, "must be a string", Item::as_str)
    }

    /// Returns a boolean.
    ///
    /// # Errors
    /// When the value is something else.
    pub fn boolean(&self, key: &str) -> Result<Option<bool>> {
        self.typed(key, "must be `true` or `false`", Item::as_bool)
    }

    /// Returns a list of strings.
    ///
    /// # Errors
    /// When the value, or one of its elements, is something else.
    pub fn strings(&self, key: &str) -> Result<Option<Vec<&'a str>>> {
        Ok(self.spanned_strings(key)?.map(|list| list.into_iter().map(|(text, _)| text).collect()))
    }

    /// Returns a list of strings, each with its span.
    ///
    /// # Errors
    /// When the value, or one of its elements, is something else.
    pub fn spanned_strings(&self, key: &str) -> Result<Option<Vec<SpannedStr<'a>>>> {
        let Some(array) = self.typed(key, "must be an array of strings", Item::as_array)? else {
            return Ok(None);
        };
        let mut out = Vec::with_capacity(array.len());
        for value in array {
            let text = value.as_str().ok_or_else(|| {
                self.fault_at(
                    value.span(),
                    &format!("every element of `{}` must be a string", self.dotted(key)),
                )
            })?;
            out.push((text, value.span()));
        }
        Ok(Some(out))
    }

    /// Returns a table, inline or not.
    ///
    /// # Errors
    /// When the value is something else.
    pub fn subtable(&self, key: &str) -> Result<Option<&'a dyn TableLike>> {
        self.typed(key, "must be a table", Item::as_table_like)
    }

    /// Returns a table of strings in file order, each value with its span.
    ///
    /// # Errors
    /// When the value, or one of its entries, is something else.
    pub fn string_table(&self, key: &str) -> Result<Option<Vec<(&'a str, &'a str)>>> {
        let Some(table) = self.subtable(key)? else { return Ok(None) };
        let mut out = Vec::with_capacity(table.len());
        for (entry, item) in table.iter() {
            let text = item.as_str().ok_or_else(|| {
                self.fault_at(item.span(), &format!("`{}.{entry}` must be a string", self.dotted(key)))
            })?;
            out.push((entry, text));
        }
        Ok(Some(out))
    }

    /// Returns the elements of an array of tables, inline or not.
    ///
    /// # Errors
    /// When the value, or one of its elements, is something else.
    pub fn tables(&self, key: &str) -> Result<Option<Vec<&'a dyn TableLike>>> {
        let Some(item) = self.get(key) else { return Ok(None) };
        if let Some(tables) = item.as_array_of_tables() {
            return Ok(Some(tables.iter().map(|table| -> &dyn TableLike { table }).collect()));
        }
        let array = item.as_array().ok_or_else(|| self.fault(key, "must be an array of tables"))?;
        let tables: Option<Vec<&dyn TableLike>> = array
            .iter()
            .map(|value| Value::as_inline_table(value).map(|table| -> &dyn TableLike { table }))
            .collect();
        Ok(Some(tables.ok_or_else(|| self.fault(key, "must be an array of tables"))?))
    }

    /// Refuses keys that are not listed, with the nearest listed one as a hint.
    ///
    /// # Errors
    /// At the first unknown key.
    pub fn known_keys(&self, known: &[&str]) -> Result<()> {
        let known_set: BTreeSet<&str> = known.iter().copied().collect();
        for (key, item) in self.table.iter() {
            if known_set.contains(key) {
                continue;
            }
            let span = self.table.get_key_value(key).and_then(|(key, _)| key.span()).or_else(|| item.span());
            let mut fault = *self.fault_at(span, &format!("unknown key `{}`", self.dotted(key)));
            let hint = match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys are {}", quoted(known)),
            };
            fault.hint = Some(hint);
            return Err(Box::new(fault));
        }
        Ok(())
    }

    fn typed<T>(&self, key: &str, message: &str, read: impl Fn(&'a Item) -> Option<T>) -> Result<Option<T>> {
        match self.get(key) {
            None => Ok(None),
            Some(item) => read(item).map(Some).ok_or_else(|| self.fault(key, message)),
        }
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
