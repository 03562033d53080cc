//! The wheel has many more files than the last release's.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "file-count-jump",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a wheel does not have several times as many files as that of the last release (`--online`)",
    docs: "\
### What it does
Compares the number of files in a wheel with that of the largest wheel in the newest release before this one. More than three times and a hundred more is a jump. The number is read from the last kilobyte of the file on the index; where the index sends no part of a file, nothing is compared. An sdist tells its number nowhere but in all its bytes, so only its size is compared (`size-jump`).

### Why is this bad
Most often the build took in something that it should not have: tests, a virtual environment, a copy of itself.

### Example
A wheel with 4,000 files after one with 40

### Source
pyrel
",
    check,
};

const TIMES: u64 = 3;
const LEAST: u64 = 100;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(facts), Ok(own)) = (subject.index, &subject.reading.parsed) else { return };
    if !subject.is_wheel() || !subject.is_complete() {
        return;
    }
    let Some((before, file)) = facts.last_like(own) else { return };
    let (Some(members), now) = (file.members, subject.reading.archive.members.len() as u64) else { return };
    if now > members.saturating_mul(TIMES) && now - members > LEAST {
        let version = before.version().normalized();
        let message =
            format!("the wheel has {now} files, that of the last release ({version}) had {members}");
        findings.add(Problem::new(message).hint("look at what was added, with `unzip -l`"));
    }
}

/// Tells whether a wheel of so many files can have jumped at all.
pub(in crate::check) fn can_jump(members: usize) -> bool {
    members as u64 > LEAST
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;
    use crate::check::{IndexFacts, IndexFile};

    fn messages(fixture: &Fixture, files: &[(&str, Option<u64>)]) -> Vec<String> {
        let file = |(name, members): &(&str, Option<u64>)| IndexFile {
            filename: (*name).to_owned(),
            sha256: None,
            size: Some(10),
            uploaded: None,
            members: *members,
        };
        let facts =
            IndexFacts { exists: true, files: files.iter().map(file).collect(), ..IndexFacts::default() };
        let report = fixture.report_online("demo", facts);
        let own = report.findings.into_iter().filter(|finding| finding.rule == "file-count-jump");
        own.map(|finding| finding.message).collect()
    }

    fn of(files: usize) -> Fixture {
        let add = |fixture: Fixture, number| fixture.file(&format!("demo/m{number}.py"), "x = 1\n");
        (0..files).fold(Fixture::wheel(), add)
    }

    const OLD: &str = "demo-0.9-py3-none-any.whl";

    #[test]
    fn fires() {
        let found = messages(&of(150), &[("demo-0.8-py3-none-any.whl", Some(150)), (OLD, Some(5))]);
        assert_eq!(found, ["the wheel has 154 files, that of the last release (0.9) had 5"]);
    }

    #[test]
    fn stays_silent() {
        assert!(messages(&of(150), &[(OLD, Some(52))]).is_empty(), "less than three times");
        assert!(messages(&of(90), &[(OLD, Some(1))]).is_empty(), "few files jump");
        assert!(messages(&of(150), &[(OLD, None)]).is_empty(), "nothing is known");
        assert!(messages(&of(150), &[("demo-2.0-py3-none-any.whl", Some(1))]).is_empty());
        assert!(messages(&Fixture::sdist(), &[("demo-0.9.tar.gz", Some(1))]).is_empty());
    }
}
