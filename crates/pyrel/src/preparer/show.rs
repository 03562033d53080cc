//! The list on the screen, as JSON, as annotations, and in the step summary.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anstyle::Style;
use pyrel_model::{Level, Location};
use pyrel_project::{Package, Workspace};
use pyrel_release::prepare::{Line, Readiness, Verdict};
use serde_json::{Value, json};

use super::Asked;
use super::next::notes;
use crate::context::Context;
use crate::exit::CommandResult;
use crate::step_summary::{self, cell};
use crate::ui::{Align, Table, Tone};

/// Returns how many lines stand in the way.
pub(crate) fn forbidding(readiness: &Readiness, strict: bool) -> usize {
    let warnings = if strict { readiness.count(Verdict::Warning) } else { 0 };
    readiness.count(Verdict::Failed) + warnings
}

/// Shows the list: a table for people, annotations and a summary for a job of GitHub.
pub(crate) fn show(context: &Context, readiness: &Readiness, strict: bool) -> CommandResult {
    for line in &readiness.lines {
        annotate(context, line);
    }
    step_summary::append(context, &markdown(readiness, strict));
    if context.json() {
        return Ok(());
    }
    let mut table =
        Table::new(&[("line", Align::Left), ("verdict", Align::Left), ("reason, → remedy", Align::Left)]);
    let mut package = None;
    for line in &readiness.lines {
        if line.package != package {
            package.clone_from(&line.package);
            table.section(package.as_ref().map(ToString::to_string).unwrap_or_default());
        }
        rows(&mut table, line);
    }
    context.ui().table(&table)
}

fn tone(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Ok => Tone::Done.style(),
        Verdict::Warning => Tone::Warn.style(),
        Verdict::Failed => Tone::Fail.style(),
        Verdict::Skipped => Style::new().dimmed(),
    }
}

fn rows(table: &mut Table, line: &Line) {
    let plain = Style::new();
    let dim = |verdict| if verdict == Verdict::Skipped { Style::new().dimmed() } else { plain };
    table.row(vec![
        (format!("  {}", title(line)), dim(line.verdict)),
        (line.verdict.as_str().to_owned(), tone(line.verdict)),
        (first_line(&line.reason).to_owned(), dim(line.verdict)),
    ]);
    if let Some(remedy) = line.remedy.as_deref().filter(|remedy| !remedy.is_empty()) {
        table.row(vec![
            (String::new(), plain),
            (String::new(), plain),
            (format!("→ {}", first_line(remedy)), plain),
        ]);
    }
}

fn title(line: &Line) -> String {
    match &line.name {
        Some(name) => format!("{}: {name}", line.id),
        None => line.id.to_string(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn annotate(context: &Context, line: &Line) {
    let level = match line.verdict {
        Verdict::Failed => Level::Error,
        Verdict::Warning => Level::Warning,
        Verdict::Ok | Verdict::Skipped => return,
    };
    let package = line.package.as_ref().map(|package| format!("{package}: ")).unwrap_or_default();
    let remedy = line.remedy.as_deref().map(|remedy| format!("\n{remedy}")).unwrap_or_default();
    let text = format!("{package}{}{remedy}", line.reason);
    let location = line.location.clone();
    let location =
        location.map(|place| Location { path: PathBuf::from(context.shown(&place.path)), ..place });
    context.ui().annotate(level, &title(line), &text, location.as_ref());
}

fn markdown(readiness: &Readiness, strict: bool) -> String {
    let verdict = if readiness.is_ready(strict) { "ready" } else { "not ready" };
    let mut text = format!(
        "### Release: {verdict}\n\n| package | line | verdict | reason | remedy |\n|---|---|---|---|---|\n"
    );
    for line in &readiness.lines {
        let package = line.package.as_ref().map(ToString::to_string).unwrap_or_default();
        let mark = match line.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "**warning**",
            Verdict::Failed => "**failed**",
            Verdict::Skipped => "skipped",
        };
        let remedy = line.remedy.as_deref().unwrap_or_default();
        let (title, reason, remedy) =
            (cell(&title(line)), cell(first_line(&line.reason)), cell(first_line(remedy)));
        text.push_str(&format!("| {package} | {title} | {mark} | {reason} | {remedy} |\n"));
    }
    text
}

/// Writes the one JSON document.
pub(crate) fn to_json(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
    (readiness, asked): (&Readiness, &Asked<'_>),
    strict: bool,
) -> CommandResult {
    let version = |package: &Package| asked.version.or_else(|| package.version()).cloned();
    let rows: Vec<Value> =
        packages.iter().map(|package| json!({"name": package.name, "version": version(package)})).collect();
    let notes: BTreeMap<String, String> = notes(workspace, packages, asked).into_iter().collect();
    context.ui().json(&json!({
        "schema": 1,
        "ready": readiness.is_ready(strict),
        "packages": rows,
        "lines": readiness.lines,
        "notes": notes,
    }))
}
