//! Requirements as uv prints them: normal names, comparisons by version, rewritten markers.

use std::sync::LazyLock;

use pyrel_model::name::normalize as normalize_name;
use pyrel_model::requirement::{Specifier, SpecifierSet};
use pyrel_model::{Requirement, Version};
use regex::Regex;

use super::{Profile, marker};

/// Prints a requirement, `extra` being the one that asks for it; the error says what is not reproduced.
pub(super) fn print(
    requirement: &Requirement,
    extra: Option<&str>,
    profile: Profile,
) -> Result<String, &'static str> {
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
    if let Some(text) = marker::print(requirement.marker.as_ref(), extra)? {
        out.push_str(" ; ");
        out.push_str(&text);
    }
    Ok(out)
}

/// Lets through URLs that no parser would change.
fn is_plain_url(url: &str) -> bool {
    static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:git\+)?https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9_-][A-Za-z0-9._@+-]*)+(?:#[A-Za-z0-9._=&/-]+)?$")
            .expect("a constant expression")
    });
    PLAIN.is_match(url)
}

/// The operators in the order in which uv prints comparisons with one version; a star comes behind its own.
const OPERATORS: [&str; 8] = ["==", "===", "!=", "~=", "<", "<=", ">", ">="];

/// Prints comparisons in the order of their versions, then of their operators.
pub(super) fn specifiers(
    set: &SpecifierSet,
    separator: &str,
    profile: Profile,
) -> Result<String, &'static str> {
    let mut printed = Vec::new();
    for specifier in set.specifiers() {
        let (version, star) =
            version_and_star(specifier).ok_or("has a comparison that uv prints in a way of its own")?;
        let operator = specifier.operator();
        let place = OPERATORS.iter().position(|one| *one == operator);
        let rank = profile.rewrites.then_some((place, star));
        printed.push((version.clone(), rank, format!("{operator}{version}{star}")));
    }
    printed.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.cmp(&other.1)));
    Ok(printed.into_iter().map(|(_, _, text)| text).collect::<Vec<_>>().join(separator))
}

fn version_and_star(specifier: &Specifier) -> Option<(Version, &'static str)> {
    let (text, star) = match specifier.version().strip_suffix(".*") {
        Some(text) => (text, ".*"),
        None => (specifier.version(), ""),
    };
    let is_certain = specifier.operator() != "===" && !text.contains(['+', '!']);
    text.parse().ok().filter(|_| is_certain).map(|version| (version, star))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWEST: Profile = Profile { takes_leading_files: false, rewrites: true, knows_import_names: true };

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
            ("foo @ https://example.org/Foo-1.whl", "foo @ https://example.org/Foo-1.whl"),
            ("foo ; python_version<='3.8'", "foo ; python_full_version < '3.9'"),
        ] {
            assert_eq!(print(&written.parse().unwrap(), None, NEWEST).as_deref(), Ok(expected), "{written}");
        }
        for written in
            ["foo===1", "foo==1.0+local", "foo==1!2", "foo @ https://EXAMPLE.org/x", "foo @ file:///x"]
        {
            assert!(print(&written.parse().unwrap(), None, NEWEST).is_err(), "{written}");
        }
    }
}
