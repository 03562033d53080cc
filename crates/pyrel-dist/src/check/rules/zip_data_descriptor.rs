//! A zip was written as a stream.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::zip_faults;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "zip-data-descriptor",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no member of a wheel has a data descriptor",
    docs: "\
### What it does
Reports a zip that was written as a stream: sizes stand behind the data instead of before it.

### Why is this bad
A reader that goes from the front cannot know where the data ends; PyPI refuses it.

### Example
`zip -r - demo > demo.whl`

### Source
PyPI (`warehouse/utils/zipfiles.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Structure) {
        if matches!(fault.detail.as_str(), "ZIP contains a data descriptor") {
            findings.add(
                zip_faults::problem(fault)
                    .hint("write the wheel to a file that can be sought, not to a pipe"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().patched(|bytes| bytes[6] |= 0x08).messages("zip-data-descriptor");
        assert_eq!(
            found,
            ["Invalid distribution file. ZIP archive not accepted: ZIP contains a data descriptor. See \
              https://docs.pypi.org/archives for more information"]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("zip-data-descriptor").is_empty());
        }
    }
}
