//! The file name of a wheel names another project than its metadata, or the same in another form.

use pyrel_model::name::normalize;
use pyrel_model::{Level, PackageName};

use super::wheel_filename::parts_of;
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "wheel-name-mismatch",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the file name of a wheel has the normal form of the project's name",
    docs: "\
### What it does
Compares the first part of the file name with the name in the metadata, in small letters and with underscores.

### Why is this bad
Installers choose a wheel by its file name alone. PyPI refuses a name that says something else than the metadata.

### Example
`My.Pkg-1.0-py3-none-any.whl` instead of `my_pkg-1.0-py3-none-any.whl`

### Source
PyPI (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some((part, _)), Some(metadata)) = (parts_of(subject), subject.metadata()) else { return };
    if let Ok(name) = metadata.name()
        && let Some(message) = wrong_name(subject.filename(), part, &name)
    {
        findings.add(Problem::new(message).hint("build again with a current backend"));
    }
}

fn wrong_name(filename: &str, part: &str, name: &PackageName) -> Option<String> {
    let expected = name.file_stem();
    if normalize(part) != name.normalized() {
        return Some(format!(
            "Start filename for {} with {}.",
            wording::repr(name.as_written()),
            wording::repr(&expected)
        ));
    }
    (part != expected).then(|| {
        format!(
            "Filename {} should contain the normalized project name {}, not {}.",
            wording::repr(filename),
            wording::repr(&expected),
            wording::repr(part)
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let wrong = |name: &str| Fixture::wheel().named(name).messages("wheel-name-mismatch");
        assert_eq!(wrong("other-1.0-py3-none-any.whl"), ["Start filename for 'demo' with 'demo'."]);
        assert_eq!(
            wrong("Demo-1.0-py3-none-any.whl"),
            [
                "Filename 'Demo-1.0-py3-none-any.whl' should contain the normalized project name 'demo', not 'Demo'."
            ]
        );
    }

    #[test]
    fn stays_silent() {
        for name in ["demo-1.0-py3-none-any.whl", "demo-2.0-py3-none-any.whl", "Demo-1.0-py3.whl"] {
            assert!(Fixture::wheel().named(name).findings("wheel-name-mismatch").is_empty(), "{name}");
        }
    }
}
