//! How much a change weighs for the next version, by Conventional Commits 1.0 and Semantic Versioning.

use super::Change;

/// What a change asks of the next version, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Significance {
    /// Nothing: no release is needed for it.
    #[default]
    None,
    /// A correction that changes no interface.
    Patch,
    /// Something new that breaks nobody.
    Minor,
    /// Something that breaks users.
    Major,
}

impl Significance {
    /// Returns `none`, `patch`, `minor`, or `major`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// Weighs one change. `feat` is minor; `fix`, `perf`, `security`, and a revert are patches; anything that breaks
    /// is major; everything else, messages without a convention included, weighs nothing. A change whose scope
    /// names another package is at most a patch here.
    #[must_use]
    pub fn of(change: &Change<'_>) -> Self {
        let message = &change.message;
        if message.merge || message.fixup {
            return Self::None;
        }
        let own = match message.kind.as_deref() {
            _ if message.breaking => Self::Major,
            Some("feat" | "feature") => Self::Minor,
            Some("fix" | "bugfix" | "hotfix" | "perf" | "security" | "revert") => Self::Patch,
            _ if message.reverts.is_some() => Self::Patch,
            _ => Self::None,
        };
        if change.foreign { own.min(Self::Patch) } else { own }
    }

    /// Weighs changes together: the heaviest decides. Reverted changes are expected to be gone
    /// (see [`settle`](super::settle)).
    #[must_use]
    pub fn of_all<'c, 'h: 'c>(changes: impl IntoIterator<Item = &'c Change<'h>>) -> Self {
        changes.into_iter().map(Self::of).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::commit;
    use super::*;

    /// Subject, body, and what Conventional Commits make of them.
    const TABLE: &[(&str, &str, Significance)] = &[
        ("feat: x", "", Significance::Minor),
        ("feat(api): x", "", Significance::Minor),
        ("FEAT: x", "", Significance::Minor),
        ("feature: x", "", Significance::Minor),
        ("fix: x", "", Significance::Patch),
        ("fix(api): x (#12)", "", Significance::Patch),
        ("perf: x", "", Significance::Patch),
        ("security: x", "", Significance::Patch),
        ("feat!: x", "", Significance::Major),
        ("feat(api)!: x", "", Significance::Major),
        ("fix!: x", "", Significance::Major),
        ("chore!: drop Python 3.8", "", Significance::Major),
        ("refactor(core)!: x", "", Significance::Major),
        ("anything!: x", "", Significance::Major),
        ("fix: x", "BREAKING CHANGE: y", Significance::Major),
        ("chore: x", "text\n\nBREAKING CHANGE: y", Significance::Major),
        ("chore: x", "BREAKING-CHANGE: y", Significance::Major),
        ("no convention", "BREAKING CHANGE: y", Significance::Major),
        ("fix: x", "breaking change: y", Significance::Patch),
        ("fix: x", "there is no BREAKING CHANGE: here", Significance::Patch),
        ("fix: x", "BREAKING CHANGES are coming", Significance::Patch),
        ("chore: x", "", Significance::None),
        ("docs: x", "", Significance::None),
        ("style: x", "", Significance::None),
        ("refactor: x", "", Significance::None),
        ("test: x", "", Significance::None),
        ("build(deps): x", "", Significance::None),
        ("ci: x", "", Significance::None),
        ("unknown: x", "", Significance::None),
        ("feat:x", "", Significance::None),
        ("feat : x", "", Significance::None),
        ("feat x", "", Significance::None),
        ("feats: x", "", Significance::None),
        ("Add a feature", "", Significance::None),
        ("feature/x: y", "", Significance::None),
        ("revert: feat: x", "", Significance::Patch),
        ("Revert \"feat: x\"", "This reverts commit 0123456.", Significance::Patch),
        ("Revert \"feat!: x\"", "", Significance::Patch),
        ("fixup! feat: x", "", Significance::None),
        ("squash! feat!: x", "", Significance::None),
        ("amend! fix: x", "", Significance::None),
        ("feat: x", "* fix: y\n* feat!: z", Significance::Minor),
        ("Merge pull request #1 from a/b", "feat: squashed", Significance::Minor),
        ("", "", Significance::None),
    ];

    #[test]
    fn the_reference_table_holds() {
        for (subject, body, expected) in TABLE {
            let commit = commit(subject, body);
            assert_eq!(Significance::of(&Change::of(&commit)), *expected, "{subject:?} {body:?}");
        }
    }

    #[test]
    fn a_merge_weighs_only_what_it_says_itself() {
        let mut merge = commit("Merge branch 'feat: x'", "feat: y");
        merge.parents.push("c".repeat(40));
        assert_eq!(Significance::of(&Change::of(&merge)), Significance::None);
        merge.subject = "feat: x (#1)".to_owned();
        assert_eq!(Significance::of(&Change::of(&merge)), Significance::Minor);
    }

    #[test]
    fn the_heaviest_decides_and_another_package_s_change_is_a_patch_at_most() {
        let (fix, feat) = (commit("fix: x", ""), commit("feat!: y", ""));
        let mut changes = vec![Change::of(&fix), Change::of(&feat)];
        assert_eq!(Significance::of_all(&changes), Significance::Major);
        changes[1].foreign = true;
        assert_eq!(Significance::of_all(&changes), Significance::Patch);
        assert_eq!(Significance::of_all(&[]), Significance::None);
    }
}
