//! The Python environment of the tests: a virtual environment under the target directory that holds what the
//! requirement files under tests/ list, and the repository's own packages, editable.
//!
//! A stamp in it says what it was made from; as long as that is unchanged nothing is installed again.

use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use crate::console;
use crate::failure::Failure;
use crate::process::Process;
use crate::repository::Repository;
use crate::system;

/// Oldest Python that the repository's packages and tests run on.
const OLDEST: (u32, u32) = (3, 11);

/// Names under which a Python 3 may be found, with the arguments that select it.
const CANDIDATES: [&[&str]; 3] = [&["python3"], &["python"], &["py", "-3"]];

/// The virtual environment at a directory.
pub(crate) struct Environment {
    directory: PathBuf,
}

impl Environment {
    /// The environment at `directory`, made or not.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Path of its interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// Path of a program that a package in it brought.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let folder = if cfg!(windows) { "Scripts" } else { "bin" };
        self.directory.join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    fn stamp(&self) -> PathBuf {
        self.directory.join("installed-from")
    }
}

/// Makes the environment current.
///
/// # Errors
///
/// Fails when no fitting Python is found, or when an installation fails.
pub(crate) fn prepare(repository: &Repository) -> Result<(), Failure> {
    let environment = repository.python();
    let interpreter = Interpreter::find()?;
    let sources = Sources::find(repository)?;
    let fingerprint = sources.fingerprint(repository, &interpreter.describe())?;
    if environment.python().is_file()
        && fs::read_to_string(environment.stamp()).is_ok_and(|it| it == fingerprint)
    {
        console::line(format!("current: {}", environment.directory.display()));
        return Ok(());
    }
    if environment.directory.exists() {
        fs::remove_dir_all(&environment.directory)?;
    }
    interpreter.make(&environment.directory)?;
    let install = Process::new(environment.python())
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(sources.arguments())
        .directory(repository.root());
    install.run()?;
    fs::write(environment.stamp(), fingerprint)?;
    Ok(())
}

/// What is installed: requirement files and packages, from the root of the checkout with `/`.
#[derive(Debug)]
struct Sources {
    requirements: Vec<String>,
    packages: Vec<String>,
}

impl Sources {
    fn find(repository: &Repository) -> Result<Self, Failure> {
        let requirements = repository.files()?.into_iter().filter(|path| is_requirements(path)).collect();
        Ok(Self { requirements, packages: repository.packages()? })
    }

    /// The arguments of `pip install`: one call, so that contradictions between the files are told and not
    /// silently settled by the last one.
    fn arguments(&self) -> Vec<String> {
        let files = self.requirements.iter().flat_map(|path| ["--requirement".to_owned(), path.clone()]);
        let packages =
            self.packages.iter().flat_map(|path| ["--editable".to_owned(), format!("./{path}[dev]")]);
        files.chain(packages).collect()
    }

    /// A digest of everything that decides what gets installed.
    fn fingerprint(&self, repository: &Repository, interpreter: &str) -> Result<String, Failure> {
        let mut hash = Sha256::new();
        hash.update(interpreter);
        let manifests = self.packages.iter().map(|path| format!("{path}/pyproject.toml"));
        for path in self.requirements.iter().cloned().chain(manifests) {
            let text = fs::read(repository.root().join(&path))?;
            hash.update(format!("\n{path} {}\n", text.len()));
            hash.update(text);
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Whether a path names a requirement file of the tests.
fn is_requirements(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // Deeper down are projects that tests work on, whose requirements are theirs.
    let depth = path.matches('/').count();
    path.starts_with("tests/") && depth <= 2 && name.starts_with("requirements") && name.ends_with(".txt")
}

/// A Python 3 on the search path.
struct Interpreter {
    command: &'static [&'static str],
    path: String,
    version: (u32, u32),
}

impl Interpreter {
    fn find() -> Result<Self, Failure> {
        let mut seen = Vec::new();
        for command in CANDIDATES {
            let question = "import sys; print('%d %d %s' % (*sys.version_info[:2], sys.executable))";
            let Ok(answer) = Process::new(command[0]).args(&command[1..]).args(["-c", question]).capture()
            else {
                continue;
            };
            let Some((version, path)) = parse_answer(&answer) else { continue };
            if version >= OLDEST {
                return Ok(Self { command, path, version });
            }
            seen.push(format!("{path} ({}.{})", version.0, version.1));
        }
        let found = if seen.is_empty() { "none".to_owned() } else { seen.join(", ") };
        Err(Failure::new(format!("the tests need Python {}.{} or newer, found: {found}", OLDEST.0, OLDEST.1))
            .with_hint("install one and put it on the search path as `python3` or `python`"))
    }

    fn describe(&self) -> String {
        format!("{} {}.{}", self.path, self.version.0, self.version.1)
    }

    /// Makes a virtual environment. Debian keeps the module apart from its Python, so it is installed when missing.
    fn make(&self, directory: &Path) -> Result<(), Failure> {
        let venv = || {
            Process::new(self.command[0])
                .args(&self.command[1..])
                .args(["-m", "venv", "--clear"])
                .arg(directory)
                .run()
        };
        venv().or_else(|failure| {
            let package = format!("python{}.{}-venv", self.version.0, self.version.1);
            system::install(&package).map_err(|remedy| failure.with_hint(remedy.to_string()))?;
            venv()
        })
    }
}

fn parse_answer(answer: &str) -> Option<((u32, u32), String)> {
    let mut words = answer.trim().splitn(3, ' ');
    let version = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((version, words.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirement_files_are_those_of_the_tests() {
        assert!(is_requirements("tests/requirements-lint.txt"));
        assert!(is_requirements("tests/mcp/requirements.txt"));
        assert!(!is_requirements("packages/a/requirements.txt"));
        assert!(!is_requirements("tests/parity/fixture/notes.txt"));
        assert!(!is_requirements("tests/parity/projects/one/requirements.txt"));
    }

    #[test]
    fn everything_is_installed_in_one_call() {
        let sources = Sources {
            requirements: vec!["tests/requirements-lint.txt".into()],
            packages: vec!["packages/a".into()],
        };
        assert_eq!(
            sources.arguments(),
            ["--requirement", "tests/requirements-lint.txt", "--editable", "./packages/a[dev]"]
        );
    }

    #[test]
    fn the_answer_of_an_interpreter_is_read_with_blanks_in_its_path() {
        let answer = "3 12 C:\\Program Files\\Python\\python.exe\r\n";
        assert_eq!(parse_answer(answer), Some(((3, 12), "C:\\Program Files\\Python\\python.exe".to_owned())));
        assert_eq!(parse_answer("Python was not found"), None);
    }
}
