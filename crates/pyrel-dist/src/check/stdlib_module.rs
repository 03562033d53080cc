//! The importable names of the standard library at its top, of CPython 3.10 to 3.14.

/// Names, each with the first and the last minor version that has it; made from `sys.stdlib_module_names`, names
/// that begin with an underscore left out.
const NAMES: &str = include_str!("stdlib_modules.txt");

/// Returns the oldest and the newest minor version from 3.10 to 3.14 with a top-level module of this name.
pub(crate) fn versions(name: &str) -> Option<(u64, u64)> {
    NAMES.lines().find_map(|line| {
        let mut fields = line.split(' ');
        if fields.next() != Some(name) {
            return None;
        }
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_library() {
        assert_eq!(versions("asyncio"), Some((10, 14)));
        assert_eq!(versions("distutils"), Some((10, 11)));
        assert_eq!(versions("cgi"), Some((10, 12)));
        assert_eq!(versions("tomllib"), Some((11, 14)));
        assert_eq!(versions("compression"), Some((14, 14)));
        assert_eq!((versions("requests"), versions("")), (None, None));
        for line in NAMES.lines() {
            assert!(versions(line.split(' ').next().unwrap()).is_some(), "{line}");
        }
    }
}
