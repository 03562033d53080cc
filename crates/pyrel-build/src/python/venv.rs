//! Virtual environments: made by `uv` when it is at hand, else by the standard library and `pip`.

use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_project::process::Process;

use super::{InstallRequest, Interpreter, PythonError};

/// A virtual environment.
#[derive(Debug, Clone)]
pub struct Venv {
    dir: PathBuf,
    uv: Option<PathBuf>,
}

impl Venv {
    /// Makes an environment in `dir` (made when missing).
    ///
    /// # Errors
    /// When the folder or the environment cannot be made.
    pub fn create(dir: &Path, interpreter: &Interpreter, uv: Option<&Path>) -> Result<Self, PythonError> {
        let folder = |source| PythonError::Folder { path: dir.to_path_buf(), source };
        fs::create_dir_all(dir).map_err(folder)?;
        let process = match uv {
            Some(uv) => Process::new(uv)
                .args(["venv", "--quiet", "--no-project", "--allow-existing", "--python"])
                .arg(&interpreter.path)
                .arg(dir),
            None => Process::new(&interpreter.path).args(["-I", "-m", "venv"]).arg(dir),
        };
        process.run_checked().map_err(|source| PythonError::Create { path: dir.to_path_buf(), source })?;
        Ok(Self { dir: dir.to_path_buf(), uv: uv.map(Path::to_path_buf) })
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
        let process = match &self.uv {
            Some(uv) => Process::new(uv).args(["pip", "install", "--quiet", "--python"]).arg(self.python()),
            None => self.pip("install"),
        };
        process
            .args(request.arguments(self.uv.is_some()))
            .run_checked()
            .map(drop)
            .map_err(|source| PythonError::Install { requirements: request.listed(), source })
    }

    fn pip(&self, command: &str) -> Process {
        let words = ["-I", "-m", "pip", "--disable-pip-version-check", "--no-input", command, "--quiet"];
        Process::new(self.python()).args(words)
    }
}
