//! The table of core metadata fields: spelling, form name, version of introduction, multiplicity.

/// One core metadata field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The header, such as `Requires-Dist`.
    pub header: &'static str,
    /// The name of the form part of the legacy upload API, such as `requires_dist`.
    pub form: &'static str,
    /// The metadata version that introduced it, such as `1.2`.
    pub since: &'static str,
    /// Whether it may be given more than once.
    pub multiple: bool,
}

const fn one(header: &'static str, form: &'static str, since: &'static str) -> Field {
    Field { header, form, since, multiple: false }
}

const fn many(header: &'static str, form: &'static str, since: &'static str) -> Field {
    Field { header, form, since, multiple: true }
}

/// Every field of the core metadata specification, in its order there.
pub const FIELDS: &[Field] = &[
    one("Metadata-Version", "metadata_version", "1.0"),
    one("Name", "name", "1.0"),
    one("Version", "version", "1.0"),
    many("Dynamic", "dynamic", "2.2"),
    many("Platform", "platform", "1.0"),
    many("Supported-Platform", "supported_platform", "1.1"),
    one("Summary", "summary", "1.0"),
    one("Description", "description", "1.0"),
    one("Description-Content-Type", "description_content_type", "2.1"),
    one("Keywords", "keywords", "1.0"),
    one("Home-page", "home_page", "1.0"),
    one("Download-URL", "download_url", "1.1"),
    one("Author", "author", "1.0"),
    one("Author-email", "author_email", "1.0"),
    one("Maintainer", "maintainer", "1.2"),
    one("Maintainer-email", "maintainer_email", "1.2"),
    one("License", "license", "1.0"),
    one("License-Expression", "license_expression", "2.4"),
    many("License-File", "license_file", "2.4"),
    many("Classifier", "classifiers", "1.1"),
    many("Requires-Dist", "requires_dist", "1.2"),
    one("Requires-Python", "requires_python", "1.2"),
    many("Requires-External", "requires_external", "1.2"),
    many("Project-URL", "project_urls", "1.2"),
    many("Provides-Extra", "provides_extra", "2.1"),
    many("Provides-Dist", "provides_dist", "1.2"),
    many("Obsoletes-Dist", "obsoletes_dist", "1.2"),
    many("Import-Name", "import_name", "2.5"),
    many("Import-Namespace", "import_namespace", "2.5"),
    many("Requires", "requires", "1.1"),
    many("Provides", "provides", "1.1"),
    many("Obsoletes", "obsoletes", "1.1"),
];

impl Field {
    /// Finds a field by its header, in any case.
    #[must_use]
    pub fn by_header(header: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.header.eq_ignore_ascii_case(header))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_form_names_are_unique() {
        for (index, field) in FIELDS.iter().enumerate() {
            for other in &FIELDS[index + 1..] {
                assert_ne!(field.header, other.header);
                assert_ne!(field.form, other.form);
            }
        }
        assert_eq!(Field::by_header("author-EMAIL").map(|field| field.form), Some("author_email"));
    }
}
