//! The two kinds of encrypted Python code that PyPI refuses, found as its scanner finds them.

use memchr::memmem;

/// Members up to this size are scanned; PyPI passes over larger ones.
pub(super) const LARGEST: u64 = 5 * 1024 * 1024;

const PYARMOR: [&str; 5] = [
    "__pyarmor__(__name__, __file__,",
    "__pyarmor_enter__",
    "__pyarmor_exit__",
    "__pyarmor_assert__",
    "__pyarmor_bcc__",
];
const BEGIN: &str = "---BEGIN PYE FILE---";
const END: &str = "---END PYE FILE---";

/// Tells whether PyPI scans a member of this name.
pub(super) fn is_scanned(name: &str) -> bool {
    let file = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    match file.trim_start_matches('.').rsplit_once('.') {
        Some((stem, suffix)) => {
            !stem.is_empty() && (suffix.eq_ignore_ascii_case("py") || suffix.eq_ignore_ascii_case("pye"))
        }
        None => false,
    }
}

/// Returns the name of the product that encrypted the code, as PyPI's message has it.
pub(super) fn scan(code: &[u8]) -> Option<&'static str> {
    let has = |text: &str| memmem::find(code, text.as_bytes()).is_some();
    if has("__pyarmor_") && PYARMOR.iter().any(|text| has(text)) {
        return Some("PyArmor");
    }
    (has(BEGIN) && has(END)).then_some("SourceDefender")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_both_products_and_nothing_else() {
        assert_eq!(scan(b"x\n__pyarmor__(__name__, __file__, b'...')"), Some("PyArmor"));
        assert_eq!(scan(b"__pyarmor_enter__()"), Some("PyArmor"));
        assert_eq!(scan(b"---BEGIN PYE FILE---\nxx\n---END PYE FILE---\n"), Some("SourceDefender"));
        assert_eq!(scan(b"---BEGIN PYE FILE---"), None);
        assert_eq!(scan(b"__pyarmor__($path)"), None);
    }

    #[test]
    fn only_python_source_is_scanned() {
        for (name, scanned) in
            [("a/b.py", true), ("a/b.PYE", true), ("a/.py", false), ("a/b.pyc", false), ("py", false)]
        {
            assert_eq!(is_scanned(name), scanned, "{name}");
        }
    }
}
