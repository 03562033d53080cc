//! A blank line in RECORD, on which the server fails.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "record-blank-line",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`RECORD` has no blank line",
    docs: "\
### What it does
Reports a line of `RECORD` that is empty, also a second line feed at its end.

### Why is this bad
PyPI fails on it and answers with status 500: the upload cannot succeed, and nothing says why.

### Example
A `RECORD` that was joined from two with a blank line between

### Source
PyPI (`warehouse/utils/wheel.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(record), Some(directory)) = (&subject.reading.record, subject.reading.dist_info()) else {
        return;
    };
    for line in &record.blank_lines {
        let message =
            format!("PyPI fails with an internal error (500) on line {line} of `RECORD`, which is blank");
        let hint = "build the wheel again; do not edit `RECORD` by hand";
        findings.add(Problem::new(message).hint(hint).at(format!("{directory}/RECORD")));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let end = Fixture::wheel().record_edit("RECORD,,\n", "RECORD,,\n\n").messages("record-blank-line");
        assert_eq!(end, ["PyPI fails with an internal error (500) on line 5 of `RECORD`, which is blank"]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("record-blank-line").is_empty());
        let without_end = Fixture::wheel().record_edit("RECORD,,\n", "RECORD,,");
        assert!(without_end.findings("record-blank-line").is_empty());
    }
}
