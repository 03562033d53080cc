//! A licence file has a path that is not allowed.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "license-file-path",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every `License-File` is a plain relative path",
    docs: "\
### What it does
Checks each path: no `..`, no `*`, not absolute, `/` as the only separator.

### Why is this bad
Tools look the file up inside the archive under this path.

### Example
`License-File: ../LICENSE`

### Source
PyPI (core metadata, as the `packaging` library checks it) and PEP 639
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for value in subject.fields("License-File") {
        let Some(fault) = fault(value) else { continue };
        let text = format!("{} is invalid for {{field}}, {fault}", wording::repr(value));
        let hint = "name files below the project's directory in `project.license-files`";
        findings.add(wording::refused("license-file", &text).hint(hint).at("License-File"));
    }
}

fn fault(path: &str) -> Option<&'static str> {
    let mut chars = path.chars();
    let has_drive = chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':');
    let is_absolute = path.starts_with('/') || (has_drive && matches!(chars.next(), Some('\\' | '/')));
    if path.contains("..") {
        Some("parent directory indicators are not allowed")
    } else if path.contains('*') {
        Some("paths must be resolved")
    } else if is_absolute || path.starts_with("\\\\") {
        Some("paths must be relative")
    } else if path.contains('\\') || (path != "." && path.split('/').any(|part| matches!(part, "" | "."))) {
        Some("paths must use '/' delimiter")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().also("License-File: ../LICENSE").messages("license-file-path");
        assert!(
            found[0].starts_with(
                "'../LICENSE' is invalid for 'license-file', parent directory indicators are not allowed. See"
            ),
            "{found:?}"
        );
        for (value, fault) in [
            ("A..txt", "parent directory indicators are not allowed"),
            ("LICENSE*", "paths must be resolved"),
            ("/LICENSE", "paths must be relative"),
            ("C:\\LICENSE", "paths must be relative"),
            ("a\\LICENSE", "paths must use '/' delimiter"),
            ("./LICENSE", "paths must use '/' delimiter"),
            ("a//LICENSE", "paths must use '/' delimiter"),
            ("LICENSES/", "paths must use '/' delimiter"),
        ] {
            assert_eq!(super::fault(value), Some(fault), "{value}");
        }
    }

    #[test]
    fn stays_silent() {
        let dot = Fixture::wheel().also("License-File: a./b");
        assert!(dot.findings("license-file-path").is_empty(), "a name may end in a dot");
        assert_eq!(super::fault("licenses/MIT.txt"), None);
        let old = Fixture::wheel().header("Metadata-Version: 2.1").also("License-File: ../LICENSE");
        assert!(old.findings("license-file-path").is_empty(), "not sent below 2.4");
    }
}
