//! The file is neither a wheel nor an sdist by its name.

use pyrel_model::Level;
use pyrel_model::filename::SdistFilename;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "filename-extension",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the file name ends in `.whl` or `.tar.gz`",
    docs: "\
### What it does
Reports a file whose name ends in neither `.whl` nor `.tar.gz`, in exactly this spelling.

### Why is this bad
PyPI takes wheels and gzip-compressed sdists only. A `.zip` sdist, once usual, is refused because of its name.

### Example
`demo-1.0.tar.bz2`, `demo-1.0.zip`, `demo-1.0.WHL`

### Source
PyPI (`warehouse/forklift/legacy.py`), rules on file extensions and PEP 625
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.reading.kind.is_some() {
        return;
    }
    let name = subject.filename();
    let lower = name.to_ascii_lowercase();
    let hint = "name a file that a build made: `{name}-{version}.tar.gz` or a `.whl`";
    let known = [".tar.gz", ".zip", ".whl"].into_iter().find(|end| lower.ends_with(end));
    let message = match known.and_then(|end| name.get(name.len() - end.len()..)) {
        // A stem is needed: `.whl` alone is no name with an extension.
        Some(extension) if name.len() > extension.len() => misplaced(name, extension),
        _ => "Invalid file extension: Use .tar.gz, .whl or .zip extension. See \
              https://www.python.org/dev/peps/pep-0527 and https://peps.python.org/pep-0715/ for more information"
            .to_owned(),
    };
    findings.add(Problem::new(message).hint(hint));
}

/// A known extension in the wrong place: spelt in capitals, or a zip that would have to be an sdist.
fn misplaced(name: &str, extension: &str) -> String {
    if extension == ".zip" {
        let stem = name.trim_end_matches(".zip");
        let expected = format!("{stem}.tar.gz").parse::<SdistFilename>().ok();
        return match expected {
            Some(parsed) => format!(
                "Filename {} is invalid, should be {}.",
                wording::repr(name),
                wording::repr(&SdistFilename::normal_form(&parsed.name, &parsed.version))
            ),
            None => format!("Invalid source distribution filename: {name}"),
        };
    }
    let filetype = if extension.eq_ignore_ascii_case(".whl") { "bdist_wheel" } else { "sdist" };
    format!(
        "Invalid file extension: Extension {extension} is invalid for filetype {filetype}. \
         See https://www.python.org/dev/peps/pep-0527 for more information."
    )
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let zip = Fixture::sdist().named("My.demo-1.0.zip").messages("filename-extension");
        assert_eq!(zip, ["Filename 'My.demo-1.0.zip' is invalid, should be 'my_demo-1.0.tar.gz'."]);
        let egg = Fixture::sdist().named("demo-1.0.egg").messages("filename-extension");
        assert!(egg[0].starts_with("Invalid file extension: Use .tar.gz, .whl or .zip extension."));
        let upper = Fixture::wheel().named("demo-1.0-py3-none-any.WHL").messages("filename-extension");
        assert_eq!(
            upper,
            ["Invalid file extension: Extension .WHL is invalid for filetype bdist_wheel. \
              See https://www.python.org/dev/peps/pep-0527 for more information."]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("filename-extension").is_empty());
        }
    }
}
