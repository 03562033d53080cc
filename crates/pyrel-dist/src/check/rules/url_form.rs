//! An address that leads nowhere.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "url-form",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "every address of the metadata has a public host and no placeholder",
    docs: "\
### What it does
Looks at `Home-page`, `Download-URL`, and `Project-URL`: no blanks, no placeholders in braces or angle brackets, a host with a dot, no address of this machine, no password.

### Why is this bad
The page of the project shows the link to everybody.

### Example
`Project-URL: Source, https://example.org/<user>/demo`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let project = subject.fields("Project-URL").into_iter().filter_map(|text| text.split_once(','));
    let labelled = project.map(|(_, url)| ("Project-URL", url.trim()));
    let single =
        ["Home-page", "Download-URL"].into_iter().filter_map(|field| Some((field, subject.field(field)?)));
    for (field, url) in single.chain(labelled) {
        if let Some(fault) = fault(url) {
            // A password must not be shown again.
            let shown = if fault == PASSWORD { String::new() } else { format!(": `{url}`") };
            let message = format!("the address {fault}{shown}");
            findings.add(Problem::new(message).hint("write an address that everybody can open").at(field));
        }
    }
}

const PASSWORD: &str = "has a user name or a password in it";

fn fault(url: &str) -> Option<&'static str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Some("has a blank in it");
    }
    if url.contains(['{', '}', '<', '>']) {
        return Some("has a placeholder in it");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Some(PASSWORD);
    }
    let host = authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if authority.starts_with('[') {
        return None;
    }
    if host == "localhost" || host == "127.0.0.1" || host == "0.0.0.0" {
        return Some("is one of this machine");
    }
    let labels = host.split('.').all(|label| !label.is_empty());
    (!host.contains('.') || !labels).then_some("has no public host")
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    fn with(url: &str) -> Vec<String> {
        Fixture::wheel().also(&format!("Project-URL: Source, {url}")).messages("url-form")
    }

    #[test]
    fn fires() {
        for (url, fault) in [
            ("https://example.org/<user>/demo", "has a placeholder in it"),
            ("https://example.org/a b", "has a blank in it"),
            ("http://localhost:8000/", "is one of this machine"),
            ("https://example/demo", "has no public host"),
            ("https://example..org/demo", "has no public host"),
        ] {
            assert_eq!(with(url), [format!("the address {fault}: `{url}`")]);
        }
        let password = with("https://me:hidden@example.org/demo");
        assert_eq!(password, ["the address has a user name or a password in it"]);
    }

    #[test]
    fn stays_silent() {
        for url in ["https://example.org/demo#readme", "http://docs.example.org", "https://[::1]/x"] {
            assert!(with(url).is_empty(), "{url}");
        }
    }
}
