//! Builds a package with 600 MB of data in a child process and fails when the child needs 64 MB of memory or more.
//!
//! The data is half noise and half text, in a temporary folder that is removed afterwards. Prints the peak
//! resident set, the time, and the sizes. Runs on Linux only, where the kernel keeps the peak in `VmHWM`.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

const TOTAL: u64 = 600 << 20;
const LIMIT: u64 = 64 << 20;
const CHILD: &str = "--child";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let result = match arguments.iter().position(|word| word == CHILD) {
        Some(at) => child(Path::new(&arguments[at + 1])),
        None if cfg!(target_os = "linux") => parent(),
        None => Ok(ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        drop(writeln!(io::stderr(), "{error}"));
        ExitCode::FAILURE
    })
}

fn parent() -> io::Result<ExitCode> {
    let scratch = tempfile::tempdir()?;
    make_project(scratch.path())?;
    let own = std::env::current_exe()?;
    let output = pyrel_project::process::Process::new(own)
        .arg(CHILD)
        .arg(scratch.path())
        .run_checked()
        .map_err(io::Error::other)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    writeln!(io::stdout(), "{}", text.trim_end())?;
    let peak = text.lines().find_map(|line| line.strip_prefix("peak ")?.strip_suffix(" bytes")?.parse().ok());
    let peak: u64 = peak.ok_or_else(|| io::Error::other("the child printed no peak"))?;
    Ok(if peak < LIMIT { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the project and prints the peak of this process.
fn child(project: &Path) -> io::Result<ExitCode> {
    let package = pyrel_project::Package::load(project).map_err(io::Error::other)?;
    let request = pyrel_build::BuildRequest {
        package: &package,
        kinds: pyrel_build::Kinds::BOTH,
        out_dir: project.join("dist"),
        force_pep517: false,
        source_date: 315_532_800,
        python: &pyrel_build::PythonSettings::default(),
        variables: &pyrel_build::NO_VARIABLES,
    };
    let start = std::time::Instant::now();
    let artifacts = pyrel_build::build(&request, &pyrel_build::Silent).map_err(io::Error::other)?;
    let mut out = io::stdout();
    for artifact in &artifacts {
        writeln!(out, "{} {} bytes", artifact.kind.as_str(), artifact.size)?;
    }
    writeln!(out, "time {} ms", start.elapsed().as_millis())?;
    writeln!(out, "peak {} bytes", peak_resident_set()?)?;
    Ok(ExitCode::SUCCESS)
}

fn peak_resident_set() -> io::Result<u64> {
    let status = fs_err::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kibibytes.map(|number| number * 1024).ok_or_else(|| io::Error::other("no VmHWM in /proc/self/status"))
}

/// Writes one file of 300 MB, one of 100 MB, and 200 MB in small ones.
fn make_project(root: &Path) -> io::Result<()> {
    fs_err::create_dir(root.join("demo"))?;
    fs_err::write(
        root.join("pyproject.toml"),
        "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\
         [project]\nname = \"demo\"\nversion = \"1\"\n",
    )?;
    fs_err::write(root.join("demo/__init__.py"), "")?;
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    write_data(&root.join("demo/large.bin"), TOTAL / 2, &mut noise)?;
    write_data(&root.join("demo/medium.bin"), TOTAL / 6, &mut noise)?;
    for index in 0..200 {
        write_data(&root.join(format!("demo/small{index}.bin")), TOTAL / 600, &mut noise)?;
    }
    Ok(())
}

/// Alternates blocks of noise and of text.
fn write_data(path: &Path, size: u64, noise: &mut Noise) -> io::Result<()> {
    let mut file = io::BufWriter::new(fs_err::File::create(path)?);
    let mut block = vec![0; 64 << 10];
    let mut left = size;
    let mut index = 0u64;
    while left > 0 {
        let length = left.min(block.len() as u64);
        let part = &mut block[..usize::try_from(length).map_err(io::Error::other)?];
        if index.is_multiple_of(2) {
            noise.fill(part);
        } else {
            for (at, byte) in part.iter_mut().enumerate() {
                *byte =
                    b"the quick brown fox jumps over the lazy dog, again and again; "[(at + at / 997) % 62];
            }
        }
        file.write_all(part)?;
        left -= length;
        index += 1;
    }
    file.flush()
}

/// A small generator of numbers that do not compress (xorshift).
struct Noise(u64);

impl Noise {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            chunk.copy_from_slice(&self.0.to_le_bytes()[..chunk.len()]);
        }
    }
}
