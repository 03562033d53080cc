//! Whether a Markdown description renders to anything. Nothing in Markdown is a syntax error, so that is all.

use comrak::{Options, markdown_to_html};

/// Text above this length is judged by its start, so that a hostile one costs no time.
const LONGEST: usize = 256 * 1024;

/// Tells whether PyPI's renderer would return nothing. When that is not certain, it would not.
pub(crate) fn is_empty(text: &str) -> bool {
    if text.trim().is_empty() {
        return true;
    }
    if text.len() <= LONGEST {
        return renders_to_nothing(text);
    }
    // What renders up to a blank line renders in the whole; a start of nothing but definitions proves nothing.
    false
}

fn renders_to_nothing(text: &str) -> bool {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.render.r#unsafe = true;
    markdown_to_html(text, &options).trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_renders_to_nothing() {
        for empty in [" \n\t\n", "[a]: https://example.org\n", "[^1]: a note that nobody calls\n"] {
            assert!(is_empty(empty), "{empty:?}");
        }
        for something in ["x", "<!-- only a comment -->\n", "# \n", "---\n", "<script></script>\n"] {
            assert!(!is_empty(something), "{something:?}");
        }
    }

    #[test]
    fn hostile_texts_take_bounded_time() {
        for hostile in ["> ".repeat(100_000), "[".repeat(200_000), "*a_".repeat(80_000), "`".repeat(250_000)]
        {
            assert!(!is_empty(&hostile));
        }
    }
}
