//! RECORD does not list itself, or with a digest.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "record-own-row",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "`RECORD` lists itself, without digest and size",
    docs: "\
### What it does
Looks for the row of `RECORD` in `RECORD`.

### Why is this bad
Uninstallers remove what is listed; PyPI writes to the owners when the row is missing.

### Example
A `RECORD` written by hand.

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(record), Some(directory)) = (&subject.reading.record, subject.reading.dist_info()) else {
        return;
    };
    let own = format!("{directory}/RECORD");
    let hint = "build the wheel again";
    match record.rows.iter().find(|row| row.path == own) {
        None => findings.add(Problem::new("`RECORD` does not list itself").hint(hint).at(own)),
        Some(row) if !row.hash.is_empty() || !row.size.is_empty() => {
            let message = "`RECORD` gives itself a digest or a size, which cannot be right";
            findings.add(Problem::new(message).hint(hint).at(own));
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let row = "demo-1.0.dist-info/RECORD,,\n";
        let none = Fixture::wheel().record_edit(row, "").messages("record-own-row");
        assert_eq!(none, ["`RECORD` does not list itself"]);
        let hashed = Fixture::wheel().record_edit(row, "demo-1.0.dist-info/RECORD,sha256=x,1\n");
        assert_eq!(
            hashed.messages("record-own-row"),
            ["`RECORD` gives itself a digest or a size, which cannot be right"]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("record-own-row").is_empty());
    }
}
