//! How far a version is raised: levels, and what each does to a version (PEP 440).
//!
//! The components form a ladder: major, minor, patch, stable, pre-release, post-release, development release. Raising
//! one drops everything below it; a component that is missing starts at 1.

use std::fmt;
use std::str::FromStr;

use pyrel_model::Version;

use super::BumpError;

/// A component of a version that can be raised, the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `1.2.3` to `2.0.0`
    Major,
    /// `1.2.3` to `1.3.0`
    Minor,
    /// `1.2.3` to `1.2.4`
    Patch,
    /// `1.3.0rc2` to `1.3.0`
    Stable,
    /// `1.3.0a1` to `1.3.0a2`
    Alpha,
    /// `1.3.0a2` to `1.3.0b1`
    Beta,
    /// `1.3.0b1` to `1.3.0rc1`
    Rc,
    /// `1.2.3` to `1.2.3.post1`
    Post,
    /// `1.3.0.dev1` to `1.3.0.dev2`
    Dev,
}

impl Level {
    /// Every level, the largest first.
    pub const ALL: [Self; 9] = [
        Self::Major,
        Self::Minor,
        Self::Patch,
        Self::Stable,
        Self::Alpha,
        Self::Beta,
        Self::Rc,
        Self::Post,
        Self::Dev,
    ];

    /// Returns the word for it on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Patch => "patch",
            Self::Stable => "stable",
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Rc => "rc",
            Self::Post => "post",
            Self::Dev => "dev",
        }
    }

    /// Tells whether it raises a number of the release segment.
    #[must_use]
    pub fn is_release(self) -> bool {
        matches!(self, Self::Major | Self::Minor | Self::Patch)
    }

    /// Tells whether it leads to a version before the final one.
    #[must_use]
    pub fn is_pre_release(self) -> bool {
        matches!(self, Self::Alpha | Self::Beta | Self::Rc | Self::Dev)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(())
    }
}

/// Returns the version that levels lead to, applied from the largest to the smallest whatever their order.
///
/// # Errors
/// When the levels do not go together, or lead to a version that is not higher.
pub fn raise(current: &Version, levels: &[Level]) -> Result<Version, BumpError> {
    let mut levels = levels.to_vec();
    levels.sort_unstable();
    agree(&levels)?;
    let mut parts = Parts::of(current);
    for level in &levels {
        parts.raise(*level);
    }
    let next = parts.to_version();
    if next > *current {
        return Ok(next);
    }
    let remedy = if levels.iter().any(|level| level.is_pre_release()) && !current.is_pre_release() {
        "add the release that it prepares: `major`, `minor`, or `patch`"
    } else if levels.contains(&Level::Stable) {
        "the version is a final one already; name `major`, `minor`, `patch`, or `post`"
    } else {
        "name a larger level, or the version itself with `--version`"
    };
    Err(BumpError::NotHigher { from: Box::new(current.clone()), to: Box::new(next), remedy })
}

/// Levels of which only one can be meant exclude each other.
fn agree(levels: &[Level]) -> Result<(), BumpError> {
    let refuse = |reason: &'static str| {
        let words: Vec<&str> = levels.iter().map(|level| level.as_str()).collect();
        Err(BumpError::Levels { levels: words.join(" "), reason })
    };
    if levels.is_empty() {
        return refuse("there is none");
    }
    if levels.iter().filter(|level| level.is_release()).count() > 1 {
        return refuse("only one of `major`, `minor`, and `patch` can be meant");
    }
    if levels.iter().filter(|level| level.is_pre_release()).count() > 1 {
        return refuse("only one of `alpha`, `beta`, `rc`, and `dev` can be meant");
    }
    if levels.len() > 1 && levels.iter().any(|level| matches!(level, Level::Post | Level::Stable)) {
        return refuse("`post` and `stable` stand alone");
    }
    Ok(())
}

/// A version taken apart.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    epoch: u64,
    release: Vec<u64>,
    /// `a`, `b`, or `rc`, and its number.
    pre: Option<(String, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
}

impl Parts {
    pub(super) fn of(version: &Version) -> Self {
        let parsed = version.as_pep440();
        Self {
            epoch: parsed.epoch(),
            release: parsed.release().to_vec(),
            pre: parsed.pre().map(|pre| (pre.kind.to_string(), pre.number)),
            post: parsed.post(),
            dev: parsed.dev(),
        }
    }

    fn raise(&mut self, level: Level) {
        match level {
            Level::Major => self.raise_release(0),
            Level::Minor => self.raise_release(1),
            Level::Patch => self.raise_release(2),
            Level::Stable => self.drop_below_release(),
            Level::Alpha => self.raise_pre("a"),
            Level::Beta => self.raise_pre("b"),
            Level::Rc => self.raise_pre("rc"),
            Level::Post => {
                self.post = Some(self.post.map_or(1, |number| number.saturating_add(1)));
                self.dev = None;
            }
            Level::Dev => self.dev = Some(self.dev.map_or(1, |number| number.saturating_add(1))),
        }
    }

    fn raise_release(&mut self, at: usize) {
        self.drop_below_release();
        if self.release.len() <= at {
            self.release.resize(at + 1, 0);
        }
        self.release[at] = self.release[at].saturating_add(1);
        self.release[at + 1..].fill(0);
    }

    fn raise_pre(&mut self, kind: &str) {
        let number = match &self.pre {
            Some((current, number)) if current == kind => number.saturating_add(1),
            _ => 1,
        };
        self.pre = Some((kind.to_owned(), number));
        self.post = None;
        self.dev = None;
    }

    fn drop_below_release(&mut self) {
        self.pre = None;
        self.post = None;
        self.dev = None;
    }

    /// Returns the number that the next incompatible version has, with those before it: `2` for `1.4.2`, and `0.4` for
    /// `0.3.1`, where the second number is the one that may break.
    pub(super) fn next_incompatible(&self) -> String {
        let mut release = self.release.clone();
        let at = usize::from(release.first() == Some(&0));
        release.resize(release.len().max(at + 1), 0);
        release.truncate(at + 1);
        release[at] = release[at].saturating_add(1);
        let numbers = release.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
        if self.epoch == 0 { numbers } else { format!("{}!{numbers}", self.epoch) }
    }

    /// Returns specifiers by `~=` that admit the version and all that are compatible with it, the very ones between it
    /// and the next incompatible one: `~=1.4` for `1.4.0`, `~=0.3.1` for `0.3.1`, and `>=1.4.2,~=1.4` for `1.4.2`,
    /// because `~=1.4.2` alone would shut out `1.5`.
    pub(super) fn compatible_release(&self) -> String {
        let kept = if self.release.first() == Some(&0) { 3 } else { 2 };
        let mut base = self.clone();
        base.release.resize(base.release.len().max(kept), 0);
        let rest = base.release.split_off(kept);
        if rest.iter().all(|number| *number == 0) {
            return format!("~={}", base.to_version());
        }
        base.drop_below_release();
        format!(">={},~={}", self.to_version(), base.to_version())
    }

    /// Returns the spelling of Semantic Versioning; `None` when it has none.
    pub(super) fn to_semver(&self) -> Option<String> {
        if self.epoch != 0 || self.post.is_some() || self.release.len() > 3 {
            return None;
        }
        let mut release = self.release.clone();
        release.resize(3, 0);
        let core = release.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
        let word = |kind: &str| match kind {
            "a" => "alpha",
            "b" => "beta",
            _ => "rc",
        };
        match (&self.pre, self.dev) {
            (None, None) => Some(core),
            (Some((kind, number)), None) => Some(format!("{core}-{}.{number}", word(kind))),
            (None, Some(number)) => Some(format!("{core}-dev.{number}")),
            (Some(_), Some(_)) => None,
        }
    }

    /// Returns the version without its local part, which no specifier but `==` takes and no public index either.
    pub(super) fn to_version(&self) -> Version {
        let mut text = self.release.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
        if self.epoch != 0 {
            text = format!("{}!{text}", self.epoch);
        }
        if let Some((kind, number)) = &self.pre {
            text.push_str(&format!("{kind}{number}"));
        }
        if let Some(number) = self.post {
            text.push_str(&format!(".post{number}"));
        }
        if let Some(number) = self.dev {
            text.push_str(&format!(".dev{number}"));
        }
        text.parse().expect("a version put together from parts of PEP 440 is one")
    }
}

/// Returns what a dependent is raised by when its dependency leaves its range: a version on its way to a release stays
/// on it, another one is raised by `level`, to a pre-release when the dependency's is one.
pub(super) fn dependent_levels(current: &Version, level: Level, trigger: &Version) -> Vec<Level> {
    let parts = Parts::of(current);
    if parts.dev.is_some() {
        return vec![Level::Dev];
    }
    let pre = |parts: &Parts| match parts.pre.as_ref().map(|(kind, _)| kind.as_str()) {
        Some("a") => Some(Level::Alpha),
        Some("b") => Some(Level::Beta),
        Some(_) => Some(Level::Rc),
        None => None,
    };
    if let Some(same) = pre(&parts) {
        return vec![same];
    }
    let trigger = Parts::of(trigger);
    let follow = if trigger.dev.is_some() { Some(Level::Dev) } else { pre(&trigger) };
    std::iter::once(level).chain(follow.filter(|_| level.is_release())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raised(current: &str, levels: &str) -> String {
        let levels: Vec<Level> = levels.split_whitespace().map(|word| word.parse().unwrap()).collect();
        match raise(&current.parse().unwrap(), &levels) {
            Ok(version) => version.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn levels_follow_the_ladder() {
        for (current, levels, next) in [
            ("1.2.3", "major", "2.0.0"),
            ("1.2.3", "minor", "1.3.0"),
            ("1.2.3", "patch", "1.2.4"),
            ("1.2", "patch", "1.2.1"),
            ("0.2", "minor", "0.3"),
            ("1", "minor", "1.1"),
            ("1.2.3.4", "minor", "1.3.0.0"),
            ("2!1.2", "major", "2!2.0"),
            ("1.2.3b4.post5.dev6", "patch", "1.2.4"),
            ("1.2.3b4.post5.dev6", "stable", "1.2.3"),
            ("1.3.0rc2", "stable", "1.3.0"),
            ("1.2.3a4", "alpha", "1.2.3a5"),
            ("1.2.3a4", "beta", "1.2.3b1"),
            ("1.2.3b4.dev2", "rc", "1.2.3rc1"),
            ("1.2.3", "post", "1.2.3.post1"),
            ("1.2.3.post1", "post", "1.2.3.post2"),
            ("1.2.3.dev1", "dev", "1.2.3.dev2"),
            ("1.2.3", "rc minor", "1.3.0rc1"),
            ("1.2.3", "minor alpha", "1.3.0a1"),
            ("1.2.3", "dev patch", "1.2.4.dev1"),
            ("1.3.0a1", "minor alpha", "1.4.0a1"),
            ("1.2.3+local.1", "patch", "1.2.4"),
            ("2026.1", "minor", "2026.2"),
        ] {
            assert_eq!(raised(current, levels), next, "{current} {levels}");
        }
    }

    #[test]
    fn what_does_not_increase_or_agree_is_refused() {
        for (current, levels, message) in [
            ("1.2.3", "rc", "`1.2.3rc1` is not higher than `1.2.3`"),
            ("2.3.4b5", "alpha", "`2.3.4a1` is not higher than `2.3.4b5`"),
            ("1.2.3", "stable", "`1.2.3` is not higher than `1.2.3`"),
            ("1.2.3rc1", "dev", "`1.2.3rc1.dev1` is not higher than `1.2.3rc1`"),
            ("1.2.3.post1", "stable", "`1.2.3` is not higher than `1.2.3.post1`"),
            ("1.2.3", "major minor", "levels `major minor` do not go together: only one of"),
            ("1.2.3", "patch rc dev", "levels `patch rc dev` do not go together: only one of"),
            ("1.2.3", "patch post", "levels `patch post` do not go together: `post` and"),
            ("1.2.3", "", "levels `` do not go together: there is none"),
        ] {
            let found = raised(current, levels);
            assert!(found.starts_with(message), "{current} {levels}: {found}");
        }
    }

    #[test]
    fn the_next_incompatible_version_and_semver_spellings() {
        for (version, next, semver) in [
            ("1.4.2", "2", Some("1.4.2")),
            ("0.3.1rc2", "0.4", Some("0.3.1-rc.2")),
            ("0.0.3", "0.1", Some("0.0.3")),
            ("0", "0.1", Some("0.0.0")),
            ("2026.1a1", "2027", Some("2026.1.0-alpha.1")),
            ("1!1.2.dev3", "1!2", None),
            ("1.2.dev3", "2", Some("1.2.0-dev.3")),
            ("1.2.3.post1", "2", None),
        ] {
            let parts = Parts::of(&version.parse().unwrap());
            assert_eq!(parts.next_incompatible(), next, "{version}");
            assert_eq!(parts.to_semver().as_deref(), semver, "{version}");
        }
    }

    #[test]
    fn dependents_stay_on_their_way() {
        for (current, trigger, next) in [
            ("1.2.3", "2.0.0", "1.2.4"),
            ("1.2.3", "2.0.0rc1", "1.2.4rc1"),
            ("1.2.3", "2.0.0.dev1", "1.2.4.dev1"),
            ("1.2.3rc1", "2.0.0", "1.2.3rc2"),
            ("1.2.3.dev1", "2.0.0", "1.2.3.dev2"),
            ("1.2.3.post1", "2.0.0", "1.2.4"),
        ] {
            let current: Version = current.parse().unwrap();
            let levels = dependent_levels(&current, Level::Patch, &trigger.parse().unwrap());
            assert_eq!(raise(&current, &levels).unwrap().to_string(), next, "{current} {trigger}");
        }
    }
}
