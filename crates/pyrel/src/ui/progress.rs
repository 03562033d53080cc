//! Progress bars: on a terminal, for what takes longer than a second; nowhere else.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long something must have run before its bar appears.
const PATIENCE: Duration = Duration::from_secs(1);

/// One bar, hidden until it has been worth showing; dropping it removes it from the screen.
#[derive(Debug)]
pub(crate) struct Meter {
    bar: ProgressBar,
    stage: Option<MultiProgress>,
    started: Instant,
}

impl Meter {
    /// Makes a bar over `total` bytes that may appear on `stage`; without a stage it never does.
    pub(crate) fn bytes(stage: Option<&MultiProgress>, label: String, total: u64) -> Self {
        let template = "{msg:32!} {bar:28.cyan/dim} {bytes:>10}/{total_bytes:<10} {eta:>4}";
        Self::with_template(stage, label, Some(total), template)
    }

    /// Makes a spinner for a step of unknown length.
    pub(crate) fn spinner(stage: Option<&MultiProgress>, label: String) -> Self {
        let meter = Self::with_template(stage, label, None, "{spinner:.cyan} {msg} {elapsed:.dim}");
        if meter.stage.is_some() {
            meter.bar.enable_steady_tick(Duration::from_millis(120));
        }
        meter
    }

    fn with_template(
        stage: Option<&MultiProgress>,
        label: String,
        total: Option<u64>,
        template: &str,
    ) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template(template).expect("the template is a constant that parses");
        bar.set_style(style.progress_chars("━╸─"));
        bar.set_message(label);
        Self { bar, stage: stage.cloned(), started: Instant::now() }
    }

    /// Moves to an absolute position and shows the bar when it is time.
    pub(crate) fn set(&mut self, position: u64) {
        self.bar.set_position(position);
        self.appear();
    }

    /// Shows the bar once it has run for a second.
    pub(crate) fn appear(&mut self) {
        if self.started.elapsed() >= PATIENCE
            && let Some(stage) = self.stage.take()
        {
            self.bar = stage.add(self.bar.clone());
        }
    }

    /// Shows a spinner at once, for steps known to be slow.
    pub(crate) fn appear_now(&mut self) {
        if let Some(stage) = self.stage.take() {
            self.bar = stage.add(self.bar.clone());
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
