//! Text put between the lines of a document: what is there stays byte for byte.

use pyrel_model::changelog::{Document, Section};

use super::draft::{Draft, rank};
use crate::config::ChangelogConfig;

/// The line below which towncrier adds releases contains this.
const MARK: &str = "towncrier release notes start";

/// Insertions into a document, and lines that are replaced.
#[derive(Debug)]
pub(super) struct Patch<'d> {
    document: &'d Document,
    ending: &'static str,
    /// The line that text goes in front of, and the text.
    insertions: Vec<(usize, String)>,
    replacements: Vec<(usize, String)>,
}

impl<'d> Patch<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self { document, ending: document.line_ending(), insertions: Vec::new(), replacements: Vec::new() }
    }

    /// Returns the document as it was.
    pub(super) fn document(&self) -> &'d Document {
        self.document
    }

    /// Puts the section of a release where the newest one belongs: below what comes next, above the last release,
    /// below towncrier's mark, or at the end of the text.
    pub(super) fn insert_section(&mut self, text: &str) {
        let document = self.document;
        let mark = (0..document.line_count()).find(|at| document.text(*at).contains(MARK));
        let at = match (document.unreleased(), document.sections().first()) {
            (Some(next), _) => next.body.end,
            (None, _) if mark.is_some() => mark.map_or(0, |at| at + 1),
            (None, Some(newest)) => newest.heading.lines.start,
            (None, None) => {
                let first = document.definitions().first().map(|one| one.line);
                let rest = |at: usize| (at..document.line_count()).all(|at| self.is_link_or_empty(at));
                first.filter(|at| rest(*at)).unwrap_or(document.line_count())
            }
        };
        self.insert_block(at, text);
    }

    fn is_link_or_empty(&self, at: usize) -> bool {
        self.document.text(at).trim().is_empty()
            || self.document.definitions().iter().any(|one| one.line == at)
    }

    /// Puts lines in front of a line; among those for the same line, in the order of the calls.
    pub(super) fn insert(&mut self, at: usize, text: &str) {
        self.insertions.push((at, text.to_owned()));
    }

    /// Puts paragraphs in front of a line, with an empty line on both sides.
    pub(super) fn insert_block(&mut self, at: usize, text: &str) {
        let pending = self.insertions.iter().rev().find(|(line, _)| *line == at);
        let is_empty_before = match pending {
            Some((_, before)) => before.ends_with("\n\n"),
            None => at == 0 || self.document.text(at - 1).trim().is_empty(),
        };
        let is_empty_after = at >= self.document.line_count() || self.document.text(at).trim().is_empty();
        let (lead, tail) = (if is_empty_before { "" } else { "\n" }, if is_empty_after { "" } else { "\n" });
        self.insert(at, &format!("{lead}{}\n{tail}", text.trim_end()));
    }

    pub(super) fn replace(&mut self, at: usize, text: String) {
        self.replacements.push((at, text));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.insertions.is_empty() && self.replacements.is_empty()
    }

    /// Returns the new bytes.
    pub(super) fn apply(mut self) -> Vec<u8> {
        self.insertions.sort_by_key(|(at, _)| *at);
        let mut out: Vec<u8> = Vec::new();
        let mut insertions = self.insertions.iter().peekable();
        let mut put = |out: &mut Vec<u8>, until: usize| {
            while let Some((_, text)) = insertions.next_if(|(at, _)| *at <= until) {
                if !out.is_empty() && !out.ends_with(b"\n") {
                    out.extend(self.ending.as_bytes());
                }
                out.extend(text.replace('\n', self.ending).into_bytes());
            }
        };
        for at in 0..self.document.line_count() {
            put(&mut out, at);
            match self.replacements.iter().find(|(line, _)| *line == at) {
                Some((_, text)) => out.extend(text.as_bytes()),
                None => out.extend(self.document.line(at)),
            }
        }
        put(&mut out, usize::MAX);
        out
    }

    /// Adds the items of a draft to what a section says already: under the heading of the same name where there is
    /// one, under a new one otherwise. Items that are there already are not added again.
    pub(super) fn merge(&mut self, section: &Section, draft: &Draft, settings: &ChangelogConfig) {
        let level = section.heading.level + 1;
        let body = self.document.trimmed(&section.body);
        let inner: Vec<(&str, usize, usize)> = {
            let headings: Vec<_> = self
                .document
                .headings()
                .iter()
                .filter(|heading| section.body.contains(&heading.lines.start) && heading.level <= level)
                .collect();
            let end = |at: usize| headings.get(at + 1).map_or(section.body.end, |next| next.lines.start);
            headings
                .iter()
                .enumerate()
                .map(|(at, heading)| (heading.text.as_str(), heading.lines.end, end(at)))
                .collect()
        };
        let present: Vec<String> = body.clone().map(|at| self.document.text(at)).collect();
        let is_new =
            |item: &&String| !present.iter().any(|line| Some(line.trim_end()) == item.lines().next());
        for (heading, items) in &draft.groups {
            let items: Vec<&String> = items.iter().filter(is_new).collect();
            if items.is_empty() {
                continue;
            }
            let text: String = items.iter().map(|item| format!("{item}\n")).collect();
            let same = inner.iter().find(|(known, ..)| known.eq_ignore_ascii_case(heading));
            if let Some((_, start, end)) = same {
                self.append(*start..*end, &text);
                continue;
            }
            let block = format!("{} {heading}\n\n{text}", "#".repeat(level));
            let rank = rank(settings, heading);
            let later = inner.iter().find(|(known, ..)| {
                let other = self::rank(settings, known);
                other != usize::MAX && other > rank
            });
            // An underlined heading takes two lines, one with `#` takes one.
            let before = later.and_then(|(text, start, _)| {
                let headings = self.document.headings().iter();
                headings
                    .clone()
                    .find(|one| one.lines.end == *start && one.text == *text)
                    .map(|one| one.lines.start)
            });
            match before {
                Some(at) => self.insert_block_before(at, &block),
                None if body.is_empty() => self.insert_block(section.body.start.max(body.start), &block),
                None => self.insert_block(body.end, &block),
            }
        }
    }

    /// Puts a block in front of a heading.
    fn insert_block_before(&mut self, at: usize, block: &str) {
        self.insert(at, &format!("{}\n\n", block.trim_end()));
    }

    /// Adds items at the end of what stands between two headings.
    fn append(&mut self, lines: std::ops::Range<usize>, items: &str) {
        let told = self.document.trimmed(&lines);
        if told.is_empty() {
            self.insert_block(lines.start.max(told.start.min(lines.end)), items);
        } else {
            self.insert(told.end, items);
        }
    }
}
