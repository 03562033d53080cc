//! A Markdown description renders to nothing.

use pyrel_model::Level;
use pyrel_readme::Verdict;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::server_form::ServerForm;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "description-markdown",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a Markdown description renders to something",
    docs: "\
### What it does
Renders a Markdown description as GitHub does and looks whether anything is left.

### Why is this bad
PyPI refuses a description that renders to nothing: blank text, or only link definitions.

### Example
A README that holds nothing but `[docs]: https://example.org`

### Source
PyPI (`readme_renderer`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let judgement = subject.form.and_then(ServerForm::judgement);
    let (Some(kind), Some(judgement)) = (subject.field("Description-Content-Type"), judgement) else {
        return;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/markdown") && judgement.verdict != Verdict::Pass {
        let message = format!(
            "The description failed to render for '{kind}'. See \
             https://pypi.org/help/#description-content-type for more information."
        );
        findings.add(Problem::new(message).hint("write something into the README").at("Description"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        for body in ["  \n\n", "[a]: https://example.org\n"] {
            let found = Fixture::wheel().body(body).messages("description-markdown");
            assert_eq!(
                found,
                ["The description failed to render for 'text/markdown'. See \
                  https://pypi.org/help/#description-content-type for more information."]
            );
        }
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("description-markdown").is_empty());
        }
    }
}
