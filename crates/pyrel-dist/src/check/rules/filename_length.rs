//! The file name of a wheel is too long.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "filename-length",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the name of a wheel has at most 246 bytes",
    docs: "\
### What it does
Reports a wheel whose file name is longer than 246 bytes.

### Why is this bad
PyPI stores the metadata of a wheel beside it under the same name with `.metadata` behind, and no name may be longer than 255 bytes.

### Example
A wheel with many compressed platform tags.

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let name = subject.filename();
    if subject.is_wheel() && name.len() > LONGEST {
        let message = format!("Filename is too long: '{name}'");
        let hint = format!("shorten the build tag or the platform tags to {LONGEST} bytes in all");
        findings.add(Problem::new(message).hint(hint));
    }
}

/// Bytes that are left beside `.metadata`.
const LONGEST: usize = 246;

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let name = format!("demo-1.0-1{}-py3-none-any.whl", "x".repeat(220));
        let found = Fixture::wheel().named(&name).messages("filename-length");
        assert_eq!(found, [format!("Filename is too long: '{name}'")]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("filename-length").is_empty());
    }
}
