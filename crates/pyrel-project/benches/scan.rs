//! How long a workspace of 1,000 packages takes to discover: the median of 11 runs, in milliseconds.
//!
//! The files are in the page cache; no process is started.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use fs_err as fs;
use pyrel_project::Workspace;

const PACKAGES: usize = 1000;
const RUNS: usize = 11;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    generate(folder.path())?;
    let mut times: Vec<Duration> = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begin = Instant::now();
        let workspace = Workspace::discover(folder.path())?;
        times.push(begin.elapsed());
        let waves = workspace.graph().waves()?.len();
        if workspace.packages().count() != PACKAGES || waves < 2 {
            return Err("the scan lost packages or dependencies".into());
        }
    }
    times.sort_unstable();
    let (median, fastest) = (times[RUNS / 2], times[0]);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "discover {PACKAGES} packages: median {:.1} ms, fastest {:.1} ms, {RUNS} runs",
        median.as_secs_f64() * 1e3,
        fastest.as_secs_f64() * 1e3,
    )?;
    Ok(())
}

fn generate(root: &Path) -> std::io::Result<()> {
    fs::write(root.join("pyrel.toml"), "tag = \"{name}-v{version}\"\n")?;
    fs::write(root.join(".gitignore"), "__pycache__/\n*.egg-info/\n.venv/\n")?;
    for at in 0..PACKAGES {
        let directory = root.join("packages").join(format!("pkg-{at:04}"));
        fs::create_dir_all(directory.join("src"))?;
        fs::write(directory.join("README.md"), "# readme\n")?;
        fs::write(directory.join("pyproject.toml"), pyproject(at))?;
    }
    Ok(())
}

/// A file of ordinary size, with two dependencies inside the workspace.
fn pyproject(at: usize) -> String {
    let internal: String = [at / 2, at / 3]
        .iter()
        .filter(|to| **to < at)
        .map(|to| format!("    \"pkg-{to:04}>=0.1,<2\",\n"))
        .collect();
    format!(
        r#"[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "pkg-{at:04}"
version = "0.{at}.0"
description = "package number {at} of a large workspace"
readme = "README.md"
requires-python = ">=3.10"
license = "Apache-2.0"
authors = [{{ name = "Somebody", email = "somebody@example.org" }}]
keywords = ["one", "two", "three"]
classifiers = [
    "Development Status :: 4 - Beta",
    "Programming Language :: Python :: 3",
    "Typing :: Typed",
]
dependencies = [
{internal}    "httpx>=0.27,<1",
    "pydantic>=2.6; python_version >= '3.9'",
]

[project.optional-dependencies]
dev = ["pytest>=8", "ruff"]

[project.scripts]
pkg-{at:04} = "pkg_{at:04}:main"

[project.urls]
Homepage = "https://example.org/pkg-{at:04}"

[tool.hatch.build.targets.wheel]
packages = ["src/pkg_{at:04}"]

[tool.ruff]
line-length = 100
"#
    )
}
