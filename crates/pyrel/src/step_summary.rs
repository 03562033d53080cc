//! The summary of a GitHub Actions job: Markdown that is shown on the page of the run.

use std::io::Write as _;

use fs_err as fs;

use crate::context::Context;

/// Appends a part to the summary, when this is a job that has one.
pub(crate) fn append(context: &Context, markdown: &str) {
    let Some(path) = context.environment().get("GITHUB_STEP_SUMMARY") else { return };
    if !context.ui().settings().github {
        return;
    }
    let opened = fs::OpenOptions::new().create(true).append(true).open(path);
    let written = opened.and_then(|mut file| writeln!(file, "{}\n", markdown.trim_end()));
    if let Err(error) = written {
        context.ui().warning(&format!("the step summary is not written: {error}"), None);
    }
}

/// Returns a text as the content of a cell of a table in Markdown.
pub(crate) fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '|' => out.push_str("\\|"),
            '\n' => out.push_str("<br>"),
            '<' => out.push_str("&lt;"),
            '\r' => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(cell(" a | b\r\n<c> "), "a \\| b<br>&lt;c>");
    }
}
