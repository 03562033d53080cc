//! The licence of a project: which one it is, as far as its files say, and its text. A licence is never chosen here,
//! and a holder is never made up.

use super::AdoptError;

const MIT: &str = include_str!("license/mit.txt");
const ISC: &str = include_str!("license/isc.txt");
const BSD_2: &str = include_str!("license/bsd-2-clause.txt");
const BSD_3: &str = include_str!("license/bsd-3-clause.txt");
const APACHE_2: &str = include_str!("../../../../LICENSE");

/// Classifiers that name exactly one licence.
const CLASSIFIERS: &[(&str, &str)] = &[
    ("MIT License", "MIT"),
    ("MIT No Attribution License (MIT-0)", "MIT-0"),
    ("ISC License (ISCL)", "ISC"),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ("GNU General Public License v2 (GPLv2)", "GPL-2.0-only"),
    ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
    ("GNU General Public License v3 (GPLv3)", "GPL-3.0-only"),
    ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
    ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
    ("GNU Lesser General Public License v3 or later (LGPLv3+)", "LGPL-3.0-or-later"),
    ("GNU Affero General Public License v3", "AGPL-3.0-only"),
    ("GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL-3.0-or-later"),
    ("The Unlicense (Unlicense)", "Unlicense"),
    ("Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"),
];

/// Ways in which people write a licence.
const SPELLINGS: &[(&str, &str)] = &[
    ("mit license", "MIT"),
    ("the mit license", "MIT"),
    ("expat", "MIT"),
    ("apache 2.0", "Apache-2.0"),
    ("apache 2", "Apache-2.0"),
    ("apache license 2.0", "Apache-2.0"),
    ("apache license, version 2.0", "Apache-2.0"),
    ("apache software license 2.0", "Apache-2.0"),
    ("bsd 3-clause", "BSD-3-Clause"),
    ("3-clause bsd", "BSD-3-Clause"),
    ("bsd 2-clause", "BSD-2-Clause"),
    ("isc license", "ISC"),
    ("mpl 2.0", "MPL-2.0"),
    ("gplv3+", "GPL-3.0-or-later"),
    ("gplv2+", "GPL-2.0-or-later"),
];

/// Phrases of texts, all of which must occur.
const PHRASES: &[(&[&str], &str)] = &[
    (&["apache license", "version 2.0, january 2004", "terms and conditions for use"], "Apache-2.0"),
    (
        &[
            "permission is hereby granted, free of charge",
            "the above copyright notice and this permission notice",
        ],
        "MIT",
    ),
    (&["permission to use, copy, modify, and/or distribute this software", "appear in all copies"], "ISC"),
    (&["redistribution and use in source and binary forms", "neither the name of"], "BSD-3-Clause"),
    (
        &["redistribution and use in source and binary forms", "redistributions in binary form"],
        "BSD-2-Clause",
    ),
    (&["mozilla public license version 2.0", "covered software"], "MPL-2.0"),
    (&["this is free and unencumbered software released into the public domain"], "Unlicense"),
];

/// Returns the SPDX expression that a person wished for, in its normal spelling.
///
/// # Errors
/// When it is none.
pub(super) fn wished(text: &str) -> Result<String, AdoptError> {
    expression(text).ok_or_else(|| AdoptError::Wish {
        what: "not an SPDX licence expression",
        value: text.to_owned(),
        hint: "give one such as `MIT`, `Apache-2.0`, or `BSD-3-Clause`".to_owned(),
    })
}

/// Returns a licence in whatever words as an SPDX expression; `None` when the words leave a doubt.
pub(super) fn expression(text: &str) -> Option<String> {
    let text = text.trim();
    let lower = text.to_lowercase();
    if let Some((_, spdx)) = SPELLINGS.iter().find(|(spelling, _)| *spelling == lower) {
        return Some((*spdx).to_owned());
    }
    let id = spdx::identifiers::LICENSES.iter().find(|one| one.name.eq_ignore_ascii_case(text));
    if let Some(id) = id {
        return Some(id.name.to_owned());
    }
    spdx::Expression::parse(text).is_ok().then(|| text.to_owned())
}

/// Returns the licence that classifiers name.
pub(super) fn of_classifiers(classifiers: &[String]) -> Option<&'static str> {
    let names = classifiers.iter().filter(|one| one.starts_with("License :: "));
    let mut found = names.filter_map(|one| one.rsplit(" :: ").next()).filter_map(|name| {
        CLASSIFIERS.iter().find(|(classifier, _)| *classifier == name).map(|(_, spdx)| *spdx)
    });
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// Returns the licence whose text this is.
pub(super) fn of_text(text: &str) -> Option<&'static str> {
    let plain = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let is_it = |phrases: &[&str]| phrases.iter().all(|phrase| plain.contains(phrase));
    PHRASES.iter().find(|(phrases, _)| is_it(phrases)).map(|(_, spdx)| *spdx)
}

/// What became of the wish for a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LicenseText {
    /// The text.
    Written(String),
    /// The text needs a holder, and none is known.
    NoHolder,
    /// The text of this licence is not at hand.
    Unknown,
}

/// Returns the text of a licence.
pub(super) fn text(spdx: &str, year: i64, holder: Option<&str>) -> LicenseText {
    let template = match spdx {
        "Apache-2.0" => return LicenseText::Written(APACHE_2.to_owned()),
        "MIT" => MIT,
        "ISC" => ISC,
        "BSD-2-Clause" => BSD_2,
        "BSD-3-Clause" => BSD_3,
        _ => return LicenseText::Unknown,
    };
    match holder {
        Some(holder) => {
            LicenseText::Written(template.replace("{year}", &year.to_string()).replace("{holder}", holder))
        }
        None => LicenseText::NoHolder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_recognised_and_filled_in() {
        for spdx in ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"] {
            let LicenseText::Written(written) = text(spdx, 2026, Some("A. Holder")) else { panic!("{spdx}") };
            assert_eq!(of_text(&written), Some(spdx));
            assert!(
                spdx == "Apache-2.0" || written.contains("2026") && written.contains("A. Holder"),
                "{spdx}"
            );
            assert!(!written.contains("{holder}"));
        }
        assert_eq!(text("MIT", 2026, None), LicenseText::NoHolder);
        assert_eq!(text("GPL-3.0-only", 2026, Some("A")), LicenseText::Unknown);
        assert_eq!(of_text("All rights reserved."), None);
    }

    #[test]
    fn words_become_expressions_only_without_doubt() {
        for (words, spdx) in [
            ("MIT License", Some("MIT")),
            ("mit", Some("MIT")),
            ("Apache 2.0", Some("Apache-2.0")),
            ("MIT OR Apache-2.0", Some("MIT OR Apache-2.0")),
            ("BSD", None),
            ("GPL", None),
            ("Proprietary", None),
        ] {
            assert_eq!(expression(words).as_deref(), spdx, "{words}");
        }
        let classifiers = |names: &[&str]| {
            names.iter().map(|name| format!("License :: OSI Approved :: {name}")).collect::<Vec<_>>()
        };
        assert_eq!(of_classifiers(&classifiers(&["MIT License"])), Some("MIT"));
        assert_eq!(of_classifiers(&classifiers(&["BSD License"])), None);
        assert_eq!(of_classifiers(&classifiers(&["MIT License", "ISC License (ISCL)"])), None);
        assert!(wished("nonsense licence").is_err());
    }
}
