//! The file is larger than PyPI takes.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "file-size",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the file has at most 100 MiB",
    docs: "\
### What it does
Reports a file larger than 104,857,600 bytes, the limit of a project that has not been given another.

### Why is this bad
PyPI refuses the upload at its very end. The limit can be raised by request; the level of this rule is then to be lowered.

### Example
A wheel that carries its test data.

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.reading.digests.size <= LIMIT {
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
    let hint = "leave test data and debug symbols out; if PyPI has raised the limit of the project, \
        set `file-size = \"off\"` under `[check]`";
    findings.add(Problem::new(message).hint(hint));
}

/// 100 MiB, inclusive.
const LIMIT: u64 = 104_857_600;

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo-1.0.tar.gz");
        fs_err::File::create(&path).unwrap().set_len(super::LIMIT + 1).unwrap();
        let report = crate::check_files(&[path], &crate::CheckOptions::default());
        let found = report.files[0].findings.iter().find(|finding| finding.rule == "file-size").unwrap();
        assert!(
            found.message.starts_with("File too large. Limit for project 'demo' is 100 MB. See https://docs")
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::sdist().findings("file-size").is_empty());
    }
}
