//! Entry points as groups.

use pyrel_model::pyproject::Project;

/// Groups with their entries, both in an order that the backend chooses.
pub(crate) type Groups = Vec<(String, Vec<(String, String)>)>;

/// Returns entries sorted by name.
pub(crate) fn sorted(entries: &[(String, String)]) -> Vec<(String, String)> {
    let mut out = entries.to_vec();
    out.sort();
    out
}

/// Returns all groups of a project that have entries: scripts, then graphical ones, then the others as written.
pub(crate) fn groups(project: &Project) -> Groups {
    let mut out = vec![
        ("console_scripts".to_owned(), project.scripts.clone()),
        ("gui_scripts".to_owned(), project.gui_scripts.clone()),
    ];
    out.extend(project.entry_points.iter().cloned());
    out.retain(|(_, entries)| !entries.is_empty());
    out
}
