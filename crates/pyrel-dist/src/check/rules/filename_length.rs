//! The file name of a wheel is too long.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "filename-length",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the name of a wheel has at most 246 bytes, that of an sdist 255",
    docs: "\
### What it does
Reports a wheel whose file name is longer than 246 bytes, and any file whose name is longer than 255.

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
    findings_of(subject.filename(), subject.is_wheel(), findings);
}

fn findings_of(name: &str, is_wheel: bool, findings: &mut Findings) {
    if is_wheel && name.len() > LONGEST_WHEEL {
        let message = format!("Filename is too long: '{name}'");
        let hint = format!("shorten the build tag or the platform tags to {LONGEST_WHEEL} bytes in all");
        findings.add(Problem::new(message).hint(hint));
    } else if name.len() > LONGEST {
        let message =
            format!("PyPI fails with an internal error (500) on a file name of {} bytes", name.len());
        findings.add(Problem::new(message).hint(format!("shorten it to {LONGEST} bytes")));
    }
}

/// Bytes that are left beside `.metadata`.
const LONGEST_WHEEL: usize = 246;
/// Bytes of a name that file systems take.
const LONGEST: usize = 255;

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let name = format!("demo-1.0-1{}-py3-none-any.whl", "x".repeat(220));
        let found = Fixture::wheel().named(&name).messages("filename-length");
        assert_eq!(found, [format!("Filename is too long: '{name}'")]);
        // No file of such a name can be made everywhere.
        let mut findings = super::Findings::default();
        super::findings_of(&format!("{}-1.0.tar.gz", "x".repeat(250)), false, &mut findings);
        let message = findings.into_problems().remove(0).message;
        assert_eq!(message, "PyPI fails with an internal error (500) on a file name of 261 bytes");
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("filename-length").is_empty());
    }
}
