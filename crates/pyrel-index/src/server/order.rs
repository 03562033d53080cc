//! Which of several faults PyPI names: it stops at the first, so the order of its tests is part of its answer.

/// The rules that state PyPI's own, by name, in the order in which the server tests them.
const ORDER: [&str; 73] = [
    // The form and core metadata: what is doubled, versions, then field by field.
    "project-name",
    "upload-form",
    "metadata-field-repeated",
    "metadata-version",
    "project-version",
    "description-content-type",
    "dynamic-field",
    "import-name",
    "license-expression",
    "license-file-path",
    "metadata-field-version",
    "provides-extra",
    "requires-dist",
    "requires-python",
    "summary-line",
    "metadata-braces",
    // PyPI's policy for metadata.
    "local-version",
    "email-address",
    "classifier-unknown",
    "classifier-deprecated",
    "home-page",
    "license-conflict",
    "project-url-label",
    "project-url",
    "provides-dist",
    "direct-reference",
    "summary-length",
    // The project.
    "stdlib-name",
    "prohibited-name",
    "index-name-similar",
    "index-project-archived",
    // The description.
    "description-markdown",
    "description-rst",
    // The file.
    "filename-characters",
    "filename-extension",
    "file-size",
    "index-project-size",
    "index-file-exists",
    "index-release-closed",
    "index-sdist-exists",
    "one-sdist",
    // The archive.
    "two-formats",
    "not-an-archive",
    "compression-ratio",
    "compression-method",
    "tar-sparse",
    "tar-mixed-names",
    "sdist-layout",
    "wheel-file-missing",
    "encrypted-code",
    "zip-structure",
    "zip-stray-bytes",
    "zip-hidden-member",
    "zip-data-descriptor",
    "zip-member-name",
    "zip-duplicate-member",
    "zip-member-comment",
    // The name of the file, and what a wheel must have.
    "sdist-filename",
    "wheel-filename",
    "wheel-platform-tag",
    "wheel-name-mismatch",
    "wheel-version-mismatch",
    "license-file-missing",
    "record-missing",
    "record-blank-line",
    "member-unreadable",
    "entry-points",
    "wheel-metadata-missing",
    "filename-length",
    // What goes with the file.
    "attestation-format",
    "attestation-count",
    "attestation-subject",
    "attestation-type",
];

/// Returns where a rule stands in PyPI's order; unknown rules come last.
pub(super) fn rank(rule: &str) -> usize {
    ORDER.iter().position(|known| *known == rule).unwrap_or(ORDER.len())
}

#[cfg(test)]
mod tests {
    use pyrel_dist::{RULES, Source};

    use super::*;

    #[test]
    fn every_rule_of_pypi_has_its_place() {
        let missing: Vec<_> = RULES
            .iter()
            .filter(|rule| rule.source == Source::Pypi && rank(rule.name) == ORDER.len())
            .map(|rule| rule.name)
            .collect();
        assert!(missing.is_empty(), "not in the order: {missing:?}");
    }
}
