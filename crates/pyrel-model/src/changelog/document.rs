//! A changelog taken apart into its lines, headings, sections, and link definitions, without losing a byte.

use std::ops::Range;

use super::Markup;
use super::block::Blocks;
use super::heading::{Named, named};
use crate::Version;

/// A changelog. [`to_bytes`](Self::to_bytes) gives back exactly the bytes that it was parsed from, until lines are
/// inserted or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The lines with their endings; only the last may have none.
    lines: Vec<Vec<u8>>,
    headings: Vec<Heading>,
    sections: Vec<Section>,
    definitions: Vec<Definition>,
    unclosed: Option<usize>,
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Its lines, from 0: one, or two when it is underlined.
    pub lines: Range<usize>,
    /// The level, from 1.
    pub level: usize,
    /// The text, without marks.
    pub text: String,
    /// What it stands for.
    pub named: Named,
}

/// What tells about one release, or about what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub heading: Heading,
    /// The versions that it tells about; none for what comes next.
    pub versions: Vec<Version>,
    /// The lines below the heading, from 0, up to the next section; link definitions at the end of the document
    /// belong to none.
    pub body: Range<usize>,
}

impl Section {
    /// Tells whether the section is about what comes next.
    #[must_use]
    pub fn is_unreleased(&self) -> bool {
        self.versions.is_empty()
    }
}

/// The definition of a link: `[1.2.0]: https://…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The line, from 0.
    pub line: usize,
    /// What stands in brackets.
    pub label: String,
    /// The target.
    pub target: String,
}

impl Document {
    /// Takes a changelog apart. Any bytes are one.
    #[must_use]
    pub fn parse(bytes: &[u8], markup: Markup) -> Self {
        let lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let texts: Vec<String> = lines.iter().enumerate().map(|(at, line)| text_of(line, at == 0)).collect();
        let mut blocks = Blocks::new();
        let is_text: Vec<bool> =
            texts.iter().map(|line| markup == Markup::Text || blocks.take(line)).collect();
        let unclosed = blocks.open();
        let headings = headings(&texts, &is_text, markup);
        let definitions: Vec<Definition> =
            (0..texts.len()).filter(|at| is_text[*at]).filter_map(|at| definition(at, &texts[at])).collect();
        let end = end_of_text(&texts, &definitions);
        let sections = sections(&headings, lines.len(), end);
        Self { lines, headings, sections, definitions, unclosed }
    }

    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lines.concat()
    }

    /// Returns the number of lines.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// Returns a line with its ending.
    #[must_use]
    pub fn line(&self, at: usize) -> &[u8] {
        self.lines.get(at).map_or(&[], Vec::as_slice)
    }

    /// Returns a line as text, without its ending and without a byte order mark; what is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self, at: usize) -> String {
        text_of(self.line(at), at == 0)
    }

    /// Returns every heading, in order.
    #[must_use]
    pub fn headings(&self) -> &[Heading] {
        &self.headings
    }

    /// Returns the sections, in order.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Returns the definitions of links, in order.
    #[must_use]
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// Returns the line, from 0, of a code block or a comment that never ends; what follows is a part of it.
    #[must_use]
    pub fn unclosed(&self) -> Option<usize> {
        self.unclosed
    }

    /// Returns the section about a version.
    #[must_use]
    pub fn section(&self, version: &Version) -> Option<&Section> {
        self.sections.iter().find(|section| section.versions.contains(version))
    }

    /// Returns the section about what comes next.
    #[must_use]
    pub fn unreleased(&self) -> Option<&Section> {
        self.sections.iter().find(|section| section.is_unreleased())
    }

    /// Returns the lines of a body without empty ones at both ends.
    #[must_use]
    pub fn trimmed(&self, body: &Range<usize>) -> Range<usize> {
        let is_empty = |at: usize| self.text(at).trim().is_empty();
        let mut body = body.clone();
        while body.start < body.end && is_empty(body.start) {
            body.start += 1;
        }
        while body.start < body.end && is_empty(body.end - 1) {
            body.end -= 1;
        }
        body
    }

    /// Tells whether a section tells anything: a line that is no heading, no comment, and no definition.
    #[must_use]
    pub fn has_content(&self, section: &Section) -> bool {
        let mut comment = false;
        section.body.clone().any(|at| {
            let text = self.text(at);
            let text = text.trim();
            let was_comment = comment || text.starts_with("<!--");
            comment = was_comment && !text.contains("-->");
            let is_heading = self.headings.iter().any(|heading| heading.lines.contains(&at));
            let is_definition = self.definitions.iter().any(|definition| definition.line == at);
            !(text.is_empty() || was_comment || is_heading || is_definition)
        })
    }

    /// Returns the line ending that the document uses: that of its first line.
    #[must_use]
    pub fn line_ending(&self) -> &'static str {
        if self.line(0).ends_with(b"\r\n") { "\r\n" } else { "\n" }
    }
}

fn text_of(line: &[u8], first: bool) -> String {
    let line = if first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(line).into_owned()
}

fn headings(texts: &[String], is_text: &[bool], markup: Markup) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut underlines: Vec<u8> = Vec::new();
    let mut paragraph = false;
    for at in 0..texts.len() {
        let text = texts[at].as_str();
        let trimmed = text.trim();
        if !is_text[at] || trimmed.is_empty() {
            paragraph = false;
            continue;
        }
        if let Some((level, inner)) = numbered(text) {
            headings.push(Heading { lines: at..at + 1, level, text: inner.to_owned(), named: named(inner) });
            paragraph = false;
            continue;
        }
        let below = texts.get(at + 1).filter(|_| is_text[at + 1]).and_then(|next| underline(next, markup));
        let is_mark = underline(text, markup).is_some();
        if let Some(sign) = below.filter(|_| !is_mark) {
            let level = match markup {
                Markup::Markdown => {
                    if sign == b'=' {
                        1
                    } else {
                        2
                    }
                }
                Markup::Text => level_of(&mut underlines, sign),
            };
            // A paragraph of several lines above a rule is a heading too, but names no release.
            let named = if paragraph { Named::Other } else { named(trimmed) };
            headings.push(Heading { lines: at..at + 2, level, text: trimmed.to_owned(), named });
        }
        let in_heading = headings.last().is_some_and(|heading| heading.lines.contains(&at));
        paragraph = !in_heading && !is_mark;
    }
    headings
}

/// Reads a heading that starts with `#`. Without a space it counts only when it names a release, as old
/// changelogs write it.
fn numbered(text: &str) -> Option<(usize, &str)> {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let text = text.trim();
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    if indent > 3 || !(1..=6).contains(&level) {
        return None;
    }
    let rest = &text[level..];
    let inner = rest.trim();
    let bare = inner.trim_end_matches('#');
    let closed = bare.len() < inner.len() && (bare.is_empty() || bare.ends_with([' ', '\t']));
    let inner = if closed { bare.trim_end() } else { inner };
    let spaced = rest.is_empty() || rest.starts_with([' ', '\t']);
    let release = || matches!(named(inner), Named::Release { plain: true, .. });
    (spaced || release()).then_some((level, inner))
}

/// Returns the character that a line underlines the one above with.
fn underline(text: &str, markup: Markup) -> Option<u8> {
    let (signs, least): (&[u8], usize) = match markup {
        Markup::Markdown => (b"=-", 2),
        Markup::Text => (b"=-~^\"'*+#`:.", 3),
    };
    let trimmed = text.trim_end().as_bytes();
    let indent = trimmed.iter().take_while(|byte| **byte == b' ').count();
    let run = &trimmed[indent..];
    let sign = *run.first()?;
    let fits =
        indent <= 3 && run.len() >= least && signs.contains(&sign) && run.iter().all(|byte| *byte == sign);
    fits.then_some(sign)
}

/// reStructuredText gives levels to its signs in the order of their first use.
fn level_of(signs: &mut Vec<u8>, sign: u8) -> usize {
    match signs.iter().position(|known| *known == sign) {
        Some(at) => at + 1,
        None => {
            signs.push(sign);
            signs.len()
        }
    }
}

fn definition(line: usize, text: &str) -> Option<Definition> {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let (label, rest) = text.trim().strip_prefix('[')?.split_once("]:")?;
    let target = rest.split_whitespace().next()?;
    let fits = indent <= 3 && !label.trim().is_empty() && !label.contains('[') && !label.starts_with('^');
    let target = target.trim_start_matches('<').trim_end_matches('>').to_owned();
    fits.then(|| Definition { line, label: label.trim().to_owned(), target })
}

/// Returns the line at which the definitions at the end of the document start.
fn end_of_text(texts: &[String], definitions: &[Definition]) -> usize {
    let mut end = texts.len();
    for at in (0..texts.len()).rev() {
        if definitions.iter().any(|definition| definition.line == at) {
            end = at;
        } else if !texts[at].trim().is_empty() {
            break;
        }
    }
    end
}

/// Keep a Changelog's headings within a release. Where one has too few `#`, it still belongs to its release.
const CATEGORIES: &[&str] = &["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/// Tells which headings start sections, and where these end.
fn sections(headings: &[Heading], lines: usize, end: usize) -> Vec<Section> {
    let level_where = |wanted: fn(&Named) -> bool| {
        headings.iter().filter(|heading| wanted(&heading.named)).map(|heading| heading.level).min()
    };
    let unreleased = level_where(|named| *named == Named::Unreleased);
    let released = level_where(|named| matches!(named, Named::Release { .. }));
    let mentioned = level_where(|named| matches!(named, Named::Mention(_)));
    let versions_of = |heading: &Heading| match &heading.named {
        Named::Unreleased => Some(Vec::new()),
        Named::Release { versions, plain } if *plain || Some(heading.level) == released => {
            Some(versions.clone())
        }
        Named::Mention(versions) => {
            let counts = released.is_none()
                && Some(heading.level) == mentioned
                && unreleased.is_none_or(|level| heading.level <= level);
            counts.then(|| versions.clone())
        }
        _ => None,
    };
    let top =
        headings.iter().filter(|heading| versions_of(heading).is_some()).map(|heading| heading.level).min();
    let mut sections = Vec::new();
    for (at, heading) in headings.iter().enumerate() {
        let Some(versions) = versions_of(heading) else { continue };
        let ends = |next: &&Heading| {
            let is_category = CATEGORIES.iter().any(|name| next.text.eq_ignore_ascii_case(name));
            let is_outside = next.level < heading.level || Some(next.level) == top;
            versions_of(next).is_some() || (is_outside && !is_category)
        };
        let next = headings[at + 1..].iter().find(ends).map(|next| next.lines.start);
        let start = heading.lines.end;
        let stop = next.unwrap_or(if end >= start { end } else { lines });
        sections.push(Section { heading: heading.clone(), versions, body: start..stop });
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Document {
        Document::parse(text.as_bytes(), Markup::Markdown)
    }

    /// Returns the sections as `name: body`, lines joined by `|`.
    fn sections(document: &Document) -> Vec<String> {
        let show = |section: &Section| {
            let versions: Vec<String> = section.versions.iter().map(ToString::to_string).collect();
            let name = if versions.is_empty() { "next".to_owned() } else { versions.join("+") };
            let body: Vec<String> = document.trimmed(&section.body).map(|at| document.text(at)).collect();
            format!("{name}: {}", body.join("|"))
        };
        document.sections().iter().map(show).collect()
    }

    #[test]
    fn sections_of_many_styles_are_found() {
        for (text, expected) in [
            (
                "# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2024-01-02\n\n### Added\n- x\n\n## 1.0\ny\n\n[1.1.0]: u\n",
                vec!["next: ", "1.1.0: ### Added|- x", "1.0: y"],
            ),
            ("# v1.2\na\n# v1.1\nb", vec!["1.2: a", "1.1: b"]),
            ("1.2.0\n=====\na\n\n1.1.0\n-----\nb", vec!["1.2.0: a", "1.1.0: b"]),
            ("##1.2\na\n##[1.1]\nb", vec!["1.2: a", "1.1: b"]),
            // As conventional-changelog writes it: patches one level deeper, where categories are too.
            (
                "# [2.0.0](u) (2024-01-02)\n### Fixes\na\n### [1.9.1](u) (2023-01-02)\n### Fixes\nb\n## [1.9.0](u)\nc",
                vec!["2.0.0: ### Fixes|a", "1.9.1: ### Fixes|b", "1.9.0: c"],
            ),
            (
                "## 1.2.0\n### Python 3.12\na\n### 3.13 is next\nb\n## Links\nc",
                vec!["1.2.0: ### Python 3.12|a|### 3.13 is next|b"],
            ),
            ("## demo 1.0:\na\n### Uses 2.0\nb", vec!["1.0: a|### Uses 2.0|b"]),
            (
                "## 1.0\n```\n## [0.9]\n```\n<!--\n## 0.8\n-->\nx",
                vec!["1.0: ```|## [0.9]|```|<!--|## 0.8|-->|x"],
            ),
            ("## 1.1\n## Changed\na\n## Other\nb\n## 1.0\nc", vec!["1.1: ## Changed|a", "1.0: c"]),
            ("---\nversion: 1.0\n---\n# 1.1\nx", vec!["1.1: x"]),
        ] {
            assert_eq!(sections(&parse(text)), expected, "{text}");
        }
    }

    #[test]
    fn restructured_text_has_sections_too() {
        let text = "Changes\n=======\n\n1.1 (2024)\n----------\n\n* a\n\nMore\n~~~~\nb\n\n1.0\n---\nc\n";
        let document = Document::parse(text.as_bytes(), Markup::Text);
        assert_eq!(sections(&document), ["1.1: * a||More|~~~~|b", "1.0: c"]);
    }

    #[test]
    fn what_never_ends_is_told() {
        for (text, expected) in [
            ("a\n```\nb\n", Some(1)),
            ("<!--\nb", Some(0)),
            ("```\na\n```\nb\n<!-- c\n", Some(4)),
            ("- a\n  ```\n  b\n", None),
            ("```\na\n```\n", None),
            ("a\n", None),
        ] {
            assert_eq!(parse(text).unclosed(), expected, "{text}");
        }
    }

    #[test]
    fn a_template_is_no_content() {
        for (text, expected) in [
            ("## Unreleased\n\n### Added\n\n<!--\nadd here\n-->\n", false),
            ("## Unreleased\n\n[x]: y\n", false),
            ("## Unreleased\n### Added\n- x\n", true),
            ("## Unreleased\n<!-- a --> \ntext\n", true),
        ] {
            let document = parse(text);
            assert_eq!(document.has_content(document.unreleased().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn definitions_are_read_outside_of_code() {
        let document =
            parse("## 1.0\n[a]: b\n```\n[c]: d\n```\n [1.0]: <https://x> \"t\"\n[^1]: note\n[x] y\n");
        let found: Vec<_> = document
            .definitions()
            .iter()
            .map(|one| (one.line, one.label.as_str(), one.target.as_str()))
            .collect();
        assert_eq!(found, [(1, "a", "b"), (5, "1.0", "https://x")]);
    }

    #[test]
    fn any_bytes_come_back() {
        let pieces: &[&[u8]] = &[
            b"## [1.0.0] - 2024-01-02",
            b"\r\n",
            b"\n",
            b"\xef\xbb\xbf",
            b"\xff\x00",
            b"```",
            b"<!--",
            b"-->",
            b"---",
            b"===",
            b"- x",
            b"    ",
            b"[1.0]: y",
            b"\r",
            b"# v1",
            b"\t",
            b"Unreleased",
            "\u{2028}é".as_bytes(),
        ];
        let mut state: u64 = 7;
        for _ in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..state % 23 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let piece = pieces[(state >> 33) as usize % pieces.len()];
                bytes.extend_from_slice(piece);
            }
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            for markup in [Markup::Markdown, Markup::Text] {
                let document = Document::parse(&bytes, markup);
                assert_eq!(document.to_bytes(), bytes);
                for section in document.sections() {
                    assert!(section.heading.lines.end <= section.body.start);
                    assert!(
                        section.body.start <= section.body.end && section.body.end <= document.line_count()
                    );
                }
            }
        }
    }
}
