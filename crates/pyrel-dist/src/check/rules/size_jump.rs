//! The file is much larger than the last release's.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "size-jump",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a file is not several times as large as that of the last release (`--online`)",
    docs: "\
### What it does
Compares the size with that of the largest file of the same kind in the newest release before this one. More than three times and a mebibyte more is a jump.

### Why is this bad
Most often the build took in something that it should not have: data, a virtual environment, a copy of itself.

### Example
`demo-1.1.tar.gz` with 40 MiB after `demo-1.0.tar.gz` with 40 KiB

### Source
pyrel
",
    check,
};

const TIMES: u64 = 3;
const LEAST: u64 = 1024 * 1024;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(facts), Ok(own)) = (subject.index, &subject.reading.parsed) else { return };
    let Some((before, file)) = facts.last_like(own) else { return };
    let (Some(size), now) = (file.size, subject.reading.digests.size) else { return };
    if now > size.saturating_mul(TIMES) && now - size > LEAST {
        let version = before.version().normalized();
        let message = format!("the file has {now} bytes, that of the last release ({version}) had {size}");
        findings.add(Problem::new(message).hint("look at what was added, with `unzip -l` or `tar -tzvf`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    use crate::check::{IndexFacts, IndexFile};

    fn messages(fixture: &Fixture, files: &[(&str, u64)]) -> Vec<String> {
        let file = |(name, size): &(&str, u64)| IndexFile {
            filename: (*name).to_owned(),
            sha256: None,
            size: Some(*size),
            uploaded: None,
            members: None,
        };
        let facts =
            IndexFacts { exists: true, files: files.iter().map(file).collect(), ..IndexFacts::default() };
        let report = fixture.report_online("demo", facts);
        let own = report.findings.into_iter().filter(|finding| finding.rule == "size-jump");
        own.map(|finding| finding.message).collect()
    }

    /// Two mebibytes that deflate cannot make smaller.
    fn large() -> Fixture {
        let mut state = 1_u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        Fixture::sdist().file("demo-1.0/data.bin", (0..2 << 20).map(next).collect::<Vec<u8>>())
    }

    #[test]
    fn fires() {
        let found = messages(&large(), &[("demo-0.8.tar.gz", 3 << 20), ("demo-0.9.tar.gz", 1000)]);
        assert!(found[0].ends_with("bytes, that of the last release (0.9) had 1000"), "{found:?}");
    }

    #[test]
    fn stays_silent() {
        let others = [("demo-0.9.tar.gz", 1 << 20), ("demo-0.9-py3-none-any.whl", 1), ("demo-2.0.tar.gz", 1)];
        assert!(messages(&large(), &others).is_empty());
        assert!(messages(&Fixture::sdist(), &[("demo-0.9.tar.gz", 1)]).is_empty(), "small files jump");
        assert!(messages(&large(), &[]).is_empty());
    }
}
