//! SPDX licence expressions as flit takes them: stricter than PEP 639 about operators, by a list of its own.

use crate::metadata::canonical_license;

/// Identifiers of the embedded lists that flit_core 4.2.0 does not know: deprecated ones and later ones.
const UNKNOWN_TO_FLIT: &[&str] = &[
    "AGPL-1.0",
    "AGPL-3.0",
    "Artistic-dist",
    "Aspell-RU",
    "BSD-2-Clause-FreeBSD",
    "BSD-2-Clause-NetBSD",
    "BSD-2-Clause-pkgconf-disclaimer",
    "CryptoSwift",
    "Digia-Qt-LGPL-exception-1.1",
    "DocBook-DTD",
    "FSFULLRSD",
    "FSL-1.1-ALv2",
    "FSL-1.1-MIT",
    "GFDL-1.1",
    "GFDL-1.2",
    "GFDL-1.3",
    "GPL-1.0",
    "GPL-2.0",
    "GPL-2.0-with-GCC-exception",
    "GPL-2.0-with-autoconf-exception",
    "GPL-2.0-with-bison-exception",
    "GPL-2.0-with-classpath-exception",
    "GPL-2.0-with-font-exception",
    "GPL-3.0",
    "GPL-3.0-with-GCC-exception",
    "GPL-3.0-with-autoconf-exception",
    "Game-Programming-Gems",
    "HDF5",
    "LGPL-2.0",
    "LGPL-2.1",
    "LGPL-3.0",
    "NTIA-PD",
    "Net-SNMP",
    "Nokia-Qt-exception-1.1",
    "Nunit",
    "SOFA",
    "SUL-1.0",
    "StandardML-NJ",
    "Unlicense-libtelnet",
    "Unlicense-libwhirlpool",
    "bzip2-1.0.5",
    "eCos-2.0",
    "jove",
    "libpng-1.6.35",
    "man2html",
    "ngrep",
    "polyparse-exception",
    "wxWindows",
];

/// Returns the expression that metadata carries; `None` when flit refuses it.
pub(super) fn expression(text: &str) -> Option<String> {
    if text.contains(|c: char| c.is_whitespace() && c != ' ') {
        return None;
    }
    let canonical = canonical_license(text).ok()?;
    let operators_are_capitals = words(text)
        .all(|word| !["and", "or", "with"].contains(&word.to_ascii_lowercase().as_str()) || is_upper(word));
    let all_known = words(&canonical).all(|word| !UNKNOWN_TO_FLIT.contains(&word.trim_end_matches('+')));
    (operators_are_capitals && all_known).then_some(canonical)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '(', ')']).filter(|word| !word.is_empty())
}

fn is_upper(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flit_is_strict() {
        for (text, expected) in [
            ("mit", Some("MIT")),
            ("mit AND (apache-2.0  OR bsd-2-clause)", Some("MIT AND (Apache-2.0 OR BSD-2-Clause)")),
            ("licenseref-My.Own", Some("LicenseRef-My.Own")),
            ("GPL-3.0-only WITH classpath-exception-2.0", Some("GPL-3.0-only WITH Classpath-exception-2.0")),
            ("apache-2.0+", Some("Apache-2.0+")),
            ("MIT and BSD-2-Clause", None),
            ("MIT\tOR BSD-2-Clause", None),
            ("GPL-2.0", None),
            ("gpl-2.0+", None),
            ("no-such-licence", None),
            ("", None),
        ] {
            assert_eq!(expression(text).as_deref(), expected, "{text}");
        }
    }
}
