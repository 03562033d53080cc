//! What an API token of PyPI or TestPyPI says about itself: which of the two made it, for which projects, until when.
//!
//! Their tokens are macaroons (libmacaroons' binary format, version 2) in base64 after `pypi-`. Nothing here verifies
//! one: only the index can. What is read is never the signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pyrel_model::Secret;
use serde_json::Value;

const LOCATION: u64 = 1;
const IDENTIFIER: u64 = 2;
const END: u64 = 0;

/// The claims of a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// The host that made it, such as `pypi.org`.
    pub location: String,
    /// The projects that it is limited to by name; empty when it is not.
    pub projects: Vec<String>,
    /// When it lapses, in Unix seconds.
    pub expires: Option<i64>,
}

impl TokenFacts {
    /// Reads a token; `None` when it is no such token.
    #[must_use]
    pub fn of(token: &Secret) -> Option<Self> {
        let text = token.expose().trim().strip_prefix("pypi-")?;
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        let (version, rest) = bytes.split_first()?;
        if *version != 2 {
            return None;
        }
        let mut fields = Fields(rest);
        let mut facts = Self::default();
        while let Some((kind, data)) = fields.next()? {
            if kind == LOCATION {
                facts.location = std::str::from_utf8(data).ok()?.to_owned();
            }
        }
        // Each caveat is a run of fields; an empty one ends them, and the signature after it is left alone.
        loop {
            let mut seen = false;
            while let Some((kind, data)) = fields.next()? {
                seen = true;
                if kind == IDENTIFIER {
                    facts.take_caveat(data);
                }
            }
            if !seen {
                return Some(facts);
            }
        }
    }

    /// Reads one restriction: an array whose first item is its kind (0 for times, 1 for project names), or the older
    /// object with the same in words. Others tell a person nothing.
    fn take_caveat(&mut self, caveat: &[u8]) {
        let names = |value: &Value| -> Vec<String> {
            let all = value.as_array().into_iter().flatten();
            all.filter_map(|name| name.as_str().map(str::to_owned)).collect()
        };
        match serde_json::from_slice(caveat) {
            Ok(Value::Array(parts)) => match (parts.first().and_then(Value::as_i64), parts.get(1)) {
                (Some(0), Some(expires)) => self.expires = expires.as_i64().or(self.expires),
                (Some(1), Some(projects)) => self.projects = names(projects),
                _ => {}
            },
            Ok(Value::Object(parts)) => {
                if let Some(projects) = parts.get("permissions").and_then(|all| all.get("projects")) {
                    self.projects = names(projects);
                }
                self.expires = parts.get("exp").and_then(Value::as_i64).or(self.expires);
            }
            _ => {}
        }
    }
}

/// The fields of the binary format: a kind, a length, and that many bytes.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Returns the next field; the inner `None` is the end of a run, the outer one the end of sense.
    fn next(&mut self) -> Option<Option<(u64, &'a [u8])>> {
        let kind = self.number()?;
        if kind == END {
            return Some(None);
        }
        let length = usize::try_from(self.number()?).ok()?;
        let data = self.0.get(..length)?;
        self.0 = &self.0[length..];
        Some(Some((kind, data)))
    }

    /// Reads a number of seven bits per byte, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn field(kind: u8, data: &[u8]) -> Vec<u8> {
        let mut out = vec![kind];
        let mut length = data.len();
        while length > 0x7f {
            out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap());
        out.extend_from_slice(data);
        out
    }

    /// Makes a token that a host might have made.
    pub(crate) fn token(location: &str, caveats: &[&str]) -> Secret {
        let mut bytes = vec![2];
        bytes.extend(field(1, location.as_bytes()));
        bytes.extend(field(2, &[b'k'; 200]));
        bytes.push(0);
        for caveat in caveats {
            bytes.extend(field(2, caveat.as_bytes()));
            bytes.push(0);
        }
        bytes.push(0);
        bytes.extend(field(6, &[7; 32]));
        Secret::new(format!("pypi-{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    #[test]
    fn a_token_tells_who_made_it() {
        let facts = TokenFacts::of(&token("test.pypi.org", &["[3, \"some-user\"]"])).unwrap();
        assert_eq!(facts, TokenFacts { location: "test.pypi.org".to_owned(), ..TokenFacts::default() });
    }

    #[test]
    fn restrictions_are_read_in_both_spellings() {
        let facts =
            TokenFacts::of(&token("pypi.org", &["[1, [\"a\", \"b\"]]", "[0, 1700000000, 1]"])).unwrap();
        assert_eq!(
            (facts.projects, facts.expires),
            (vec!["a".to_owned(), "b".to_owned()], Some(1_700_000_000))
        );
        let old = [r#"{"version":1,"permissions":{"projects":["c"]}}"#, r#"{"nbf":1,"exp":2}"#];
        let facts = TokenFacts::of(&token("pypi.org", &old)).unwrap();
        assert_eq!((facts.projects, facts.expires), (vec!["c".to_owned()], Some(2)));
        let user = TokenFacts::of(&token("pypi.org", &[r#"{"version":1,"permissions":"user"}"#])).unwrap();
        assert!(user.projects.is_empty());
    }

    #[test]
    fn anything_else_is_no_such_token() {
        for text in ["", "pypi-", "pypi-not-a-real-token", "secret", "pypi-AQ", "pypi-AgH_"] {
            assert_eq!(TokenFacts::of(&Secret::new(text)), None, "{text}");
        }
        let whole = token("pypi.org", &["[1, [\"a\"]]"]);
        for cut in 6..whole.expose().len() - 50 {
            // A token that was cut off says nothing, or what its whole part says; it never fails.
            drop(TokenFacts::of(&Secret::new(&whole.expose()[..cut])));
        }
    }
}
