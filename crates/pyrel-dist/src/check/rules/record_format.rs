//! RECORD has rows of a wrong shape.

use std::collections::HashSet;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "record-format",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "every row of `RECORD` has three fields, and no file is listed twice",
    docs: "\
### What it does
Checks the shape of `RECORD`: path, digest, size.

### Why is this bad
Installers refuse rows of another shape.

### Example
A path with a comma that is not in quotes

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(record), Some(directory)) = (&subject.reading.record, subject.reading.dist_info()) else {
        return;
    };
    let path = format!("{directory}/RECORD");
    let hint = "build the wheel again; do not edit `RECORD` by hand";
    for row in record.rows.iter().filter(|row| row.fields != 3) {
        let message = format!("line {} of `RECORD` has {} fields, not 3", row.line, row.fields);
        findings.add(Problem::new(message).hint(hint).at(&path));
    }
    let mut seen = HashSet::new();
    for row in &record.rows {
        if !seen.insert(row.path.as_str()) {
            let message = format!("line {} of `RECORD` lists a file again: `{}`", row.line, row.path);
            findings.add(Problem::new(message).hint(hint).at(&path));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let record = "demo-1.0.dist-info/RECORD,,\n";
        let short = Fixture::wheel().record_edit(record, "demo-1.0.dist-info/RECORD\n");
        assert_eq!(short.messages("record-format"), ["line 4 of `RECORD` has 1 fields, not 3"]);
        let twice = Fixture::wheel().record_edit(record, &format!("{record}{record}"));
        assert_eq!(
            twice.messages("record-format"),
            ["line 5 of `RECORD` lists a file again: `demo-1.0.dist-info/RECORD`"]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("record-format").is_empty());
    }
}
