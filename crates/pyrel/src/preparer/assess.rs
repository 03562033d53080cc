//! Gathers what the lines are made of: the tree, a build, a check, tests, the project's own commands, and indexes.

use std::collections::BTreeMap;

use pyrel_dist::FileReport;
use pyrel_model::{PackageName, Version};
use pyrel_project::{Cancel, Git, Package, Workspace};
use pyrel_release::package_test::{TestReport, TestRequest, results_dir, run_tests};
use pyrel_release::prepare::{
    GateRun, Line, LineId, Readiness, Surroundings, Verdict, build_line, check_line, examine, run_gates,
    secret_line, test_line,
};

use super::network;
use crate::checker;
use crate::context::Context;
use crate::exit::{CommandError, Failure};
use crate::tester::{self, Means, Screen, Wheels};
use crate::ui::{Meter, Tone};

/// The rules of the check that have a line of their own in the list.
const OWN_LINES: [&str; 2] = ["changelog-entry", "internal-bound"];

/// What a person asked for.
pub(crate) struct Asked<'a> {
    /// The version to release.
    pub(crate) version: Option<&'a Version>,
    /// The index that is asked, when one may be.
    pub(crate) index: Option<&'a str>,
    /// Lines to leave out.
    pub(crate) skip: &'a [LineId],
    /// Interpreters for the tests.
    pub(crate) pythons: &'a [String],
    /// The wish to stop.
    pub(crate) cancel: &'a Cancel,
}

impl Asked<'_> {
    /// Tells whether a line is to be made.
    pub(super) fn wants(&self, id: LineId) -> bool {
        !self.skip.contains(&id)
    }
}

/// Makes every line.
pub(crate) fn assess(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
    asked: &Asked<'_>,
) -> Result<Readiness, CommandError> {
    let surroundings = Surroundings {
        workspace,
        packages: packages.to_vec(),
        version: asked.version.cloned(),
        git: Git::discover(workspace.root()),
        online: asked.index.is_some() && !context.offline(),
    };
    let mut lines = examine(&surroundings);
    let (gates, built) = std::thread::scope(|scope| {
        let gates = scope.spawn(|| gates(context, workspace, asked));
        let built = built(context, &surroundings, asked);
        let gates = gates.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (gates, built)
    });
    lines.extend(gates?);
    lines.extend(built?);
    if asked.cancel.is_cancelled() {
        return Err(CommandError::message(Failure::Findings, "interrupted"));
    }
    for line in &mut lines {
        if !asked.wants(line.id) {
            let (package, name) = (line.package.take(), line.name.take());
            *line = Line::skipped(line.id, "left out by `--skip`");
            (line.package, line.name) = (package, name);
        }
    }
    Ok(Readiness::new(lines))
}

/// Runs the project's own commands.
fn gates(context: &Context, workspace: &Workspace, asked: &Asked<'_>) -> Result<Vec<Line>, CommandError> {
    let gates = &workspace.config().release.gates;
    if gates.is_empty() {
        return Ok(Vec::new());
    }
    if !asked.wants(LineId::Gate) {
        return Ok(vec![Line::skipped(LineId::Gate, "")]);
    }
    let unwritten = |error: std::io::Error| CommandError::new(Failure::Usage, anyhow::Error::new(error));
    // The folder for tests' results is made first: with it `.pyrel` ignores itself in git.
    let results = results_dir(workspace.root()).map_err(unwritten)?;
    let run = GateRun {
        root: workspace.root(),
        gates,
        logs: results.with_file_name("prepare"),
        jobs: context.jobs(),
        cancel: asked.cancel.clone(),
    };
    run_gates(&run, &|line| show_gate(context, line)).map_err(unwritten)
}

/// Says how a command ended; the output of one that failed is shown in one piece.
fn show_gate(context: &Context, line: &Line) {
    let ui = context.ui();
    let name = line.name.as_deref().unwrap_or_default();
    if line.verdict == Verdict::Ok {
        ui.status(Tone::Done, "Passed", name);
        return;
    }
    if let Some(log) = &line.log {
        let output = fs_err::read(log).unwrap_or_default();
        let output = String::from_utf8_lossy(&output);
        if !output.trim().is_empty() {
            ui.group(name, &output);
        }
    }
    ui.status(Tone::Fail, "Failed", &format!("{name}: {}", line.reason));
}

/// Makes the lines that need built files.
fn built(
    context: &Context,
    surroundings: &Surroundings<'_>,
    asked: &Asked<'_>,
) -> Result<Vec<Line>, CommandError> {
    let (workspace, packages) = (surroundings.workspace, &surroundings.packages);
    let means = Means::resolve(context, asked.pythons, false)?;
    let mut meter = Meter::spinner(context.ui().stage(), "building".to_owned());
    meter.appear_now();
    let left_out = !asked.wants(LineId::Build);
    let wheels = Wheels::build(context, workspace, packages, &|_| left_out)?;
    drop(meter);
    let reports = reports(context, workspace, packages, &wheels)?;
    let tests = tests(context, workspace, packages, (&wheels, &means, asked))?;
    let mut lines = Vec::new();
    for package in packages {
        let name = &package.name;
        let own: Vec<&FileReport> = reports.get(name).map(|own| own.iter().collect()).unwrap_or_default();
        lines.push(match wheels.found().get(name) {
            Some(Ok(_)) => build_line(name, Ok(wheels.artifacts(name))),
            Some(Err(reason)) => build_line(name, Err(reason)),
            None => Line::skipped(LineId::Build, "").of(name),
        });
        lines.push(check_line(name, &own));
        lines.push(secret_line(surroundings, package, &own));
        lines.push(match &tests {
            Some(report) => test_line(name, report),
            None => Line::skipped(LineId::Tests, "there is nothing to test without a build").of(name),
        });
    }
    lines.extend(network::lines(context, surroundings, (&wheels, &means, asked))?);
    Ok(lines)
}

/// Checks what was built.
fn reports(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
    wheels: &Wheels,
) -> Result<BTreeMap<PackageName, Vec<FileReport>>, CommandError> {
    let mut options = checker::options(context, workspace, false)?;
    options.levels.extend(OWN_LINES.map(|rule| (rule.to_owned(), None)));
    let mut files = Vec::new();
    for package in packages {
        let artifacts = wheels.artifacts(&package.name).iter();
        files.extend(artifacts.map(|artifact| (package.name.clone(), artifact.path.clone())));
    }
    let paths: Vec<_> = files.iter().map(|(_, path)| path.clone()).collect();
    let report = checker::check(context, &paths, &options);
    let mut by_package: BTreeMap<PackageName, Vec<FileReport>> = BTreeMap::new();
    for ((package, _), file) in files.into_iter().zip(report.files) {
        by_package.entry(package).or_default().push(file);
    }
    Ok(by_package)
}

/// Tests what was built; nothing when that is not wanted.
fn tests(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
    (wheels, means, asked): (&Wheels, &Means, &Asked<'_>),
) -> Result<Option<TestReport>, CommandError> {
    if !asked.wants(LineId::Tests) || !asked.wants(LineId::Build) {
        return Ok(None);
    }
    let request = TestRequest {
        targets: tester::targets(workspace, packages, wheels.found()),
        interpreters: means.interpreters.clone(),
        settings: means.settings(workspace.root(), None, asked.cancel)?,
    };
    // Other lines are made at the same time: no output streams.
    let screen = Screen::grouped(context, workspace);
    Ok(Some(run_tests(&request, &screen)))
}
