//! How long the history of 100 packages with 10,000 commits takes to read, and their entries to compose: the median
//! of 7 runs, in milliseconds. Writes nothing into the repository that it makes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use fs_err as fs;
use pyrel_project::changelog::{Chronicle, PackageRelease, Past, PastRange};
use pyrel_project::{Process, Workspace};

const PACKAGES: usize = 100;
const COMMITS: usize = 10_000;
const RUNS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    generate(folder.path())?;
    let workspace = Workspace::discover(folder.path())?;
    let releases: Vec<PackageRelease> = workspace
        .packages()
        .map(|package| {
            let version = Some("9.0".parse().expect("the text is a version"));
            PackageRelease { package: package.name.clone(), version, updated: Vec::new() }
        })
        .collect();
    let mut times: Vec<(Duration, Duration)> = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begin = Instant::now();
        let past = Past::read(&workspace, &PastRange::default())?;
        let read = begin.elapsed();
        let entries = Chronicle::new(&workspace, &past).compose(&releases, "2024-01-02")?;
        times.push((begin.elapsed(), read));
        let told: usize = entries.iter().map(|entry| entry.told).sum();
        if entries.len() != PACKAGES + 1 || told < COMMITS {
            return Err(format!("entries or commits are lost: {} and {told}", entries.len()).into());
        }
    }
    times.sort_unstable();
    let (whole, read) = times[RUNS / 2];
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "history and entries of {PACKAGES} packages, {COMMITS} commits: median {:.0} ms ({:.0} ms of it reading), fastest {:.0} ms, {RUNS} runs",
        whole.as_secs_f64() * 1e3,
        read.as_secs_f64() * 1e3,
        times[0].0.as_secs_f64() * 1e3,
    )?;
    Ok(())
}

/// Packages in a repository whose packages were released one after another in the first fiftieth of its history.
fn generate(root: &Path) -> Result<(), Box<dyn std::error::Error>> {
    fs::write(root.join("pyrel.toml"), "")?;
    let mut stream = String::new();
    for at in 0..PACKAGES {
        let directory = root.join(format!("packages/pkg-{at:03}"));
        fs::create_dir_all(&directory)?;
        let text = format!("[project]\nname = \"pkg-{at:03}\"\nversion = \"1.0\"\n");
        fs::write(directory.join("pyproject.toml"), text)?;
    }
    for at in 0..COMMITS + 2 * PACKAGES {
        let kind = ["feat", "fix", "docs", "chore", "perf!"][at % 5];
        let message = format!("{kind}: change number {at} (#{at})\n\nThe reason in a line.\n");
        write!(stream, "commit refs/heads/main\ncommitter T <t@example.org> {} +0000\n", 1_600_000_000 + at)?;
        writeln!(stream, "data {}\n{message}", message.len())?;
        for file in 0..3 {
            let path = format!("packages/pkg-{:03}/src/module_{file}.py", at % PACKAGES);
            let content = format!("{at}");
            writeln!(stream, "M 644 inline {path}\ndata {}\n{content}", content.len())?;
        }
        if at % 2 == 0 && at / 2 < PACKAGES {
            let tag = format!("pkg-{:03}-v1.0", at / 2);
            writeln!(stream, "reset refs/tags/{tag}\nfrom refs/heads/main\n")?;
        }
    }
    let git = |arguments: &[&str]| Process::new("git").args(arguments).current_dir(root);
    git(&["init", "-q", "-b", "main"]).run_checked()?;
    git(&["fast-import", "--quiet"]).input(stream).run_checked()?;
    git(&["remote", "add", "origin", "https://github.example.org/a/b"]).run_checked()?;
    Ok(())
}
