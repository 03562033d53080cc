//! Folders whose keys and passwords are made for show: those of tests, dummies, examples, and documentation.

/// Starts of their names.
const SHOWN: [&str; 8] = ["test", "dummy", "mock", "fixture", "example", "sample", "doc", "demo_"];

/// Tells whether a member is in such a folder.
pub(crate) fn is_for_show(member: &str) -> bool {
    let folders = member.split('/').rev().skip(1);
    let is_shown = |folder: &str| SHOWN.iter().any(|start| folder.trim_start_matches('_').starts_with(start));
    folders.into_iter().any(is_shown)
}

#[cfg(test)]
mod tests {
    use super::is_for_show;

    #[test]
    fn only_folders_count() {
        for (member, shown) in [
            ("demo-1.0/tests/a.key", true),
            ("demo/_test_data/x/a.key", true),
            ("demo-1.0/dummyserver/certs/a.key", true),
            ("demo/test.key", false),
            ("demo-1.0/deploy/a.key", false),
        ] {
            assert_eq!(is_for_show(member), shown, "{member}");
        }
    }
}
