//! What every command gets: the screen, the place, the machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyrel_model::Diagnostic;
use pyrel_project::edit::{Transaction, remedy};
use pyrel_project::{Member, SelectError, Selection, SelectionRequest, Workspace, WorkspaceError};

use crate::cli::{ColorChoice, Format, GlobalArgs, NarrowArgs, SelectionArgs};
use crate::environment::Environment;
use crate::exit::{CommandError, Failure};
use crate::ui::{Settings, Ui};

/// How many packages go to an index at once unless somebody says otherwise: what a public index will not mind.
const CONNECTIONS: usize = 4;
/// The most that go at once, whatever is said.
const MOST_CONNECTIONS: usize = 16;

/// The resolved surroundings of one run.
pub(crate) struct Context {
    ui: Arc<Ui>,
    directory: PathBuf,
    environment: Environment,
    format: Format,
    jobs: usize,
    connections: usize,
    offline: bool,
    /// Whether an interrupted command was told of.
    warned: AtomicBool,
}

impl Context {
    /// Resolves the global flags on this machine.
    pub(crate) fn new(globals: &GlobalArgs, environment: Environment) -> Self {
        let ci = environment.get("CI").is_some();
        let settings = Settings {
            json: matches!(globals.format, Format::Json | Format::Sarif),
            quiet: globals.quiet,
            verbose: globals.verbose,
            progress: environment.stderr_is_terminal && !globals.no_progress && !globals.quiet && !ci,
            interactive: environment.interactive && !ci,
            github: environment.get("GITHUB_ACTIONS") == Some("true"),
            color: color(globals.color, &environment),
        };
        let directory = match &globals.directory {
            Some(directory) => environment.directory.join(directory),
            None => environment.directory.clone(),
        };
        let jobs = globals.jobs.map_or(environment.cores, usize::from);
        let connections = globals.jobs.map_or(CONNECTIONS, usize::from).min(MOST_CONNECTIONS);
        Self {
            ui: Arc::new(Ui::new(settings)),
            directory,
            environment,
            format: globals.format,
            jobs,
            connections,
            offline: globals.offline,
            warned: AtomicBool::new(false),
        }
    }

    /// Returns the screen.
    pub(crate) fn ui(&self) -> &Ui {
        &self.ui
    }

    /// Returns the screen for those that outlive a call.
    pub(crate) fn shared_ui(&self) -> &Arc<Ui> {
        &self.ui
    }

    /// Returns the directory to work in, absolute.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the machine.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the format of standard output.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Returns how many files to work on at once.
    pub(crate) fn jobs(&self) -> usize {
        self.jobs
    }

    /// Returns how many packages to send to an index at once.
    pub(crate) fn connections(&self) -> usize {
        self.connections
    }

    /// Tells whether the network beyond this machine is off limits.
    pub(crate) fn offline(&self) -> bool {
        self.offline
    }

    /// Tells whether standard output takes one JSON document, of whatever shape.
    pub(crate) fn json(&self) -> bool {
        self.ui.settings().json
    }

    /// Returns a path as a person sees it from the working directory.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let here = &self.environment.directory;
        path.strip_prefix(here).unwrap_or(path).display().to_string()
    }

    /// Finds the workspace, and warns where a command was interrupted while it wrote: what is read is then half of
    /// something.
    pub(crate) fn workspace(&self) -> Result<Workspace, CommandError> {
        let workspace = self.discover()?;
        if let Some(kind) = Transaction::pending(workspace.root())
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            let text = format!(
                "an earlier `pyrel {kind}` was interrupted while it wrote: files may be half changed"
            );
            self.ui().warning(&text, None);
            self.ui().hint(&format!("run `{}`, which says what it restores", remedy(&kind)));
        }
        Ok(workspace)
    }

    /// Finds the workspace, for commands that look after interrupted ones themselves.
    pub(crate) fn discover(&self) -> Result<Workspace, CommandError> {
        if !self.directory.is_dir() {
            let message = format!("no such directory: `{}`", self.directory.display());
            return Err(CommandError::message(Failure::Usage, message));
        }
        Workspace::discover(&self.directory).map_err(|error| match error {
            WorkspaceError::Config(diagnostic) => self.located(*diagnostic),
            other => {
                let hint = other.hint();
                CommandError::new(Failure::Usage, other).hint(hint)
            }
        })
    }

    /// Makes the error of a located mistake, its path as a person sees it from the working directory.
    pub(crate) fn located(&self, mut diagnostic: Diagnostic) -> CommandError {
        if let Some(location) = &mut diagnostic.location {
            location.path = PathBuf::from(self.shown(&location.path));
        }
        CommandError::diagnostic(Failure::Usage, diagnostic)
    }

    /// Selects packages of a workspace.
    pub(crate) fn select<'w>(
        &self,
        workspace: &'w Workspace,
        args: &SelectionArgs,
    ) -> Result<Selection<'w>, CommandError> {
        self.select_named(workspace, &args.packages, &args.narrow)
    }

    /// Selects packages of a workspace by names and what narrows them.
    pub(crate) fn select_named<'w>(
        &self,
        workspace: &'w Workspace,
        names: &[String],
        narrow: &NarrowArgs,
    ) -> Result<Selection<'w>, CommandError> {
        workspace.select(&request(names, narrow)).map_err(|error| self.selection_error(error))
    }

    /// Selects members of a workspace, broken ones too.
    pub(crate) fn select_members<'w>(
        &self,
        workspace: &'w Workspace,
        args: &SelectionArgs,
    ) -> Result<Vec<&'w Member>, CommandError> {
        let request = request(&args.packages, &args.narrow);
        workspace.select_members(&request).map_err(|error| self.selection_error(error))
    }

    fn selection_error(&self, error: SelectError) -> CommandError {
        let hint = error.hint();
        let SelectError::Broken { mut members } = error else {
            return CommandError::new(Failure::Usage, error).hint(hint);
        };
        let last = members.pop();
        for (_, diagnostic) in members {
            self.ui.error(&self.located(*diagnostic));
        }
        match last {
            Some((_, diagnostic)) => self.located(*diagnostic),
            None => CommandError::silent(Failure::Usage),
        }
    }
}

fn request(names: &[String], narrow: &NarrowArgs) -> SelectionRequest {
    SelectionRequest {
        names: names.to_vec(),
        exclude: narrow.exclude.clone(),
        changed_since: narrow.changed.then(|| narrow.since.clone()),
    }
}

fn color(choice: ColorChoice, environment: &Environment) -> anstream::ColorChoice {
    match choice {
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
        ColorChoice::Auto if environment.get("NO_COLOR").is_some() => anstream::ColorChoice::Never,
        ColorChoice::Auto => anstream::ColorChoice::Auto,
    }
}
