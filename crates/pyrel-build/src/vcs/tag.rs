//! From the name of a tag to a version.

use std::sync::LazyLock;

use pyrel_model::Version;

use super::settings::Settings;
use crate::error::Plan;
use crate::pattern::{Flags, Found, PythonExpression};

/// The expression that setuptools-scm and pdm-backend find the version in a tag by.
pub(crate) static DEFAULT_TAG_EXPRESSION: LazyLock<PythonExpression> = LazyLock::new(|| {
    PythonExpression::new(r"^(?:[\w-]+-)?(?P<version>[vV]?\d+(?:\.\d+){0,2}[^\+]*)(?:\+.*)?$", IN_A_TAG)
        .expect("a constant expression")
});

/// The flags of expressions for tags, which are one line: then `$` has one meaning.
pub(crate) const IN_A_TAG: Flags = Flags { multi_line: true, dot_all: false, ignore_case: false };

/// Returns the number of the only group, or of that of the version.
pub(super) fn version_group(expression: &PythonExpression) -> Option<usize> {
    if expression.group_count() == 1 { Some(1) } else { expression.group_named("version") }
}

/// Which tags count, and what of them is the version.
#[derive(Debug, Clone)]
pub(super) struct TagRule {
    /// What all tags start with.
    pub(super) prefix: String,
    /// Whether a tag needs a dot.
    pub(super) strict: bool,
    /// An own expression in the place of the default one.
    pub(super) expression: Option<PythonExpression>,
}

impl TagRule {
    /// Returns the pattern by which git chooses tags.
    pub(super) fn glob(&self) -> String {
        format!("{}{}", self.prefix, if self.strict { "*[0-9]*.*[0-9]*" } else { "*[0-9]*" })
    }

    /// Finds the version in a text, at whose start Python's `match` wants the whole.
    fn find(&self, text: &str) -> Found {
        let expression = self.expression.as_ref().unwrap_or(&DEFAULT_TAG_EXPRESSION);
        let Some(group) = version_group(expression) else { return Found::Nothing };
        match expression.find(text, group) {
            Found::At { whole, .. } if whole.start != 0 => Found::Nothing,
            found => found,
        }
    }
}

impl Settings {
    /// Returns the version that the name of a tag stands for, its local part kept where it is valid.
    pub(super) fn version_of_tag(&self, tag: &str) -> Plan<Option<Version>> {
        let Some((version, suffix)) = self.version_in(tag)? else { return Ok(None) };
        let Ok(base) = version.parse::<Version>() else { return Ok(None) };
        if suffix.is_empty() {
            return Ok(Some(base));
        }
        Ok(Some(format!("{version}{suffix}").parse().unwrap_or(base)))
    }

    /// Returns the part of a text that is a version by its looks, and what stands behind.
    pub(super) fn version_in<'a>(&self, text: &'a str) -> Plan<Option<(&'a str, &'a str)>> {
        if !text.is_ascii() || text.contains(|c: char| c.is_ascii_control()) {
            return Err(self.step_back(format!("would have to find a version in an unusual name: `{text}`")));
        }
        let text = text.strip_prefix(self.tag.prefix.as_str()).unwrap_or(text);
        match self.tag.find(text) {
            Found::At { group, .. } if group.is_empty() => {
                Err(self.step_back(format!("finds an empty version in the tag `{text}`")))
            }
            Found::At { group, whole } => Ok(Some((&text[group.clone()], &text[group.end..whole.end]))),
            Found::Nothing => Ok(None),
            Found::Uncertain => {
                Err(self.step_back(format!("finds what only Python's `re` is sure of in the tag `{text}`")))
            }
        }
    }
}
