//! A release on the screen: events become status lines, and progress bars for what is long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use pyrel_release::events::{Event, Reporter};
use pyrel_release::journal::{Phase, Step};

use crate::gatekeeper;
use crate::ui::{Meter, Tone, Ui, duration, plural, size};

/// Shows the events of a release.
pub(crate) struct Screen {
    ui: Arc<Ui>,
    bars: Mutex<HashMap<String, Meter>>,
    step: Mutex<Option<(Step, Instant)>>,
}

impl Screen {
    /// Makes the reporter of a screen.
    pub(crate) fn new(ui: &Arc<Ui>) -> Arc<Self> {
        Arc::new(Self { ui: Arc::clone(ui), bars: Mutex::default(), step: Mutex::default() })
    }

    fn bars(&self) -> MutexGuard<'_, HashMap<String, Meter>> {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self) -> MutexGuard<'_, Option<(Step, Instant)>> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, key: &str, label: String, done: u64, total: u64) {
        let Some(stage) = self.ui.stage() else { return };
        let mut bars = self.bars();
        bars.entry(key.to_owned()).or_insert_with(|| Meter::bytes(Some(stage), label, total)).set(done);
    }

    fn start_step(&self, step: Step, packages: usize) {
        *self.step() = Some((step, Instant::now()));
        self.ui.detail(&format!("{step}: {}", plural(packages, "package")));
    }

    fn finish_step(&self, step: Step, ok: bool) {
        let started = self.step().take();
        if let Some((_, started)) = started.filter(|(begun, _)| *begun == step) {
            let verdict = if ok { "done" } else { "failed" };
            self.ui.detail(&format!("{step}: {verdict} in {}", duration(started.elapsed())));
        }
    }

    fn building(&self, event: &Event) {
        match event {
            Event::BuildStarted { package } => self.ui.detail(&format!("building {package}")),
            Event::Bounded { package, dependency, change } => {
                self.ui.status(Tone::Busy, "Bounding", &format!("{package} needs {dependency}: {change}"));
            }
            Event::BuildFallback { package, option, reason } => {
                let text = format!("{package} with its own backend: `{option}` {reason}");
                self.ui.status(Tone::Warn, "PEP 517", &text);
            }
            Event::BuildProgress { package, done, total } => {
                self.advance(package.normalized(), format!("building {package}"), *done, *total);
            }
            Event::Built { package, filename, size: bytes, sha256 } => {
                self.bars().remove(package.normalized());
                let hash = &sha256.to_hex()[..12];
                self.ui.status(Tone::Done, "Built", &format!("{filename} ({}, sha256 {hash})", size(*bytes)));
            }
            Event::PrivateSkipped { package } => {
                self.ui.status(Tone::Warn, "Skipped", &format!("{package} is private and never uploaded"));
            }
            Event::Attested { filename } => {
                self.ui.status(Tone::Done, "Attested", &format!("{filename}: signed through Sigstore"));
            }
            Event::Checked { filename, errors, warnings } => self.checked(filename, *errors, *warnings),
            _ => {}
        }
    }

    fn checked(&self, filename: &str, errors: usize, warnings: usize) {
        let (tone, verdict) = match (errors, warnings) {
            (0, 0) => (Tone::Done, "ok".to_owned()),
            (0, warnings) => (Tone::Warn, plural(warnings, "warning")),
            (errors, _) => (Tone::Fail, plural(errors, "error")),
        };
        self.ui.status(tone, "Checked", &format!("{filename}: {verdict}"));
    }

    fn sending(&self, event: &Event) {
        match event {
            Event::UploadStarted { filename, size: bytes, .. } => {
                self.ui.detail(&format!("sending {filename} ({})", size(*bytes)));
            }
            Event::UploadProgress { filename, sent, total, .. } => {
                self.advance(filename, format!("sending {filename}"), *sent, *total);
            }
            Event::Uploaded { phase, filename, .. } => {
                self.bars().remove(filename);
                self.ui.status(Tone::Done, verb(*phase), filename);
            }
            Event::AlreadyThere { filename, .. } => {
                self.bars().remove(filename);
                self.ui.status(Tone::Done, "Had it", &format!("{filename}: the index has the same bytes"));
            }
            Event::UploadFailed { filename, reason, .. } => {
                self.bars().remove(filename);
                self.ui.status(Tone::Fail, "Failed", &format!("{filename}: {reason}"));
            }
            Event::Blocked { package, by, .. } => {
                self.ui.status(Tone::Fail, "Blocked", &format!("{package}: it needs {by}, which failed"));
            }
            Event::Waiting { package, patience, .. } => {
                let most = duration(*patience);
                self.ui.status(
                    Tone::Busy,
                    "Waiting",
                    &format!("for {package} to be seen by installers, {most} at most"),
                );
            }
            Event::Visible { package, .. } => self.ui.detail(&format!("an installer sees {package}")),
            _ => {}
        }
    }

    fn verifying(&self, event: &Event) {
        match event {
            Event::VerifyStarted { package, version } => {
                let mut meter = Meter::spinner(self.ui.stage(), format!("installing {package} {version}"));
                meter.appear_now();
                self.bars().insert(format!("verify {}", package.normalized()), meter);
            }
            Event::VerifyFinished { package, ok } => {
                self.bars().remove(&format!("verify {}", package.normalized()));
                if *ok {
                    let text = format!("{package} in a fresh environment: imports and console scripts work");
                    self.ui.status(Tone::Done, "Installed", &text);
                } else {
                    self.ui.status(Tone::Fail, "Failed", &format!("{package} does not work when installed"));
                }
            }
            _ => {}
        }
    }

    fn running(&self, event: &Event) {
        match event {
            Event::RunStarted { run, resumed: true } => {
                self.ui.status(Tone::Busy, "Resuming", &format!("run {run}"));
            }
            Event::RunStarted { run, resumed: false } => self.ui.detail(&format!("run {run}")),
            Event::StepStarted { step, packages } => self.start_step(*step, *packages),
            Event::StepSkipped { step } => {
                self.ui.status(Tone::Busy, "Kept", &format!("{step}: done before"))
            }
            Event::StepFinished { step, ok } => self.finish_step(*step, *ok),
            Event::Planned { phase: Phase::Publish, plan }
                if plan.index().production && !self.ui.settings().interactive =>
            {
                for line in gatekeeper::table(plan).lines() {
                    self.ui.status(Tone::Busy, "", &line);
                }
                self.ui.status(Tone::Busy, "Planned", &format!("digest {}", plan.digest().short()));
            }
            Event::GateAnswered { digest, reason } => {
                self.ui.status(Tone::Warn, "Gate", &format!("answered with {digest}: {reason}"));
            }
            Event::Note { message } => self.ui.status(Tone::Busy, "Note", message),
            _ => {}
        }
    }
}

fn verb(phase: Phase) -> &'static str {
    match phase {
        Phase::Stage => "Staged",
        Phase::Publish => "Published",
    }
}

impl Reporter for Screen {
    fn event(&self, event: &Event) {
        match event {
            Event::BuildStarted { .. }
            | Event::Bounded { .. }
            | Event::BuildFallback { .. }
            | Event::BuildProgress { .. }
            | Event::Built { .. }
            | Event::PrivateSkipped { .. }
            | Event::Attested { .. }
            | Event::Checked { .. } => self.building(event),
            Event::UploadStarted { .. }
            | Event::UploadProgress { .. }
            | Event::Uploaded { .. }
            | Event::AlreadyThere { .. }
            | Event::UploadFailed { .. }
            | Event::Blocked { .. }
            | Event::Waiting { .. }
            | Event::Visible { .. } => self.sending(event),
            Event::VerifyStarted { .. } | Event::VerifyFinished { .. } => self.verifying(event),
            _ => self.running(event),
        }
    }
}
