//! An import name is no dotted identifier.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "import-name",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every `Import-Name` and `Import-Namespace` is a dotted identifier",
    docs: "\
### What it does
Checks each name: identifiers with periods between them, none of them a keyword, at most `; private` behind.

### Why is this bad
Nothing can be imported under another name; PyPI refuses it.

### Example
`Import-Name: my-package`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for header in ["Import-Name", "Import-Namespace"] {
        for value in subject.fields(header) {
            if let Some(fault) = fault(value) {
                let hint = "write the name as `import` needs it";
                findings.add(wording::refused(&header.to_lowercase(), &fault).hint(hint).at(header));
            }
        }
    }
}

fn fault(value: &str) -> Option<String> {
    let (name, option) = match value.split_once(';') {
        Some((name, option)) => (name, Some(option)),
        None => (value, None),
    };
    let name = name.trim_end();
    for part in name.split('.') {
        if !is_identifier(part) {
            let (name, part) = (wording::repr(name), wording::repr(part));
            return Some(format!("{name} is invalid for {{field}}; {part} is not a valid identifier"));
        }
        if KEYWORDS.contains(&part) {
            let (name, part) = (wording::repr(name), wording::repr(part));
            return Some(format!("{name} is invalid for {{field}}; {part} is a keyword"));
        }
    }
    option.filter(|option| option.trim_start() != "private").map(|_| {
        format!("{} is invalid for {{field}}; the only valid option is 'private'", wording::repr(value))
    })
}

/// Which letters beyond ASCII an identifier may have is left to Python: they pass.
fn is_identifier(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with(|c: char| c.is_ascii_digit())
        && part.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    fn messages(value: &str) -> Vec<String> {
        Fixture::wheel()
            .header("Metadata-Version: 2.5")
            .also(&format!("Import-Name: {value}"))
            .messages("import-name")
    }

    #[test]
    fn fires() {
        for (value, fault) in [
            ("a-b", "'a-b' is invalid for 'import-name'; 'a-b' is not a valid identifier"),
            ("a.1", "'a.1' is invalid for 'import-name'; '1' is not a valid identifier"),
            ("a.class", "'a.class' is invalid for 'import-name'; 'class' is a keyword"),
            ("a;x", "'a;x' is invalid for 'import-name'; the only valid option is 'private'"),
        ] {
            let end = "See https://packaging.python.org/specifications/core-metadata for more information.";
            assert_eq!(messages(value), [format!("{fault}. {end}")]);
        }
    }

    #[test]
    fn stays_silent() {
        for value in ["demo", "demo.sub ; private", "größe"] {
            assert!(messages(value).is_empty(), "{value}");
        }
    }
}
