//! A project URL has no address, or a wrong one.

use pyrel_model::Level;

use super::project_url_label;
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::url;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "project-url",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every `Project-URL` has an http or https address",
    docs: "\
### What it does
Checks each entry: behind its label and a comma an address with scheme `http` or `https`.

### Why is this bad
PyPI shows them in the side bar and refuses others.

### Example
`Project-URL: Code, git+https://example.org`

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for value in subject.fields("Project-URL") {
        let address = value.split_once(',').map_or("", |(_, address)| address.trim());
        // PyPI says nothing of an address whose label it refuses.
        let text = if project_url_label::fault(value).is_some() {
            continue;
        } else if address.is_empty() {
            "Must have a URL".to_owned()
        } else if !url::is_valid(address) {
            format!("{} is not a valid url", wording::repr(address))
        } else {
            continue;
        };
        let hint = "write `Label, https://…`; in `project.urls` the label is the key";
        findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at("Project-URL"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let end = " See https://packaging.python.org/specifications/core-metadata for more information.";
        for (value, message) in [
            ("https://example.org".to_owned(), "Must have a URL.".to_owned()),
            (
                "Code, git+https://example.org".to_owned(),
                "'git+https://example.org' is not a valid url.".to_owned(),
            ),
        ] {
            let found = Fixture::wheel().also(&format!("Project-URL: {value}")).messages("project-url");
            assert_eq!(found, [format!("{message}{end}")]);
        }
    }

    #[test]
    fn stays_silent() {
        let good = Fixture::wheel().also("Project-URL: Home, https://example.org/a,b");
        assert!(good.findings("project-url").is_empty());
        let label = Fixture::wheel().also("Project-URL: , ftp://example.org");
        assert!(label.findings("project-url").is_empty(), "`project-url-label` says it");
    }
}
