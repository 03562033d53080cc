//! Child processes.

use std::time::Duration;
#[cfg(unix)]
use std::time::Instant;

use pyrel_project::{Process, ProcessError};

use crate::tree::Tree;

#[cfg(unix)]
fn shell(script: &str) -> Process {
    Process::new("sh").args(["-c", script])
}

#[cfg(windows)]
fn shell(script: &str) -> Process {
    Process::new("cmd").args(["/C", script])
}

#[test]
fn exit_codes_and_both_streams_are_captured() {
    let output = shell("echo out&& echo err>&2&& exit 3").run().unwrap();
    assert_eq!(output.status, Some(3));
    assert!(!output.success());
    assert_eq!(output.stdout_text().trim(), "out");
    assert_eq!(output.stderr_text().trim(), "err");
}

#[test]
fn a_checked_failure_carries_command_code_and_output() {
    let error = shell("echo hello&& exit 4").run_checked().unwrap_err();
    let text = error.to_string();
    assert!(text.contains(" failed with exit code 4:\nhello"), "{text}");
    assert!(matches!(error, ProcessError::Failed { code: Some(4), .. }));
    let error = shell("exit 5").run_checked().unwrap_err();
    assert!(error.to_string().ends_with("failed with exit code 5 without output"), "{error}");
}

#[test]
fn a_missing_program_and_a_missing_directory_are_told_apart() {
    let error = Process::new("no-such-program-here").run().unwrap_err();
    assert_eq!(error.to_string(), "program not found: `no-such-program-here`");
    assert_eq!(error.hint().unwrap(), "install `no-such-program-here` or add its folder to `PATH`");
    let tree = Tree::new();
    let error = shell("exit 0").current_dir(tree.path("gone")).run().unwrap_err();
    assert!(matches!(error, ProcessError::NoDirectory { .. }), "{error}");
}

/// Runs this very test again as a child that has credentials, to see what its own children get.
#[test]
fn credentials_do_not_reach_children() {
    const ROLE: &str = "PYREL_TEST_ROLE_OF_CHILD";
    const SECRETS: [&str; 5] = [
        "TWINE_PASSWORD",
        "PYPI_API_TOKEN",
        "UV_PUBLISH_TOKEN",
        "SOME_SECRET",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
    ];
    let is_child = std::env::vars_os().any(|(name, _)| name == ROLE);
    if is_child {
        let list = if cfg!(windows) { "set" } else { "env" };
        let seen = shell(list).run_checked().unwrap().stdout_text();
        assert!(seen.contains("HARMLESS=visible"));
        assert!(!seen.contains("not-a-real-token"), "{seen}");
        let given = shell(list).env("PYPI_API_TOKEN", "handed over").run_checked().unwrap().stdout_text();
        assert!(given.contains("PYPI_API_TOKEN=handed over"));
        let taken = shell(list).env_remove("HARMLESS").run_checked().unwrap().stdout_text();
        assert!(!taken.contains("HARMLESS="));
        return;
    }
    let mut process = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::credentials_do_not_reach_children"])
        .env(ROLE, "1")
        .env("HARMLESS", "visible");
    for name in SECRETS {
        process = process.env(name, "not-a-real-token");
    }
    let output = process.run_checked().unwrap();
    assert!(output.stdout_text().contains("1 passed"), "{}", output.stdout_text());
}

#[cfg(unix)]
#[test]
fn much_output_on_both_streams_and_much_input_do_not_block() {
    let line = "0123456789012345678901234567890123456789";
    let script = format!(
        "cat >/dev/null & i=0; while [ $i -lt 3000 ]; do echo {line}; echo {line} >&2; i=$((i+1)); done; wait"
    );
    let output = shell(&script).input(vec![b'x'; 1 << 20]).run_checked().unwrap();
    assert_eq!(output.stdout.len(), 3000 * 41);
    assert_eq!(output.stderr.len(), 3000 * 41);
    let echoed = Process::new("cat").input("text").run_checked().unwrap();
    assert_eq!(echoed.stdout, b"text");
    // A child that reads nothing of a large input is no error.
    assert!(shell("exit 0").input(vec![b'x'; 1 << 20]).run().unwrap().success());
}

#[cfg(unix)]
#[test]
fn the_time_limit_kills_descendants_too() {
    let tree = Tree::new();
    let mark = tree.path("alive");
    let script = format!("echo started; (sleep 3; touch '{}') & sleep 60", mark.display());
    let begin = Instant::now();
    let error = shell(&script).run_with_timeout(Duration::from_millis(500)).unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    let ProcessError::TimedOut { tail, .. } = &error else { panic!("{error}") };
    assert_eq!(tail, "started");
    assert!(error.to_string().contains("was stopped after 0.5 s:\nstarted"), "{error}");
    std::thread::sleep(Duration::from_secs(3));
    assert!(!mark.exists(), "a descendant outlived its group");
}

#[cfg(unix)]
#[test]
fn a_descendant_that_keeps_the_pipes_open_counts_as_running() {
    let begin = Instant::now();
    let error = shell("sleep 60 & exit 0").run_with_timeout(Duration::from_millis(300)).unwrap_err();
    assert!(matches!(error, ProcessError::TimedOut { .. }));
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_child_within_its_time_limit_is_not_touched() {
    let output = shell("echo done").run_with_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(output.stdout_text().trim(), "done");
}

#[cfg(unix)]
#[test]
fn a_signal_is_no_exit_code() {
    let error = shell("kill -KILL $$").run_checked().unwrap_err();
    assert!(matches!(error, ProcessError::Failed { code: None, .. }));
    assert!(error.to_string().contains("was ended by a signal"), "{error}");
}

#[cfg(unix)]
#[test]
fn an_attached_child_reports_its_code_only() {
    let output = shell("exit 6").run_attached().unwrap();
    assert_eq!((output.status, output.stdout.len()), (Some(6), 0));
}

#[cfg(unix)]
#[test]
fn a_watched_child_is_followed_in_the_order_of_its_writing() {
    let mut seen = Vec::new();
    let output = shell("echo one; echo two >&2; echo three; exit 3")
        .run_watched(&mut |chunk| seen.extend_from_slice(chunk))
        .unwrap();
    assert_eq!((output.status, String::from_utf8(seen).unwrap().as_str()), (Some(3), "one\ntwo\nthree\n"));
    assert_eq!(output.stdout_text(), "one\ntwo\nthree\n");
}

#[cfg(unix)]
#[test]
fn a_cancelled_child_may_clean_up_and_takes_its_descendants_with_it() {
    let tree = Tree::new();
    let cancel = pyrel_project::Cancel::default();
    let script = "trap 'echo bye; exit 1' INT; sleep 60 & echo started; wait";
    let started = Instant::now();
    let error = shell(script)
        .current_dir(tree.root())
        .cancelled_by(&cancel)
        .run_watched(&mut |chunk| {
            if chunk.starts_with(b"started") {
                cancel.cancel();
            }
        })
        .unwrap_err();
    assert!(matches!(error, ProcessError::Cancelled { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
    let error = shell("sleep 60").cancelled_by(&cancel).run().unwrap_err();
    assert!(matches!(error, ProcessError::Cancelled { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(30));
}
