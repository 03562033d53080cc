//! A tarball does not end as it should.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "tar-end",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a tarball ends with its end marker, and nothing stands behind it",
    docs: "\
### What it does
Reads on behind the last member: two blocks of zeros, then only zeros, and a gzip stream with a right checksum.

### Why is this bad
A missing marker hides that the file was cut off; data behind it hides from most readers.

### Example
Two tarballs in one file.

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::End) {
        findings.add(Problem::new(&fault.detail).hint("build or download the file again"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let cut = Fixture::sdist().patched(|bytes| {
            let mut tar = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&bytes[..]);
            std::io::Read::read_to_end(&mut decoder, &mut tar).unwrap();
            tar.truncate(tar.len() - 1024);
            *bytes = crate::check::fixture::gzip(&tar);
        });
        assert_eq!(cut.messages("tar-end"), ["the archive has no end marker"]);
        let crc = Fixture::sdist().patched(|bytes| {
            let at = bytes.len() - 5;
            bytes[at] ^= 0xff;
        });
        assert!(crc.messages("tar-end")[0].starts_with("the gzip stream does not end well"));
        let more = Fixture::sdist().patched(|bytes| bytes.extend(crate::check::fixture::gzip(b"more")));
        assert_eq!(more.messages("tar-end"), ["there is data behind the end of the archive"]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("tar-end").is_empty());
        }
    }
}
