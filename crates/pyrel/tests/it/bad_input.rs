//! Input that is wrong: each message is pinned, and nothing is half written.

use super::{two_packages, workspace};

/// Runs a command in a workspace with one package whose `pyproject.toml` is given.
fn refuses(pyproject: &str, expected: &str) {
    let workspace = workspace()
        .file("pyrel.toml", "")
        .package("good", "1.0", &[])
        .file("packages/bad/pyproject.toml", pyproject);
    let run = workspace.run(["build", "bad"]).expect(2);
    assert!(run.stderr.contains(expected), "\nexpected {expected}\nin\n{}", run.stderr);
    assert!(workspace.files("packages/bad/dist").is_empty());
    let _ = workspace.run(["build", "good"]).expect(0);
}

#[test]
fn broken_toml() {
    refuses("[project\nname = \"bad\"\n", "packages/bad/pyproject.toml:1:9: invalid TOML: ");
}

#[test]
fn a_value_of_the_wrong_type() {
    refuses(
        "[project]\nname = \"bad\"\nversion = 1\n",
        "packages/bad/pyproject.toml:3:11: `project.version` must be a string\n  |\n3 | version = 1\n  |           ^",
    );
}

#[test]
fn a_missing_name() {
    refuses("[project]\nversion = \"1\"\n", "`project.name` is missing");
}

#[test]
fn an_invalid_version() {
    refuses(
        "[project]\nname = \"bad\"\nversion = \"one\"\n",
        "packages/bad/pyproject.toml:3:11: in `project.version`: invalid version (PEP 440): `one`",
    );
}

#[test]
fn two_packages_of_one_name() {
    let workspace = two_packages().file(
        "packages/copy/pyproject.toml",
        "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n[project]\nname = \"Alpha\"\nversion = \"1\"\n",
    );
    let run = workspace.run(["build", "alpha"]).expect(2);
    assert!(run.stderr.contains("packages/alpha") && run.stderr.contains("packages/copy"), "{}", run.stderr);
    let _ = workspace.run(["build", "beta"]);
    assert!(workspace.files("packages/alpha/dist").is_empty());
}

#[test]
fn a_dependency_cycle() {
    let workspace = workspace()
        .file("pyrel.toml", "")
        .package("alpha", "1.0", &["beta"])
        .package("beta", "1.0", &["gamma"])
        .package("gamma", "1.0", &["alpha"]);
    for command in ["build", "graph", "plan"] {
        let _ = workspace.run([command]).expect(2).says("alpha → beta → gamma → alpha");
    }
    assert!(workspace.files("packages/alpha/dist").is_empty());
}

#[test]
fn an_unknown_package_with_a_suggestion() {
    let _ = two_packages()
        .run(["build", "alhpa"])
        .expect(2)
        .says("error: no such package: `alhpa`")
        .says("hint: did you mean `alpha`?");
}

#[test]
fn an_unknown_configuration_key() {
    let _ = two_packages()
        .file("pyrel.toml", "membres = []\n")
        .run(["info"])
        .expect(2)
        .says("pyrel.toml:1:1: unknown key `membres`")
        .says("hint: did you mean `members`?");
}

#[test]
fn an_unknown_rule() {
    let run =
        two_packages().file("pyrel.toml", "[check]\nrequires-pyton = \"off\"\n").run(["check"]).expect(2);
    let _ = run
        .says("pyrel.toml:2:")
        .says("no such rule: `requires-pyton`")
        .says("hint: did you mean `requires-python`?");
}

/// Every write past 64 KiB fails, as on a full disk: with an error in the middle of a file.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_no_partial_file() {
    let mut state = 88_172_645_463_325_252_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(400_000)
    .collect();
    let workspace = two_packages().file("packages/alpha/src/alpha/noise.bin", noise);
    let program = workspace.command(["build", "alpha"]);
    #[expect(clippy::disallowed_methods, reason = "the shell limits the size of files")]
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(workspace.root())
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("packages/alpha/dist") && text.contains("File too large"), "{text}");
    assert!(
        workspace.files("packages/alpha/dist").is_empty(),
        "{:?}",
        workspace.files("packages/alpha/dist")
    );
    let _ = workspace.run(["build", "alpha"]).expect(0);
}

/// Output that cannot be written is an error, not a silent success.
#[cfg(target_os = "linux")]
#[test]
fn output_to_a_full_disk_is_an_error() {
    let full = fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = two_packages()
        .command(["info"])
        .stdout(full.into_parts().0)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("error: cannot write the output") && text.contains("No space left on device"),
        "{text}"
    );
}
