//! What comes after a list without a failure: the notes of the release, and the commands to run.

use pyrel_project::changelog::{changelog_path, notes_of};
use pyrel_project::{Git, Package, Workspace};

use super::Asked;
use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::releaser::words;
use crate::ui::Tone;

/// What the commands are made of.
pub(crate) struct Next<'a> {
    /// The packages, as they were named.
    pub(crate) selection: &'a SelectionArgs,
    /// The command that publishes them.
    pub(crate) publish: String,
}

/// Returns what the changelogs say about the versions to be released; the packages without an entry are left out.
pub(super) fn notes(
    workspace: &Workspace,
    packages: &[&Package],
    asked: &Asked<'_>,
) -> Vec<(String, String)> {
    let note = |package: &&Package| {
        let version = asked.version.or_else(|| package.version())?;
        let notes = notes_of(&changelog_path(workspace, package)?, version).ok()?;
        Some((package.name.to_string(), notes)).filter(|(_, notes)| !notes.trim().is_empty())
    };
    packages.iter().filter_map(note).collect()
}

/// Shows the notes to a person, and the next commands.
pub(crate) fn show_next(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
    asked: &Asked<'_>,
    next: &Next<'_>,
) {
    let ui = context.ui();
    if ui.settings().interactive || ui.settings().verbose > 0 {
        for (package, notes) in notes(workspace, packages, asked) {
            ui.status(Tone::Busy, "Notes", &package);
            for line in notes.trim().lines() {
                ui.note(&format!("{:>10} {line}", ""));
            }
        }
    }
    ui.status(Tone::Done, "Ready", "nothing stands in the way of a release");
    let git = Git::discover(workspace.root());
    let upstream = git.and_then(|git| git.upstream().ok()?);
    if upstream.is_some_and(|upstream| upstream.ahead > 0) {
        ui.status(Tone::Busy, "Next", "git push --follow-tags");
    }
    ui.status(Tone::Busy, "Next", &words("rehearse", next.selection));
    ui.status(Tone::Busy, "Next", &next.publish);
}
