//! An address is not one that PyPI links to.

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::url;
use crate::check::wording;
use pyrel_model::Level;

pub(super) static RULE: Rule = Rule {
    name: "home-page",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`Home-page` and `Download-URL` are http or https addresses",
    docs: "\
### What it does
Checks the addresses as PyPI does: scheme `http` or `https`, a port that exists, no bare brackets.

### Why is this bad
PyPI links them from the project page and refuses others.

### Example
`Home-page: example.org`

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for header in ["Home-page", "Download-URL"] {
        if let Some(value) = subject.field(header)
            && !url::is_valid(value)
        {
            let text = format!("{} is not a valid url.", wording::repr(value));
            let hint = "write the whole address, starting with `https://`";
            findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at(header));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().header("Home-page: example.org").messages("home-page");
        assert!(found[0].starts_with("'example.org' is not a valid url. See"), "{found:?}");
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().header("Home-page: https://example.org").findings("home-page").is_empty());
    }
}
