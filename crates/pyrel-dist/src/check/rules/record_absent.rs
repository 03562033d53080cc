//! RECORD lists a file that is not there.

use std::collections::HashSet;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "record-absent",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "every file listed in `RECORD` is in the wheel",
    docs: "\
### What it does
Looks each row of `RECORD` up in the archive.

### Why is this bad
Installers refuse the wheel; PyPI writes to the owners.

### Example
A file removed from the zip after the build.

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_complete() {
        return;
    }
    let (Some(record), Some(directory)) = (&subject.reading.record, subject.reading.dist_info()) else {
        return;
    };
    let there: HashSet<&str> =
        subject.reading.archive.members.iter().map(|member| member.name.as_str()).collect();
    for row in record.rows.iter().filter(|row| !there.contains(row.path.as_str())) {
        let message = format!("`RECORD` lists a file that is not there: `{}`", row.path);
        let hint = "build the wheel again, or repack it with `wheel pack`";
        findings.add(Problem::new(message).hint(hint).at(format!("{directory}/RECORD")));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let record = "demo-1.0.dist-info/RECORD,,\n";
        let found = Fixture::wheel().record_edit(record, &format!("gone.py,,\n{record}"));
        assert_eq!(found.messages("record-absent"), ["`RECORD` lists a file that is not there: `gone.py`"]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("record-absent").is_empty());
    }
}
