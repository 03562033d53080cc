//! Context fields of requirements, filled in as hatchling does: `{env:NAME:default}`, `{home:parent:uri}`, `{/}`, `{;}`.
//!
//! `{root}` is the folder of a build. A wheel is built from the unpacked sdist, in a temporary folder whose path its
//! metadata would have: nobody else can tell that, so it is for hatchling, as is what hatchling would refuse.

use fs_err as fs;

use super::super::Subject;

/// How deep fields may stand in one another.
const DEPTH: usize = 10;

/// Why a text is not filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// What stands there is not known, by this end of a sentence.
    Unknown(String),
    /// A variable that is not set has no default.
    Unset(String),
}

/// Fills in all fields of a text.
pub(super) fn fill_in(subject: &Subject<'_>, text: &str) -> Result<String, Gap> {
    format(subject, text, DEPTH)
}

fn format(subject: &Subject<'_>, text: &str, depth: usize) -> Result<String, Gap> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (literal, behind) = rest.split_at(at);
        let (brace, behind) = behind.split_at(1);
        out.push_str(literal);
        if let Some(behind) = behind.strip_prefix(brace) {
            out.push_str(brace);
            rest = behind;
            continue;
        }
        let field = if brace == "{" { split_field(behind) } else { None };
        let Some((name, data, behind)) = field else {
            return Err(Gap::Unknown(
                "holds a brace, or a field, in a form that is not reproduced".to_owned(),
            ));
        };
        let depth = depth.checked_sub(1);
        let depth = depth.ok_or_else(|| Gap::Unknown("holds fields in too many others".to_owned()))?;
        let data = format(subject, data, depth)?;
        out.push_str(&value(subject, name, &data)?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// Splits a text behind a brace into the field's name, what it is told, and the text behind the field.
fn split_field(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(['{', '}', ':', '!', '['])?;
    let (name, behind) = text.split_at(end);
    if let Some(behind) = behind.strip_prefix('}') {
        return Some((name, "", behind));
    }
    let data = behind.strip_prefix(':')?;
    let mut open = 1;
    for (at, brace) in data.match_indices(['{', '}']) {
        open = if brace == "{" { open + 1 } else { open - 1 };
        if open == 0 {
            return Some((name, &data[..at], &data[at + 1..]));
        }
    }
    None
}

/// Returns what a field stands for.
fn value(subject: &Subject<'_>, name: &str, data: &str) -> Result<String, Gap> {
    match name {
        "/" | ";" if cfg!(windows) => Err(Gap::Unknown("holds a field that Windows has its own for".to_owned())),
        "/" => Ok("/".to_owned()),
        ";" => Ok(":".to_owned()),
        "env" if !data.is_empty() => variable(subject, data),
        "home" => home(subject, data),
        "root" => Err(Gap::Unknown(
            "holds the folder of the build (`{root}`), which for the wheel is the temporary one of the unpacked sdist"
                .to_owned(),
        )),
        _ => Err(Gap::Unknown(format!("holds a field that hatchling refuses: `{name}`"))),
    }
}

fn variable(subject: &Subject<'_>, data: &str) -> Result<String, Gap> {
    let (name, default) = match data.split_once(':') {
        Some((name, default)) => (name, Some(default)),
        None => (data, None),
    };
    let value = subject.variable(name).map_err(Gap::Unknown)?;
    value.or(default).map(str::to_owned).ok_or_else(|| Gap::Unset(name.to_owned()))
}

fn home(subject: &Subject<'_>, modifiers: &str) -> Result<String, Gap> {
    let home = subject.variable("HOME").map_err(Gap::Unknown)?;
    let home = home.filter(|home| home.starts_with('/') && !home.starts_with("//"));
    let Some(home) = home else {
        return Err(Gap::Unknown("holds `{home}`, and `HOME` is set to no absolute path".to_owned()));
    };
    let home = home.trim_end_matches('/');
    place(if home.is_empty() { "/" } else { home }, modifiers).ok_or_else(|| {
        Gap::Unknown(format!("holds `{{home}}` in a form that is unknown, or cannot be told: `{modifiers}`"))
    })
}

/// Prints an absolute path the way that modifiers ask for.
fn place(path: &str, modifiers: &str) -> Option<String> {
    if modifiers.is_empty() {
        return Some(plain(path));
    }
    let mut path = path;
    let mut modifiers = modifiers.split(':').peekable();
    while modifiers.next_if_eq(&"parent").is_some() {
        path = parent(path);
    }
    match (modifiers.next(), modifiers.next()) {
        (None, _) => Some(path.to_owned()),
        (Some("uri"), None) => Some(format!("file://{}", plain(path).replace(' ', "%20"))),
        (Some("real"), None) => fs::canonicalize(path).ok()?.into_os_string().into_string().ok(),
        _ => None,
    }
}

/// Returns what stands before the last `/`, as `os.path.dirname` does.
fn parent(path: &str) -> &str {
    let head = &path[..path.rfind('/').map_or(0, |at| at + 1)];
    let bare = head.trim_end_matches('/');
    if bare.is_empty() { head } else { bare }
}

/// Returns an absolute path without empty parts, `.`, and `..`.
fn plain(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_as_python_does() {
        for (text, expected) in [
            ("a} x", Some(("a", "", " x"))),
            ("/}x", Some(("/", "", "x"))),
            ("a:b:{c}d}e}", Some(("a", "b:{c}d", "e}"))),
            ("a:{{b}}}c", Some(("a", "{{b}}", "c"))),
            ("a:}", Some(("a", "", ""))),
            ("a!r}", None),
            ("a[0]}", None),
            ("a{b}}", None),
            ("a:{b}", None),
            ("a", None),
        ] {
            assert_eq!(split_field(text), expected, "{text}");
        }
    }

    #[test]
    fn paths_are_printed_as_asked() {
        for (path, modifiers, expected) in [
            ("/a/./b//c/..", "", Some("/a/b")),
            ("/", "", Some("/")),
            ("/a//b", "parent", Some("/a")),
            ("/a/b", "parent:parent:parent", Some("/")),
            ("/a/./b", "parent", Some("/a/.")),
            ("/a b/c", "uri", Some("file:///a%20b/c")),
            ("/a b/c", "parent:uri", Some("file:///a%20b")),
            ("/", "real", Some("/")),
            ("/no/such/folder", "real", None),
            ("/a", "uri:parent", None),
            ("/a", "parent:", None),
            ("/a", "url", None),
        ] {
            assert_eq!(place(path, modifiers).as_deref(), expected, "{path} {modifiers}");
        }
    }
}
