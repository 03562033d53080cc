//! The files beside a package: what git ignores, the changelog, templates for issues and pull requests, and the note
//! for those who used the project before.

use super::Move;

/// Lines that a package's `.gitignore` has, with other ways to write them.
const IGNORED: &[(&str, &[&str])] = &[
    ("__pycache__/", &["__pycache__", "**/__pycache__/", "*.py[cod]"]),
    ("*.egg-info/", &["*.egg-info"]),
    ("/build/", &["build", "build/", "/build"]),
    ("/dist/", &["dist", "dist/", "/dist"]),
    (".venv/", &[".venv", "/.venv", "/.venv/"]),
    (".pyrel/", &[".pyrel", "/.pyrel", "/.pyrel/"]),
    (".env", &["/.env", "*.env"]),
];

/// Returns `.gitignore` with the lines that it lacks; `None` when it lacks none.
pub(super) fn gitignore(text: Option<&str>) -> Option<String> {
    let text = text.unwrap_or_default();
    let has = |wanted: &str| text.lines().any(|line| line.trim() == wanted);
    let missing: Vec<&str> = IGNORED
        .iter()
        .filter(|(line, others)| !has(line) && !others.iter().any(|other| has(other)))
        .map(|(line, _)| *line)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let between = if text.is_empty() || text.ends_with('\n') { "" } else { eol };
    let lines: String = missing.iter().map(|line| format!("{line}{eol}")).collect();
    Some(format!("{text}{between}{lines}"))
}

/// Returns the first changelog.
pub(super) fn changelog(name: &str, runs: bool) -> String {
    let how = if runs { format!("; it runs with `pipx run {name}` and `uvx {name}`") } else { String::new() };
    format!(
        "# Changelog\n\nThe format is that of Keep a Changelog 1.1, and versions follow PEP 440.\n\n\
         ## [Unreleased]\n\n### Changed\n\n- The project is a package{how}.\n"
    )
}

/// The templates for issues and pull requests: path and text.
pub(super) fn templates(name: &str) -> [(&'static str, String); 3] {
    [
        (
            ".github/ISSUE_TEMPLATE/bug_report.md",
            format!(
                "---\nname: Bug report\nabout: Something does not work as it should\nlabels: bug\n---\n\n\
                 **What happened, and what should have happened**\n\n\n**How to see it happen**\n\n1.\n2.\n\n\
                 **Versions**\n\n- `{name}` (`{name} --version`):\n- Python:\n- Operating system:\n\n\
                 **Output** (without secrets)\n\n```text\n\n```\n"
            ),
        ),
        (
            ".github/ISSUE_TEMPLATE/feature_request.md",
            "---\nname: Feature request\nabout: Something that is missing\nlabels: enhancement\n---\n\n\
             **What you want to do**\n\n\n**What stands in the way today**\n\n\n**What would help**\n"
                .to_owned(),
        ),
        (
            ".github/PULL_REQUEST_TEMPLATE.md",
            "## What changes\n\n\n## Why\n\n\n## Checked\n\n- [ ] Tests cover the change and pass\n\
             - [ ] The changelog has an entry under Unreleased\n- [ ] Documentation says what is true now\n"
                .to_owned(),
        ),
    ]
}

/// What the note for those who used the project before tells.
#[derive(Debug)]
pub(super) struct Migration<'a> {
    pub(super) name: &'a str,
    /// The import name of the package.
    pub(super) package: &'a str,
    pub(super) moves: &'a [Move],
    /// What started the program before, such as `python app.py`.
    pub(super) before: Vec<String>,
    /// Whether there is a console script of the project's name.
    pub(super) runs: bool,
    /// What developers ran before, such as `poetry install`.
    pub(super) setup: Option<&'static str>,
}

/// Returns the note.
pub(super) fn migration(note: &Migration<'_>) -> String {
    let name = note.name;
    let mut out =
        format!("# Migration\n\n`{name}` is a package now. This page is for those who used it before.\n");
    if note.runs {
        out.push_str("\n## Starting it\n\n| before | now |\n|---|---|\n");
        for before in &note.before {
            out.push_str(&format!(
                "| `{before}` | `pipx run {name}`, `uvx {name}`, or `{name}` once it is installed |\n"
            ));
        }
        out.push_str(&format!(
            "\n1. Where a client or a service starts it by a path, put `pipx` with `run {name}` in that place.\n\
             2. Keep the environment variables; their names have not changed.\n\
             3. Check that it is the version you want: `pipx run {name} --version`.\n\
             4. Remove the checkout and its virtual environment once nothing uses them.\n"
        ));
    }
    if !note.moves.is_empty() {
        out.push_str("\n## Files that moved\n\n| before | now |\n|---|---|\n");
        out.extend(note.moves.iter().map(|one| format!("| `{}` | `{}` |\n", one.from, one.to)));
        out.push_str(&format!("\nImports name the package: `from {} import ...`.\n", note.package));
    }
    out.push_str("\n## Developing it\n\n");
    if let Some(setup) = note.setup {
        out.push_str(&format!("Instead of `{setup}`:\n\n"));
    }
    out.push_str("```sh\nuv sync            # or: python -m venv .venv && .venv/bin/pip install -e .\n```\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_missing_lines_are_added() {
        let first = gitignore(None).unwrap();
        assert_eq!(gitignore(Some(&first)), None);
        assert_eq!(
            gitignore(Some("x\r\ndist\r\n*.egg-info")).unwrap(),
            "x\r\ndist\r\n*.egg-info\r\n__pycache__/\r\n/build/\r\n.venv/\r\n.pyrel/\r\n.env\r\n"
        );
    }

    #[test]
    fn the_note_tells_old_and_new() {
        let moves = [Move { from: "app.py".into(), to: "src/demo/app.py".into() }];
        let note = Migration {
            name: "demo",
            package: "demo",
            moves: &moves,
            before: vec!["python app.py".into()],
            runs: true,
            setup: None,
        };
        let text = migration(&note);
        assert!(
            text.contains("| `python app.py` | `pipx run demo`")
                && text.contains("| `app.py` | `src/demo/app.py` |")
        );
    }
}
