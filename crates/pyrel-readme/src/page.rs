//! The page that PyPI would make of a description.

use crate::content_type::ContentType;
use crate::html::{Html, push_text};
use crate::judgement::{Verdict, judge};
use crate::sanitise::sanitise;
use crate::{markdown, rst};

/// Renders a description as PyPI would show it: the same structure and text, not the same bytes.
///
/// There is no page when PyPI would refuse the description, when that is not known, or when its content type is none
/// of PyPI's. Code is shown without colours, and a `date` substitution shows its form, since nothing here asks the
/// clock.
#[must_use]
pub fn render(content_type: Option<&str>, text: &str) -> Option<Html> {
    match ContentType::of(content_type) {
        ContentType::Other => None,
        ContentType::Plain => Some(Html(plain(text))),
        _ if judge(content_type, text).verdict != Verdict::Pass => None,
        ContentType::Markdown => Some(Html(sanitise(&markdown::html(text)))),
        ContentType::Rst => Some(Html(rst::read(text, false).html())),
    }
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push_str("<br>");
        }
        push_text(&mut out, line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: &str, text: &str) -> Option<String> {
        render(Some(kind), text).map(|html| html.as_str().to_owned())
    }

    #[test]
    fn restructured_text_becomes_html() {
        let html = shown("text/x-rst", "Title\n=====\n\n*a* `b <https://c.d>`_ ``<x>``\n\n- e\n").unwrap();
        assert!(html.starts_with("<section id=\"user-content-title\"><h1>Title<a title="), "{html}");
        assert!(html.contains("<em>a</em> <a href=\"https://c.d\" rel=\"nofollow\">b</a>"), "{html}");
        assert!(html.contains("&lt;x&gt;") && html.contains("<ul><li><p>e</p>"), "{html}");
    }

    #[test]
    fn harmful_links_lose_their_address() {
        let html = shown("text/x-rst", "`a <javascript:b>`_\n\n.. image:: data:x\n   :target: vbscript:y\n")
            .unwrap();
        assert!(
            !html.contains("javascript") && !html.contains("src=") && !html.contains("vbscript"),
            "{html}"
        );
        let html =
            shown("text/markdown", "[a](javascript:b)\n\n<script>c</script><b onclick=d>e</b>").unwrap();
        assert_eq!(html.trim(), "<p><a rel=\"nofollow\">a</a></p>\n<b>e</b>");
    }

    #[test]
    fn refused_descriptions_have_no_page() {
        assert_eq!(shown("text/x-rst", "``a"), None);
        assert_eq!(shown("text/html", "a"), None);
        assert_eq!(shown("text/plain", "a <b>\nc").unwrap(), "a &lt;b&gt;<br>c");
    }

    #[test]
    fn markdown_keeps_what_is_harmless() {
        let html = shown("text/markdown", "# A b\n\n[x](#a-b) <p align=\"center\">c</p>\n").unwrap();
        assert!(html.contains("id=\"user-content-a-b\""), "{html}");
        assert!(html.contains("href=\"#user-content-a-b\""), "{html}");
    }
}
