//! The file is larger than PyPI takes.

use pyrel_model::Level;

use crate::check::IndexFacts;
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "file-size",
    level: Level::Warning,
    source: Source::Pypi,
    summary: "the file has at most 100 MiB",
    docs: "\
### What it does
Reports a file larger than 104,857,600 bytes, the limit of a project that has not been given another. A warning, because PyPI raises the limit for some; `--online` knows whether the project is new, and then it is an error. When the project already has a file of that size, its limit is another one and nothing is said.

### Why is this bad
PyPI refuses the upload at its very end. The limit can be raised by request.

### Example
A wheel that carries its test data.

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let size = subject.reading.digests.size;
    if size <= LIMIT {
        return;
    }
    let is_taken =
        |facts: &IndexFacts| !facts.is_pypi || facts.files.iter().any(|file| file.size >= Some(size));
    if subject.index.is_some_and(is_taken) {
        return;
    }
    let name = match (subject.metadata().map(|metadata| metadata.name()), &subject.reading.parsed) {
        (Some(Ok(name)), _) => name.as_written().to_owned(),
        (_, Ok(parsed)) => parsed.name().as_written().to_owned(),
        _ => return,
    };
    let message = format!(
        "File too large. Limit for project {} is 100 MB. See \
         https://docs.pypi.org/project-management/storage-limits#requesting-a-file-size-limit-increase \
         for more information.",
        wording::repr(&name)
    );
    let problem = Problem::new(message);
    findings.add(match subject.index.map(|facts| facts.exists) {
        Some(false) => problem.level(Level::Error).hint("leave test data and debug symbols out"),
        Some(true) | None => problem.hint(
            "leave test data and debug symbols out; if PyPI has raised the limit of the project, \
             set `file-size = \"off\"` under `[check]`",
        ),
    });
}

/// 100 MiB, inclusive.
const LIMIT: u64 = 104_857_600;

#[cfg(test)]
mod tests {
    use pyrel_model::Level;

    use crate::check::fixture::Fixture;
    use crate::check::{CheckReport, IndexFacts, IndexFile};

    /// Checks a wheel of one byte too many, and judges it by what an index has, when that is given.
    fn level(index: Option<IndexFacts>) -> Option<Level> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo-1.0-py3-none-any.whl");
        // Bytes in front of a zip do not keep it from being read.
        let wheel = Fixture::wheel().bytes();
        let mut file = fs_err::File::create(&path).unwrap();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(super::LIMIT + 1 - wheel.len() as u64))
            .unwrap();
        std::io::Write::write_all(&mut file, &wheel).unwrap();
        let options = crate::CheckOptions::default();
        let mut report: CheckReport = crate::check_files(&[path], &options);
        if let Some(facts) = index {
            report.judge_index(&[("demo".parse().unwrap(), facts)].into(), &options);
        }
        let found = report.files[0].findings.iter().find(|finding| finding.rule == "file-size")?;
        assert!(
            found.message.starts_with("File too large. Limit for project 'demo' is 100 MB. See https://docs")
        );
        Some(found.level)
    }

    fn facts(sizes: &[u64]) -> IndexFacts {
        let file = |size: &u64| IndexFile {
            filename: "demo-0.9-py3-none-any.whl".to_owned(),
            sha256: None,
            size: Some(*size),
            uploaded: None,
            members: None,
        };
        let files = sizes.iter().map(file).collect();
        IndexFacts { is_pypi: true, exists: !sizes.is_empty(), files, ..IndexFacts::default() }
    }

    #[test]
    fn fires() {
        assert_eq!(level(None), Some(Level::Warning), "the limit may be another one");
        assert_eq!(level(Some(facts(&[]))), Some(Level::Error), "a new project");
        assert_eq!(level(Some(facts(&[1000, super::LIMIT]))), Some(Level::Warning));
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::sdist().findings("file-size").is_empty());
        assert_eq!(level(Some(facts(&[super::LIMIT + 1]))), None, "PyPI took such a file");
        assert_eq!(
            level(Some(IndexFacts { is_pypi: false, ..facts(&[]) })),
            None,
            "an index of its own rules"
        );
    }
}
