//! Two sdists of one release are checked together.

use pyrel_model::DistFilename;
use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "one-sdist",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a release has one sdist",
    docs: "\
### What it does
Reports an sdist when another one of the same release is checked with it.

### Why is this bad
PyPI takes one sdist for a release, and `1.0` and `1.0.0` are the same release.

### Example
`demo-1.0.tar.gz` and `demo-1.0.0.tar.gz` in one upload

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Ok(DistFilename::Sdist(own)) = &subject.reading.parsed else { return };
    let start = subject.filename().rsplit_once('-').map(|(name, _)| name);
    let same_name = |other: &&String| other.rsplit_once('-').map(|(name, _)| name) == start;
    for other in subject.siblings.iter().filter(same_name).filter(|other| *other != subject.filename()) {
        if let Ok(DistFilename::Sdist(sdist)) = other.parse()
            && (&sdist.name, &sdist.version) == (&own.name, &own.version)
        {
            let problem = Problem::new("Only one sdist may be uploaded per release.")
                .hint(format!("remove one of `{}` and `{other}`", subject.filename()));
            findings.add(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let directory = tempfile::tempdir().unwrap();
        let paths = ["demo-1.0.tar.gz", "demo-1.0.0.tar.gz"].map(|name| directory.path().join(name));
        for path in &paths {
            fs_err::write(path, Fixture::sdist().bytes()).unwrap();
        }
        let report = crate::check_files(&paths, &crate::CheckOptions::default());
        let found = report.files[0].findings.iter().find(|finding| finding.rule == "one-sdist").unwrap();
        assert_eq!(found.message, "Only one sdist may be uploaded per release.");
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::sdist().findings("one-sdist").is_empty());
    }
}
