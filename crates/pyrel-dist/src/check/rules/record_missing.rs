//! A wheel has no readable RECORD.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "record-missing",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a wheel has a readable `RECORD`",
    docs: "\
### What it does
Looks for `RECORD` in the `.dist-info` directory and reads it as comma-separated UTF-8.

### Why is this bad
An installer cannot tell what belongs to the project; PyPI refuses the wheel.

### Example
A wheel that was put together by hand.

### Source
PyPI (`warehouse/utils/wheel.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() || !subject.is_complete() {
        return;
    }
    let Some(directory) = subject.reading.dist_info() else { return };
    let path = format!("{directory}/RECORD");
    let reason = match (&subject.reading.record, subject.reading.member(&path)) {
        (_, None) => "it is missing",
        (Some(record), _) => match record.broken {
            Some(reason) => reason,
            None => return,
        },
        // Damaged, encrypted, or too large: another rule says so.
        (None, Some(_)) => return,
    };
    let filename = subject.filename();
    let message = format!("Wheel '{filename}' does not contain the required RECORD file: {path}");
    findings.add(Problem::new(message).hint(format!("{reason}; build the wheel again")).at(path));
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let expected = "Wheel 'demo-1.0-py3-none-any.whl' does not contain the required RECORD file: \
            demo-1.0.dist-info/RECORD";
        assert_eq!(Fixture::wheel().record("").messages("record-missing"), [expected]);
        let binary = Fixture::wheel().record("").file("demo-1.0.dist-info/RECORD", b"\xff,,\n");
        assert_eq!(binary.messages("record-missing"), [expected]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("record-missing").is_empty());
    }
}
