//! What the process was started with: variables, working directory, terminals, clock. Read here and nowhere
//! else, so that everything below is hermetic.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr, stdin};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine as this process sees it.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// Environment variables whose names and values are Unicode.
    pub(crate) variables: BTreeMap<String, String>,
    /// The working directory.
    pub(crate) directory: PathBuf,
    /// Whether standard input and standard error are a terminal.
    pub(crate) interactive: bool,
    /// Whether standard error is a terminal.
    pub(crate) stderr_is_terminal: bool,
    /// The time at the start, in seconds since 1970.
    pub(crate) now: u64,
    /// Cores that may be used.
    pub(crate) cores: usize,
    /// The file that this process runs, where the system tells.
    pub(crate) program: Option<PathBuf>,
}

impl Environment {
    /// Reads the environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the edge")]
    pub(crate) fn read() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let stderr_is_terminal = stderr().is_terminal();
        Self {
            variables,
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            interactive: stderr_is_terminal && stdin().is_terminal(),
            stderr_is_terminal,
            now: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            program: std::env::current_exe().ok(),
        }
    }

    /// Returns a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns the folders of `PATH`.
    pub(crate) fn path(&self) -> Vec<PathBuf> {
        self.get("PATH").map(|path| std::env::split_paths(path).collect()).unwrap_or_default()
    }

    /// Returns what tells this very program from any other: its version, size, and time.
    pub(crate) fn program_stamp(&self) -> std::io::Result<String> {
        let program = fs_err::metadata(self.program.as_deref().unwrap_or(Path::new("")))?;
        let since = program.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION");
        Ok(format!(
            "pyrel {version}, {} bytes of {}.{:09}",
            program.len(),
            since.as_secs(),
            since.subsec_nanos()
        ))
    }

    /// Returns the person's home folder.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.get(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from)
    }
}
