//! The benchmarks: what measures something is found by its place, so a new one is one new file.
//!
//! A script in benches/ is a whole-program benchmark that gets the optimised binary; a file in a crate's benches/ is
//! one that cargo builds and runs. Their output is their own; nothing here judges a number.

use std::path::PathBuf;

use crate::console;
use crate::failure::Failure;
use crate::process::Process;
use crate::python;
use crate::repository::Repository;

/// A benchmark.
#[derive(Debug, PartialEq, Eq)]
enum Bench {
    /// A Python script, by its path from the root of the checkout.
    Script(String),
    /// A bench target of a crate.
    Target { package: String, name: String },
}

impl Bench {
    fn name(&self) -> &str {
        match self {
            Self::Script(path) => stem(path),
            Self::Target { name, .. } => name,
        }
    }
}

/// Runs the named benchmarks, or all; false when one failed.
///
/// # Errors
///
/// Fails on an unknown name, when there is no benchmark, and when the optimised binary does not build.
pub(crate) fn run(repository: &Repository, names: &[String]) -> Result<bool, Failure> {
    let benches = select(find(&repository.files()?), names)?;
    let binary = release_binary(repository, &benches)?;
    let mut all_passed = true;
    for bench in &benches {
        console::heading(bench.name(), "a benchmark");
        let process = match bench {
            Bench::Script(path) => {
                let python = repository.python().python();
                Process::new(&python).arg(path).arg("--pyrel").arg(&binary).arg("--python").arg(&python)
            }
            Bench::Target { package, name } => {
                Process::cargo().args(["bench", "--locked", "--package", package, "--bench", name])
            }
        };
        if let Err(failure) = process.directory(repository.root()).run() {
            console::failure(&failure);
            all_passed = false;
        }
    }
    Ok(all_passed)
}

/// Builds what scripts measure, when there is one among the benchmarks, and returns where it is.
fn release_binary(repository: &Repository, benches: &[Bench]) -> Result<PathBuf, Failure> {
    if benches.iter().any(|bench| matches!(bench, Bench::Script(_))) {
        python::prepare(repository)?;
        let build = Process::cargo().args(["build", "--release", "--locked", "--package", "pyrel"]);
        build.directory(repository.root()).run()?;
    }
    Ok(repository.release_binary())
}

fn find(files: &[String]) -> Vec<Bench> {
    files.iter().filter_map(|path| classify(path)).collect()
}

fn classify(path: &str) -> Option<Bench> {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["benches", file] if file.ends_with(".py") => Some(Bench::Script(path.to_owned())),
        ["crates", package, "benches", file] if file.ends_with(".rs") => {
            Some(Bench::Target { package: package.to_owned(), name: stem(file).to_owned() })
        }
        _ => None,
    }
}

fn select(mut benches: Vec<Bench>, names: &[String]) -> Result<Vec<Bench>, Failure> {
    let known = benches.iter().map(Bench::name).collect::<Vec<_>>().join(", ");
    if let Some(unknown) =
        names.iter().find(|name| !benches.iter().any(|bench| bench.name() == name.as_str()))
    {
        return Err(
            Failure::new(format!("unknown benchmark: {unknown}")).with_hint(format!("there are: {known}"))
        );
    }
    if benches.is_empty() {
        return Err(Failure::new("no benchmark in benches/ or crates/*/benches/"));
    }
    benches.retain(|bench| names.is_empty() || names.iter().any(|name| name == bench.name()));
    Ok(benches)
}

fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn benches() -> Vec<Bench> {
        let files =
            ["benches/speed.py", "benches/README.md", "crates/pyrel-build/benches/deflate.rs", "src/a.rs"];
        find(&files.map(ToOwned::to_owned))
    }

    #[test]
    fn benchmarks_are_found_by_their_place() {
        assert_eq!(
            benches(),
            [
                Bench::Script("benches/speed.py".into()),
                Bench::Target { package: "pyrel-build".into(), name: "deflate".into() }
            ]
        );
    }

    #[test]
    fn named_ones_are_selected_and_unknown_ones_refused() {
        let named = select(benches(), &["deflate".into()]).unwrap();
        assert_eq!(named.iter().map(Bench::name).collect::<Vec<_>>(), ["deflate"]);
        let failure = select(benches(), &["spede".into()]).unwrap_err();
        assert_eq!(failure.to_string(), "unknown benchmark: spede");
        assert_eq!(failure.hint(), Some("there are: speed, deflate"));
    }
}
