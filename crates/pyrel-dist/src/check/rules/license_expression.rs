//! The licence expression is not valid.

use pyrel_model::Level;
use spdx::identifiers::{EXCEPTIONS, LICENSES};

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording::{self, suggest};

pub(super) static RULE: Rule = Rule {
    name: "license-expression",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`License-Expression` is a valid SPDX expression",
    docs: "\
### What it does
Parses the expression over the licences and exceptions of the SPDX list and `LicenseRef-…` names.

### Why is this bad
A licence that no tool knows helps nobody; PyPI refuses it.

### Example
`License-Expression: Apache 2` instead of `Apache-2.0`

### Source
PyPI (core metadata, as the `packaging` library checks it) with the SPDX licence list
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(value) = subject.field("License-Expression") else { return };
    if let Err(reason) = parse(value) {
        let text = format!("{} is invalid for {{field}}", wording::repr(value));
        findings.add(wording::refused("license-expression", &text).hint(reason).at("License-Expression"));
    }
}

/// Parses as `packaging` does: names in any case, and what follows `with` is an exception.
fn parse(value: &str) -> Result<(), String> {
    let spaced = value.replace('(', " ( ").replace(')', " ) ").to_lowercase();
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    check_shape(&tokens)?;
    let mut before = "";
    for token in tokens {
        if is_word(token) {
            if before == "with" { check_exception(token)? } else { check_licence(token)? }
        }
        before = token;
    }
    Ok(())
}

fn is_word(token: &str) -> bool {
    !matches!(token, "and" | "or" | "with" | "(" | ")")
}

/// Operands and operators alternate, and brackets pair.
fn check_shape(tokens: &[&str]) -> Result<(), String> {
    let mut depth = 0_usize;
    let mut wants_operand = true;
    for token in tokens {
        match (*token, wants_operand) {
            ("(", true) => depth += 1,
            (")", false) if depth > 0 => depth -= 1,
            ("and" | "or" | "with", false) => wants_operand = true,
            (word, true) if is_word(word) => wants_operand = false,
            (other, _) => return Err(format!("`{other}` stands in the wrong place")),
        }
    }
    if wants_operand || depth > 0 {
        return Err("the expression is not complete".to_owned());
    }
    Ok(())
}

fn check_licence(word: &str) -> Result<(), String> {
    let (name, has_plus) = match word.strip_suffix('+') {
        Some(name) => (name, true),
        None => (word, false),
    };
    if let Some(reference) = name.strip_prefix("licenseref-") {
        let valid = reference.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        return if valid && !has_plus {
            Ok(())
        } else {
            Err("a `LicenseRef-` name may have letters, digits, `.`, and `-` only".to_owned())
        };
    }
    if LICENSES.iter().any(|licence| licence.name.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    Err(unknown("licence", name, LICENSES.iter().map(|licence| licence.name)))
}

fn check_exception(word: &str) -> Result<(), String> {
    if EXCEPTIONS.iter().any(|exception| exception.name.eq_ignore_ascii_case(word)) {
        return Ok(());
    }
    Err(unknown("exception", word, EXCEPTIONS.iter().map(|exception| exception.name)))
}

fn unknown(what: &str, word: &str, known: impl Iterator<Item = &'static str>) -> String {
    match suggest(word, known) {
        Some(near) => format!("`{word}` is no {what} of the SPDX list; did you mean `{near}`?"),
        None => format!("`{word}` is no {what} of the SPDX list; an own one is called `LicenseRef-…`"),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().header("License-Expression: Apache 2").findings("license-expression");
        assert!(found[0].message.starts_with("'Apache 2' is invalid for 'license-expression'. See"));
        for bad in [
            "MIT/X11",
            "MIT or",
            "or MIT",
            "(MIT",
            "()",
            "MIT MIT",
            "MIT (MIT)",
            "DocumentRef-a:LicenseRef-b",
            "MIT WITH MIT",
            "LicenseRef-a_b",
            "LicenseRef-a+",
            "Proprietary",
        ] {
            assert!(super::parse(bad).is_err(), "{bad}");
        }
        assert!(super::parse("Apache-2").unwrap_err().contains("did you mean `Apache-2.0`?"));
    }

    #[test]
    fn stays_silent() {
        let good = Fixture::wheel().header("License-Expression: mit AND (Apache-2.0 or BSD-2-Clause)");
        assert!(good.findings("license-expression").is_empty());
        for good in [
            "MIT",
            "GPL-2.0+",
            "GPL-3.0-only WITH GCC-exception-3.1",
            "LicenseRef-Own-1.0",
            "licenseref-x",
            "((MIT))",
            "MIT\tOR\tISC",
        ] {
            assert!(super::parse(good).is_ok(), "{good}");
        }
    }
}
