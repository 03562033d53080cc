//! The wheel is compressed beyond belief.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "compression-ratio",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a wheel of more than 64 MiB unpacked is at most 50 times smaller",
    docs: "\
### What it does
Compares the sum of the declared sizes with the size of the file.

### Why is this bad
PyPI takes a file beyond this for a bomb.

### Example
A wheel with 100 MB of zeros as test data.

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (declared, size) = (subject.reading.archive.declared, subject.reading.digests.size);
    if subject.is_wheel() && declared > FLOOR && declared > size.saturating_mul(RATIO) {
        let message = wording::invalid_file("File exceeds compression ratio of 50");
        let hint = format!("{size} bytes unpack to {declared}; leave generated data out");
        findings.add(Problem::new(message).hint(hint));
    }
}

const FLOOR: u64 = 64 * 1024 * 1024;
const RATIO: u64 = 50;

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let zeros = vec![0; 65 * 1024 * 1024];
        let found = Fixture::wheel().file("demo/zeros.bin", zeros).messages("compression-ratio");
        assert_eq!(found, ["Invalid distribution file. File exceeds compression ratio of 50"]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("compression-ratio").is_empty());
        }
    }
}
