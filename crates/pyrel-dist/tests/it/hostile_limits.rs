//! What the worst files cost: each is checked in a process of its own, whose peak of memory and time of the processor
//! are measured. A file of a few megabytes must not buy more than 256 MiB or five seconds.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use fs_err as fs;
use pyrel_dist::{CheckOptions, check_files};
use pyrel_model::PyProject;

use crate::fixture::Fixture;
use crate::hostile_files as files;

const WHEEL: &str = "demo-1.0-py3-none-any.whl";
const SDIST: &str = "demo-1.0.tar.gz";
const TOML: &str = "pyproject.toml";

/// Peak of resident memory in kibibytes.
const MEMORY: u64 = 256 * 1024;
/// Time of the processor in milliseconds. Unoptimised code is several times slower.
const TIME: u128 = if cfg!(debug_assertions) { 20_000 } else { 5_000 };

/// How the parent tells the child which file to check.
const VARIABLE: &str = "PYREL_HOSTILE_FILE";

/// What a child says about itself on its last line.
struct Cost {
    memory: u64,
    time: u128,
    said: String,
}

fn cost_of(path: &Path) -> Cost {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test starts itself, because only a process can be measured"
    )]
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "hostile_limits::child", "--nocapture", "--ignored"]).env(VARIABLE, path);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{} ended with {}:\n{text}", path.display(), output.status);
    let line = text.lines().find_map(|line| line.split_once("cost ")).unwrap().1.to_owned();
    let mut words = line.splitn(3, ' ');
    let mut next = || words.next().unwrap().to_owned();
    Cost { memory: next().parse().unwrap(), time: next().parse().unwrap(), said: next() }
}

/// Not a test of its own: what the tests below run in a process of its own.
#[test]
#[ignore = "run by the other tests"]
fn child() {
    #[expect(clippy::disallowed_methods, reason = "this is how the parent test tells its child what to do")]
    let Ok(path) = std::env::var(VARIABLE) else { return };
    let path = Path::new(&path);
    let start = Instant::now();
    let mut said = String::new();
    if path.ends_with(TOML) {
        let text = fs::read_to_string(path).unwrap();
        let outcome = PyProject::parse(path, &text);
        said.push_str(if outcome.is_ok() { "taken" } else { "refused" });
    } else {
        let report = check_files(&[path.to_path_buf()], &CheckOptions::default()).files.remove(0);
        for finding in report.findings {
            write!(said, "{}:{} ", finding.rule, finding.level.as_str()).unwrap();
        }
    }
    let (memory, time) = (peak(), processor().unwrap_or_else(|| start.elapsed().as_millis()));
    println!("\ncost {memory} {time} {said}.");
}

/// Returns the peak of resident memory in kibibytes, 0 where the system does not tell.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}

/// Returns the time of the processor in milliseconds, where the system tells.
fn processor() -> Option<u128> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split_whitespace();
    let ticks: u128 = fields.nth(11)?.parse::<u128>().ok()? + fields.next()?.parse::<u128>().ok()?;
    Some(ticks * 10)
}

/// Checks a file in a process of its own; it must stay within the bounds, and the rule must be among the findings.
#[expect(clippy::print_stdout, reason = "the figures, for who runs the tests with `--nocapture`")]
fn bounded(name: &str, filename: &str, bytes: &[u8], rule: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(filename);
    fs::write(&path, bytes).unwrap();
    let cost = cost_of(&path);
    let numbers = format!("{name}: {} bytes cost {} KiB and {} ms", bytes.len(), cost.memory, cost.time);
    println!("{numbers}");
    assert!(cost.memory <= MEMORY, "{numbers}");
    assert!(cost.time <= TIME, "{numbers}");
    assert!(cost.said.contains(rule), "{name}: no `{rule}` in {}", cost.said);
}

#[test]
fn bombs() {
    bounded("zip that unpacks to 1 GiB", WHEEL, &files::zip_bomb(1024), "archive-limits:error");
    bounded("zip with a nested claim", WHEEL, &files::nested_claim(), "archive-limits:error");
    bounded("zip of one file a thousand times", WHEEL, &files::overlapping(1000), "zip-structure:error");
    bounded("zip near the ratio", WHEEL, &files::dense_zip(256), "wheel-file-missing:error");
    bounded("a hundred METADATA", WHEEL, &files::many_texts(100), "archive-limits:error");
    bounded("tar that unpacks to 256 MiB", SDIST, &files::tar_bomb(256), "archive-limits:error");
    bounded("tar below the ratio", SDIST, &files::dense_tar(512), "sdist-layout:error");
}

#[test]
fn a_million_members() {
    bounded("zip of a million", WHEEL, &files::million_zip(1_000_000), "archive-limits:error");
    bounded("tar of a million", SDIST, &files::million_tar(1_000_000), "archive-limits:error");
}

#[test]
fn numbers_that_lie() {
    for (name, bytes) in files::zip64_lies() {
        bounded(name, WHEEL, &bytes, ":error");
    }
    for (name, bytes) in files::tar_lies() {
        bounded(name, SDIST, &bytes, ":error");
    }
}

#[test]
fn texts_that_are_hard_to_read() {
    let mib = 1024 * 1024;
    for (name, text) in [
        ("quotes in quotes", "> ".repeat(mib)),
        ("open brackets", "[".repeat(mib)),
        ("open links", "[a](".repeat(mib / 2)),
        ("emphasis", "*a _b ".repeat(mib / 4)),
        ("backticks", (1..1500).map(|n| "`".repeat(n) + " ").collect()),
        ("lists in lists", (0..1200).map(|n| format!("{}- a\n", "  ".repeat(n))).collect()),
        ("tables", "|a|b|\n|-|-|\n".repeat(mib / 8)),
        (
            "one wide table",
            format!("{}\n{}\n{}", "|a".repeat(20_000), "|-".repeat(20_000), "|b\n".repeat(20_000)),
        ),
        ("definitions", (0..100_000).map(|n| format!("[{n}]: https://example.org/{n}\n")).collect()),
        ("tags", "<a ".repeat(mib)),
        ("entities", "&#".repeat(mib)),
    ] {
        bounded(name, WHEEL, &Fixture::wheel().body(&text).bytes(), "");
    }
}

#[test]
fn fields_and_code_that_are_hard_to_read() {
    let mib = 1024 * 1024;
    let metadata = |line: String| {
        let text = format!("Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n{line}\n\nText.\n");
        Fixture::wheel().metadata(text.as_bytes()).bytes()
    };
    bounded("many requirements", WHEEL, &metadata("Requires-Dist: a\n".repeat(500_000)), "");
    bounded(
        "a long version",
        WHEEL,
        &metadata(format!("Requires-Dist: a=={}", "1.".repeat(mib))),
        "requires-dist",
    );
    bounded(
        "a nested marker",
        WHEEL,
        &metadata(format!("Requires-Dist: a; {}", "(".repeat(mib))),
        "requires-dist",
    );
    bounded(
        "a nested licence",
        WHEEL,
        &metadata(format!("License-Expression: {}", "(".repeat(mib))),
        "license",
    );
    bounded("many classifiers", WHEEL, &metadata("Classifier: x\n".repeat(500_000)), "classifier-unknown");
    bounded("a long line", WHEEL, &metadata(format!("Summary: {}", "x".repeat(8 * mib))), "summary-length");
    bounded(
        "many fields",
        WHEEL,
        &metadata((0..200_000).map(|n| format!("X-{n}: a\n")).collect()),
        "unknown-field",
    );
    for (name, code) in [
        ("brackets in brackets", "(".repeat(4 * mib)),
        ("strings", "'''".repeat(mib)),
        ("lines", "import a\n".repeat(400_000)),
        ("indentation", (0..2500).map(|n| format!("{}if x:\n", " ".repeat(n))).collect()),
        ("what looks like secrets", "token = \"AKIAAAAAAAAAAAAAAAAA\"\n".repeat(100_000)),
    ] {
        bounded(name, WHEEL, &Fixture::wheel().file("demo/hard.py", &code).bytes(), "");
        bounded(name, SDIST, &Fixture::sdist().file("demo-1.0/demo/hard.py", &code).bytes(), "");
    }
    let record = format!("\"{}", "a,\n".repeat(2 * mib));
    bounded("an open quote in RECORD", WHEEL, &Fixture::wheel().record(&record).bytes(), ":error");
}

#[test]
fn deep_toml() {
    for (name, text) in [
        ("arrays", format!("a = {}", "[".repeat(500_000))),
        ("closed arrays", format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000))),
        ("tables", format!("a = {}", "{a = ".repeat(200_000))),
        ("a dotted key", format!("{} = 1", vec!["a"; 200_000].join("."))),
        ("a dotted header", format!("[{}]", vec!["a"; 200_000].join("."))),
        ("a dotted array", format!("[[{}]]", vec!["a"; 200_000].join("."))),
        ("many tables", (0..100_000).map(|n| format!("[t{n}]\nk = {n}\n")).collect()),
        ("many keys", (0..200_000).map(|n| format!("k{n} = {n}\n")).collect()),
        ("a long text", format!("a = \"{}\"", "x".repeat(4 * 1024 * 1024))),
    ] {
        bounded(name, TOML, text.as_bytes(), "");
    }
}
