//! The archive crosses a limit.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "archive-limits",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "the archive is not larger, deeper, or fuller than any honest one",
    docs: "\
### What it does
Reads no more of an archive than the limits allow: members, unpacked bytes, compression ratio, depth, length of names and texts.

### Why is this bad
A small file can unpack to more than any disk holds; whoever reads it unguarded comes to a halt.

### Example
A zip bomb.

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Limit) {
        let hint = "look at what went into the archive; if it is meant to be so, it cannot be checked";
        let mut problem = Problem::new(format!("reading stopped at a limit: {}", fault.detail)).hint(hint);
        if let Some(member) = &fault.member {
            problem = problem.at(member);
        }
        findings.add(problem);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let deep = format!("demo-1.0/{}x", "d/".repeat(40));
        let limits = crate::Limits { depth: 10, ..crate::Limits::default() };
        let mut options = crate::CheckOptions { limits, ..crate::CheckOptions::default() };
        let report = Fixture::sdist().file(&deep, "x").report_with(&mut options);
        let found: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.rule == "archive-limits")
            .map(|finding| finding.message.as_str())
            .collect();
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("reading stopped at a limit: a member is more than 10 directories deep")
        );
        assert!(report.dist.is_none());
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("archive-limits").is_empty());
        }
    }
}
