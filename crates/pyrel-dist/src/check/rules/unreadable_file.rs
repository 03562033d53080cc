//! The file itself cannot be read.

use std::io;
use std::path::Path;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(crate) static RULE: Rule = Rule {
    name: "unreadable-file",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "the file can be read",
    docs: "\
### What it does
Reports a file that the operating system does not let pyrel read: it is missing, a directory, or not permitted.

### Why is this bad
Nothing can be said about the file, so it must not be uploaded.

### Example
`pyrel check dist/missing-1.0.tar.gz`

### Source
pyrel
",
    check,
};

/// A subject is a file that was read, so here is nothing to find; the driver calls [`problem`] instead.
fn check(_subject: &Subject<'_>, _findings: &mut Findings) {}

/// Makes the problem of a file that could not be read.
pub(crate) fn problem(path: &Path, error: &io::Error) -> Problem {
    let cause = error.to_string();
    let path = path.display().to_string();
    let message = if cause.contains(&path) { cause } else { format!("cannot read `{path}`: {cause}") };
    Problem::new(message).hint("build the distribution, or name another file").at(path)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::check::fixture::Fixture;
    use crate::check::{CheckOptions, check_files};

    #[test]
    fn fires() {
        let path = PathBuf::from("no-such-directory/a-1.0.tar.gz");
        let report = check_files(std::slice::from_ref(&path), &CheckOptions::default());
        let finding = &report.files[0].findings[0];
        assert_eq!(finding.rule, "unreadable-file");
        assert!(finding.message.contains("no-such-directory/a-1.0.tar.gz"), "{}", finding.message);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("unreadable-file").is_empty());
    }
}
