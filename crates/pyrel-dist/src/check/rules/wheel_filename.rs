//! The file name of a wheel is broken.

use pyrel_model::Level;
use pyrel_model::Version;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "wheel-filename",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a wheel is called `{name}-{version}-{tags}.whl`",
    docs: "\
### What it does
Parses the file name of a wheel. Whether it is that of the metadata is the matter of `wheel-name-mismatch` and `wheel-version-mismatch`.

### Why is this bad
Installers choose a wheel by its file name alone, and pass over one that they cannot read.

### Example
`demo-1.0-py3-none.whl`, in which a tag is missing

### Source
PyPI (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(stem) = subject.filename().strip_suffix(".whl").filter(|_| subject.is_wheel()) else { return };
    if let Err(message) = parse(stem) {
        let hint = "call it `{name}-{version}-{python}-{abi}-{platform}.whl`";
        findings.add(Problem::new(message).hint(hint));
    }
}

/// Returns the name and the version in the file name of a wheel, when it is well formed.
pub(super) fn parts_of<'a>(subject: &Subject<'a>) -> Option<(&'a str, &'a str)> {
    let stem = subject.filename().strip_suffix(".whl").filter(|_| subject.is_wheel())?;
    parse(stem).ok()?;
    let (name, rest) = stem.split_once('-')?;
    Some((name, rest.split('-').next()?))
}

/// Parses as `packaging` does, with its words.
fn parse(stem: &str) -> Result<(), String> {
    let parts: Vec<&str> = stem.split('-').collect();
    let shown = wording::repr(stem);
    if parts.len() < 3 {
        return Err(wording::invalid_file("Unable to parse name and version from wheel filename"));
    }
    if !matches!(parts.len(), 5 | 6) {
        return Err(format!("Invalid wheel filename (wrong number of parts): {shown}"));
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    if parts[0].contains("__") || !parts[0].chars().all(is_word) {
        return Err(format!("Invalid project name: {shown}"));
    }
    if parts[1].parse::<Version>().is_err() {
        return Err(format!("Invalid wheel filename (invalid version): {shown}"));
    }
    if parts.len() == 6 && !parts[2].starts_with(|c: char| c.is_numeric()) {
        return Err(format!("Invalid build number: {} in {shown}", parts[2]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let wrong = |name: &str| Fixture::wheel().named(name).messages("wheel-filename");
        assert_eq!(
            wrong("demo.whl"),
            ["Invalid distribution file. Unable to parse name and version from wheel filename"]
        );
        assert_eq!(
            wrong("demo-1.0-py3-none.whl"),
            ["Invalid wheel filename (wrong number of parts): 'demo-1.0-py3-none'"]
        );
        assert_eq!(wrong("de__mo-1.0-py3-none-any.whl"), ["Invalid project name: 'de__mo-1.0-py3-none-any'"]);
        assert_eq!(
            wrong("demo-1_0-py3-none-any.whl"),
            ["Invalid wheel filename (invalid version): 'demo-1_0-py3-none-any'"]
        );
        assert_eq!(
            wrong("demo-1.0-b1-py3-none-any.whl"),
            ["Invalid build number: b1 in 'demo-1.0-b1-py3-none-any'"]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("wheel-filename").is_empty());
        for good in ["demo-1.0-2x-py3-none-any.whl", "other-1.1-py3-none-any.whl"] {
            assert!(Fixture::wheel().named(good).findings("wheel-filename").is_empty(), "{good}");
        }
    }
}
