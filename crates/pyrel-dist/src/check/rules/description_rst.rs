//! A reStructuredText description does not render.

use pyrel_model::Level;
use pyrel_readme::{Judgement, Message, Renderer, Severity, Verdict};

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "description-rst",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a reStructuredText description renders",
    docs: "\
### What it does
Reads a reStructuredText description as docutils does under PyPI's settings: the first message that is a warning or
worse stops it, and so does a description of which nothing is left to show. Both the renderer that PyPI runs and the
one that twine installs must take it.

### Why is this bad
PyPI refuses a description that does not render, and with it the upload.

### Example
A title whose underline is too short, `:ref:` or another role of Sphinx, a link to a target that is missing

### Source
PyPI (`readme_renderer`, docutils)
",
    check,
};

/// Further messages that the hint shows.
const MOST: usize = 5;

/// Returns the content type, if any, and what is known of a description in reStructuredText.
pub(super) fn rst<'a>(subject: &Subject<'a>) -> Option<(Option<&'a str>, &'a Judgement)> {
    let kind = subject.field("Description-Content-Type");
    let essence = kind.unwrap_or("text/x-rst").split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/x-rst") { Some((kind, subject.form?.judgement()?)) } else { None }
}

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some((kind, judgement)) = rst(subject) else { return };
    let Verdict::Fail { message, renderer } = &judgement.verdict else { return };
    let refused = match kind {
        Some(kind) => format!("The description failed to render for '{kind}'."),
        None => "The description failed to render in the default format of reStructuredText.".to_owned(),
    };
    let words =
        format!("{refused} See https://pypi.org/help/#description-content-type for more information.");
    let mut hint = match message {
        Some(message) => shown(message),
        None => "nothing is left to show: write more than titles, comments, and targets".to_owned(),
    };
    if *renderer == Renderer::Older {
        hint.push_str(" (only `readme_renderer` 45, which PyPI runs, refuses it)");
    }
    let is_other = |other: &&Message| other.severity >= Severity::Warning && Some(*other) != message.as_ref();
    for other in judgement.messages.iter().filter(is_other).take(MOST) {
        hint.push_str("; ");
        hint.push_str(&shown(other));
    }
    let line = message.as_ref().and_then(|message| message.line);
    let location = line.map_or_else(|| "Description".to_owned(), |line| format!("Description, line {line}"));
    findings.add(Problem::new(words).hint(hint).at(location));
}

/// Puts a message as twine does.
fn shown(message: &Message) -> String {
    let line = message.line.map(|line| line.to_string()).unwrap_or_default();
    format!("line {line}: {}: {}", message.severity, message.text.replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    const RST: &str = "Description-Content-Type: text/x-rst";

    #[test]
    fn fires() {
        let found = Fixture::wheel()
            .header(RST)
            .body("Title\n=====\n\n.. nonsense::\n\n``x\n")
            .findings("description-rst");
        assert_eq!(
            found[0].message,
            "The description failed to render for 'text/x-rst'. See \
             https://pypi.org/help/#description-content-type for more information."
        );
        assert_eq!(
            found[0].hint.as_deref(),
            Some(
                "line 4: Error: Unknown directive type \"nonsense\".; \
                 line 6: Warning: Inline literal start-string without end-string."
            )
        );
        assert_eq!(found[0].location.as_deref(), Some("Description, line 4"));
        let untyped = Fixture::wheel()
            .without("Description-Content-Type")
            .body("my_var_\n")
            .messages("description-rst");
        assert_eq!(
            untyped,
            ["The description failed to render in the default format of reStructuredText. See \
              https://pypi.org/help/#description-content-type for more information."]
        );
        let title = Fixture::wheel().header(RST).body("Title\n=====\n").findings("description-rst");
        assert!(title[0].hint.as_deref().unwrap().contains("readme_renderer` 45"));
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("description-rst").is_empty());
        }
        for (kind, body) in [("text/plain", "``x"), ("text/x-rst", "Title\n=====\n\nText, *well* made.\n")] {
            let header = format!("Description-Content-Type: {kind}");
            let found = Fixture::wheel().header(&header).body(body).findings("description-rst");
            assert!(found.is_empty(), "{found:?}");
        }
    }
}
