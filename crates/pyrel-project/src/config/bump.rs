//! `[bump]`: how versions are raised, and how a bump is committed.

use pyrel_model::Diagnostic;
use pyrel_model::pyproject::TableReader;
use toml_edit::Item;

use super::versioning::not_one_of;
use crate::bump::Level;

/// What breaking changes and features do to a version below 1.0, when the level follows from the commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroPolicy {
    /// A breaking change raises the second number, a feature too, a fix the third.
    #[default]
    Minor,
    /// Everything moves one place to the right: a breaking change raises the second number, all else the third.
    Shift,
    /// As from 1.0 on: a breaking change leads to 1.0.
    Major,
}

/// Which constraints on a raised package are rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConstraintPolicy {
    /// Those of packages that are raised themselves, and those that do not admit the new version.
    #[default]
    Needed,
    /// Those of every dependent.
    Always,
}

/// The table `[bump]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BumpConfig {
    /// `message`: the template of the commit's message, with `{packages}` and `{version}`.
    pub message: String,
    /// `tag-message`: the template of a tag's message, with `{name}` and `{version}`.
    pub tag_message: String,
    /// `dependents`: what a dependent is raised by when the new version leaves its range; `None` for `"none"`.
    pub dependents: Option<Level>,
    /// `constraints`
    pub constraints: ConstraintPolicy,
    /// `zero`
    pub zero: ZeroPolicy,
}

impl Default for BumpConfig {
    fn default() -> Self {
        Self {
            message: "chore(release): {packages}".to_owned(),
            tag_message: "{name} {version}".to_owned(),
            dependents: Some(Level::Patch),
            constraints: ConstraintPolicy::default(),
            zero: ZeroPolicy::default(),
        }
    }
}

impl BumpConfig {
    pub(super) fn read(table: &TableReader<'_>) -> Result<Self, Box<Diagnostic>> {
        table.known_keys(&["message", "tag-message", "dependents", "constraints", "zero"])?;
        let default = Self::default();
        let dependents = [
            ("patch", Some(Level::Patch)),
            ("minor", Some(Level::Minor)),
            ("major", Some(Level::Major)),
            ("none", None),
        ];
        let constraints = [("needed", ConstraintPolicy::Needed), ("always", ConstraintPolicy::Always)];
        let zero = [("minor", ZeroPolicy::Minor), ("shift", ZeroPolicy::Shift), ("major", ZeroPolicy::Major)];
        Ok(Self {
            message: template(table, "message", &["{packages}", "{version}"])?.unwrap_or(default.message),
            tag_message: template(table, "tag-message", &["{name}", "{version}"])?
                .unwrap_or(default.tag_message),
            dependents: word(table, "dependents", &dependents)?.unwrap_or(default.dependents),
            constraints: word(table, "constraints", &constraints)?.unwrap_or(default.constraints),
            zero: word(table, "zero", &zero)?.unwrap_or(default.zero),
        })
    }
}

fn word<T: Copy>(
    table: &TableReader<'_>,
    key: &str,
    known: &[(&str, T)],
) -> Result<Option<T>, Box<Diagnostic>> {
    let Some(word) = table.string(key)? else { return Ok(None) };
    match known.iter().find(|(name, _)| *name == word) {
        Some((_, value)) => Ok(Some(*value)),
        None => {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            Err(not_one_of(table, key, word, &names))
        }
    }
}

/// Reads a template that knows some placeholders.
fn template(
    table: &TableReader<'_>,
    key: &str,
    placeholders: &[&str],
) -> Result<Option<String>, Box<Diagnostic>> {
    let Some(text) = table.string(key)? else { return Ok(None) };
    let span = table.get(key).and_then(Item::span);
    let mut rest = text.to_owned();
    for placeholder in placeholders {
        rest = rest.replace(placeholder, "");
    }
    if rest.contains(['{', '}']) {
        let known = placeholders.join("` and `");
        let message = format!("`{}` knows the placeholders `{known}` only: `{text}`", table.dotted(key));
        return Err(table.fault_at(span, &message));
    }
    if text.trim().is_empty() {
        return Err(table.fault_at(span, &format!("`{}` must not be empty", table.dotted(key))));
    }
    Ok(Some(text.to_owned()))
}
