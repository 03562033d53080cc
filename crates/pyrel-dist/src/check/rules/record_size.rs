//! A size in RECORD is wrong.

use std::collections::HashMap;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "record-size",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "every size in `RECORD` is that of the file",
    docs: "\
### What it does
Compares the sizes in `RECORD` with the members.

### Why is this bad
A wrong size means that the wheel was changed after it was built.

### Example
A file edited inside the zip.

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(record), Some(directory)) = (&subject.reading.record, subject.reading.dist_info()) else {
        return;
    };
    let sizes: HashMap<&str, u64> =
        subject.reading.archive.members.iter().map(|member| (member.name.as_str(), member.size)).collect();
    let own = format!("{directory}/RECORD");
    for row in record.rows.iter().filter(|row| !row.size.is_empty() && row.path != own) {
        let Some(size) = sizes.get(row.path.as_str()) else { continue };
        if row.size.parse() != Ok(*size) {
            let message = format!("`RECORD` gives `{}` {} bytes, but it has {size}", row.path, row.size);
            let hint = "build the wheel again, or repack it with `wheel pack`";
            findings.add(Problem::new(message).hint(hint).at(&row.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().record_edit(",10\n", ",11\n").messages("record-size");
        assert_eq!(found, ["`RECORD` gives `demo/__init__.py` 11 bytes, but it has 10"]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("record-size").is_empty());
    }
}
