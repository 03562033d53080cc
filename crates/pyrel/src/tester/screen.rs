//! Tests on the screen: one package streams, several are shown one after the other, each in one piece.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use pyrel_model::{Level, Location, PackageName};
use pyrel_project::Workspace;
use pyrel_release::package_test::{TestOutcome, TestResult, TestWatcher};

use super::summary::counted;
use crate::context::Context;
use crate::ui::{Meter, Tone, duration};

/// Shows tests.
pub(crate) struct Screen<'a> {
    context: &'a Context,
    directories: HashMap<PackageName, PathBuf>,
    streams: bool,
    meters: Mutex<HashMap<String, Meter>>,
}

impl<'a> Screen<'a> {
    /// Makes the screen of a number of runs.
    pub(crate) fn new(context: &'a Context, workspace: &Workspace, runs: usize) -> Self {
        let settings = context.ui().settings();
        let directories =
            workspace.packages().map(|package| (package.name.clone(), package.directory.clone()));
        Self {
            context,
            directories: directories.collect(),
            streams: runs == 1 && !settings.quiet && !settings.json,
            meters: Mutex::default(),
        }
    }

    /// Makes a screen on which no output streams.
    pub(crate) fn grouped(context: &'a Context, workspace: &Workspace) -> Self {
        Self { streams: false, ..Self::new(context, workspace, 0) }
    }

    fn show(&self, result: &TestResult) {
        let ui = self.context.ui();
        let title = format!("{} with Python {}", result.package, result.python);
        let output = result.output.as_deref().unwrap_or_default();
        let talkative = !ui.settings().quiet && (ui.settings().verbose > 0 || ui.settings().github);
        let wanted = result.outcome.is_failure() || talkative;
        if wanted && !self.streams && !output.trim().is_empty() {
            ui.group(&title, output);
        }
        let time = duration(result.seconds);
        let reason = result.reason.as_deref().unwrap_or_default();
        match result.outcome {
            TestOutcome::Passed => {
                let what = counted(result).unwrap_or_else(|| result.last_line().to_owned());
                ui.status(Tone::Done, "Tested", &format!("{title} in {time}: {what}"));
            }
            TestOutcome::None => ui.status(Tone::Warn, "No tests", &format!("{}: {reason}", result.package)),
            TestOutcome::Unsupported => {
                ui.status(Tone::Warn, "Left out", &format!("{}: {reason}", result.package))
            }
            TestOutcome::Failed => {
                let what = counted(result).map(|counts| format!(": {counts}")).unwrap_or_default();
                ui.status(Tone::Fail, "Failed", &format!("the tests of {title} in {time}, {reason}{what}"));
            }
            TestOutcome::Error => {
                ui.status(Tone::Fail, "Failed", &format!("the tests of {title} could not be run: {reason}"));
            }
            TestOutcome::Cancelled => ui.status(Tone::Fail, "Stopped", &format!("the tests of {title}")),
        }
        self.annotate(result);
    }

    fn annotate(&self, result: &TestResult) {
        let ui = self.context.ui();
        for case in &result.cases {
            let place = case.file.as_deref().and_then(|file| self.place(&result.package, file));
            let location = place
                .map(|path| Location { line: case.line.unwrap_or(0), ..Location::of_file(Path::new(&path)) });
            ui.annotate(Level::Error, &case.name, &case.message, location.as_ref());
        }
        if result.outcome.is_failure() && result.cases.is_empty() {
            let text = result.reason.as_deref().unwrap_or_default();
            ui.annotate(Level::Error, &format!("tests of {}", result.package), text, None);
        }
    }

    /// Returns where a file of the report lies in the source tree, as a person sees it.
    fn place(&self, package: &PackageName, file: &str) -> Option<String> {
        let path = self.directories.get(package)?.join(file);
        path.is_file().then(|| self.context.shown(&path))
    }
}

impl TestWatcher for Screen<'_> {
    fn started(&self, package: &PackageName, python: &str) {
        let ui = self.context.ui();
        if self.streams {
            ui.status(Tone::Busy, "Testing", &format!("{package} with Python {python}"));
            return;
        }
        let mut meter = Meter::spinner(ui.stage(), format!("testing {package} with Python {python}"));
        meter.appear_now();
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        meters.insert(format!("{package} {python}"), meter);
    }

    fn output(&self, _package: &PackageName, _python: &str, chunk: &[u8]) {
        if self.streams {
            self.context.ui().stream(chunk);
        }
    }

    fn finished(&self, result: &TestResult) {
        // Held while the lines are written: those of one package stay together.
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        meters.remove(&format!("{} {}", result.package, result.python));
        self.show(result);
    }
}
