//! A changelog as text: which part of it tells about which release.
//!
//! One reading for all: what is written into a changelog, what is quoted from it, and the check that a version has
//! an entry agree on what a release's section is. Nothing here touches a file.

mod block;
mod document;
mod heading;

pub use document::{Definition, Document, Heading, Section};
pub use heading::{Named, named};

/// How a changelog marks headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// Markdown: `## 1.0`, or a line underlined with `===` or `---`.
    Markdown,
    /// reStructuredText or plain text: a line underlined with one punctuation character, or `## 1.0`.
    Text,
}

impl Markup {
    /// Tells the markup by the name of the file: `.md`, `.markdown`, and no extension mean Markdown.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
        let is_text = [".rst", ".txt", ".rest"].iter().any(|ending| name.ends_with(ending));
        if is_text { Self::Text } else { Self::Markdown }
    }
}
