//! The verdict on a description: would PyPI take it, and if not, in whose words.

use std::fmt;

use crate::content_type::ContentType;
use crate::markdown;
use crate::rst::{self, Gap, Message, Reading, Severity};

/// Which of the renderers in use refuses a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Renderer {
    /// readme_renderer 46, which twine installs, and with it usually the older one too.
    Current,
    /// readme_renderer 45 alone, which PyPI runs; it makes the title of a lone section that of the page.
    Older,
}

impl fmt::Display for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "readme_renderer 46",
            Self::Older => "readme_renderer 45",
        })
    }
}

/// Whether PyPI would take a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It renders.
    Pass,
    /// It does not render.
    Fail {
        /// The message that stops the renderer; none when nothing is left to show.
        message: Option<Message>,
        /// The renderer that refuses.
        renderer: Renderer,
    },
    /// It holds a construct that is not known here, before anything that would refuse it.
    Unknown {
        /// The line, counted from 1.
        line: i64,
        /// The construct.
        construct: String,
    },
}

/// What is known about a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether PyPI would take it.
    pub verdict: Verdict,
    /// Everything that the renderer would remark if nothing stopped it, in its order; bounded in number.
    pub messages: Vec<Message>,
}

impl Judgement {
    fn pass() -> Self {
        Self { verdict: Verdict::Pass, messages: Vec::new() }
    }

    fn empty() -> Self {
        let verdict = Verdict::Fail { message: None, renderer: Renderer::Current };
        Self { verdict, messages: Vec::new() }
    }
}

/// Judges a description as `readme_renderer` does on PyPI.
///
/// The content type is the value of `Description-Content-Type`, without which a description is taken for
/// reStructuredText. A type that PyPI does not know gives [`Verdict::Pass`]: refusing it is another rule's matter.
/// The text may be hostile: the time is about linear in its length, and what nests too deep is
/// [`Verdict::Unknown`].
#[must_use]
pub fn judge(content_type: Option<&str>, text: &str) -> Judgement {
    match ContentType::of(content_type) {
        ContentType::Rst => judge_rst(text),
        ContentType::Markdown if markdown::is_empty(text) => Judgement::empty(),
        ContentType::Markdown | ContentType::Plain | ContentType::Other => Judgement::pass(),
    }
}

fn judge_rst(text: &str) -> Judgement {
    let current = rst::read(text, false);
    let mut verdict = verdict_of(&current, Renderer::Current);
    if verdict == Verdict::Pass && current.is_title_alone() {
        verdict = verdict_of(&rst::read(text, true), Renderer::Older);
    }
    Judgement { verdict, messages: current.messages().to_vec() }
}

fn verdict_of(reading: &Reading, renderer: Renderer) -> Verdict {
    let messages = reading.messages();
    let fatal = messages.iter().position(|message| message.severity >= Severity::Warning);
    match (fatal, reading.gap()) {
        (Some(fatal), Some((before, _))) if fatal < *before => fail(Some(&messages[fatal]), renderer),
        (_, Some((_, Gap { line, construct }))) => {
            Verdict::Unknown { line: *line, construct: construct.clone() }
        }
        (Some(fatal), None) => fail(Some(&messages[fatal]), renderer),
        (None, None) if reading.is_empty() => fail(None, renderer),
        (None, None) => Verdict::Pass,
    }
}

fn fail(message: Option<&Message>, renderer: Renderer) -> Verdict {
    Verdict::Fail { message: message.cloned(), renderer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(text: &str) -> Option<(Option<String>, Renderer)> {
        match judge(Some("text/x-rst"), text).verdict {
            Verdict::Fail { message, renderer } => Some((message.map(|message| message.text), renderer)),
            _ => None,
        }
    }

    #[test]
    fn the_first_bad_message_decides() {
        assert_eq!(failure("Title\n=====\n\nText with *emphasis*.\n"), None);
        assert_eq!(
            failure("``a\n\n.. raw:: html\n"),
            Some((Some("Inline literal start-string without end-string.".into()), Renderer::Current))
        );
    }

    #[test]
    fn the_older_renderer_shows_no_lone_title() {
        assert_eq!(failure("Title\n=====\n"), Some((None, Renderer::Older)));
        assert_eq!(
            failure("Title\n=====\n\n:Date:\n"),
            Some((Some("Cannot extract empty bibliographic field \"Date\".".into()), Renderer::Older))
        );
    }

    #[test]
    fn nothing_to_show_is_refused() {
        for text in ["", " \n", ".. only a comment\n", ".. contents::\n"] {
            assert_eq!(failure(text), Some((None, Renderer::Current)), "{text:?}");
        }
        assert_eq!(
            judge(Some("text/markdown"), "[a]: b\n").verdict,
            Verdict::Fail { message: None, renderer: Renderer::Current }
        );
        assert_eq!(judge(Some("text/plain"), "*").verdict, Verdict::Pass);
    }

    #[test]
    fn too_deep_a_text_has_no_verdict() {
        let deep: String = (0..100).map(|depth| format!("{}- a\n\n", " ".repeat(depth * 2))).collect();
        assert!(matches!(judge(None, &deep).verdict, Verdict::Unknown { .. }));
    }
}
