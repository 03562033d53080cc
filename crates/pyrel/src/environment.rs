//! What the process was started with: variables, working directory, terminals, clock. Read here and nowhere
//! else, so that everything below is hermetic.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr, stdin};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use pyrel_project::is_credential_variable;

/// The machine as this process sees it.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// Environment variables whose names and values are Unicode.
    pub(crate) variables: BTreeMap<String, String>,
    /// Those of them that a backend may see, because they are no credentials.
    backend_variables: BTreeMap<String, String>,
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
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let mut backend_variables = variables.clone();
        backend_variables.retain(|name, _| !is_credential_variable(name.as_ref()));
        let stderr_is_terminal = stderr().is_terminal();
        Self {
            variables,
            backend_variables,
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

    /// Returns the variables that a backend may see.
    pub(crate) fn for_backends(&self) -> &BTreeMap<String, String> {
        &self.backend_variables
    }

    /// Returns the day of the start in UTC, or of `SOURCE_DATE_EPOCH`, as `2024-01-02`; the text of the variable when
    /// it is no number of seconds.
    pub(crate) fn today(&self) -> Result<String, String> {
        let seconds = match self.get("SOURCE_DATE_EPOCH") {
            Some(text) => text.parse().map_err(|_| text.to_owned())?,
            None => self.now,
        };
        Ok(day(seconds))
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

/// Returns the day in UTC of a time in seconds since 1970, as `2024-01-02`, by years that start in
/// March, so that a leap day is the last one.
pub(crate) fn day(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_by_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_700_000_000, "2023-11-14"),
            (1_735_689_599, "2024-12-31"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(day(seconds), expected);
        }
    }
}
