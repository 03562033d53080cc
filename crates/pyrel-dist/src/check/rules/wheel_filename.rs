//! The file name of a wheel is broken or says something else than its metadata.

use pyrel_model::Level;
use pyrel_model::name::normalize;
use pyrel_model::{PackageName, Version};

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "wheel-filename",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a wheel is called `{name}-{version}-{tags}.whl` after its metadata",
    docs: "\
### What it does
Parses the file name of a wheel and compares its name and version with the metadata.

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
    let Some(stem) = subject.filename().strip_suffix(".whl").filter(|_| subject.is_wheel()) else { return };
    if let Err(message) = parse(stem) {
        let hint = "call it `{name}-{version}-{python}-{abi}-{platform}.whl`";
        findings.add(Problem::new(message).hint(hint));
        return;
    }
    let mut parts = stem.split('-');
    let (Some(part), Some(version_part)) = (parts.next(), parts.next()) else { return };
    let Some(metadata) = subject.metadata() else { return };
    if let Ok(name) = metadata.name()
        && let Some(message) = wrong_name(subject.filename(), part, &name)
    {
        findings.add(Problem::new(message).hint("build again with a current backend"));
    }
    if let (Ok(version), Ok(found)) = (metadata.version(), version_part.parse::<Version>())
        && version != found
    {
        let message = format!("Version in filename should be '{version}' not '{found}'.");
        findings.add(Problem::new(message).hint("do not rename wheels; build again"));
    }
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
        assert_eq!(wrong("other-1.0-py3-none-any.whl"), ["Start filename for 'demo' with 'demo'."]);
        assert_eq!(
            wrong("Demo-1.0-py3-none-any.whl"),
            [
                "Filename 'Demo-1.0-py3-none-any.whl' should contain the normalized project name 'demo', not 'Demo'."
            ]
        );
        let version = wrong("demo-1.1-py3-none-any.whl");
        assert_eq!(version, ["Version in filename should be '1.0' not '1.1'."]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("wheel-filename").is_empty());
        assert!(Fixture::wheel().named("demo-1.0-2x-py3-none-any.whl").findings("wheel-filename").is_empty());
    }
}
