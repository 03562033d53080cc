//! The two streams and how they are used: data on standard output, everything else on standard error.

use std::io::{self, BufRead, Write};
use std::sync::{Mutex, MutexGuard};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use indicatif::MultiProgress;
use pyrel_model::{Level, Location};
use serde::Serialize;

use super::prompt::{self, Answer};
use super::{annotation, table::Table};
use crate::exit::CommandError;

/// How a status line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something was done.
    Done,
    /// Something is going on.
    Busy,
    /// Something needs attention.
    Warn,
    /// Something failed.
    Fail,
}

impl Tone {
    /// Returns the style of the status word.
    pub(crate) fn style(self) -> Style {
        let color = match self {
            Self::Done => AnsiColor::Green,
            Self::Busy => AnsiColor::Cyan,
            Self::Warn => AnsiColor::Yellow,
            Self::Fail => AnsiColor::Red,
        };
        Style::new().bold().fg_color(Some(color.into()))
    }
}

/// What decides how output looks; resolved once, at the edge.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the terminal, read once")]
pub(crate) struct Settings {
    /// Whether `--format json` was asked for.
    pub(crate) json: bool,
    /// Whether `--quiet` was asked for.
    pub(crate) quiet: bool,
    /// How often `--verbose` was given.
    pub(crate) verbose: u8,
    /// Whether standard error takes progress bars.
    pub(crate) progress: bool,
    /// Whether a person can be asked.
    pub(crate) interactive: bool,
    /// Whether this is a GitHub Actions job.
    pub(crate) github: bool,
    /// When to use colour.
    pub(crate) color: anstream::ColorChoice,
}

/// The screen. Shared between threads; each line is written whole.
pub(crate) struct Ui {
    settings: Settings,
    out: Mutex<Box<dyn Write + Send>>,
    err: Mutex<Box<dyn Write + Send>>,
    /// Whether standard error takes no colours.
    is_plain: bool,
    stage: Option<MultiProgress>,
}

impl Ui {
    /// Makes the screen on the real streams.
    pub(crate) fn new(settings: Settings) -> Self {
        let out = AutoStream::new(io::stdout(), settings.color);
        let err = AutoStream::new(io::stderr(), settings.color);
        let is_plain = err.current_choice() == ColorChoice::Never;
        let stage = settings.progress.then(MultiProgress::new);
        Self { settings, out: Mutex::new(Box::new(out)), err: Mutex::new(Box::new(err)), is_plain, stage }
    }

    /// Returns the settings.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns where progress bars appear, if they do.
    pub(crate) fn stage(&self) -> Option<&MultiProgress> {
        self.stage.as_ref()
    }

    /// Writes a line of data.
    pub(crate) fn data(&self, line: &str) -> Result<(), CommandError> {
        Ok(self.suspended(|| writeln!(lock(&self.out), "{line}"))?)
    }

    /// Writes bytes of data as they are.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<(), CommandError> {
        let mut out = lock(&self.out);
        out.write_all(bytes)?;
        Ok(out.flush()?)
    }

    /// Writes a table of data.
    pub(crate) fn table(&self, table: &Table) -> Result<(), CommandError> {
        table.lines().iter().try_for_each(|line| self.data(line))
    }

    /// Writes the one JSON document of a run.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), CommandError> {
        let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
        self.data(&text)
    }

    /// Says what was done or is going on: a verb and its object. Nothing when quiet.
    pub(crate) fn status(&self, tone: Tone, verb: &str, text: &str) {
        if !self.settings.quiet || matches!(tone, Tone::Warn | Tone::Fail) {
            let style = tone.style();
            self.note(&format!("{style}{verb:>10}{style:#} {text}"));
        }
    }

    /// Says something that only `--verbose` shows.
    pub(crate) fn detail(&self, text: &str) {
        if self.settings.verbose > 0 {
            let style = Style::new().dimmed();
            self.note(&format!("{:>10} {style}{text}{style:#}", ""));
        }
    }

    /// Warns.
    pub(crate) fn warning(&self, text: &str, location: Option<&Location>) {
        let style = Tone::Warn.style();
        self.note(&format!("{style}warning{style:#}: {text}"));
        if self.settings.github {
            self.note(&annotation::annotation(Level::Warning, "pyrel", text, location));
        }
    }

    /// Gives advice.
    pub(crate) fn hint(&self, text: &str) {
        let style = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
        self.note(&format!("{style}hint{style:#}: {text}"));
    }

    /// Writes a finding as an annotation, when this is a GitHub Actions job.
    pub(crate) fn annotate(&self, level: Level, title: &str, message: &str, location: Option<&Location>) {
        if self.settings.github {
            self.note(&annotation::annotation(level, title, message, location));
        }
    }

    /// Writes a line to standard error. A closed standard error stops nobody.
    pub(crate) fn note(&self, line: &str) {
        // One call for the whole line: the stream would make one of each stretch between colours.
        let mut text = if self.is_plain { strip_str(line).to_string() } else { line.to_owned() };
        text.push('\n');
        self.suspended(|| {
            let _closed = lock(&self.err).write_all(text.as_bytes());
        });
    }

    /// Writes what a child writes, as it comes, to standard error.
    pub(crate) fn stream(&self, bytes: &[u8]) {
        self.suspended(|| {
            let mut err = lock(&self.err);
            let _closed = err.write_all(bytes).and_then(|()| err.flush());
        });
    }

    /// Writes lines that belong together, folded in the log of a GitHub Actions job.
    pub(crate) fn group(&self, title: &str, lines: &str) {
        let text = lines.trim_end();
        if self.settings.github {
            self.note(&format!("::group::{title}\n{text}\n::endgroup::"));
        } else {
            self.note(text);
        }
    }

    /// Writes the final error of a run.
    pub(crate) fn error(&self, error: &CommandError) {
        let style = Tone::Fail.style();
        if let Some(cause) = &error.error {
            let heading = error.failure.heading();
            self.note(&format!("{style}{heading}{style:#}: {cause}"));
            // Some errors tell their causes themselves, for places that show one line.
            let told = cause.to_string();
            let untold = cause.chain().skip(1).map(ToString::to_string).filter(|text| !told.contains(text));
            untold.for_each(|text| self.note(&format!("  caused by: {text}")));
            if self.settings.github {
                let text = format!("{cause:#}");
                self.note(&annotation::annotation(Level::Error, heading, &text, error.location.as_deref()));
            }
        }
        let snippet = error.location.as_ref().map(|location| location.to_snippet());
        if let Some(snippet) = snippet.filter(|text| !text.is_empty()) {
            self.note(&snippet);
        }
        for hint in &error.hints {
            self.hint(hint);
        }
    }

    /// Asks a yes-or-no question on the terminal.
    pub(crate) fn ask_yes(&self, question: &str) -> io::Result<Answer> {
        self.suspended(|| prompt::ask_yes(&mut *lock(&self.err), &mut stdin_lines(), question))
    }

    /// Asks for a line on the terminal.
    pub(crate) fn ask_line(&self, question: &str) -> io::Result<Option<String>> {
        self.suspended(|| prompt::ask_line(&mut *lock(&self.err), &mut stdin_lines(), question))
    }

    /// Asks for a secret on the terminal; what is typed is not shown.
    pub(crate) fn ask_secret(&self, question: &str) -> io::Result<Option<String>> {
        self.suspended(|| rpassword::prompt_password(question).map(|typed| Some(typed.trim().to_owned())))
    }

    /// Takes the progress bars off the screen while `write` runs.
    fn suspended<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.stage {
            Some(stage) => stage.suspend(write),
            None => write(),
        }
    }
}

fn stdin_lines() -> impl BufRead {
    io::stdin().lock()
}

fn lock<T: ?Sized>(mutex: &Mutex<Box<T>>) -> MutexGuard<'_, Box<T>> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
