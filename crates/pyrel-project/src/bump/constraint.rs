//! What a version constraint on a sibling becomes: the comparison alone is replaced, the rest of the requirement keeps
//! every byte.

use std::ops::Range;

use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{Requirement, Version};

use super::level::Parts;
use crate::config::InternalDependencyPolicy;
use crate::package::poetry_specifiers;

/// The grammar in which a constraint is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A requirement (PEP 508).
    Requirement,
    /// Poetry's own: `^1.2`, `~1.2`, `1.2.*`, unions by `||`.
    Poetry,
}

/// Tells whether a constraint as written admits a version; `None` when it says nothing that can be judged, such as a
/// direct reference.
pub(super) fn admits(dialect: Dialect, written: &str, version: &Version) -> Option<bool> {
    match dialect {
        Dialect::Requirement => {
            let requirement: Requirement = written.parse().ok()?;
            requirement.url.is_none().then(|| requirement.specifiers.contains(version))
        }
        Dialect::Poetry => {
            let alternatives = written.split('|').map(str::trim).filter(|part| !part.is_empty());
            let mut admitted = false;
            for alternative in alternatives {
                let specifiers: SpecifierSet = poetry_specifiers(alternative)?.parse().ok()?;
                admitted |= specifiers.contains(version);
            }
            Some(admitted)
        }
    }
}

/// Returns which bytes of a constraint as written are replaced by what; `None` when it has to stay.
pub(super) fn rewritten(
    dialect: Dialect,
    written: &str,
    version: &Version,
    policy: InternalDependencyPolicy,
) -> Option<(Range<usize>, String)> {
    if policy == InternalDependencyPolicy::Keep {
        return None;
    }
    let range = match dialect {
        Dialect::Requirement => specifier_range(written)?,
        Dialect::Poetry => 0..written.len(),
    };
    let old = &written[range.clone()];
    let new = match dialect {
        Dialect::Poetry => poetry_text(version, policy),
        Dialect::Requirement => specifier_text(old, version, policy),
    };
    (new != old).then_some((range, new))
}

/// Returns which byte range of a constraint without a bound a build fills, and with what; `None` when the policy leaves
/// it alone or nothing can stand there.
pub(crate) fn built(
    dialect: Dialect,
    written: &str,
    version: &Version,
    policy: InternalDependencyPolicy,
) -> Option<(Range<usize>, String)> {
    let range = match dialect {
        Dialect::Requirement => specifier_range(written)?,
        Dialect::Poetry => 0..written.len(),
    };
    let version = Parts::of(version).to_version();
    let new = match (policy, dialect) {
        (InternalDependencyPolicy::Keep, _) => return None,
        (InternalDependencyPolicy::Compatible, Dialect::Requirement) => {
            Parts::of(&version).compatible_release()
        }
        (_, Dialect::Requirement) => specifier_text("", &version, policy),
        (_, Dialect::Poetry) => poetry_text(&version, policy),
    };
    Some((range, new))
}

/// Returns where the specifiers of a requirement stand, or where they would; `None` for a direct reference.
fn specifier_range(written: &str) -> Option<Range<usize>> {
    let requirement: Requirement = written.parse().ok()?;
    if requirement.url.is_some() {
        return None;
    }
    let start = written.len() - written.trim_start().len();
    let name_end = start + requirement.name.as_written().len();
    let after_name = &written[name_end..];
    let extras_end = match after_name.trim_start().strip_prefix('[') {
        Some(rest) => written.len() - rest.len() + rest.find(']')? + 1,
        None => name_end,
    };
    let specifiers = requirement.specifiers.as_written();
    if specifiers.is_empty() {
        let rest = &written[extras_end..];
        // Empty brackets may stand where the specifiers go.
        let inside = rest.trim_start().strip_prefix('(').map(|inner| written.len() - inner.len());
        let at = inside.unwrap_or(extras_end);
        return Some(at..at);
    }
    let at = extras_end + written[extras_end..].find(specifiers)?;
    Some(at..at + specifiers.len())
}

fn specifier_text(old: &str, version: &Version, policy: InternalDependencyPolicy) -> String {
    let mut clauses = match policy {
        InternalDependencyPolicy::Exact => vec![("==", version.to_string())],
        InternalDependencyPolicy::Minimum => vec![(">=", version.to_string())],
        InternalDependencyPolicy::Compatible | InternalDependencyPolicy::Keep => {
            vec![(">=", version.to_string()), ("<", Parts::of(version).next_incompatible())]
        }
    };
    // An exclusion of a later version was put there for a reason.
    if policy != InternalDependencyPolicy::Exact
        && let Ok(set) = old.parse::<SpecifierSet>()
    {
        let excluded = set.specifiers().iter().filter(|specifier| specifier.operator() == "!=");
        let later = excluded.filter(|specifier| {
            let text = specifier.version().trim_end_matches(".*");
            specifier.contains(version) && text.parse::<Version>().is_ok_and(|excluded| excluded > *version)
        });
        clauses.extend(later.map(|specifier| ("!=", specifier.version().to_owned())));
    }
    let spaced = old.trim_start_matches(['<', '>', '=', '!', '~']).starts_with(' ');
    let clause = |(operator, version): &(&str, String)| match spaced {
        true => format!("{operator} {version}"),
        false => format!("{operator}{version}"),
    };
    // One clause alone tells by its operator whether its author likes space.
    let airy = old.contains(", ") || spaced && !old.contains(',');
    let separator = if airy { ", " } else { "," };
    clauses.iter().map(clause).collect::<Vec<_>>().join(separator)
}

fn poetry_text(version: &Version, policy: InternalDependencyPolicy) -> String {
    match policy {
        InternalDependencyPolicy::Exact => format!("=={version}"),
        InternalDependencyPolicy::Minimum => format!(">={version}"),
        // The caret knows no epochs.
        _ if version.as_pep440().epoch() != 0 => format!(">={version}"),
        InternalDependencyPolicy::Compatible | InternalDependencyPolicy::Keep => format!("^{version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(dialect: Dialect, written: &str, version: &str, policy: InternalDependencyPolicy) -> String {
        match rewritten(dialect, written, &version.parse().unwrap(), policy) {
            Some((range, new)) => format!("{}{new}{}", &written[..range.start], &written[range.end..]),
            None => written.to_owned(),
        }
    }

    #[test]
    fn only_the_comparison_changes() {
        use InternalDependencyPolicy::{Compatible, Exact, Keep, Minimum};
        for (written, policy, becomes) in [
            ("core>=1.0,<2", Compatible, "core>=2.1.0,<3"),
            (
                "Core_Lib [b,a]  >= 1.0, < 2 ; python_version<'3.12'",
                Compatible,
                "Core_Lib [b,a]  >= 2.1.0, < 3 ; python_version<'3.12'",
            ),
            ("core", Compatible, "core>=2.1.0,<3"),
            ("core ; extra == 'core>=1'", Minimum, "core>=2.1.0 ; extra == 'core>=1'"),
            ("core[x]", Exact, "core[x]==2.1.0"),
            ("core (>=1.0)", Minimum, "core (>=2.1.0)"),
            ("core()", Minimum, "core(>=2.1.0)"),
            ("core==1.*", Exact, "core==2.1.0"),
            ("core == 1.0", Compatible, "core >= 2.1.0, < 3"),
            ("core~=1.0", Keep, "core~=1.0"),
            ("core>=1,!=1.5,!=2.2.0", Compatible, "core>=2.1.0,<3,!=2.2.0"),
            ("core @ file:///x", Compatible, "core @ file:///x"),
            ("core>=2.1.0,<3", Compatible, "core>=2.1.0,<3"),
        ] {
            assert_eq!(applied(Dialect::Requirement, written, "2.1.0", policy), becomes, "{written}");
        }
        assert_eq!(applied(Dialect::Requirement, "c>=0.1", "0.3.1rc1", Compatible), "c>=0.3.1rc1,<0.4");
        assert_eq!(applied(Dialect::Poetry, "^1.0 || ^2.0", "3.0.0", Compatible), "^3.0.0");
        assert_eq!(applied(Dialect::Poetry, "1.0", "3.0.0", Exact), "==3.0.0");
    }

    #[test]
    fn what_is_rewritten_admits_the_version() {
        use InternalDependencyPolicy::{Compatible, Exact, Minimum};
        for version in ["1.2.3", "0.3.1", "0.0.1", "0.0.0.dev1", "2.0rc1", "1.0.post2", "3!1.0", "2026.11"] {
            let version: Version = version.parse().unwrap();
            for policy in [Compatible, Exact, Minimum] {
                for (dialect, written) in
                    [(Dialect::Requirement, "core==0.0.0.0.1"), (Dialect::Poetry, "0.0.0.0.1")]
                {
                    assert_eq!(admits(dialect, written, &version), Some(false));
                    let next = applied(dialect, written, &version.to_string(), policy);
                    assert_eq!(admits(dialect, &next, &version), Some(true), "{next} {version}");
                }
            }
        }
        assert_eq!(admits(Dialect::Poetry, "^1 || ^3", &"3.4".parse().unwrap()), Some(true));
        assert_eq!(admits(Dialect::Poetry, "^1 || ^3", &"2.0".parse().unwrap()), Some(false));
        assert_eq!(admits(Dialect::Requirement, "core @ file:///x", &"2.0".parse().unwrap()), None);
    }

    #[test]
    fn a_build_means_what_a_bump_means() {
        use InternalDependencyPolicy::{Compatible, Exact, Keep, Minimum};
        let applied = |dialect, written: &str, version: &str, policy| {
            let (range, new) = built(dialect, written, &version.parse().unwrap(), policy)?;
            Some(format!("{}{new}{}", &written[..range.start], &written[range.end..]))
        };
        for (written, version, policy, becomes) in [
            ("core", "1.4.2", Compatible, "core>=1.4.2,~=1.4"),
            ("core", "1.4.0", Compatible, "core~=1.4"),
            ("core", "2", Compatible, "core~=2.0"),
            ("core", "0.3.1", Compatible, "core~=0.3.1"),
            ("core", "0.3.1.4", Compatible, "core>=0.3.1.4,~=0.3.1"),
            ("core", "1.0.0rc1", Compatible, "core~=1.0rc1"),
            ("core", "1.4.2.dev3", Compatible, "core>=1.4.2.dev3,~=1.4"),
            ("core", "1!2.0.1", Compatible, "core>=1!2.0.1,~=1!2.0"),
            ("core", "1.4.2+cpu", Compatible, "core>=1.4.2,~=1.4"),
            (
                "Core_Lib [b, a] ; python_version < '4'",
                "1.0.post1",
                Minimum,
                "Core_Lib [b, a]>=1.0.post1 ; python_version < '4'",
            ),
            ("core()", "1.4.2+cpu", Exact, "core(==1.4.2)"),
        ] {
            assert_eq!(applied(Dialect::Requirement, written, version, policy).as_deref(), Some(becomes));
        }
        assert_eq!(applied(Dialect::Poetry, "*", "1.4.2+x", Compatible).as_deref(), Some("^1.4.2"));
        assert_eq!(applied(Dialect::Poetry, "*", "1.4.2", Exact).as_deref(), Some("==1.4.2"));
        assert_eq!(applied(Dialect::Requirement, "core", "1.0", Keep), None);
        assert_eq!(applied(Dialect::Requirement, "core @ file:///x", "1.0", Exact), None);
        let candidates = [
            "0.0.1", "0.1", "0.3.0", "0.3.1", "0.3.9", "0.4", "0.4.dev1", "1.0", "1.0rc1", "1.4.1",
            "1.4.2rc1", "1.4.2", "1.5", "1.99", "2.0rc1", "2.0", "2.1", "3", "1!1.4",
        ];
        for version in candidates {
            let version: Version = version.parse().unwrap();
            let text = |(range, new): (Range<usize>, String)| {
                format!("{}{new}{}", &"c"[..range.start], &"c"[range.end..])
            };
            let by_bump = rewritten(Dialect::Requirement, "c", &version, Compatible).map(text).unwrap();
            let by_build = built(Dialect::Requirement, "c", &version, Compatible).map(text).unwrap();
            for other in candidates {
                let other: Version = other.parse().unwrap();
                let admitted = |text| admits(Dialect::Requirement, text, &other);
                assert_eq!(admitted(&by_build), admitted(&by_bump), "{by_build} {by_bump} {other}");
            }
        }
    }
}
