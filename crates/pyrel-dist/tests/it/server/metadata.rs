//! Cases about the fields of the metadata (M, D, X1).

use super::{Case, case, cm, crash};
use crate::fixture::Fixture;

/// A case that one header line makes.
fn line(id: &'static str, rule: &'static str, header: &str, message: &str) -> Case {
    case(id, rule, Fixture::wheel().header(header), cm(message))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = packaging();
    cases.extend(lists());
    cases.extend(policy());
    cases.extend(urls());
    cases.extend(braces());
    cases
}

fn packaging() -> Vec<Case> {
    let kinds = "['text/plain', 'text/x-rst', 'text/markdown']";
    let mut cases = vec![
        case(
            "M1",
            "metadata-field-repeated",
            Fixture::wheel().also("Summary: b"),
            cm("'summary' has invalid data"),
        ),
        case(
            "M1",
            "metadata-field-repeated",
            Fixture::sdist()
                .also("Project-URL: A, https://a.example")
                .also("Project-URL: A , https://b.example"),
            cm("'project_urls' has invalid data"),
        ),
        case(
            "M3",
            "project-version",
            Fixture::wheel().without("Version"),
            cm("'version' is a required field"),
        ),
        case(
            "M2",
            "metadata-version",
            Fixture::sdist().without("Metadata-Version"),
            cm("None is not a valid metadata version"),
        ),
        case(
            "M5",
            "metadata-field-version",
            Fixture::wheel().header("Metadata-Version: 2.1").also("Dynamic: classifier"),
            cm("dynamic introduced in metadata version 2.2, not 2.1"),
        ),
        case(
            "M6",
            "summary-line",
            Fixture::wheel().header("Summary: a\n  b"),
            cm("'summary' must be a single line"),
        ),
    ];
    for (id, rule, header, message) in [
        (
            "M2",
            "metadata-version",
            "Metadata-Version: 2.0",
            "'2.0' is not a valid metadata version".to_owned(),
        ),
        (
            "M2",
            "metadata-version",
            "Metadata-Version: 2.6",
            "'2.6' is not a valid metadata version".to_owned(),
        ),
        ("M4", "project-version", "Version: 1.0-final", "'1.0-final' is invalid for 'version'".to_owned()),
        (
            "M7",
            "description-content-type",
            "Description-Content-Type: text/html",
            format!("'description-content-type' must be one of {kinds}, not 'text/html'"),
        ),
        (
            "M8",
            "description-content-type",
            "Description-Content-Type: text/markdown; charset=utf-8",
            "'description-content-type' can only specify the UTF-8 charset, not 'utf-8'".to_owned(),
        ),
        (
            "M9",
            "description-content-type",
            "Description-Content-Type: text/markdown; variant=gfm",
            "valid Markdown variants for 'description-content-type' are ['GFM', 'CommonMark'], not 'gfm'"
                .to_owned(),
        ),
    ] {
        cases.push(line(id, rule, header, &message));
    }
    cases
}

fn lists() -> Vec<Case> {
    let mut cases = Vec::new();
    for (id, rule, header, message) in [
        ("M10", "dynamic-field", "Dynamic: Version", "'version' is not allowed as a dynamic field"),
        ("M11", "dynamic-field", "Dynamic: requires_dist", "'requires_dist' is not a valid dynamic field"),
        ("M34", "dynamic-field", "Dynamic: Dynamic", "Dynamic field 'dynamic' is not a valid dynamic field."),
        ("M12", "provides-extra", "Provides-Extra: my extra", "'my extra' is invalid for 'provides-extra'"),
        ("M13", "requires-python", "Requires-Python: 3.8", "'3.8' is invalid for 'requires-python'"),
        ("M13", "requires-python", "Requires-Python: >=3.8.*", "'>=3.8.*' is invalid for 'requires-python'"),
        (
            "M14",
            "requires-dist",
            "Requires-Dist: a; foo == 'x'",
            "\"a; foo == 'x'\" is invalid for 'requires-dist'",
        ),
        ("M14", "requires-dist", "Requires-Dist: a ~=1", "'a ~=1' is invalid for 'requires-dist'"),
        (
            "M15",
            "license-expression",
            "License-Expression: MIT/X",
            "'MIT/X' is invalid for 'license-expression'",
        ),
        (
            "M16",
            "license-file-path",
            "License-File: A..txt",
            "'A..txt' is invalid for 'license-file', parent directory indicators are not allowed",
        ),
        (
            "M17",
            "license-file-path",
            "License-File: L*",
            "'L*' is invalid for 'license-file', paths must be resolved",
        ),
        (
            "M18",
            "license-file-path",
            "License-File: /L",
            "'/L' is invalid for 'license-file', paths must be relative",
        ),
        (
            "M18",
            "license-file-path",
            "License-File: C:/L",
            "'C:/L' is invalid for 'license-file', paths must be relative",
        ),
        (
            "M19",
            "license-file-path",
            "License-File: a//b",
            "'a//b' is invalid for 'license-file', paths must use '/' delimiter",
        ),
    ] {
        cases.push(line(id, rule, header, message));
    }
    for (id, header, message) in [
        ("M20", "Import-Name: a.1b", "'a.1b' is invalid for 'import-name'; '1b' is not a valid identifier"),
        (
            "M20",
            "Import-Namespace: a.class",
            "'a.class' is invalid for 'import-namespace'; 'class' is a keyword",
        ),
        (
            "M21",
            "Import-Name: a ; public",
            "'a ; public' is invalid for 'import-name'; the only valid option is 'private'",
        ),
    ] {
        let fixture = Fixture::sdist().header("Metadata-Version: 2.5").header(header);
        cases.push(case(id, "import-name", fixture, cm(message)));
    }
    cases
}

fn policy() -> Vec<Case> {
    let mut cases = vec![
        case(
            "M22",
            "local-version",
            Fixture::wheel().header("Version: 1.0+local"),
            "The use of local versions in '1.0+local' is not allowed. See \
             https://packaging.python.org/en/latest/specifications/version-specifiers/#local-version-identifiers for \
             more information.",
        ),
        case(
            "M35",
            "license-conflict",
            Fixture::wheel().also("License: MIT").also("License-Expression: MIT"),
            cm(
                "License is deprecated when License-Expression is present. Only License-Expression should be present.",
            ),
        ),
        case(
            "D1",
            "description-markdown",
            Fixture::wheel().body(" \n"),
            "The description failed to render for 'text/markdown'. See \
             https://pypi.org/help/#description-content-type for more information.",
        ),
    ];
    let long = format!("Summary: {}", "x".repeat(513));
    for (id, rule, header, message) in [
        ("M23", "summary-length", long.as_str(), "'summary' field must be 512 characters or less"),
        (
            "M24",
            "email-address",
            "Author-email: nobody",
            "'nobody' is not a valid email address: An email address must have an @-sign.",
        ),
        ("M25", "classifier-unknown", "Classifier: A :: B", "'A :: B' is not a valid classifier."),
        (
            "M26",
            "classifier-deprecated",
            "Classifier: Natural Language :: Ukranian",
            "The classifier 'Natural Language :: Ukranian' has been deprecated, use one of ['Natural Language :: \
             Ukrainian'] instead.",
        ),
        (
            "M33",
            "direct-reference",
            "Requires-Dist: a @ https://example.org/a.whl",
            "Can't have direct dependency: a @ https://example.org/a.whl",
        ),
        (
            "M33",
            "direct-reference",
            "Provides-Dist: a @ https://example.org/a.whl",
            "Can't have direct dependency: 'a @ https://example.org/a.whl'",
        ),
        (
            "M32",
            "provides-dist",
            "Obsoletes-Dist: -",
            "'-' is invalid: Expected package name at the start of dependency specifier\n    -\n    ^",
        ),
    ] {
        cases.push(line(id, rule, header, message));
    }
    cases
}

fn urls() -> Vec<Case> {
    let label = "x".repeat(33);
    let long = (
        format!("Project-URL: {label}, https://example.org"),
        format!("'{label}' must be 32 characters or less."),
    );
    let mut cases = vec![line("M29", "project-url-label", &long.0, &long.1)];
    for (id, rule, header, message) in [
        ("M27", "home-page", "Home-page: ftp://example.org", "'ftp://example.org' is not a valid url."),
        (
            "M27",
            "home-page",
            "Download-URL: https://example.org/[x]",
            "'https://example.org/[x]' is not a valid url.",
        ),
        ("M28", "project-url-label", "Project-URL: , https://example.org", "Must have a label"),
        ("M30", "project-url", "Project-URL: https://example.org", "Must have a URL"),
        (
            "M31",
            "project-url",
            "Project-URL: A, mailto:a@example.org",
            "'mailto:a@example.org' is not a valid url",
        ),
    ] {
        cases.push(line(id, rule, header, message));
    }
    cases
}

fn braces() -> Vec<Case> {
    let start = "the braces of a value that it would refuse:";
    let mut cases = Vec::new();
    for (header, text) in [
        ("Version: {version}", "'{version}' is invalid for 'version'"),
        ("Requires-Dist: foo{bar}", "'foo{bar}' is invalid for 'requires-dist'"),
        ("License-Expression: {license}", "'{license}' is invalid for 'license-expression'"),
        ("Metadata-Version: {v}", "'{v}' is not a valid metadata version"),
    ] {
        let message = crash(&format!("{start} {text}"));
        cases.push(case("X1", "metadata-braces", Fixture::wheel().header(header), message));
    }
    cases
}
