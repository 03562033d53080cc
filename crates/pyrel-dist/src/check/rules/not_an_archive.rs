//! The file is no archive that PyPI can read.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "not-an-archive",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the file is the archive that its name promises",
    docs: "\
### What it does
Opens a wheel as a zip and an sdist as a gzip-compressed tar, as PyPI does.

### Why is this bad
PyPI cannot read the file. It was cut off, damaged, or is something else under a wrong name.

### Example
An HTML error page saved as `demo-1.0.tar.gz`.

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Refused) {
        let hint = match &fault.reason {
            Some(reason) => format!("{reason}; build or download the file again"),
            None => "the file is cut off or no zip at all; build or download it again".to_owned(),
        };
        let mut problem = Problem::new(wording::invalid_file(&fault.detail)).hint(hint);
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
        let cut = Fixture::wheel().patched(|bytes| bytes.truncate(bytes.len() / 2));
        assert_eq!(cut.messages("not-an-archive"), ["Invalid distribution file. File is not a zipfile"]);
        let cut = Fixture::sdist().patched(|bytes| bytes.truncate(bytes.len() / 2));
        assert_eq!(cut.messages("not-an-archive"), ["Invalid distribution file. None"]);
        let page = Fixture::sdist().patched(|bytes| *bytes = b"<html>".to_vec());
        assert_eq!(page.messages("not-an-archive"), ["Invalid distribution file. File is not a tarfile"]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("not-an-archive").is_empty());
        }
    }
}
