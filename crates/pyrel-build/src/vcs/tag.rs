//! From the name of a tag to a version.

use std::sync::LazyLock;

use pyrel_model::Version;
use regex::Regex;

use super::settings::Settings;
use crate::error::Plan;

/// The expression that setuptools-scm and pdm-backend find the version in a tag by.
pub(crate) static DEFAULT_TAG_EXPRESSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[\w-]+-)?(?P<version>[vV]?\d+(?:\.\d+){0,2}[^\+]*)(?:\+.*)?$")
        .expect("a constant expression")
});

/// Which tags count, and what of them is the version.
#[derive(Debug, Clone)]
pub(super) struct TagRule {
    /// What all tags start with.
    pub(super) prefix: String,
    /// Whether a tag needs a dot.
    pub(super) strict: bool,
    /// An own expression in the place of the default one.
    pub(super) expression: Option<Regex>,
}

impl TagRule {
    /// Returns the pattern by which git chooses tags.
    pub(super) fn glob(&self) -> String {
        format!("{}{}", self.prefix, if self.strict { "*[0-9]*.*[0-9]*" } else { "*[0-9]*" })
    }

    /// Splits a text into the version in it and what stands behind; `None` when there is none.
    fn split<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let text = text.strip_prefix(self.prefix.as_str()).unwrap_or(text);
        let expression = self.expression.as_ref().unwrap_or(&DEFAULT_TAG_EXPRESSION);
        let found = expression.captures(text)?;
        let whole = found.get(0)?;
        // Python matches at the start of a text only.
        if whole.start() != 0 {
            return None;
        }
        let version = if expression.captures_len() == 2 { found.get(1) } else { found.name("version") }?;
        Some((version.as_str(), &text[version.end()..whole.end()]))
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
        match self.tag.split(text) {
            Some(("", _)) => Err(self.step_back(format!("finds an empty version in the tag `{text}`"))),
            found => Ok(found),
        }
    }
}
