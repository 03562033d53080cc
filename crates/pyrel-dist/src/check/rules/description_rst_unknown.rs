//! A reStructuredText description holds a construct for which there is no verdict.

use pyrel_model::Level;
use pyrel_readme::Verdict;

use super::description_rst::rst;
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "description-rst-unknown",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "whether a reStructuredText description renders is known",
    docs: "\
### What it does
Says that a description holds a construct of reStructuredText that `description-rst` does not judge.

### Why is this bad
A mistake there, or behind it, makes PyPI refuse the upload, and this check does not see it.

### Example
Lists nested more than sixty deep

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some((_, judgement)) = rst(subject) else { return };
    let Verdict::Unknown { line, construct } = &judgement.verdict else { return };
    let message = format!("whether PyPI renders the description is unknown: it holds {construct}");
    let hint = "run `twine check` on the file, or write this part in another way";
    findings.add(Problem::new(message).hint(hint).at(format!("Description, line {line}")));
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let body: String = (0..80).map(|depth| format!("{}- a\n\n", "  ".repeat(depth))).collect();
        let found = Fixture::wheel()
            .header("Description-Content-Type: text/x-rst")
            .body(&body)
            .messages("description-rst-unknown");
        assert_eq!(
            found,
            ["whether PyPI renders the description is unknown: it holds blocks nested more than 60 deep"]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("description-rst-unknown").is_empty());
        }
    }
}
