//! The table of stages: this is where a test of the repository is registered, and the only place.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::failure::Failure;
use crate::process::Process;
use crate::repository::Repository;
use crate::{edges, locked, python, rules, source, system};

/// One stage of the test run.
pub(crate) struct Stage {
    /// Its name, for `--stage`.
    pub(crate) name: &'static str,
    /// What it shows, in one line.
    pub(crate) about: &'static str,
    /// Whether `--fast` leaves it out.
    pub(crate) slow: bool,
    /// Names of the stages without which it cannot run; they stand before it.
    pub(crate) needs: &'static [&'static str],
    /// What it does.
    pub(crate) action: Action,
}

/// What a stage does.
pub(crate) enum Action {
    /// Calls a function of this program.
    Gate(fn(&Repository) -> Result<(), Failure>),
    /// Runs programs at the root of the checkout, all of them, even when one fails.
    Run(&'static [Run]),
    /// Runs programs in the directory of each Python package of the repository, two packages at a time: much of a test
    /// of a server is waiting.
    EachPackage(&'static [Run]),
}

/// A program that a stage runs. In arguments and values of variables `{pyrel}`, `{examples}`, `{python}` and `{root}` stand
/// for the paths of the binary under test, of the folder of built examples, of the interpreter of the tests' environment, and of the checkout.
pub(crate) struct Run {
    program: Program,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

/// Which program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    /// The cargo that runs this one.
    Cargo,
    /// A script or module under the interpreter of the tests' environment.
    Python,
    /// pytest, under the same interpreter; its last argument is what to test.
    Pytest,
    /// A tool that was installed into the environment.
    Tool(&'static str),
}

const fn cargo(arguments: &'static [&'static str]) -> Run {
    Run { program: Program::Cargo, arguments, environment: &[] }
}

const fn python(arguments: &'static [&'static str]) -> Run {
    Run { program: Program::Python, arguments, environment: &[] }
}

const fn pytest(arguments: &'static [&'static str]) -> Run {
    Run { program: Program::Pytest, arguments, environment: &[] }
}

const fn tool(name: &'static str, arguments: &'static [&'static str]) -> Run {
    Run { program: Program::Tool(name), arguments, environment: &[] }
}

impl Run {
    const fn with(mut self, environment: &'static [(&'static str, &'static str)]) -> Self {
        self.environment = environment;
        self
    }
}

const fn fast(
    name: &'static str,
    about: &'static str,
    needs: &'static [&'static str],
    action: Action,
) -> Stage {
    Stage { name, about, slow: false, needs, action }
}

const fn slow(
    name: &'static str,
    about: &'static str,
    needs: &'static [&'static str],
    action: Action,
) -> Stage {
    Stage { name, about, slow: true, needs, action }
}

/// How the tests in Python find the binary under test.
const BINARY: &[(&str, &str)] = &[("PYREL_UNDER_TEST", "{pyrel}")];

/// How many packages are worked on at a time.
const AT_A_TIME: usize = 2;

/// All stages, in the order they run: what fails most often and costs least comes first.
pub(crate) const STAGES: &[Stage] = &[
    fast("toolchain", "the formatter and the linter are there", &[], Action::Gate(system::prepare_toolchain)),
    fast(
        "fmt",
        "Rust code is formatted",
        &["toolchain"],
        Action::Run(&[cargo(&["fmt", "--all", "--check"])]),
    ),
    fast("edges", "dependencies between crates follow the diagram", &[], Action::Gate(edges::check)),
    fast("locked", "the lock file stays under its cap", &[], Action::Gate(locked::check)),
    fast(
        "source",
        "files have headers and a bounded length, and leave out what stays out",
        &[],
        Action::Gate(source::check),
    ),
    fast(
        "clippy",
        "lints of all targets, warnings are errors",
        &["toolchain"],
        Action::Run(&[cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ])]),
    ),
    slow(
        "docs",
        "the documentation of the crates builds without a warning",
        &[],
        Action::Run(&[
            cargo(&["doc", "--no-deps", "--workspace", "--locked"]).with(&[("RUSTDOCFLAGS", "-D warnings")])
        ]),
    ),
    slow(
        "rust",
        "tests of the crates",
        &[],
        Action::Run(&[cargo(&["test", "--workspace", "--locked", "--no-fail-fast"])]),
    ),
    slow(
        "binary",
        "the binary that the stages below test",
        &[],
        Action::Run(&[cargo(&["build", "--locked", "--package", "pyrel"])]),
    ),
    slow(
        "fuzz",
        "readers of untrusted files survive mutated ones, some seconds each",
        &[],
        Action::Run(&[cargo(&[
            "run",
            "--locked",
            "--quiet",
            "--package",
            "pyrel-fuzz",
            "--",
            "all",
            "--seconds",
            "3",
        ])]),
    ),
    slow("rules", "docs/rules.md is what the catalogue of rules says", &[], Action::Gate(rules::check)),
    slow("system", "programs of the operating system", &[], Action::Gate(system::prepare)),
    slow("python-env", "the Python environment of the tests", &[], Action::Gate(python::prepare)),
    slow(
        "workflows",
        "GitHub workflows are valid and safe, and call pyrel as it is called",
        &["python-env", "binary"],
        Action::Run(&[
            tool(
                "zizmor",
                &[
                    "--offline",
                    "--no-progress",
                    "--strict-collection",
                    "--persona",
                    "pedantic",
                    "{root}/.github",
                ],
            ),
            tool(
                "check-jsonschema",
                &[
                    "--builtin-schema",
                    "vendor.github-workflows",
                    "{root}/.github/workflows/ci.yml",
                    "{root}/.github/workflows/release.yml",
                ],
            ),
            pytest(&["tests/workflows/test_check_tag.py"]),
            pytest(&["tests/workflows/test_workflows.py"]).with(BINARY),
        ]),
    ),
    slow(
        "justfile",
        "the justfile's recipes are one call each and quote what they are given",
        &["python-env"],
        Action::Run(&[
            tool("just", &["--justfile", "{root}/justfile", "--list"]),
            pytest(&["tests/workflows/test_justfile.py"]),
        ]),
    ),
    slow(
        "python-lint",
        "Python code is formatted and free of lint",
        &["python-env"],
        Action::Run(&[
            tool("ruff", &["check", "--no-cache", "packages", "tests", "benches", ".github"]),
            tool("ruff", &["format", "--no-cache", "--check", "packages", "tests", "benches", ".github"]),
        ]),
    ),
    slow(
        "python-types",
        "the packages are typed",
        &["python-env"],
        Action::EachPackage(&[python(&["-m", "mypy"])]),
    ),
    slow(
        "python-tests",
        "tests of the packages, which reach nine of ten branches",
        &["python-env", "system"],
        Action::EachPackage(&[
            python(&["-m", "coverage", "run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]),
            python(&["-m", "coverage", "report"]),
        ]),
    ),
    slow(
        "packages",
        "the packages from outside: what they share, what they publish, how they install",
        &["python-env"],
        Action::Run(&[pytest(&["--ignore", "tests/mcp/gateway", "tests/mcp"])]),
    ),
    slow(
        "pages",
        "the pages link to what exists and name commands that exist",
        &["python-env", "binary"],
        Action::Run(&[pytest(&["tests/docs"]).with(BINARY)]),
    ),
    slow(
        "output",
        "what pyrel writes for other programs has the shape that they expect",
        &["python-env", "binary"],
        Action::Run(&[pytest(&["tests/output"]).with(BINARY)]),
    ),
    slow(
        "conformance",
        "the MCP conformance suite and foreign clients and servers against all packages",
        &["python-env", "system"],
        Action::Run(&[
            python(&["tests/mcp/run_conformance.py"]),
            python(&["tests/mcp/authorization_conformance.py"]),
            python(&["tests/mcp/proxy_conformance.py"]),
            python(&["tests/mcp/client_conformance.py"]),
            python(&["tests/mcp/fetch_oracle.py"]),
        ]),
    ),
    slow(
        "gateway",
        "the whole gateway behind real edges: consent, tokens, calls, revocation",
        &["python-env", "system"],
        Action::Run(&[pytest(&["tests/mcp/gateway"])]),
    ),
    slow(
        "parity",
        "native builds give what the real backends give",
        &["python-env", "binary"],
        Action::Run(&[python(&[
            "tests/parity/run.py",
            "--pyrel",
            "{pyrel}",
            "--python",
            "{python}",
            "--page",
            "docs/parity.md",
        ])]),
    ),
    slow(
        "readmes",
        "verdicts on made up descriptions are those of PyPI's renderer",
        &["python-env"],
        Action::Run(&[
            cargo(&["build", "--locked", "--package", "pyrel-readme", "--example", "verdict"]),
            python(&[
                "tests/readme/run.py",
                "--count",
                "2000",
                "--jobs",
                "2",
                "--program",
                "{examples}/verdict",
            ]),
        ]),
    ),
    slow(
        "check-parity",
        "verdicts of the check beside those of twine, check-wheel-contents and packaging",
        &["python-env", "binary"],
        Action::Run(&[python(&["tests/check-parity/run.py", "--pyrel", "{pyrel}"])]),
    ),
    slow(
        "index",
        "pip, uv and twine against the embedded index, pyrel against foreign indexes",
        &["python-env", "binary"],
        Action::Run(&[python(&["tests/index/run.py", "--pyrel", "{pyrel}", "--python", "{python}"])]),
    ),
    slow(
        "trusted",
        "publishing with the identity of a CI, against a stand-in that verifies it",
        &["python-env", "binary"],
        Action::Run(&[pytest(&["tests/trusted"]).with(BINARY)]),
    ),
    slow(
        "adopt",
        "projects of six shapes adopted, built, installed, and run",
        &["python-env", "binary"],
        Action::Run(&[python(&["tests/adopt/run.py", "--pyrel", "{pyrel}", "--python", "{python}"])]),
    ),
    slow(
        "e2e",
        "whole releases, from a source tree to an installed package",
        &["python-env", "binary"],
        Action::Run(&[python(&["tests/e2e/run.py", "--pyrel", "{pyrel}", "--python", "{python}"])]),
    ),
];

impl Action {
    /// Performs it.
    ///
    /// # Errors
    ///
    /// Fails with what the gate found, or with the command lines that failed.
    pub(crate) fn perform(&self, repository: &Repository) -> Result<(), Failure> {
        match self {
            Self::Gate(gate) => gate(repository),
            Self::Run(runs) => perform_all(runs, repository, &[repository.root().to_owned()]),
            Self::EachPackage(runs) => {
                let directories: Vec<_> =
                    repository.packages()?.iter().map(|package| repository.root().join(package)).collect();
                if directories.is_empty() {
                    return Err(Failure::new("missing: a package under packages/"));
                }
                perform_beside_each_other(runs, repository, &directories)
            }
        }
    }
}

fn perform_all(runs: &[Run], repository: &Repository, directories: &[PathBuf]) -> Result<(), Failure> {
    let mut failures = Vec::new();
    for directory in directories {
        for run in runs {
            if let Err(failure) = run.process(repository, directory).and_then(Process::run) {
                failures.push(failure.to_string());
            }
        }
    }
    all_told(&failures)
}

/// Takes the directories in turn on a few threads; the programs of one directory follow each other.
fn perform_beside_each_other(
    runs: &[Run],
    repository: &Repository,
    directories: &[PathBuf],
) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(directory) = directories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for run in runs {
                        let ended = run.process(repository, directory).and_then(Process::run_beside_others);
                        if let Err(failure) = ended {
                            let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                            failures.push(format!("{} ({})", failure, directory.display()));
                        }
                    }
                }
            });
        }
    });
    all_told(&failures.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn all_told(failures: &[String]) -> Result<(), Failure> {
    match failures {
        [] => Ok(()),
        [failure] => Err(Failure::new(failure)),
        several => Failure::from_findings("commands that failed", several),
    }
}

impl Run {
    fn process(&self, repository: &Repository, directory: &Path) -> Result<Process, Failure> {
        if let Some(missing) = self.missing(directory) {
            return Err(Failure::new(format!("missing: {missing}")));
        }
        let environment = repository.python();
        let process = match self.program {
            Program::Cargo => Process::cargo(),
            Program::Python => Process::new(environment.python()),
            Program::Pytest => {
                Process::new(environment.python()).args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            }
            Program::Tool(name) => Process::new(environment.program(name)),
        };
        let fill = |text: &str| {
            text.replace("{pyrel}", &repository.binary().to_string_lossy())
                .replace("{examples}", &repository.examples().to_string_lossy())
                .replace("{python}", &environment.python().to_string_lossy())
                .replace("{root}", &repository.root().to_string_lossy())
        };
        let process = process.directory(directory).args(self.arguments.iter().map(|argument| fill(argument)));
        Ok(self.environment.iter().fold(process, |process, (name, value)| process.env(name, fill(value))))
    }

    /// The script, or the file or folder of tests, when it is not there. Python and pytest would say so too, less
    /// clearly.
    fn missing(&self, directory: &Path) -> Option<&'static str> {
        let target = match (self.program, self.arguments) {
            (Program::Python, [script, ..]) if script.ends_with(".py") => script,
            (Program::Pytest, [.., tests]) => tests,
            _ => return None,
        };
        (!directory.join(target).exists()).then_some(*target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_what_a_stage_needs_stands_before_it() {
        for (index, stage) in STAGES.iter().enumerate() {
            let before: Vec<&str> = STAGES[..index].iter().map(|stage| stage.name).collect();
            assert!(!before.contains(&stage.name), "{} is there twice", stage.name);
            for need in stage.needs {
                assert!(before.contains(need), "{} needs {need}", stage.name);
            }
        }
    }

    #[test]
    fn a_stage_that_uses_the_environment_or_the_binary_needs_it() {
        for stage in STAGES {
            let (Action::Run(runs) | Action::EachPackage(runs)) = &stage.action else { continue };
            for run in *runs {
                let python = run.program != Program::Cargo;
                assert!(!python || stage.needs.contains(&"python-env"), "{}", stage.name);
                let values = run.environment.iter().map(|(_, value)| value);
                let binary = run.arguments.iter().chain(values).any(|text| text.contains("{pyrel}"));
                assert!(!binary || stage.needs.contains(&"binary"), "{}", stage.name);
            }
        }
    }

    #[test]
    fn a_script_that_does_not_exist_is_told_as_missing() {
        let directory = tempfile::tempdir().unwrap();
        let script = python(&["tests/parity/run.py", "--python", "{python}"]);
        assert_eq!(script.missing(directory.path()), Some("tests/parity/run.py"));
        let folder = pytest(&["tests"]);
        assert_eq!(folder.missing(directory.path()), Some("tests"));
        fs_err::create_dir(directory.path().join("tests")).unwrap();
        assert_eq!(folder.missing(directory.path()), None);
        assert_eq!(tool("ruff", &["check", "packages"]).missing(directory.path()), None);
        assert_eq!(python(&["-m", "mypy"]).missing(directory.path()), None);
    }
}
