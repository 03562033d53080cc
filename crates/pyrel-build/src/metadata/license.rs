//! SPDX licence expressions in the canonical form of the `packaging` library (PEP 639).
//!
//! The lists in `data/` are those of SPDX 3.27.0, which `packaging` 26.3 knows.

use std::collections::HashMap;
use std::sync::LazyLock;

type Ids = LazyLock<HashMap<String, &'static str>>;

static LICENSES: Ids = LazyLock::new(|| by_lower_case(include_str!("../../data/spdx-licenses.txt")));
static EXCEPTIONS: Ids = LazyLock::new(|| by_lower_case(include_str!("../../data/spdx-exceptions.txt")));

fn by_lower_case(list: &'static str) -> HashMap<String, &'static str> {
    list.lines().map(|id| (id.to_ascii_lowercase(), id)).collect()
}

/// Why a text is no licence expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidLicense {
    #[error("invalid licence expression (SPDX): `{0}`")]
    Syntax(String),
    #[error("unknown licence (SPDX): `{0}`")]
    Unknown(String),
}

/// Returns the expression with identifiers in their own case, operators in capitals, single spaces.
pub(crate) fn canonical_license(text: &str) -> Result<String, InvalidLicense> {
    let padded = text.replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = padded.split_whitespace().collect();
    let mut parser = Parser { tokens: &tokens, at: 0, out: Vec::new() };
    let syntax = || InvalidLicense::Syntax(text.to_owned());
    parser.expression(0).map_err(|fault| fault.unwrap_or_else(syntax))?;
    if parser.at < tokens.len() {
        return Err(syntax());
    }
    Ok(parser.out.join(" ").replace("( ", "(").replace(" )", ")"))
}

/// Brackets deeper than this are refused: the stack is finite.
const MAX_DEPTH: usize = 64;

struct Parser<'a> {
    tokens: &'a [&'a str],
    at: usize,
    out: Vec<String>,
}

/// `None` stands for a fault of syntax, which names the whole text.
type Step = Result<(), Option<InvalidLicense>>;

impl Parser<'_> {
    fn next(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at)?.to_ascii_lowercase();
        self.at += 1;
        Some(token)
    }

    fn peek_is(&self, word: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.eq_ignore_ascii_case(word))
    }

    fn expression(&mut self, depth: usize) -> Step {
        if depth > MAX_DEPTH {
            return Err(None);
        }
        loop {
            self.operand(depth)?;
            let Some(operator) = ["and", "or"].into_iter().find(|word| self.peek_is(word)) else {
                return Ok(());
            };
            self.at += 1;
            self.out.push(operator.to_ascii_uppercase());
        }
    }

    fn operand(&mut self, depth: usize) -> Step {
        let written = self.tokens.get(self.at).copied();
        let token = self.next().ok_or(None)?;
        if token == "(" {
            self.out.push(token);
            self.expression(depth + 1)?;
            self.next().filter(|token| token == ")").ok_or(None)?;
            self.out.push(")".to_owned());
            return Ok(());
        }
        if matches!(token.as_str(), ")" | "and" | "or" | "with") {
            return Err(None);
        }
        self.out.push(license_id(&token, written.unwrap_or_default())?);
        if self.peek_is("with") {
            self.at += 1;
            self.out.push("WITH".to_owned());
            let exception = self.next().ok_or(None)?;
            let id = EXCEPTIONS.get(&exception).ok_or(Some(InvalidLicense::Unknown(exception)))?;
            self.out.push((*id).to_owned());
        }
        Ok(())
    }
}

fn license_id(token: &str, written: &str) -> Result<String, Option<InvalidLicense>> {
    let unknown = || Some(InvalidLicense::Unknown(written.to_owned()));
    if let Some(reference) = token.strip_prefix("licenseref-") {
        let valid = reference.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        if reference.is_empty() || !valid {
            return Err(unknown());
        }
        return Ok(format!("LicenseRef-{}", &written["licenseref-".len()..]));
    }
    let (id, suffix) = token.strip_suffix('+').map_or((token, ""), |id| (id, "+"));
    LICENSES.get(id).map(|id| format!("{id}{suffix}")).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        for (text, expected) in [
            ("mit", "MIT"),
            ("mit and (apache-2.0 or bsd-2-clause)", "MIT AND (Apache-2.0 OR BSD-2-Clause)"),
            (
                "gpl-3.0-or-later with classpath-exception-2.0",
                "GPL-3.0-or-later WITH Classpath-exception-2.0",
            ),
            ("LICENSEREF-My-Own", "LicenseRef-My-Own"),
            ("apache-2.0+", "Apache-2.0+"),
        ] {
            assert_eq!(canonical_license(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn faults() {
        for bad in ["", "(mit", "mit or", "mit mit", "and", "() or mit", "mit with", "mit with mit", "Use-it"]
        {
            assert!(canonical_license(bad).is_err(), "{bad}");
        }
        assert!(canonical_license(&format!("{}mit{}", "(".repeat(200), ")".repeat(200))).is_err());
    }
}
