//! Versions as people type them: PEP 440 and the spellings of Semantic Versioning that mean the same. Spellings that
//! mean one thing there and another thing here are refused.

use pyrel_model::Version;

use super::BumpError;
use super::level::Parts;

/// How a place spells versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spelling {
    /// The normal form of PEP 440, such as `1.2.0rc1`.
    #[default]
    Pep440,
    /// Semantic Versioning, such as `1.2.0-rc.1`.
    Semver,
}

impl Spelling {
    /// Returns a version in this spelling; `None` when it has none, as `1.0.post1` in Semantic Versioning.
    #[must_use]
    pub fn of(self, version: &Version) -> Option<String> {
        match self {
            Self::Pep440 => Some(version.to_string()),
            Self::Semver => Parts::of(version).to_semver(),
        }
    }
}

/// Reads a version that is asked for.
///
/// # Errors
/// When it is no version, or one of the traps: `1.2.0-1`, `-SNAPSHOT`, a local part, a lone `-r1`.
pub fn parse_version(text: &str) -> Result<Version, BumpError> {
    let text = text.trim();
    let refuse = |reason: String| Err(BumpError::Spelling { text: text.to_owned(), reason });
    let lower = text.to_ascii_lowercase();
    if let Some(core) = lower.strip_suffix("-snapshot").or_else(|| lower.strip_suffix(".snapshot")) {
        return refuse(format!("snapshots are Maven's; a version before the final one is `{core}.dev1`"));
    }
    if let Some((public, _)) = text.split_once('+') {
        return refuse(format!(
            "what follows `+` is a local version, which no public index takes (in Semantic Versioning it is build \
             metadata, which does not count); use `{public}`"
        ));
    }
    if let Some((core, suffix)) = lower.split_once('-') {
        if suffix.starts_with(|c: char| c.is_ascii_digit()) {
            return refuse(format!(
                "in PEP 440 this is a post-release, later than `{core}`, in Semantic Versioning a pre-release, earlier \
                 than it; write `{core}.post{0}` or `{core}rc{0}`",
                leading_number(suffix)
            ));
        }
        let digits = suffix.strip_prefix("rev").or_else(|| suffix.strip_prefix('r'));
        if let Some(digits) = digits.filter(|digits| digits.trim_start_matches('.').parse::<u64>().is_ok()) {
            let number = digits.trim_start_matches('.');
            return refuse(format!(
                "in PEP 440 `r` is a post-release; write `{core}.post{number}`, or `{core}rc{number}` for a release \
                 candidate"
            ));
        }
    }
    match text.parse::<Version>() {
        Ok(version) => Ok(version),
        Err(_) if lower.contains('-') => refuse(
            "PEP 440 knows the suffixes `a`, `b`, `rc`, `.post`, and `.dev`, each with one number, as in `1.2.0rc1`"
                .to_owned(),
        ),
        Err(_) => refuse("a version is numbers and dots, as `1.2.0`, with a suffix such as `rc1`".to_owned()),
    }
}

fn leading_number(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semver_spellings_are_mapped() {
        for (typed, version) in [
            ("1.2.0", "1.2.0"),
            ("v1.2.0", "1.2.0"),
            ("1.2.0-rc.1", "1.2.0rc1"),
            ("1.2.0-alpha", "1.2.0a0"),
            ("1.2.0-beta.11", "1.2.0b11"),
            ("1.2.0-dev.3", "1.2.0.dev3"),
            ("1.2.0-post2", "1.2.0.post2"),
            ("1!2.0", "1!2.0"),
            ("2026.01", "2026.1"),
        ] {
            assert_eq!(parse_version(typed).unwrap().to_string(), version, "{typed}");
        }
        let version = parse_version("1.2.0-rc.1").unwrap();
        assert_eq!(Spelling::Semver.of(&version).as_deref(), Some("1.2.0-rc.1"));
        assert_eq!(Spelling::Pep440.of(&version).as_deref(), Some("1.2.0rc1"));
        assert_eq!(Spelling::Semver.of(&parse_version("1.2.post1").unwrap()), None);
    }

    #[test]
    fn traps_are_refused_with_a_way_out() {
        for (typed, way_out) in [
            ("1.2.0-1", "write `1.2.0.post1` or `1.2.0rc1`"),
            ("1.2.0-0.3.7", "write `1.2.0.post0` or `1.2.0rc0`"),
            ("1.2.0-SNAPSHOT", "is `1.2.0.dev1`"),
            ("1.2.0+local", "use `1.2.0`"),
            ("1.2.0-rc.1+build.5", "use `1.2.0-rc.1`"),
            ("1.2.0-r1", "write `1.2.0.post1`, or `1.2.0rc1`"),
            ("1.2.0-x.7", "as in `1.2.0rc1`"),
            ("1.2.0-rc.1.2", "as in `1.2.0rc1`"),
            ("next", "numbers and dots"),
            ("", "numbers and dots"),
        ] {
            let error = parse_version(typed).unwrap_err().to_string();
            assert!(error.contains(way_out), "{typed}: {error}");
        }
    }
}
