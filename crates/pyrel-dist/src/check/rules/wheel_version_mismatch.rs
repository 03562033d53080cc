//! The file name of a wheel has another version than its metadata.

use pyrel_model::{Level, Version};

use super::wheel_filename::parts_of;
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "wheel-version-mismatch",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the file name of a wheel has the version of its metadata",
    docs: "\
### What it does
Compares the second part of the file name with the version in the metadata. `1.0` and `1.0.0` are the same.

### Why is this bad
Installers choose a wheel by its file name alone. PyPI refuses a name that says something else than the metadata.

### Example
`demo-1.1-py3-none-any.whl`, renamed by hand, with `Version: 1.0` in it

### Source
PyPI (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some((_, part)), Some(metadata)) = (parts_of(subject), subject.metadata()) else { return };
    if let (Ok(version), Ok(found)) = (metadata.version(), part.parse::<Version>())
        && version != found
    {
        let message = format!("Version in filename should be '{version}' not '{found}'.");
        findings.add(Problem::new(message).hint("do not rename wheels; build again"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let version = Fixture::wheel().named("demo-1.1-py3-none-any.whl").messages("wheel-version-mismatch");
        assert_eq!(version, ["Version in filename should be '1.0' not '1.1'."]);
    }

    #[test]
    fn stays_silent() {
        for name in ["demo-1.0-py3-none-any.whl", "demo-1.0.0-py3-none-any.whl", "other-1.0-py3-none-any.whl"]
        {
            assert!(Fixture::wheel().named(name).findings("wheel-version-mismatch").is_empty(), "{name}");
        }
    }
}
