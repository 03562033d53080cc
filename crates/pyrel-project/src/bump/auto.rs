//! The version that commits ask for.

use std::collections::HashSet;

use pyrel_model::{PackageName, Version};

use super::cascade::{Reason, Target};
use super::level::raise;
use super::{BumpError, Level};
use crate::changelog::{Chronicle, Significance};
use crate::config::ZeroPolicy;

/// Returns the version that packages with one version should have by their commits; `None` when these ask for none.
///
/// The weight of the commits since the last final release raises that release; a pre-release of the result is final
/// enough to be kept on its way.
pub(super) fn target(
    chronicle: &Chronicle<'_>,
    members: &[&PackageName],
    current: &Version,
    (pre_release, zero): (Option<Level>, ZeroPolicy),
) -> Result<Option<Target>, BumpError> {
    let tags = chronicle.past().tags();
    let mut weight = Significance::None;
    let mut news = HashSet::new();
    let mut base: Option<Version> = None;
    for name in members {
        let releases = tags.of(name);
        let last = releases.last();
        let since = last.map(|tag| tag.commit.as_str());
        news.extend(chronicle.changes(name, since).iter().map(|change| change.commit.hash.clone()));
        let last_final = releases.iter().rfind(|tag| !tag.version.is_pre_release());
        weight = weight.max(chronicle.significance(name, last_final));
        let released = last_final.map(|tag| tag.version.clone());
        base = base.max(released.filter(|version| version <= current));
    }
    if news.is_empty() || weight == Significance::None {
        return Ok(None);
    }
    // A pre-release is measured against the final release before it, a final version against itself.
    let base = base.filter(|_| current.is_pre_release()).unwrap_or_else(|| current.clone());
    let version = next(current, &base, level(weight, &base, zero), pre_release)?;
    let reason = Reason::Commits { count: news.len(), weight: weight.as_str() };
    Ok(Some(Target { version, reason }))
}

/// Returns the level that a weight means for a version.
fn level(weight: Significance, base: &Version, zero: ZeroPolicy) -> Level {
    let below_one = base.as_pep440().epoch() == 0 && base.release().first() == Some(&0);
    match (weight, below_one, zero) {
        (Significance::Major, true, ZeroPolicy::Minor | ZeroPolicy::Shift) => Level::Minor,
        (Significance::Minor, true, ZeroPolicy::Shift) => Level::Patch,
        (Significance::Major, _, _) => Level::Major,
        (Significance::Minor, _, _) => Level::Minor,
        (Significance::Patch | Significance::None, _, _) => Level::Patch,
    }
}

fn next(
    current: &Version,
    base: &Version,
    level: Level,
    pre_release: Option<Level>,
) -> Result<Version, BumpError> {
    let wanted = if base.is_pre_release() { raise(base, &[Level::Stable])? } else { raise(base, &[level])? };
    if current.is_pre_release() {
        let its_final = raise(current, &[Level::Stable])?;
        if its_final >= wanted {
            return match pre_release {
                Some(pre) => raise(current, &[pre]),
                None => Ok(its_final),
            };
        }
    }
    match pre_release {
        Some(pre) => raise(base, &[level, pre]),
        None => Ok(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Current version, last final release, weight, pre-release, policy, and what follows.
    type Case = (&'static str, &'static str, Significance, Option<Level>, ZeroPolicy, &'static str);

    #[test]
    fn the_reference_table_holds() {
        use Significance::{Major, Minor, Patch};
        let table: &[Case] = &[
            ("1.2.3", "1.2.3", Patch, None, ZeroPolicy::Minor, "1.2.4"),
            ("1.2.3", "1.2.3", Minor, None, ZeroPolicy::Minor, "1.3.0"),
            ("1.2.3", "1.2.3", Major, None, ZeroPolicy::Minor, "2.0.0"),
            ("0.2.3", "0.2.3", Patch, None, ZeroPolicy::Minor, "0.2.4"),
            ("0.2.3", "0.2.3", Minor, None, ZeroPolicy::Minor, "0.3.0"),
            ("0.2.3", "0.2.3", Major, None, ZeroPolicy::Minor, "0.3.0"),
            ("0.2.3", "0.2.3", Patch, None, ZeroPolicy::Shift, "0.2.4"),
            ("0.2.3", "0.2.3", Minor, None, ZeroPolicy::Shift, "0.2.4"),
            ("0.2.3", "0.2.3", Major, None, ZeroPolicy::Shift, "0.3.0"),
            ("0.2.3", "0.2.3", Minor, None, ZeroPolicy::Major, "0.3.0"),
            ("0.2.3", "0.2.3", Major, None, ZeroPolicy::Major, "1.0.0"),
            ("1!0.2", "1!0.2", Major, None, ZeroPolicy::Minor, "1!1.0"),
            ("1.2.3", "1.2.3", Minor, Some(Level::Rc), ZeroPolicy::Minor, "1.3.0rc1"),
            ("1.3.0rc1", "1.2.3", Minor, Some(Level::Rc), ZeroPolicy::Minor, "1.3.0rc2"),
            ("1.3.0a2", "1.2.3", Minor, Some(Level::Beta), ZeroPolicy::Minor, "1.3.0b1"),
            ("1.3.0rc1", "1.2.3", Patch, None, ZeroPolicy::Minor, "1.3.0"),
            ("1.2.4rc1", "1.2.3", Minor, None, ZeroPolicy::Minor, "1.3.0"),
            ("1.2.4rc1", "1.2.3", Minor, Some(Level::Rc), ZeroPolicy::Minor, "1.3.0rc1"),
            ("1.0.0rc1", "1.0.0rc1", Major, None, ZeroPolicy::Minor, "1.0.0"),
            ("1.0.0rc1", "1.0.0rc1", Major, Some(Level::Rc), ZeroPolicy::Minor, "1.0.0rc2"),
        ];
        for (current, base, weight, pre_release, zero, expected) in table {
            let (current, base): (Version, Version) = (current.parse().unwrap(), base.parse().unwrap());
            let found = next(&current, &base, level(*weight, &base, *zero), *pre_release).unwrap();
            assert_eq!(found.to_string(), *expected, "{current} {weight:?} {pre_release:?} {zero:?}");
        }
    }
}
