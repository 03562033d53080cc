//! A file of the wheel is not listed in RECORD.

use std::collections::HashSet;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::member::MemberKind;

pub(super) static RULE: Rule = Rule {
    name: "record-unlisted",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "every file of a wheel is listed in `RECORD`",
    docs: "\
### What it does
Looks each member up in `RECORD`. Directories and the signatures `RECORD.jws` and `RECORD.p7s` need no row.

### Why is this bad
Installers refuse the wheel or leave the file behind when uninstalling; PyPI writes to the owners.

### Example
A file added to the zip after the build.

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(record), Some(directory)) = (&subject.reading.record, subject.reading.dist_info()) else {
        return;
    };
    let listed: HashSet<&str> = record.rows.iter().map(|row| row.path.as_str()).collect();
    let own = format!("{directory}/RECORD");
    let exempt = [format!("{own}.jws"), format!("{own}.p7s"), own];
    for member in &subject.reading.archive.members {
        let name = &member.name;
        if member.kind != MemberKind::Directory && !listed.contains(name.as_str()) && !exempt.contains(name) {
            let message = format!("the file is not listed in `RECORD`: `{name}`");
            let hint = "build the wheel again, or repack it with `wheel pack`";
            findings.add(Problem::new(message).hint(hint).at(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let record = "demo-1.0.dist-info/RECORD,,\n";
        let found = Fixture::wheel().record(record).messages("record-unlisted");
        assert_eq!(found[0], "the file is not listed in `RECORD`: `demo/__init__.py`");
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("record-unlisted").is_empty());
    }
}
