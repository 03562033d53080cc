//! Finding Python interpreters and asking them for their version.

use std::path::{Path, PathBuf};

use pyrel_project::process::Process;

use super::PythonError;

/// A Python interpreter that has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The executable.
    pub path: PathBuf,
    /// Major, minor, and micro version.
    pub version: (u8, u8, u8),
}

#[cfg(windows)]
const NAMES: [&str; 3] = ["python.exe", "python3.exe", "py.exe"];
#[cfg(not(windows))]
const NAMES: [&str; 2] = ["python3", "python"];

impl Interpreter {
    /// Finds an interpreter in `path_dirs` (the folders of `PATH`, in order).
    ///
    /// `wanted` is a version (`3`, `3.12`, `3.12.4`), the name of an executable, or a path; without it the
    /// first `python3` or `python` that is Python 3 is taken.
    ///
    /// # Errors
    /// When nothing fits, or the named executable is no Python.
    pub fn find(path_dirs: &[PathBuf], wanted: Option<&str>) -> Result<Self, PythonError> {
        let not_found = || PythonError::NotFound { wanted: wanted.unwrap_or("python3").to_owned() };
        match wanted {
            Some(text) if text.contains(['/', '\\']) => Self::probe(Path::new(text)),
            Some(text) => match parse_prefix(text) {
                Some(prefix) => Self::find_version(path_dirs, &prefix).ok_or_else(not_found),
                None => in_dirs(path_dirs, &executable_name(text))
                    .next()
                    .map_or_else(|| Err(not_found()), |path| Self::probe(&path)),
            },
            None => Self::find_version(path_dirs, &[3]).ok_or_else(not_found),
        }
    }

    fn find_version(path_dirs: &[PathBuf], prefix: &[u8]) -> Option<Self> {
        let mut names: Vec<String> = Vec::new();
        if let [major, minor, ..] = prefix {
            names.push(executable_name(&format!("python{major}.{minor}")));
        }
        names.extend(NAMES.iter().map(|name| (*name).to_owned()));
        names
            .iter()
            .flat_map(|name| in_dirs(path_dirs, name))
            .filter_map(|path| Self::probe(&path).ok())
            .find(|found| found.has_prefix(prefix))
    }

    fn has_prefix(&self, prefix: &[u8]) -> bool {
        let own = [self.version.0, self.version.1, self.version.2];
        own.starts_with(prefix)
    }

    /// Asks one executable for its version, and for where it really is: a version manager's shim stands in for an
    /// interpreter, and does work of its own around each `pip` that several at once get in each other's way with.
    ///
    /// # Errors
    /// When it does not run, or does not answer as Python does.
    pub fn probe(path: &Path) -> Result<Self, PythonError> {
        const QUESTION: &str = "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)";
        let unusable = |reason: String| PythonError::Unusable { path: path.to_path_buf(), reason };
        let output = Process::new(path)
            .args(["-I", "-S", "-c", QUESTION])
            .run_checked()
            .map_err(|error| unusable(error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (version, executable) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        let parts: Option<Vec<u8>> = version.trim().split('.').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some([major, minor, micro]) => {
                let executable = Path::new(executable.trim());
                let real = if executable.is_absolute() && executable.is_file() { executable } else { path };
                Ok(Self { path: real.to_path_buf(), version: (*major, *minor, *micro) })
            }
            _ => Err(unusable(format!("it answered `{}` when asked for its version", text.trim()))),
        }
    }

    /// Takes the configured interpreter, or the first of `python3` and `python` that the system finds.
    pub(crate) fn configured(path: Option<&Path>) -> Result<Self, PythonError> {
        if let Some(path) = path {
            return Self::probe(path);
        }
        let found = NAMES.iter().find_map(|name| Self::probe(Path::new(name)).ok());
        found.ok_or_else(|| PythonError::NotFound { wanted: "python3".to_owned() })
    }
}

fn parse_prefix(text: &str) -> Option<Vec<u8>> {
    let parts: Vec<u8> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (1..=3).contains(&parts.len()).then_some(parts)
}

fn executable_name(name: &str) -> String {
    if cfg!(windows) && !name.ends_with(".exe") { format!("{name}.exe") } else { name.to_owned() }
}

fn in_dirs<'a>(dirs: &'a [PathBuf], name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    dirs.iter().map(move |dir| dir.join(name)).filter(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_names_are_told_apart() {
        assert_eq!(parse_prefix("3.12"), Some(vec![3, 12]));
        assert_eq!(parse_prefix("3"), Some(vec![3]));
        assert_eq!(parse_prefix("python3"), None);
        assert_eq!(parse_prefix("3.1.2.3"), None);
    }

    #[test]
    fn an_empty_path_has_no_python() {
        let error = Interpreter::find(&[], Some("3.12")).unwrap_err();
        assert_eq!(error.to_string(), "no Python interpreter found for `3.12`");
        assert!(error.hint().unwrap().contains("--python"));
    }
}
