//! What an entry will say: lines under headings, made of changes, fragments, and updated dependencies.

use std::collections::HashSet;

use pyrel_model::{PackageName, Version};

use super::{Change, Fragment, Remote};
use crate::config::ChangelogConfig;

/// Lines under headings, in the order of the entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Draft {
    /// Heading and items; each item starts with `- ` and may have several lines.
    pub(super) groups: Vec<(String, Vec<String>)>,
    /// What is in the groups, so that nothing is said twice.
    seen: HashSet<(usize, String)>,
    /// How many changes are told.
    pub(super) told: usize,
    /// How many changes are left out because of their type, or because they only join or mend commits.
    pub(super) hidden: usize,
}

impl Draft {
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Adds an item where the settings want its heading.
    fn add(&mut self, settings: &ChangelogConfig, heading: &str, item: String) {
        let at = match self.groups.iter().position(|(known, _)| known == heading) {
            Some(at) => at,
            None => {
                let rank = rank(settings, heading);
                let at =
                    self.groups.iter().take_while(|(known, _)| self::rank(settings, known) <= rank).count();
                self.groups.insert(at, (heading.to_owned(), Vec::new()));
                at
            }
        };
        if self.seen.insert((rank(settings, heading), item.clone())) {
            self.groups[at].1.push(item);
        }
    }

    /// Adds changes, given newest first, oldest first.
    pub(super) fn add_changes(
        &mut self,
        changes: &[Change<'_>],
        settings: &ChangelogConfig,
        view: &View<'_>,
    ) {
        for change in changes.iter().rev() {
            match heading(change, settings) {
                Some(heading) => {
                    self.told += 1;
                    self.add(settings, heading, item(change, settings, view));
                }
                None => self.hidden += 1,
            }
        }
    }

    pub(super) fn add_fragments(
        &mut self,
        fragments: &[Fragment],
        settings: &ChangelogConfig,
        remote: Option<&Remote>,
    ) {
        for fragment in fragments {
            self.add(settings, &fragment.heading, fragment.item(remote));
        }
    }

    pub(super) fn add_updates(&mut self, updated: &[(PackageName, Version)], settings: &ChangelogConfig) {
        if updated.is_empty() {
            return;
        }
        let list: Vec<String> = updated.iter().map(|(name, version)| format!("`{name}` {version}")).collect();
        let heading = settings.category("changed").unwrap_or(&settings.other);
        self.add(settings, heading, format!("- Updated internal dependencies: {}", list.join(", ")));
    }
}

/// What shapes the lines about changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    /// Where links go.
    pub(super) remote: Option<&'a Remote>,
    /// Scopes that go without saying.
    pub(super) own: &'a [String],
}

/// Counts the changes that are told.
pub(super) fn told(changes: &[Change<'_>], settings: &ChangelogConfig) -> usize {
    changes.iter().filter(|change| heading(change, settings).is_some()).count()
}

/// Returns where a heading stands among the others.
pub(super) fn rank(settings: &ChangelogConfig, heading: &str) -> usize {
    let same = |other: &str| other.eq_ignore_ascii_case(heading);
    if same(&settings.breaking) {
        return 0;
    }
    let place = settings.categories.iter().position(|category| same(&category.heading));
    place.map_or(usize::MAX, |place| place + 1)
}

/// Returns the heading that a change stands under; `None` when it is not told.
fn heading<'s>(change: &Change<'_>, settings: &'s ChangelogConfig) -> Option<&'s str> {
    let message = &change.message;
    if message.merge || message.fixup {
        return None;
    }
    if message.breaking && !change.foreign {
        return Some(&settings.breaking);
    }
    let kind = kind(change);
    let is_hidden = kind.is_some_and(|kind| settings.hidden.iter().any(|hidden| hidden == kind));
    if is_hidden && !message.breaking {
        return None;
    }
    if change.foreign {
        return Some(&settings.other);
    }
    let scope = message.scope.as_deref().unwrap_or_default();
    let is_security = scope.eq_ignore_ascii_case("security");
    let security = settings.category("security").filter(|_| is_security);
    security.or_else(|| settings.category(kind?)).or(Some(&settings.other))
}

/// Returns the type of a change; commits that only make a release are of the type `release`.
fn kind<'c>(change: &'c Change<'_>) -> Option<&'c str> {
    let message = &change.message;
    match (message.kind.as_deref(), message.scope.as_deref()) {
        (Some("chore" | "build" | "ci"), Some("release")) => Some("release"),
        (Some(kind), _) => Some(kind),
        (None, _) if message.reverts.is_some() => Some("revert"),
        (None, _) => {
            let subject = change.commit.subject.to_lowercase();
            let marks = ["release ", "bump version", "version ", "prepare release", "preparing release"];
            let has_version = subject.split([' ', '`']).any(|word| {
                let word = word.trim_start_matches('v');
                word.contains('.') && word.parse::<Version>().is_ok()
            });
            (has_version && marks.iter().any(|mark| subject.starts_with(mark))).then_some("release")
        }
    }
}

fn item(change: &Change<'_>, settings: &ChangelogConfig, view: &View<'_>) -> String {
    let message = &change.message;
    let known = message.kind.as_deref().is_none_or(|kind| settings.category(kind).is_some());
    let told = known || message.breaking;
    // The words before the colon of an unknown type are a part of what was said.
    let (scope, text) = if told {
        (message.scope.as_deref(), message.description.clone())
    } else {
        let scope = message.scope.as_deref().map(|scope| format!("({scope})")).unwrap_or_default();
        (None, format!("{}{scope}: {}", message.kind.as_deref().unwrap_or_default(), message.description))
    };
    let text = if told { capitalized(&text) } else { text };
    let scope = scope.filter(|scope| !view.own.iter().any(|own| own.eq_ignore_ascii_case(scope)));
    let scope = scope.map(|scope| format!("**{scope}:** ")).unwrap_or_default();
    let note = message.breaking_note.as_deref().filter(|note| !note.is_empty());
    let note =
        note.map(|note| format!("{} {note}", if text.ends_with(['.', '!', '?', ':']) { "" } else { ":" }));
    let line = format!("- {scope}{text}{}{}", note.unwrap_or_default(), references(change, view.remote));
    line.replace("<!--", "\\<!--").trim_end().to_owned()
}

/// Starts a sentence with a capital letter, unless it starts with a name of code.
fn capitalized(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or(text);
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b',');
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if is_word => format!("{}{}", first.to_ascii_uppercase(), characters.as_str()),
        _ => text.to_owned(),
    }
}

fn references(change: &Change<'_>, remote: Option<&Remote>) -> String {
    let message = &change.message;
    let request = |number: &u64| match remote {
        Some(remote) => {
            let (text, address) = remote.pull_request(*number);
            format!("[{text}]({address})")
        }
        None => format!("#{number}"),
    };
    let mut parts: Vec<String> = message.pull_requests.iter().map(request).collect();
    if let Some(remote) = remote.filter(|_| parts.is_empty()) {
        let commit = change.commit;
        parts.push(format!("[{}]({})", commit.short_hash(), remote.commit(&commit.hash)));
    }
    let new = message.closes.iter().filter(|number| !message.pull_requests.contains(number));
    parts.extend(new.map(|number| format!("closes {}", issue_link(*number, remote))));
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

pub(super) fn issue_link(number: u64, remote: Option<&Remote>) -> String {
    match remote {
        Some(remote) => format!("[#{number}]({})", remote.issue(number)),
        None => format!("#{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::commit;
    use super::*;

    fn line(subject: &str, body: &str, remote: Option<&Remote>) -> String {
        let (commit, settings) = (commit(subject, body), ChangelogConfig::default());
        let change = Change::of(&commit);
        let view = View { remote, own: &["demo".to_owned()] };
        match heading(&change, &settings) {
            Some(heading) => format!("{heading} {}", item(&change, &settings, &view)),
            None => "hidden".to_owned(),
        }
    }

    #[test]
    fn each_change_finds_its_heading_and_its_words() {
        for (subject, body, expected) in [
            ("feat: add x (#12)", "Closes #3", "Added - Add x (#12, closes #3)"),
            ("fix(api): x_y fails", "", "Fixed - **api:** x_y fails"),
            ("fix(demo): it fails", "", "Fixed - It fails"),
            ("fix(security): leak", "", "Security - **security:** Leak"),
            ("docs: explain", "", "Documentation - Explain"),
            ("chore(deps): x", "", "Internal - **deps:** X"),
            ("perf: faster", "", "Changed - Faster"),
            ("feat!: drop x", "", "Breaking changes - Drop x"),
            ("chore: x", "BREAKING CHANGE: y is gone", "Breaking changes - X: y is gone"),
            ("parser(a): fix z", "", "Changed - parser(a): fix z"),
            ("Do a thing", "", "Changed - Do a thing"),
            ("Revert \"feat: a\"", "", "Changed - Revert \"feat: a\""),
            ("handle <!-- in text", "", "Changed - Handle \\<!-- in text"),
            ("chore(release): 1.2.0", "", "hidden"),
            ("Release demo 1.2.0", "", "hidden"),
            ("Bump version to v1.2.0", "", "hidden"),
            ("bump: version 1.0 → 1.1", "", "hidden"),
            ("Release the lock", "", "Changed - Release the lock"),
            ("fixup! feat: x", "", "hidden"),
        ] {
            assert_eq!(line(subject, body, None), expected, "{subject}");
        }
    }

    #[test]
    fn links_go_to_the_pull_request_or_to_the_commit() {
        let address = Some("https://gitlab.example.org/a/b");
        let remote = Remote::find(address, &ChangelogConfig::default()).unwrap();
        let page = "https://gitlab.example.org/a/b/-";
        assert_eq!(
            line("fix: a (!12)", "Closes #3", Some(&remote)),
            format!("Fixed - A ([!12]({page}/merge_requests/12), closes [#3]({page}/issues/3))")
        );
        let hash = "a".repeat(40);
        assert_eq!(line("fix: a", "", Some(&remote)), format!("Fixed - A ([aaaaaaa]({page}/commit/{hash}))"));
    }

    #[test]
    fn breaking_changes_stand_first_and_unknown_headings_last() {
        let settings = ChangelogConfig::default();
        let mut draft = Draft::default();
        for heading in ["Odd", "Internal", "Added", "Breaking changes", "Fixed"] {
            draft.add(&settings, heading, "- x".to_owned());
        }
        draft.add(&settings, "Added", "- x".to_owned());
        draft.add_updates(&[("b".parse().unwrap(), "1.2".parse().unwrap())], &settings);
        let order: Vec<&str> = draft.groups.iter().map(|(heading, _)| heading.as_str()).collect();
        assert_eq!(order, ["Breaking changes", "Added", "Changed", "Fixed", "Internal", "Odd"]);
        assert_eq!(draft.groups[1].1.len(), 1);
        assert_eq!(draft.groups[2].1, ["- Updated internal dependencies: `b` 1.2"]);
    }
}
