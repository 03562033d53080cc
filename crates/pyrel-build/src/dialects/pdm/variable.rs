//! Variables in requirements, filled in as pdm-backend does: `${NAME}`, and `file:///${PROJECT_ROOT}`.
//!
//! The sdist's `pyproject.toml` has them filled in, and the wheel is built from that: the project's folder is the one
//! of the sdist for both.

use std::borrow::Cow;
use std::sync::LazyLock;

use fs_err as fs;
use pyrel_model::Requirement;
use pyrel_model::pyproject::TableReader;
use regex::Regex;

use super::super::Subject;
use crate::detector::option;
use crate::error::Plan;

const ROOT: &str = "file:///${PROJECT_ROOT}";

static VARIABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{(.+?)\}").expect("a constant expression"));

/// Fills in a requirement.
pub(super) fn expanded<'r>(
    subject: &Subject<'_>,
    (table, key): (&TableReader<'_>, &str),
    requirement: &'r Requirement,
) -> Plan<Cow<'r, Requirement>> {
    let written = requirement.as_written();
    match expand(subject, (table, key), written)? {
        Cow::Borrowed(_) => Ok(Cow::Borrowed(requirement)),
        Cow::Owned(text) => text.parse().map(Cow::Owned).map_err(|_| {
            option(
                table,
                key,
                format!("is none with its variables filled in, which pdm-backend refuses: `{written}`"),
            )
        }),
    }
}

/// Fills in a text; one without variables stays as it is.
pub(super) fn expand<'t>(
    subject: &Subject<'_>,
    (table, key): (&TableReader<'_>, &str),
    text: &'t str,
) -> Plan<Cow<'t, str>> {
    if !text.contains('$') {
        return Ok(Cow::Borrowed(text));
    }
    let refuse = |reason: String| option(table, key, format!("{reason}: `{text}`"));
    let once = substituted(subject, text).map_err(refuse)?;
    // The wheel is built from a file with the outcome, whose variables are filled in, too.
    if substituted(subject, &once).map_err(refuse)? != once {
        return Err(refuse("holds a variable that names another one".to_owned()));
    }
    Ok(Cow::Owned(once))
}

fn substituted(subject: &Subject<'_>, text: &str) -> Result<String, String> {
    let is_address = text.contains("://");
    let rooted = if text.contains(ROOT) { text.replace(ROOT, &root(subject)?) } else { text.to_owned() };
    let mut out = String::new();
    let mut end = 0;
    for found in VARIABLE.captures_iter(&rooted) {
        let (whole, [name]) = found.extract();
        let at = found.get_match().start();
        out.push_str(&rooted[end..at]);
        end = at + whole.len();
        match subject.variable(name)? {
            None => out.push_str(whole),
            Some(value) if is_address => out.push_str(&quoted(value)),
            Some(value) => out.push_str(value),
        }
    }
    out.push_str(&rooted[end..]);
    Ok(out)
}

/// Returns the address of the project's folder, by the path that a process in it has.
fn root(subject: &Subject<'_>) -> Result<String, String> {
    // What links lead to is seen by nobody who remembers a build.
    subject.tree.depends_on_more();
    let path = fs::canonicalize(&subject.root).ok().and_then(|path| path.into_os_string().into_string().ok());
    match path {
        Some(path) if !cfg!(windows) => Ok(format!("file://{}", quoted(&path))),
        _ => Err("holds the project's folder, whose path has no certain spelling".to_owned()),
    }
}

/// Quotes for an address, as `urllib.parse.quote` does.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_quoted() {
        assert_eq!(quoted("/a b/~c_d.e-f"), "/a%20b/~c_d.e-f");
        assert_eq!(quoted("https://x?y=%20&ä"), "https%3A//x%3Fy%3D%2520%26%C3%A4");
    }

    #[test]
    fn a_name_is_as_short_as_it_can_be() {
        let names = |text: &str| -> Vec<String> {
            VARIABLE.captures_iter(text).map(|found| found[1].to_owned()).collect()
        };
        assert_eq!(names("${A}${B} $C ${} ${}x}"), ["A", "B", "} ${"]);
    }
}
