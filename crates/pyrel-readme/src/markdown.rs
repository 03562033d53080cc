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
    markdown_to_html(text, &options()).trim().is_empty()
}

/// Renders Markdown as GitHub does, with raw HTML as it is; it must be sanitised.
pub(crate) fn html(text: &str) -> String {
    let mut options = options();
    options.extension.alerts = true;
    options.extension.header_id_prefix = Some(HEADER_PREFIX.to_owned());
    prefix_links(&markdown_to_html(text, &options))
}

/// Put before identifiers of headers.
const HEADER_PREFIX: &str = "user-content-";

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.render.r#unsafe = true;
    options
}

/// Lets links within the page point to the prefixed identifiers; footnotes have identifiers of their own.
fn prefix_links(html: &str) -> String {
    const MARK: &str = "href=\"#";
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(MARK) {
        let (before, after) = rest.split_at(at + MARK.len());
        out.push_str(before);
        if !["fn-", "fnref-", "\""].iter().any(|own| after.starts_with(own)) {
            out.push_str(HEADER_PREFIX);
        }
        rest = after;
    }
    out.push_str(rest);
    out
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
