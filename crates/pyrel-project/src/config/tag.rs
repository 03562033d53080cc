//! The name of a release's git tag: a template with `{name}` and `{version}`.

use std::fmt;
use std::str::FromStr;

use pyrel_model::{PackageName, Version};

/// A template such as `{name}-v{version}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagTemplate(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name,
    Version,
}

/// A template that names no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTag {
    /// There is no `{version}`, or more than one.
    #[error("a tag must contain `{{version}}` exactly once: `{0}`")]
    Version(String),
    /// A placeholder is unknown or not closed.
    #[error("a tag knows the placeholders `{{name}}` and `{{version}}` only: `{0}`")]
    Placeholder(String),
    /// The text cannot be the name of a git reference.
    #[error("a tag must be a valid git reference name: `{0}`")]
    Reference(String),
}

impl TagTemplate {
    /// Returns the tag of a release.
    #[must_use]
    pub fn render(&self, name: &PackageName, version: &Version) -> String {
        filled(&self.0, name.normalized(), &version.to_string())
    }

    /// Returns the version that a tag of the project `name` stands for; `None` when it is another tag. Tags made
    /// by other tools may carry another spelling of the name.
    #[must_use]
    pub fn version_of(&self, tag: &str, name: &PackageName) -> Option<Version> {
        let at = self.0.iter().position(|piece| *piece == Piece::Version)?;
        let spellings = [name.normalized(), name.as_written(), &name.file_stem()];
        spellings.into_iter().find_map(|name| {
            let (before, after) = (filled(&self.0[..at], name, ""), filled(&self.0[at + 1..], name, ""));
            tag.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?.parse().ok()
        })
    }

    /// Returns what stands before and after the version in a project's tags, for each spelling of its name.
    pub(crate) fn frames(&self, name: &PackageName) -> Vec<(String, String)> {
        let Some(at) = self.0.iter().position(|piece| *piece == Piece::Version) else { return Vec::new() };
        let stem = name.file_stem();
        let mut frames: Vec<(String, String)> = [name.normalized(), name.as_written(), &stem]
            .into_iter()
            .map(|name| (filled(&self.0[..at], name, ""), filled(&self.0[at + 1..], name, "")))
            .collect();
        frames.dedup();
        frames
    }

    /// Returns the pattern of a project's tags for `git tag --list`.
    #[must_use]
    pub fn pattern(&self, name: &PackageName) -> String {
        filled(&self.0, name.normalized(), "*")
    }

    /// Tells whether the tags of different projects differ.
    #[must_use]
    pub fn is_per_package(&self) -> bool {
        self.0.contains(&Piece::Name)
    }
}

fn filled(pieces: &[Piece], name: &str, version: &str) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Name => name.to_owned(),
        Piece::Version => version.to_owned(),
    };
    pieces.iter().map(text).collect()
}

impl FromStr for TagTemplate {
    type Err = InvalidTag;

    fn from_str(text: &str) -> Result<Self, InvalidTag> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            if at > 0 {
                pieces.push(Piece::Text(rest[..at].to_owned()));
            }
            rest = &rest[at..];
            let (piece, length) = if rest.starts_with("{name}") {
                (Piece::Name, 6)
            } else if rest.starts_with("{version}") {
                (Piece::Version, 9)
            } else {
                return Err(InvalidTag::Placeholder(text.to_owned()));
            };
            pieces.push(piece);
            rest = &rest[length..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        if pieces.iter().filter(|piece| **piece == Piece::Version).count() != 1 {
            return Err(InvalidTag::Version(text.to_owned()));
        }
        if !is_reference(text) {
            return Err(InvalidTag::Reference(text.to_owned()));
        }
        Ok(Self(pieces))
    }
}

/// Applies the rules of `git check-ref-format` that a template can break.
fn is_reference(text: &str) -> bool {
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let parts_are_fine =
        text.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"));
    parts_are_fine
        && !text.contains(bad)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.starts_with('-')
        && !text.ends_with('.')
}

impl fmt::Display for TagTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&filled(&self.0, "{name}", "{version}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PackageName {
        text.parse().unwrap()
    }

    #[test]
    fn rendering_and_reading_a_tag_agree() {
        let (package, version) = (name("My.Pkg"), "1.2rc1".parse().unwrap());
        for (template, tag) in [
            ("{name}-v{version}", "my-pkg-v1.2rc1"),
            ("v{version}", "v1.2rc1"),
            ("release/{version}/{name}", "release/1.2rc1/my-pkg"),
            ("{version}", "1.2rc1"),
        ] {
            let parsed: TagTemplate = template.parse().unwrap();
            assert_eq!(parsed.to_string(), template);
            assert_eq!(parsed.render(&package, &version), tag);
            assert_eq!(parsed.version_of(tag, &package), Some(version.clone()));
        }
    }

    #[test]
    fn a_tag_of_another_project_is_none_of_ours() {
        let template: TagTemplate = "{name}-v{version}".parse().unwrap();
        assert_eq!(template.version_of("my-pkg-extra-v1.0", &name("my-pkg")), None);
        assert_eq!(template.version_of("other-v1.0", &name("my-pkg")), None);
        assert_eq!(template.version_of("my-pkg-vnext", &name("my-pkg")), None);
        assert_eq!(template.version_of("My_Pkg-v1.0", &name("My_Pkg")), Some("1.0".parse().unwrap()));
        assert_eq!(template.version_of("my_pkg-v1.0", &name("my-pkg")), Some("1.0".parse().unwrap()));
    }

    #[test]
    fn templates_that_name_no_tag_are_refused() {
        for (text, start) in [
            ("{name}", "a tag must contain `{version}` exactly once"),
            ("{version}{version}", "a tag must contain `{version}` exactly once"),
            ("{nmae}-{version}", "a tag knows the placeholders"),
            ("v{version", "a tag knows the placeholders"),
            ("v}{version}", "a tag knows the placeholders"),
            ("v {version}", "a tag must be a valid git reference name"),
            ("-{version}", "a tag must be a valid git reference name"),
            ("a//{version}", "a tag must be a valid git reference name"),
        ] {
            let error = text.parse::<TagTemplate>().unwrap_err().to_string();
            assert!(error.starts_with(start), "{text}: {error}");
        }
    }
}
