//! The links of an HTML page (PEP 503), read as leniently as installers read them. This is a scanner for `<a>`
//! and `<base>`, not an HTML parser.

use url::Url;

use super::entity::unescape;
use super::error::clean;
use super::simple::{ListedFile, NotAnIndex, resolve};

const FORMATS: [&str; 8] = [".whl", ".tar.gz", ".zip", ".egg", ".tar.bz2", ".tgz", ".tar.xz", ".exe"];

/// Returns the distribution files that a page links to. Links to anything else are passed over.
pub(super) fn read_links(page: &Url, text: &str) -> Result<Vec<ListedFile>, NotAnIndex> {
    let tags = tags(text);
    if tags.is_empty() {
        return Err(NotAnIndex(format!("the page is not HTML: `{}`", clean(&head(text)))));
    }
    let mut base = page.clone();
    let mut files = Vec::new();
    for tag in &tags {
        match (tag.name.as_str(), tag.get("href")) {
            ("base", Some(href)) => base = resolve(page, href)?,
            ("a", Some(href)) => files.extend(file(&base, tag, href)?),
            _ => {}
        }
    }
    if files.is_empty() && tags.iter().any(|tag| tag.name == "form") {
        return Err(NotAnIndex("the page is a form, such as a log-in, and lists no file".to_owned()));
    }
    Ok(files)
}

fn file(base: &Url, tag: &Tag, href: &str) -> Result<Option<ListedFile>, NotAnIndex> {
    let url = resolve(base, href)?;
    let Some(filename) = url.path_segments().and_then(|mut parts| parts.next_back()).map(percent_decoded)
    else {
        return Ok(None);
    };
    if !FORMATS.iter().any(|format| filename.ends_with(format)) {
        return Ok(None);
    }
    let fragment = href.split_once('#').map_or("", |(_, fragment)| fragment);
    let sha256 = match fragment.split('&').find_map(|part| part.strip_prefix("sha256=")) {
        None => None,
        Some(hex) => Some(hex.parse().map_err(|_| {
            NotAnIndex(format!("`{}` has a malformed sha256: `{}`", clean(&filename), clean(hex)))
        })?),
    };
    Ok(Some(ListedFile {
        filename,
        sha256,
        url: url.into(),
        size: None,
        requires_python: tag.get("data-requires-python").map(str::to_owned),
        upload_time: None,
        yanked: tag.get("data-yanked").is_some(),
    }))
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = text.get(at + 1..at + 3).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], pair) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn head(text: &str) -> String {
    text.chars().take(60).collect()
}

/// A start tag: its name in lower case and its attributes, values unescaped.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the start tags of a page in order; comments, scripts, and styles are skipped.
fn tags(text: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (tag, after) = start_tag(rest);
            rest = after;
            if matches!(tag.name.as_str(), "script" | "style") {
                rest = skip_past_end(rest, &tag.name);
            }
            tags.push(tag);
        }
    }
    tags
}

/// Returns what follows the next `</name`.
fn skip_past_end<'t>(text: &'t str, name: &str) -> &'t str {
    text.match_indices("</")
        .filter_map(|(at, _)| text.get(at + 2..at + 2 + name.len()).map(|found| (at, found)))
        .find(|(_, found)| found.eq_ignore_ascii_case(name))
        .map_or("", |(at, found)| &text[at + 2 + found.len()..])
}

/// Reads a start tag from after its `<`; returns it and what follows its `>`.
fn start_tag(text: &str) -> (Tag, &str) {
    let end = text.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).unwrap_or(text.len());
    let mut tag = Tag { name: text[..end].to_ascii_lowercase(), attributes: Vec::new() };
    let mut rest = &text[end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (tag, after);
        }
        if rest.is_empty() {
            return (tag, rest);
        }
        let (name, value, after) = attribute(rest);
        tag.attributes.push((name, value));
        rest = after;
    }
}

/// Reads one attribute from a text that starts with one; always consumes at least a character.
fn attribute(text: &str) -> (String, String, &str) {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let end = text[first..]
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'))
        .map_or(text.len(), |at| first + at);
    let name = text[..end].to_ascii_lowercase();
    let after = text[end..].trim_start();
    let Some(value) = after.strip_prefix('=').map(str::trim_start) else {
        return (name, String::new(), &text[end..]);
    };
    let (raw, rest) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inner = &value[1..];
            inner.find(quote).map_or((inner, ""), |at| (&inner[..at], &inner[at + 1..]))
        }
        _ => {
            let end = value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len());
            (&value[..end], &value[end..])
        }
    };
    (name, unescape(raw), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ListedFile>, NotAnIndex> {
        read_links(&"https://index.example/simple/demo/".parse().unwrap(), text)
    }

    #[test]
    fn links_as_indexes_write_them() {
        let hash = "0f".repeat(32);
        let page = format!(
            "<!DOCTYPE html><html><body><!-- <a href='no-1.whl'> --><script>\"<a href=no-2.whl>\"</script>\n\
             <A HREF=\"/f/demo-1.0-py3-none-any.whl#sha256={hash}\" data-requires-python='&gt;=3.9' data-yanked=''>x</a><br/>\n\
             <a href=demo-1.0%2Blocal.tar.gz>demo</a> <a href='../'>up</a><a name=top>\n\
             <a href='https://other.example/demo-2.zip#md5=1'>"
        );
        let files = read(&page).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.filename.as_str()).collect();
        assert_eq!(names, ["demo-1.0-py3-none-any.whl", "demo-1.0+local.tar.gz", "demo-2.zip"]);
        assert_eq!(files[0].url, "https://index.example/f/demo-1.0-py3-none-any.whl");
        assert_eq!(files[0].sha256, Some(hash.parse().unwrap()));
        assert_eq!(files[0].requires_python.as_deref(), Some(">=3.9"));
        assert!(files[0].yanked && !files[1].yanked);
        assert_eq!(files[2].sha256, None);
    }

    #[test]
    fn base_moves_relative_links() {
        let files = read("<base href='/other/'><a href='demo-1.zip'>").unwrap();
        assert_eq!(files[0].url, "https://index.example/other/demo-1.zip");
    }

    #[test]
    fn nonsense_is_refused_and_an_empty_project_is_not() {
        assert!(read("it works!").unwrap_err().0.contains("it works!"));
        assert!(read("<html><form action=/login><input></form>").unwrap_err().0.contains("log-in"));
        assert_eq!(read("<html><body></body></html>").unwrap(), []);
    }

    #[test]
    fn broken_markup_ends() {
        for page in ["<a href='x", "<a =", "<a href", "<a <a <a", "<a é=ü", "<!-- ", "<script><a"] {
            let _ = read(page);
        }
        assert_eq!(read("<a href=\"demo-1.zip").unwrap().len(), 1);
    }

    #[test]
    fn no_page_makes_the_reader_fail() {
        let pieces = [
            "<", "a", " href", "=", "'", "\"", ">", "/", "<!--", "-->", "<script", "é", "&#x", ";", "%C3",
            "#",
        ];
        let mut seed: u64 = 7;
        for _ in 0..20_000 {
            let mut page = String::from("<a href=");
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                page.push_str(pieces[usize::try_from(seed >> 60).unwrap()]);
            }
            // A page is read or refused; either is an answer.
            match read(&page) {
                Ok(files) => assert!(files.len() <= 12, "{page}"),
                Err(error) => assert!(!error.0.is_empty(), "{page}"),
            }
        }
    }
}
