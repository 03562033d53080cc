//! A dependency is no requirement.

use pyrel_model::Level;
use pyrel_model::Requirement;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "requires-dist",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every `Requires-Dist` is a requirement by PEP 508",
    docs: "\
### What it does
Parses each dependency by PEP 508.

### Why is this bad
No installer could resolve the release; PyPI refuses it.

### Example
`Requires-Dist: requests>=2.*`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for value in subject.fields("Requires-Dist") {
        if findings.is_full() {
            findings.count_more();
            continue;
        }
        let Err(error) = value.parse::<Requirement>() else { continue };
        if is_taken(value) {
            continue;
        }
        let text = format!("{} is invalid for {{field}}", wording::repr(value));
        let hint = format!("{} at column {}", error.reason, error.column);
        findings.add(wording::refused("requires-dist", &text).hint(hint).at("Requires-Dist"));
    }
}

/// What PyPI's parser takes although it should not: a name that ends in `_`, and nothing behind `===`.
fn is_taken(value: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let start = value.trim_start_matches([' ', '\t']);
    let end = start.find(|c| !is_name(c)).unwrap_or(start.len());
    let name = start[..end].trim_end_matches(['.', '-']);
    let named = match name.strip_suffix('_') {
        Some(stem) if !stem.is_empty() => format!("{stem}x{}", &start[name.len()..]),
        _ => start.to_owned(),
    };
    named.replace("===", "===x").parse::<Requirement>().is_ok()
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().also("Requires-Dist: requests>=2.*").findings("requires-dist");
        assert!(found[0].message.starts_with("'requests>=2.*' is invalid for 'requires-dist'. See"));
        assert!(found[0].hint.as_deref().unwrap().contains("column"));
    }

    #[test]
    fn stays_silent() {
        for odd in ["a_", "a.b_>=1", "a===", "a_ === ; os_name == 'nt'"] {
            let odd = Fixture::wheel().also(&format!("Requires-Dist: {odd}"));
            assert!(odd.findings("requires-dist").is_empty(), "PyPI takes it");
        }
        let good = Fixture::wheel()
            .also("Requires-Dist: requests (>=2)")
            .also("Requires-Dist: a[b]~=1.0; extra == 'c' and python_version < '3.12'");
        assert!(good.findings("requires-dist").is_empty());
    }
}
