//! Virtual environments: made by `uv` when it is at hand, else by the standard library and `pip`.
//!
//! A `pip` of its own costs an environment several seconds, and needs `ensurepip`, which some systems package
//! apart. So the interpreter's own `pip` does the work from outside, where it is there and can.

use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_project::Cancel;
use pyrel_project::process::Process;

use super::{InstallRequest, Interpreter, PythonError};

/// A virtual environment.
#[derive(Debug, Clone)]
pub struct Venv {
    dir: PathBuf,
    installer: Installer,
    cancel: Cancel,
}

/// Who installs into an environment.
#[derive(Debug, Clone)]
enum Installer {
    /// The `uv` executable.
    Uv(PathBuf),
    /// The `pip` of this interpreter, from outside (`pip --python`, since pip 22.3).
    Outer(PathBuf),
    /// The environment's own `pip`.
    Inner,
}

impl Installer {
    fn of(interpreter: &Interpreter, uv: Option<&Path>) -> Self {
        match uv {
            Some(uv) => Self::Uv(uv.to_path_buf()),
            None if can_reach_out(interpreter) => Self::Outer(interpreter.path.clone()),
            None => Self::Inner,
        }
    }
}

/// Tells whether the interpreter has a `pip` that can work on another environment.
fn can_reach_out(interpreter: &Interpreter) -> bool {
    let asked = Process::new(&interpreter.path).args(["-I", "-m", "pip", "--version"]).run();
    let Ok(output) = asked else { return false };
    let text = output.stdout_text();
    let mut numbers = text.strip_prefix("pip ").unwrap_or_default().split(['.', ' ']).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => output.success() && (major, minor) >= (22, 3),
        _ => false,
    }
}

impl Venv {
    /// Makes an environment in `dir` (made when missing).
    ///
    /// # Errors
    /// When the folder or the environment cannot be made.
    pub fn create(dir: &Path, interpreter: &Interpreter, uv: Option<&Path>) -> Result<Self, PythonError> {
        Self::create_until(dir, interpreter, uv, &Cancel::default())
    }

    /// Makes an environment as [`create`](Self::create) does, until somebody asks to stop; so do its later commands.
    ///
    /// # Errors
    /// As [`create`](Self::create), and when it is stopped.
    pub fn create_until(
        dir: &Path,
        interpreter: &Interpreter,
        uv: Option<&Path>,
        cancel: &Cancel,
    ) -> Result<Self, PythonError> {
        let folder = |source| PythonError::Folder { path: dir.to_path_buf(), source };
        fs::create_dir_all(dir).map_err(folder)?;
        let installer = Installer::of(interpreter, uv);
        let process = match &installer {
            Installer::Uv(uv) => Process::new(uv)
                .args(["venv", "--quiet", "--no-project", "--allow-existing", "--python"])
                .arg(&interpreter.path)
                .arg(dir),
            Installer::Outer(python) => {
                Process::new(python).args(["-I", "-m", "venv", "--without-pip"]).arg(dir)
            }
            Installer::Inner => Process::new(&interpreter.path).args(["-I", "-m", "venv"]).arg(dir),
        };
        let failed = |source| PythonError::Create { path: dir.to_path_buf(), source };
        process.cancelled_by(cancel).run_checked().map_err(failed)?;
        let venv = Self { dir: dir.to_path_buf(), installer, cancel: cancel.clone() };
        if matches!(venv.installer, Installer::Inner) {
            // Before Python 3.12 an environment is born with an old setuptools, which would meet `setuptools>=61`.
            venv.command("uninstall")
                .args(["--yes", "--quiet", "setuptools"])
                .run_checked()
                .map_err(failed)?;
        }
        Ok(venv)
    }

    /// Returns the environment's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the folder of its executables, to be put first in `PATH`.
    #[must_use]
    pub fn bin_dir(&self) -> PathBuf {
        self.dir.join(if cfg!(windows) { "Scripts" } else { "bin" })
    }

    /// Returns its interpreter.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.bin_dir().join(if cfg!(windows) { "python.exe" } else { "python" })
    }

    /// Returns where a console script of this name would be.
    #[must_use]
    pub fn script(&self, name: &str) -> PathBuf {
        self.bin_dir().join(if cfg!(windows) { format!("{name}.exe") } else { name.to_owned() })
    }

    /// Installs requirements.
    ///
    /// # Errors
    /// When the installer fails; the error carries the end of its output.
    pub fn install(&self, request: &InstallRequest) -> Result<(), PythonError> {
        if request.requirements.is_empty() {
            return Ok(());
        }
        let with_uv = matches!(self.installer, Installer::Uv(_));
        let mut process = self.command("install").arg("--quiet").args(request.arguments(with_uv));
        for (name, value) in &request.environment {
            process = process.env(name, value.expose());
        }
        process
            .run_checked()
            .map(drop)
            .map_err(|source| PythonError::Install { requirements: request.listed(), source })
    }

    /// Returns the command that asks whether every requirement of what is installed is met, and how a person
    /// would type it.
    #[must_use]
    pub fn check_command(&self) -> (Process, &'static str) {
        let shown = if matches!(self.installer, Installer::Uv(_)) { "uv pip check" } else { "pip check" };
        (self.command("check"), shown)
    }

    /// Returns a command of the installer on this environment.
    fn command(&self, word: &str) -> Process {
        const PIP: [&str; 5] = ["-I", "-m", "pip", "--disable-pip-version-check", "--no-input"];
        let process = match &self.installer {
            Installer::Uv(uv) => Process::new(uv).args(["pip", word, "--python"]).arg(self.python()),
            Installer::Outer(python) => {
                Process::new(python).args(PIP).arg("--python").arg(self.python()).arg(word)
            }
            Installer::Inner => Process::new(self.python()).args(PIP).arg(word),
        };
        process.cancelled_by(&self.cancel)
    }
}
