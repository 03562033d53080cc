//! The report for people, as JSON, as SARIF, and as annotations of GitHub Actions.

use std::borrow::Cow;
use std::fmt::Write as _;

use pyrel_dist::{CheckReport, FileReport, Finding};
use pyrel_model::{Level, Location};
use serde_json::{Value, json};

use super::sarif;
use super::source::Sources;
use crate::cli::Format;
use crate::context::Context;
use crate::exit::CommandResult;
use crate::ui::{Tone, plural};

/// Longer lines of a source are not shown; they tell nobody anything.
const LONGEST: usize = 160;

/// Shows a report on standard output, and as annotations in GitHub Actions.
pub(crate) fn show(
    context: &Context,
    report: &CheckReport,
    strict: bool,
    sources: &Sources,
) -> CommandResult {
    for file in &report.files {
        for finding in &file.findings {
            annotate(context, file, finding, sources);
        }
    }
    if context.format() == Format::Sarif {
        return context.ui().json(&sarif::document(context, report, sources));
    }
    if context.json() {
        let files: Vec<Value> = report.files.iter().map(|file| to_json(file, strict)).collect();
        return context.ui().json(&json!({"schema": 1, "files": files}));
    }
    report.files.iter().try_for_each(|file| show_file(context, file, strict, sources))
}

/// Returns `2 errors, 1 warning`, or nothing.
pub(crate) fn count(report: &CheckReport) -> String {
    let findings = || report.files.iter().flat_map(|file| &file.findings);
    let of = |level: Level, noun: &str| {
        let count = findings().filter(|finding| finding.level == level).count();
        (count > 0).then(|| plural(count, noun))
    };
    let parts = [of(Level::Error, "error"), of(Level::Warning, "warning"), of(Level::Info, "remark")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn annotate(context: &Context, file: &FileReport, finding: &Finding, sources: &Sources) {
    let text = printable(&format!("{}: {}", file.filename, finding.message)).into_owned();
    let location = match sources.in_pyproject(file, finding) {
        Some(place) => Location { path: context.shown(&place.path).into(), ..place },
        None => Location::of_file(context.shown(&file.path).as_ref()),
    };
    context.ui().annotate(finding.level, finding.rule, &text, Some(&location));
}

fn show_file(context: &Context, file: &FileReport, strict: bool, sources: &Sources) -> CommandResult {
    let ui = context.ui();
    let (tone, verdict) = match (file.ok(strict), file.findings.is_empty()) {
        (true, true) => (Tone::Done, "ok"),
        (true, false) => (Tone::Warn, "ok"),
        (false, _) => (Tone::Fail, "failed"),
    };
    let style = tone.style();
    if !ui.settings().quiet || tone == Tone::Fail {
        ui.data(&format!("{}: {style}{verdict}{style:#}", printable(&context.shown(&file.path))))?;
        for finding in &file.findings {
            ui.data(&text_of(context, file, finding, sources))?;
        }
    }
    Ok(())
}

/// Tells on standard error what is wrong with a file, beside the data of another command.
pub(crate) fn remark(context: &Context, file: &FileReport, sources: &Sources) {
    for finding in file.findings.iter().filter(|finding| finding.level > Level::Info) {
        let text = text_of(context, file, finding, sources);
        context.ui().note(&format!("{}: {}", printable(&file.filename), text.trim_start()));
    }
}

/// Returns the lines of one finding: what, where, the source with its caret, and what to do.
fn text_of(context: &Context, file: &FileReport, finding: &Finding, sources: &Sources) -> String {
    let style = match finding.level {
        Level::Error => Tone::Fail,
        Level::Warning => Tone::Warn,
        Level::Info => Tone::Busy,
    }
    .style();
    let dim = anstyle::Style::new().dimmed();
    // What the message names anyway is not said twice.
    let place = finding.location.as_ref().filter(|place| !finding.message.contains(place.as_str()));
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let (level, rule) = (finding.level.as_str(), finding.rule);
    let what = format!("{place}{}", finding.message);
    let mut text = format!("  {style}{level:<7}{style:#} {} {dim}[{rule}]{dim:#}", printable(&what));
    if let Some(place) = sources.place(file, finding) {
        let shown = Location { path: context.shown(&place.path).into(), ..place };
        let _ = write!(text, "\n          {dim}-->{dim:#} {}", printable(&shown.to_text()));
        let short = shown.source_line.as_ref().is_some_and(|line| line.chars().count() <= LONGEST);
        for line in shown.to_snippet().lines().filter(|_| short) {
            let _ = write!(text, "\n          {dim}{}{dim:#}", printable(line));
        }
    }
    if let Some(hint) = &finding.hint {
        let _ = write!(text, "\n          hint: {}", printable(hint));
    }
    text
}

/// Shows control characters as escapes: what a hostile file says must not steer the terminal.
fn printable(text: &str) -> Cow<'_, str> {
    let unsafe_char = |c: char| {
        (c.is_control() && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(unsafe_char) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if unsafe_char(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

fn to_json(file: &FileReport, strict: bool) -> Value {
    json!({
        "path": file.path,
        "filename": file.filename,
        "sha256": file.sha256,
        "ok": file.ok(strict),
        "findings": file.findings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_an_archive_does_not_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\tc\n\u{202e}"), "a\\u{1b}[2Jb\tc\\n\\u{202e}");
        assert!(matches!(printable("plain – text"), Cow::Borrowed(_)));
    }
}
