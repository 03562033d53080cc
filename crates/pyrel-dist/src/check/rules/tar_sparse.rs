//! A member of an sdist is sparse.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "tar-sparse",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no member of an sdist is sparse",
    docs: "\
### What it does
Reports members that leave out their zeros, in either form of GNU tar.

### Why is this bad
Readers that do not know the extension unpack something else; PyPI refuses it.

### Example
`tar --sparse`

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut faults = subject.faults(FaultKind::Sparse);
    if let Some(fault) = faults.next() {
        let message = wording::invalid_file(
            "tar archive not accepted: Sparse members are not allowed. \
             See https://docs.pypi.org/archives for more information",
        );
        let member = fault.member.clone().unwrap_or_default();
        findings.add(Problem::new(message).hint("pack the sdist without `--sparse`").at(member));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let sparse = Fixture::sdist().patched(|bytes| {
            let mut header = tar::Header::new_gnu();
            header.set_path("demo-1.0/sparse.bin").unwrap();
            header.set_entry_type(tar::EntryType::GNUSparse);
            header.set_size(0);
            header.set_mode(0o644);
            header.set_cksum();
            let mut tar = header.as_bytes().to_vec();
            tar.resize(tar.len() + 1024, 0);
            *bytes = crate::check::fixture::gzip(&tar);
        });
        assert_eq!(
            sparse.messages("tar-sparse"),
            ["Invalid distribution file. tar archive not accepted: Sparse members are not allowed. See \
              https://docs.pypi.org/archives for more information"]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("tar-sparse").is_empty());
        }
    }
}
