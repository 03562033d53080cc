//! The table of stages: this is where a test of the repository is registered, and the only place.

use std::path::Path;

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
    /// Runs programs, each with its arguments, in the directory that comes first. All run, even when one fails.
    /// `python` and every program named `python:NAME` are those of the tests' environment; `{pyrel}`, `{python}` and
    /// `{root}` in arguments are replaced by absolute paths. A directory or a first argument that ends in `.py` must
    /// exist.
    Run(&'static [Run]),
    /// Runs the same programs in each Python package of the repository.
    EachPackage(&'static [Run]),
}

/// One program that a stage runs.
pub(crate) struct Run {
    /// The program: `cargo`, `python`, or `python:NAME`.
    pub(crate) program: &'static str,
    /// Its arguments.
    pub(crate) arguments: &'static [&'static str],
    /// Variables it gets on top.
    pub(crate) environment: &'static [(&'static str, &'static str)],
}

const fn cargo(arguments: &'static [&'static str]) -> Run {
    Run { program: "cargo", arguments, environment: &[] }
}

const fn run(program: &'static str, arguments: &'static [&'static str]) -> Run {
    Run { program, arguments, environment: &[] }
}

const fn fast(name: &'static str, about: &'static str, action: Action) -> Stage {
    Stage { name, about, slow: false, needs: &[], action }
}

const fn slow(
    name: &'static str,
    about: &'static str,
    needs: &'static [&'static str],
    action: Action,
) -> Stage {
    Stage { name, about, slow: true, needs, action }
}

/// All stages, in the order they run: what fails most often and costs least comes first.
pub(crate) const STAGES: &[Stage] = &[
    fast("fmt", "Rust code is formatted", Action::Run(&[cargo(&["fmt", "--all", "--check"])])),
    fast("edges", "dependencies between crates follow the diagram", Action::Gate(edges::check)),
    fast("locked", "the lock file stays under its cap", Action::Gate(locked::check)),
    fast(
        "source",
        "files have headers and a bounded length, and leave out what stays out",
        Action::Gate(source::check),
    ),
    fast(
        "clippy",
        "lints of all targets, warnings are errors",
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
        Action::Run(&[Run {
            program: "cargo",
            arguments: &["doc", "--no-deps", "--workspace", "--locked"],
            environment: &[("RUSTDOCFLAGS", "-D warnings")],
        }]),
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
        Action::Run(&[cargo(&["build", "--locked", "-p", "pyrel"])]),
    ),
    slow("rules", "docs/rules.md is what the catalogue of rules says", &[], Action::Gate(rules::check)),
    slow("system", "programs of the operating system", &[], Action::Gate(system::prepare)),
    slow(
        "python-env",
        "the Python environment of the tests, under the target directory",
        &[],
        Action::Gate(python::prepare),
    ),
    slow(
        "workflows",
        "GitHub workflows are valid and safe, and their scripts work",
        &["python-env"],
        Action::Run(&[
            run("python:zizmor", &["--offline", "--no-progress", "--persona", "pedantic", "{root}/.github"]),
            run(
                "python:check-jsonschema",
                &[
                    "--builtin-schema",
                    "vendor.github-workflows",
                    "{root}/.github/workflows/ci.yml",
                    "{root}/.github/workflows/release.yml",
                ],
            ),
            run("python", &["-m", "pytest", "-q", "tests/workflows"]),
        ]),
    ),
    slow(
        "justfile",
        "the justfile's recipes are one call each and quote what they are given",
        &["python-env"],
        Action::Run(&[
            run("python:just", &["--justfile", "{root}/justfile", "--list"]),
            run("python", &["-m", "pytest", "-q", "tests/justfile"]),
        ]),
    ),
    slow(
        "python-lint",
        "Python code is formatted, free of lint, and typed",
        &["python-env"],
        Action::Run(&[
            run("python:ruff", &["check", "--no-cache", "packages", "tests", ".github"]),
            run("python:ruff", &["format", "--no-cache", "--check", "packages", "tests", ".github"]),
        ]),
    ),
    slow(
        "python-types",
        "the packages are typed",
        &["python-env"],
        Action::EachPackage(&[run("python", &["-m", "mypy"])]),
    ),
    slow(
        "python-tests",
        "tests of the packages",
        &["python-env"],
        Action::EachPackage(&[run("python", &["-m", "pytest", "-q", "tests"])]),
    ),
    slow(
        "docs-pages",
        "the pages link to what exists and name commands that exist",
        &["python-env", "binary"],
        Action::Run(&[run("python", &["-m", "pytest", "-q", "tests/docs"])]),
    ),
    slow(
        "conformance",
        "the MCP conformance suite against both servers",
        &["python-env"],
        Action::Run(&[run("python", &["tests/mcp/run_conformance.py"])]),
    ),
    slow(
        "parity",
        "native builds give what the real backends give",
        &["python-env", "binary"],
        Action::Run(&[run("python", &["tests/parity/run.py", "--pyrel", "{pyrel}", "--python", "{python}"])]),
    ),
    slow(
        "index",
        "pip, uv and twine against the embedded index, pyrel against foreign indexes",
        &["python-env", "binary"],
        Action::Run(&[run("python", &["tests/index/run.py", "--pyrel", "{pyrel}", "--python", "{python}"])]),
    ),
    slow(
        "e2e",
        "whole releases, from a source tree to an installed package",
        &["python-env", "binary"],
        Action::Run(&[run("python", &["tests/e2e/run.py", "--pyrel", "{pyrel}", "--python", "{python}"])]),
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
                perform_all(runs, repository, &directories)
            }
        }
    }
}

fn perform_all(
    runs: &[Run],
    repository: &Repository,
    directories: &[std::path::PathBuf],
) -> Result<(), Failure> {
    let mut failures = Vec::new();
    for directory in directories {
        for run in runs {
            if let Err(failure) = run.perform(repository, directory) {
                failures.push(failure.to_string());
            }
        }
    }
    Failure::from_findings("commands that failed", &failures)
}

impl Run {
    fn perform(&self, repository: &Repository, directory: &Path) -> Result<(), Failure> {
        if let Some(missing) = self.missing(directory) {
            return Err(Failure::new(format!("missing: {missing}")));
        }
        let environment = repository.python();
        let process = match self.program {
            "cargo" => Process::cargo(),
            "python" => Process::new(environment.python()),
            other => Process::new(environment.program(other.trim_start_matches("python:"))),
        };
        let process = process.directory(directory).args(self.arguments.iter().map(|argument| {
            argument
                .replace("{pyrel}", &repository.binary().to_string_lossy())
                .replace("{python}", &environment.python().to_string_lossy())
                .replace("{root}", &repository.root().to_string_lossy())
        }));
        self.environment.iter().fold(process, |process, (name, value)| process.env(name, value)).run()
    }

    /// The script or the folder of tests that this runs, when it is not there: pytest and Python would say so too,
    /// less clearly.
    fn missing(&self, directory: &Path) -> Option<&'static str> {
        let target = match self.arguments {
            [script, ..] if script.ends_with(".py") => script,
            ["-m", "pytest", .., folder] => folder,
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
                let python = run.program.starts_with("python");
                assert!(!python || stage.needs.contains(&"python-env"), "{}", stage.name);
                let binary = run.arguments.contains(&"{pyrel}");
                assert!(!binary || stage.needs.contains(&"binary"), "{}", stage.name);
            }
        }
    }

    #[test]
    fn a_script_that_does_not_exist_is_told_as_missing() {
        let directory = tempfile::tempdir().unwrap();
        let script = run("python", &["tests/parity/run.py", "--python", "{python}"]);
        assert_eq!(script.missing(directory.path()), Some("tests/parity/run.py"));
        let folder = run("python", &["-m", "pytest", "-q", "tests"]);
        assert_eq!(folder.missing(directory.path()), Some("tests"));
        fs_err::create_dir(directory.path().join("tests")).unwrap();
        assert_eq!(folder.missing(directory.path()), None);
        assert_eq!(run("python:ruff", &["check", "packages"]).missing(directory.path()), None);
    }
}
