//! The form that would carry the file is not one that the server takes.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::server_form::ServerForm;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "upload-form",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the form of an upload has a file type, a Python version, and digests",
    docs: "\
### What it does
Makes the form that an upload would send, and tests the fields that do not come from the metadata: protocol, file type, Python
version, digests.

### Why is this bad
PyPI refuses a form that lacks one of them.

### Example
`demo-1.0--none-any.whl`: the Python tag is empty

### Source
PyPI (`warehouse/forklift/forms.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if let Some(message) = subject.form.and_then(fault) {
        let hint = "name the file as a build does: `{name}-{version}-{python}-{abi}-{platform}.whl`";
        findings.add(Problem::new(message).hint(hint));
    }
}

const VERSION_MISSING: &str = "Python version is required for binary distribution uploads.";
const NOT_SOURCE: &str = "Use 'source' as Python version for an sdist.";

/// Tests in the server's order, which names one field only.
fn fault(form: &ServerForm) -> Option<String> {
    if form.get("protocol_version").is_some_and(|version| version != "1") {
        return Some("Unknown protocol version.".to_owned());
    }
    let invalid = |field: &str, why: &str| Some(format!("Invalid value for {field}. Error: {why}"));
    for (field, kind) in [("blake2_256_digest", "BLAKE2"), ("sha256_digest", "SHA256")] {
        if form.get(field).is_some_and(|digest| !is_digest(digest)) {
            return invalid(field, &format!("Use a valid, hex-encoded, {kind} message digest."));
        }
    }
    match (form.get("filetype"), form.get("pyversion")) {
        (None, _) => invalid("filetype", "This field is required."),
        (Some("bdist_wheel"), None) => invalid("pyversion", VERSION_MISSING),
        (Some("sdist"), Some(version)) if version != "source" => invalid("pyversion", NOT_SOURCE),
        (Some("bdist_wheel" | "sdist"), _) => missing_digest(form),
        (Some(_), _) => invalid("filetype", "Use a known file type."),
    }
}

fn missing_digest(form: &ServerForm) -> Option<String> {
    let digests = ["md5_digest", "sha256_digest", "blake2_256_digest"];
    let none = digests.iter().all(|digest| form.get(digest).is_none());
    none.then(|| "Error: Include at least one message digest.".to_owned())
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::fault;
    use crate::check::fixture::Fixture;
    use crate::check::server_form::ServerForm;

    #[test]
    fn fires() {
        let nameless = Fixture::wheel().named("demo-1.0--none-any.whl").messages("upload-form");
        assert_eq!(
            nameless,
            [
                "Invalid value for pyversion. Error: Python version is required for binary distribution uploads."
            ]
        );
    }

    #[test]
    fn every_field_is_judged_in_the_words_of_the_server() {
        let digest = "ab".repeat(32);
        let good = [("filetype", "sdist"), ("pyversion", "source"), ("sha256_digest", digest.as_str())];
        assert_eq!(fault(&ServerForm::from_fields(&good)), None);
        for (field, value, message) in [
            ("protocol_version", "2", "Unknown protocol version."),
            ("filetype", "", "Invalid value for filetype. Error: This field is required."),
            ("filetype", "bdist_egg", "Invalid value for filetype. Error: Use a known file type."),
            (
                "pyversion",
                "py3",
                "Invalid value for pyversion. Error: Use 'source' as Python version for an sdist.",
            ),
            ("sha256_digest", "", "Error: Include at least one message digest."),
            (
                "sha256_digest",
                "12",
                "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest.",
            ),
            (
                "blake2_256_digest",
                "xx",
                "Invalid value for blake2_256_digest. Error: Use a valid, hex-encoded, BLAKE2 message digest.",
            ),
        ] {
            let mut fields: Vec<(&'static str, &str)> = good.to_vec();
            fields.retain(|(name, _)| *name != field);
            fields.push((field, value));
            assert_eq!(fault(&ServerForm::from_fields(&fields)).as_deref(), Some(message));
        }
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("upload-form").is_empty());
        }
    }
}
