//! Licences: files, expressions, and the identifiers of older projects with their classifiers.

use std::collections::BTreeSet;

use pyrel_model::pyproject::{License, TableReader};

use super::super::Subject;
use super::options::is_certain;
use crate::detector::option;
use crate::error::Plan;
use crate::metadata::canonical_license;
use crate::pattern::{GlobOptions, python_glob};
use crate::tree::Tree;

const DEFAULT_GLOBS: [&str; 4] = ["COPYING*", "LICEN[SC]E*", "AUTHORS*", "NOTICE*"];
const OSI: &str = "License :: OSI Approved";
const OTHER: &str = "License :: Other/Proprietary License";

/// Identifiers with what follows in their classifier; the list of poetry-core is longer.
const IDENTIFIERS: [(&str, &str); 38] = [
    ("0BSD", OSI),
    ("AFL-3.0", "License :: OSI Approved :: Academic Free License (AFL)"),
    ("AGPL-3.0", "License :: OSI Approved :: GNU Affero General Public License v3"),
    ("AGPL-3.0-only", "License :: OSI Approved :: GNU Affero General Public License v3"),
    (
        "AGPL-3.0-or-later",
        "License :: OSI Approved :: GNU Affero General Public License v3 or later (AGPLv3+)",
    ),
    ("Apache-2.0", "License :: OSI Approved :: Apache Software License"),
    ("Artistic-2.0", "License :: OSI Approved :: Artistic License"),
    ("BSD-2-Clause", "License :: OSI Approved :: BSD License"),
    ("BSD-3-Clause", "License :: OSI Approved :: BSD License"),
    ("BSL-1.0", "License :: OSI Approved :: Boost Software License 1.0 (BSL-1.0)"),
    ("CC-BY-4.0", OTHER),
    ("CC0-1.0", "License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication"),
    ("EPL-2.0", "License :: OSI Approved :: Eclipse Public License 2.0 (EPL-2.0)"),
    ("EUPL-1.2", "License :: OSI Approved :: European Union Public Licence 1.2 (EUPL 1.2)"),
    ("GPL-2.0", "License :: OSI Approved :: GNU General Public License v2 (GPLv2)"),
    ("GPL-2.0+", "License :: OSI Approved :: GNU General Public License v2 or later (GPLv2+)"),
    ("GPL-2.0-only", "License :: OSI Approved :: GNU General Public License v2 (GPLv2)"),
    ("GPL-2.0-or-later", "License :: OSI Approved :: GNU General Public License v2 or later (GPLv2+)"),
    ("GPL-3.0", "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"),
    ("GPL-3.0+", "License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)"),
    ("GPL-3.0-only", "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"),
    ("GPL-3.0-or-later", "License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)"),
    ("ISC", OSI),
    ("LGPL-2.1-only", OSI),
    ("LGPL-2.1-or-later", OSI),
    ("LGPL-3.0", "License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)"),
    ("LGPL-3.0+", "License :: OSI Approved :: GNU Lesser General Public License v3 or later (LGPLv3+)"),
    ("LGPL-3.0-only", "License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)"),
    (
        "LGPL-3.0-or-later",
        "License :: OSI Approved :: GNU Lesser General Public License v3 or later (LGPLv3+)",
    ),
    ("MIT", "License :: OSI Approved :: MIT License"),
    ("MIT-0", OSI),
    ("MPL-2.0", OSI),
    ("PSF-2.0", OTHER),
    ("Proprietary", OTHER),
    ("Python-2.0", OSI),
    ("Unlicense", OSI),
    ("WTFPL", OTHER),
    ("Zlib", OSI),
];

/// Full names that stand for identifiers of the list above.
const NAMES: [(&str, &str); 31] = [
    ("Academic Free License v3.0", "AFL-3.0"),
    ("Apache License 2.0", "Apache-2.0"),
    ("Artistic License 2.0", "Artistic-2.0"),
    ("BSD 2-Clause \"Simplified\" License", "BSD-2-Clause"),
    ("BSD 3-Clause \"New\" or \"Revised\" License", "BSD-3-Clause"),
    ("BSD Zero Clause License", "0BSD"),
    ("Boost Software License 1.0", "BSL-1.0"),
    ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
    ("Creative Commons Zero v1.0 Universal", "CC0-1.0"),
    ("Eclipse Public License 2.0", "EPL-2.0"),
    ("European Union Public License 1.2", "EUPL-1.2"),
    ("GNU Affero General Public License v3.0", "AGPL-3.0"),
    ("GNU Affero General Public License v3.0 only", "AGPL-3.0-only"),
    ("GNU Affero General Public License v3.0 or later", "AGPL-3.0-or-later"),
    ("GNU General Public License v2.0 only", "GPL-2.0-only"),
    ("GNU General Public License v2.0 or later", "GPL-2.0-or-later"),
    ("GNU General Public License v3.0 only", "GPL-3.0-only"),
    ("GNU General Public License v3.0 or later", "GPL-3.0-or-later"),
    ("GNU Lesser General Public License v2.1 only", "LGPL-2.1-only"),
    ("GNU Lesser General Public License v2.1 or later", "LGPL-2.1-or-later"),
    ("GNU Lesser General Public License v3.0 only", "LGPL-3.0-only"),
    ("GNU Lesser General Public License v3.0 or later", "LGPL-3.0-or-later"),
    ("ISC License", "ISC"),
    ("MIT License", "MIT"),
    ("MIT No Attribution", "MIT-0"),
    ("Mozilla Public License 2.0", "MPL-2.0"),
    ("Python License 2.0", "Python-2.0"),
    ("Python Software Foundation License 2.0", "PSF-2.0"),
    ("The Unlicense", "Unlicense"),
    ("zlib License", "Zlib"),
    ("Proprietary", "Proprietary"),
];

/// What a project says about its licence.
pub(super) enum Stated {
    Nothing,
    /// The canonical expression.
    Expression(String),
    /// An identifier, or a text, with its classifier.
    Text(String, &'static str),
}

/// Reads the licence; identifiers and names that are not in the lists above are for poetry-core.
pub(super) fn read(subject: &Subject<'_>, poetry: &TableReader<'_>, tree: &Tree) -> Plan<Stated> {
    let table = subject.pyproject.project().map(|_| subject.project_table());
    let (raw, reader, key) = match (&subject.project.license, &table) {
        (Some(License::Expression(text)), Some(table)) if !text.is_empty() => {
            let canonical = canonical_license(text);
            return canonical.map(Stated::Expression).map_err(|_| {
                option(table, "license", format!("is no valid expression, and treated as a name: `{text}`"))
            });
        }
        (Some(License::Text(text)), Some(table)) => (text.clone(), table, "license"),
        (Some(License::File(path)), Some(table)) => {
            if !is_certain(path) || !tree.is_file(path) {
                return Err(option(table, "license", format!("names no file by a plain path: `{path}`")));
            }
            (tree.read_text(path)?, table, "license")
        }
        _ => match poetry.string("license")?.filter(|text| !text.is_empty()) {
            Some(text) => (text.to_owned(), poetry, "license"),
            None => return Ok(Stated::Nothing),
        },
    };
    let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&raw));
    let wanted = named.map_or(&*raw, |(_, id)| *id);
    if let Some((id, classifier)) = IDENTIFIERS.iter().find(|(id, _)| id.eq_ignore_ascii_case(wanted)) {
        return Ok(Stated::Text((*id).to_owned(), classifier));
    }
    let is_odd =
        |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{2028}' | '\u{2029}');
    // No name of a licence has more than one line.
    if raw.trim().lines().count() < 2 || raw.contains(is_odd) {
        return Err(option(reader, key, "is an identifier or text that is not reproduced natively"));
    }
    Ok(Stated::Text(raw, OTHER))
}

/// Prints a licence text: every line but the first below its start, blank ones, too.
pub(super) fn indented(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| format!("         {line}")).collect();
    let all = lines.join("\n");
    // A newline at the end leaves an indent that belongs to no line.
    let all = if text.ends_with('\n') { all.trim_end_matches(' ') } else { &all };
    all.trim().to_owned()
}

/// Returns the licence files, sorted.
pub(super) fn files(subject: &Subject<'_>, tree: &Tree) -> Plan<Vec<String>> {
    let globs = |pattern: &str| python_glob(tree, "", pattern, GlobOptions { recursive: true, hidden: true });
    let mut found = BTreeSet::new();
    match &subject.project.license_files {
        Some(listed) => {
            let table = subject.project_table();
            for glob in listed {
                let plain = |c: char| c.is_ascii_alphanumeric() || "_-./*?[]".contains(c);
                let is_whole = |part: &str| part == "**" || !part.contains("**");
                let odd = |reason: &str| {
                    option(&table, "license-files", format!("holds a pattern that {reason}: `{glob}`"))
                };
                if !is_certain(glob)
                    || !glob.chars().all(plain)
                    || !glob.split('/').all(is_whole)
                    || glob.ends_with("**")
                {
                    return Err(odd("is not reproduced natively"));
                }
                let files: Vec<String> = globs(glob)?.into_iter().filter(|path| tree.is_file(path)).collect();
                if files.is_empty() {
                    return Err(odd("matches no file"));
                }
                found.extend(files);
            }
        }
        None => {
            if let Some(License::File(path)) = &subject.project.license {
                found.insert(path.clone());
            }
            for pattern in DEFAULT_GLOBS {
                found.extend(globs(pattern)?.into_iter().filter(|path| tree.is_file(path)));
            }
            found.extend(globs("LICENSES/**/*")?.into_iter().filter(|path| tree.is_file(path)));
        }
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_indented_behind_their_name() {
        assert_eq!(indented("One\nTwo\n\n  Three\n"), "One\n         Two\n         \n           Three");
        assert_eq!(indented("One"), "One");
    }

    #[test]
    fn identifiers_are_in_order_and_known_to_the_list_of_classifiers() {
        assert!(IDENTIFIERS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(NAMES.iter().all(|(_, id)| IDENTIFIERS.iter().any(|(known, _)| known == id)));
        for (id, classifier) in IDENTIFIERS {
            let known = crate::metadata::classifier_rank(classifier).is_some();
            assert!(known || classifier == OSI, "{id}: {classifier}");
        }
    }
}
