//! The file name of an sdist is not the one that PyPI accepts.

use pyrel_model::Level;
use pyrel_model::filename::SdistFilename;
use pyrel_model::name::normalize;
use pyrel_model::{PackageName, Version};

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "sdist-filename",
    level: Level::Error,
    source: Source::Pypi,
    summary: "an sdist is called `{name}-{version}.tar.gz`, both in normal form",
    docs: "\
### What it does
Compares the file name of an sdist with the one name that PyPI accepts for its project and version.

### Why is this bad
An installer finds files by their names. PyPI takes the normal form of PEP 625 only.

### Example
`My-Pkg-1.0.tar.gz` instead of `my_pkg-1.0.tar.gz`

### Source
PyPI (PEP 625)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(stem) = subject.filename().strip_suffix(".tar.gz").filter(|_| subject.is_sdist()) else {
        return;
    };
    let filename = subject.filename();
    let parts = stem.rsplit_once('-').filter(|(_, version)| version.parse::<Version>().is_ok());
    let Some((start, _)) = parts else {
        let message = format!("Invalid source distribution filename: {filename}");
        findings.add(Problem::new(message).hint("call it `{name}-{version}.tar.gz`"));
        return;
    };
    let Some(metadata) = subject.metadata() else { return };
    let (Ok(name), Ok(version)) = (metadata.name(), metadata.version()) else { return };
    let expected = SdistFilename::normal_form(&name, &version);
    if filename == expected {
        return;
    }
    let message = if normalize(start) == name.normalized() || is_hyphen_post(stem, &name, &version) {
        format!("Filename {} is invalid, should be {}.", wording::repr(filename), wording::repr(&expected))
    } else {
        format!(
            "Start filename for {} with {}.",
            wording::repr(name.as_written()),
            wording::repr(&name.file_stem())
        )
    };
    findings.add(Problem::new(message).hint(format!("build again with a current backend: `{expected}`")));
}

/// The server tolerates `{name}-{version}-{post}` so far, to give the clearer message.
fn is_hyphen_post(stem: &str, name: &PackageName, version: &Version) -> bool {
    let Some((before, _)) = stem.rsplit_once('-') else { return false };
    let Some((start, _)) = before.rsplit_once('-') else { return false };
    let is_version = stem[start.len() + 1..].parse::<Version>().is_ok();
    version.as_pep440().is_post() && is_version && normalize(start) == name.normalized()
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let wrong = |name: &str| Fixture::sdist().named(name).messages("sdist-filename");
        assert_eq!(wrong("demo.tar.gz"), ["Invalid source distribution filename: demo.tar.gz"]);
        assert_eq!(
            wrong("Demo-1.0.tar.gz"),
            ["Filename 'Demo-1.0.tar.gz' is invalid, should be 'demo-1.0.tar.gz'."]
        );
        assert_eq!(wrong("other-1.0.tar.gz"), ["Start filename for 'demo' with 'demo'."]);
        let post = Fixture::sdist().header("Version: 1.0.post2").named("demo-1.0-2.tar.gz");
        assert_eq!(
            post.messages("sdist-filename"),
            ["Filename 'demo-1.0-2.tar.gz' is invalid, should be 'demo-1.0.post2.tar.gz'."]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::sdist().findings("sdist-filename").is_empty());
        assert!(Fixture::wheel().findings("sdist-filename").is_empty());
    }
}
