//! The source is newer than the Python it is offered to.

use std::collections::BTreeMap;

use pyrel_model::Level;
use pyrel_model::python::Feature;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::python_support::PythonSupport;
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "python-syntax",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "no module has syntax that the oldest supported Python cannot read",
    docs: "\
### What it does
Reads the modules of a wheel for syntax that came after Python 3.7, and compares it with `Requires-Python` and the tags. Modules whose names or folders are of a Python version (`_py312.py`), tests, and templates are left out.

### Why is this bad
An installer of that Python takes the file, and the import fails with a syntax error.

### Example
A `match` statement with `Requires-Python: >=3.9`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(support) = PythonSupport::of(subject) else { return };
    let Some(oldest) = support.oldest() else { return };
    let mut places: BTreeMap<Feature, Vec<(&str, usize)>> = BTreeMap::new();
    for (member, module) in &subject.reading.archive.python {
        if is_apart(member) {
            continue;
        }
        for (feature, line) in module.features.iter().filter(|(feature, _)| feature.minor() > oldest) {
            places.entry(*feature).or_default().push((member, *line));
        }
    }
    for (feature, places) in places {
        let (member, line) = places[0];
        let more = match places.len() {
            1 => String::new(),
            count => format!(" (and in {} more modules)", count - 1),
        };
        let message = format!(
            "{} needs Python 3.{}, but `Requires-Python: {}` lets 3.{oldest} install it{more}",
            feature.label(),
            feature.minor(),
            support.written
        );
        let hint = format!("require Python 3.{}, or write it so that 3.{oldest} reads it", feature.minor());
        findings.add(Problem::new(message).hint(hint).at(member).line(line));
    }
}

/// Tells whether a module may be meant for newer Pythons only, or for none.
fn is_apart(member: &str) -> bool {
    const APART: [&str; 7] = ["test", "tests", "testing", "testdata", "templates", "template", "vendor"];
    member.split('/').any(|part| {
        let part = part.strip_suffix(".py").unwrap_or(part);
        APART.contains(&part.trim_start_matches('_')) || part.starts_with("test_") || has_version(part)
    })
}

/// `py310`, `_3_12`, `compat312`, `py3_8`.
fn has_version(name: &str) -> bool {
    let digits: String = name.chars().filter(|c| *c != '_' && *c != '.').collect();
    let after =
        digits.match_indices('3').any(|(at, _)| digits[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    after || digits.contains("py3")
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    fn with(requires: &str, source: &str) -> Vec<String> {
        Fixture::wheel()
            .header(&format!("Requires-Python: {requires}"))
            .file("demo/cli.py", source)
            .messages("python-syntax")
    }

    #[test]
    fn fires() {
        assert_eq!(
            with(">=3.9", "\nmatch x:\n    case 1:\n        pass\n"),
            ["a `match` statement needs Python 3.10, but `Requires-Python: >=3.9` lets 3.9 install it"]
        );
        let two = Fixture::wheel()
            .header("Requires-Python: >=3.11")
            .file("demo/a.py", "\n\ntype X = int\n")
            .file("demo/b.py", "type Y = int\n");
        let found = two.findings("python-syntax");
        assert!(found[0].message.ends_with("lets 3.11 install it (and in 1 more modules)"), "{found:?}");
        assert_eq!(found[0].place.as_ref().map(|place| place.to_text()).as_deref(), Some("demo/a.py:3"));
    }

    #[test]
    fn stays_silent() {
        assert!(with(">=3.10", "match x:\n    case 1:\n        pass\n").is_empty());
        assert!(with(">=3.8.1", "if (n := 1): pass\n").is_empty());
        assert!(with(">=3.9", "match = x\nmatch(x)\n").is_empty());
        for name in ["demo/_py312.py", "demo/compat_3_12.py", "demo/tests/test_a.py", "demo/py3/a.py"] {
            let apart = Fixture::wheel().header("Requires-Python: >=3.9").file(name, "type X = int\n");
            assert!(apart.findings("python-syntax").is_empty(), "{name}");
        }
        assert!(
            Fixture::wheel()
                .without("Requires-Python")
                .file("demo/a.py", "type X = 1\n")
                .findings("python-syntax")
                .is_empty()
        );
    }
}
