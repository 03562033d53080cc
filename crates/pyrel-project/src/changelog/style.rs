//! How a changelog writes the headings of releases, so that the next one looks like those before it.

use pyrel_model::Version;
use pyrel_model::changelog::{Document, Heading, Named};

/// How headings of releases look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Style {
    /// The level, from 1.
    pub(super) level: usize,
    /// Whether the version stands in brackets.
    bracketed: bool,
    /// Whether the link stands in the heading instead of in a definition.
    inline: bool,
    /// Whether there is a `v` before the version.
    marked: bool,
    /// What stands before and after the date; `None` when headings have none.
    date: Option<(String, String)>,
    /// The character of the line below, when headings are underlined.
    underline: Option<char>,
}

impl Style {
    /// Takes the style of the newest release, or Keep a Changelog's, with brackets only where they will be links.
    pub(super) fn of(document: &Document, links: bool) -> Self {
        let released = document.sections().iter().find(|section| {
            matches!(section.heading.named, Named::Release { .. }) && !section.versions.is_empty()
        });
        if let Some(section) = released {
            return Self::of_heading(document, &section.heading);
        }
        let next = document.unreleased().map(|section| &section.heading);
        Self {
            level: next.map_or(2, |heading| heading.level),
            bracketed: next.map_or(links, |heading| heading.text.starts_with('[')),
            inline: false,
            marked: false,
            date: Some((" - ".to_owned(), String::new())),
            underline: next.and_then(|heading| underline(document, heading)),
        }
    }

    fn of_heading(document: &Document, heading: &Heading) -> Self {
        let text = heading.text.as_str();
        let first_digit = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        Self {
            level: heading.level,
            bracketed: text.starts_with('['),
            inline: text.contains("]("),
            marked: text[..first_digit].ends_with(['v', 'V']),
            date: date_frame(text),
            underline: underline(document, heading),
        }
    }

    /// Returns the heading of a release, without a line break at the end, and the label of the link that it needs.
    pub(super) fn heading(
        &self,
        version: &Version,
        date: &str,
        target: Option<&str>,
    ) -> (String, Option<String>) {
        let name = format!("{}{version}", if self.marked { "v" } else { "" });
        let (shown, label) = match (self.bracketed, self.inline, target) {
            (true, true, Some(target)) => (format!("[{name}]({target})"), None),
            (true, true, None) | (false, ..) => (name, None),
            (true, false, _) => (format!("[{name}]"), Some(name)),
        };
        let date = self.date.as_ref().map(|(before, after)| format!("{before}{date}{after}"));
        (self.line(&format!("{shown}{}", date.unwrap_or_default())), label)
    }

    /// Returns a heading of the same level.
    pub(super) fn line(&self, text: &str) -> String {
        match self.underline {
            Some(sign) => format!("{text}\n{}", sign.to_string().repeat(text.chars().count())),
            None => format!("{} {text}", "#".repeat(self.level)),
        }
    }

    /// Tells whether links of releases are definitions at the end of the document.
    pub(super) fn uses_definitions(&self) -> bool {
        self.bracketed && !self.inline
    }
}

fn underline(document: &Document, heading: &Heading) -> Option<char> {
    let is_underlined = heading.lines.len() == 2;
    document.text(heading.lines.end - 1).trim().chars().next().filter(|_| is_underlined)
}

/// Returns what stands around the date; ` - ` where the heading has no date that is understood. `None` when the
/// heading is nothing but the version.
fn date_frame(text: &str) -> Option<(String, String)> {
    let bytes = text.as_bytes();
    let is_date = |at: usize| {
        bytes.get(at..at + 10).is_some_and(|word| {
            word.iter().enumerate().all(|(place, byte)| match place {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            })
        })
    };
    let Some(at) = (0..bytes.len()).find(|at| is_date(*at)) else {
        let is_bare = !text.trim_end_matches(']').contains([' ', '(']);
        return (!is_bare).then(|| (" - ".to_owned(), String::new()));
    };
    let before: String =
        text[..at].chars().rev().take_while(|c| !c.is_alphanumeric() && !"])".contains(*c)).collect();
    let before: String = before.chars().rev().collect();
    let after = if before.ends_with('(') { ")" } else { "" };
    if before.is_empty() { Some((" - ".to_owned(), String::new())) } else { Some((before, after.to_owned())) }
}

#[cfg(test)]
mod tests {
    use pyrel_model::changelog::Markup;

    use super::*;

    #[test]
    fn the_next_heading_looks_like_the_last_one() {
        for (last, next) in [
            ("## [1.1.0] - 2024-01-02", "## [1.2.0] - 2024-05-06"),
            ("## 1.1.0 (2024-01-02)", "## 1.2.0 (2024-05-06)"),
            ("## 1.1.0 (January 2nd, 2024)", "## 1.2.0 - 2024-05-06"),
            ("# v1.1", "# v1.2.0"),
            ("### [v1.1.0](https://x/2024) (2024-01-02)", "### [v1.2.0](T) (2024-05-06)"),
            ("## Version 1.1.0/0.33b0 — 2024-01-02", "## 1.2.0 — 2024-05-06"),
            ("1.1.0 / 2024-01-02\n------------------", "1.2.0 / 2024-05-06\n------------------"),
            ("## [1.1.0]", "## [1.2.0]"),
            ("# Changes\n\n## Unreleased", "## 1.2.0 - 2024-05-06"),
            ("# Changes\n\n## [Unreleased]", "## [1.2.0] - 2024-05-06"),
            ("# Changes", "## [1.2.0] - 2024-05-06"),
        ] {
            let document = Document::parse(format!("{last}\n\n- x\n").as_bytes(), Markup::Markdown);
            let style = Style::of(&document, true);
            assert_eq!(style.heading(&"1.2.0".parse().unwrap(), "2024-05-06", Some("T")).0, next, "{last}");
        }
    }
}
