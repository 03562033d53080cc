//! Requirements as uv prints them: normal names, comparisons by version, rewritten markers.

use std::sync::LazyLock;

use pyrel_model::name::normalize as normalize_name;
use pyrel_model::requirement::{Specifier, SpecifierSet};
use pyrel_model::{Requirement, Version};
use regex::Regex;

use super::Profile;
use super::marker::Printer;

/// Prints a requirement, `extra` being the one that asks for it; the error says what is not reproduced.
pub(super) fn print(
    requirement: &Requirement,
    extra: Option<&str>,
    profile: Profile,
    markers: &Printer,
) -> Result<String, &'static str> {
    if requirement.as_written().split_once(';').is_some_and(|(_, text)| has_glued_words(text)) {
        return Err("has a marker whose words uv may not tell apart");
    }
    let mut out = requirement.name.normalized().to_owned();
    let extras: Vec<String> = requirement.extras.iter().map(|extra| normalize_name(extra)).collect();
    if !extras.is_empty() {
        out.push_str(&format!("[{}]", extras.join(",")));
    }
    match &requirement.url {
        Some(url) if is_plain_url(url) => out.push_str(&format!(" @ {url}")),
        Some(_) => return Err("has a URL that uv may print in another way"),
        None => out.push_str(&specifiers(&requirement.specifiers, ",", profile)?),
    }
    if let Some(text) = markers.print(requirement.marker.as_ref(), extra)? {
        out.push_str(" ; ");
        out.push_str(&text);
    }
    Ok(out)
}

/// Tells whether `and` or `or` is not followed by a space, which uv reads as part of a longer word.
fn has_glued_words(marker: &str) -> bool {
    static GLUED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(?:and|or)(?:$|[^\w \t])").expect("a constant expression"));
    let mut quote = None;
    let mut outside = String::new();
    for c in marker.chars() {
        match (quote, c) {
            (None, '\'' | '"') => {
                quote = Some(c);
                outside.push('"');
            }
            (Some(open), c) if open == c => quote = None,
            (None, c) => outside.push(c),
            (Some(_), _) => {}
        }
    }
    GLUED.is_match(&outside)
}

/// Lets through URLs that no parser would change.
fn is_plain_url(url: &str) -> bool {
    static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:git\+(?:https?|ssh|git)://(?:git@)?|(?:(?:hg|svn)\+)?https?://)",
            r"(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*(?::[1-9]\d{3})?",
            r"(?:/[A-Za-z0-9_~-](?:[A-Za-z0-9._~@+=,-]|%[0-9A-F]{2})*)+/?",
            r"(?:#[A-Za-z0-9._~=&/+-]+)?$",
        ))
        .expect("a constant expression")
    });
    static FILE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^file://(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$").expect("a constant expression")
    });
    (PLAIN.is_match(url) && !url.contains("xn--")) || FILE.is_match(url)
}

/// The operators in the order in which uv prints comparisons with one version; a star comes behind its own.
const OPERATORS: [&str; 8] = ["==", "===", "!=", "~=", "<", "<=", ">", ">="];

/// Prints comparisons in the order of their versions, then of their operators.
pub(super) fn specifiers(
    set: &SpecifierSet,
    separator: &str,
    profile: Profile,
) -> Result<String, &'static str> {
    let is_list = set.as_written().split(',').all(|part| !part.trim().is_empty());
    if !set.is_empty() && !is_list {
        return Err("has a comma too many, which not every uv takes");
    }
    let mut printed = Vec::new();
    for specifier in set.specifiers() {
        let (version, star) =
            version_and_star(specifier).ok_or("has a comparison that uv prints in a way of its own")?;
        let operator = specifier.operator();
        let place = OPERATORS.iter().position(|one| *one == operator);
        let rank = profile.sorts_operators.then_some((place, star));
        printed.push((version.clone(), rank, format!("{operator}{version}{star}")));
    }
    printed.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.cmp(&other.1)));
    Ok(printed.into_iter().map(|(_, _, text)| text).collect::<Vec<_>>().join(separator))
}

/// Returns the version of a comparison; `None` for what uv refuses.
fn version_and_star(specifier: &Specifier) -> Option<(Version, &'static str)> {
    let (text, star) = match specifier.version().strip_suffix(".*") {
        Some(text) => (text, ".*"),
        None => (specifier.version(), ""),
    };
    let may_be_local = star.is_empty() && matches!(specifier.operator(), "==" | "!=" | "===");
    let is_short = text.split(|c: char| !c.is_ascii_digit()).all(|number| number.len() <= 15);
    let is_certain = (may_be_local || !text.contains('+')) && is_short && text.is_ascii();
    text.parse().ok().filter(|_| is_certain).map(|version| (version, star))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::dialects::uv::marker::Generation;

    const NEWEST: Profile = Profile {
        takes_leading_files: false,
        rewrites: true,
        sorts_operators: true,
        knows_import_names: true,
        markers: Generation::Covers,
    };

    fn printed(written: &str) -> Result<String, &'static str> {
        let requirement: Requirement = written.parse().unwrap();
        let markers = Printer::new(requirement.marker.iter(), Generation::Covers);
        print(&requirement, None, NEWEST, &markers)
    }

    #[test]
    fn prints_as_uv_does() {
        for (written, expected) in [
            ("Foo_Bar", "foo-bar"),
            ("foo[B_a,a] >= 1.0 , <2", "foo[b-a,a]>=1.0,<2"),
            ("foo !=1.5,>1", "foo>1,!=1.5"),
            ("foo>=1,<2,>=1", "foo>=1,>=1,<2"),
            ("foo<=1,==1,>1,~=1.0,!=1.0,<1.0,==1.*", "foo==1,==1.*,!=1.0,~=1.0,<1.0,<=1,>1"),
            ("foo>=v1.0RC1", "foo>=1.0rc1"),
            ("foo==1.0.*", "foo==1.0.*"),
            ("foo===1.0RC1,==2!1+Local_1", "foo===1.0rc1,==2!1+local.1"),
            ("foo @ git+ssh://git@example.org/a/b.git@v1", "foo @ git+ssh://git@example.org/a/b.git@v1"),
            ("foo @ file:///a/b.whl", "foo @ file:///a/b.whl"),
            ("foo @ https://example.org/Foo-1.whl", "foo @ https://example.org/Foo-1.whl"),
            ("foo ; python_version<='3.8'", "foo ; python_full_version < '3.9'"),
        ] {
            assert_eq!(printed(written).as_deref(), Ok(expected), "{written}");
        }
        for written in [
            "foo===any",
            "foo>=1,",
            "foo @ https://EXAMPLE.org/x",
            "foo @ https://example.org",
            "foo @ https://example.org/a/../b",
            "foo @ https://user:word@example.org/a",
            "foo @ https://example.org/a?b=c",
            "foo @ https://10.1/a",
            "foo @ https://example.org:443/a",
            "foo @ file://localhost/x",
            "foo @ ssh://git@example.org/x",
            "foo ; os_name == 'a' and(os_name == 'b')",
            "foo ; os_name == 'a' or'b' == os_name",
        ] {
            assert!(printed(written).is_err(), "{written}");
        }
    }
}
