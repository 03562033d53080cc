//! The command line itself: help, completions, manual pages, wrong words, closed pipes.

use std::io::Read;
use std::process::Stdio;

use super::workspace;

const COMMANDS: [&str; 20] = [
    "info",
    "graph",
    "build",
    "test",
    "check",
    "clean",
    "changelog",
    "prepare",
    "plan",
    "upload-test",
    "upload",
    "publish-test",
    "publish",
    "verify",
    "rehearse",
    "adopt",
    "index serve",
    "index yank",
    "completions",
    "man",
];

#[test]
fn every_command_has_help_with_an_example() {
    let workspace = workspace();
    for command in COMMANDS {
        let mut words: Vec<&str> = command.split(' ').collect();
        words.push("--help");
        let run = workspace.run(words).expect(0);
        assert!(
            run.stdout.contains("Example:\n  pyrel "),
            "`{command} --help` shows no example:\n{}",
            run.stdout
        );
    }
}

#[test]
fn the_reference_page_is_current() {
    let workspace = workspace();
    let mut page = String::from(
        "# Commands\n\nGenerated from `--help`; `PYREL_BLESS=1 cargo test -p pyrel` writes it anew.\n",
    );
    page.push_str(&format!("\n## pyrel\n\n```text\n{}```\n", workspace.run(["--help"]).expect(0).stdout));
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        page.push_str(&format!(
            "\n## pyrel {command}\n\n```text\n{}```\n",
            workspace.run(words).expect(0).stdout
        ));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/commands.md");
    #[expect(clippy::disallowed_methods, reason = "a developer's switch of this test alone")]
    if std::env::var_os("PYREL_BLESS").is_some() {
        fs_err::write(path, &page).unwrap();
    }
    let written = fs_err::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert!(written == page, "docs/commands.md is not current: run `PYREL_BLESS=1 cargo test -p pyrel`");
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let workspace = workspace();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = workspace.run(["completions", shell]).expect(0).stdout;
        assert!(script.contains("upload-test") && script.contains("rehearse"), "{shell}");
    }
    let page = workspace.run(["man"]).expect(0).stdout;
    assert!(page.starts_with(".ie") || page.starts_with(".TH") || page.contains(".TH pyrel"), "{page}");
    let _ = workspace.run(["man", "--out-dir", "pages"]).expect(0).says("Wrote");
    assert!(workspace.files("pages").contains(&"pages/pyrel-upload-test.1".to_owned()));
}

#[test]
fn wrong_words_are_usage_errors() {
    let workspace = workspace();
    let _ = workspace.run(["biuld"]).expect(2).says("unrecognized subcommand 'biuld'").says("'build'");
    let _ = workspace.run(["build", "--sdsit"]).expect(2).says("--sdist");
    let _ = workspace.run(["-C", "nowhere", "info"]).expect(2).says("no such directory");
    let _ = workspace
        .file("pyrel.toml", "")
        .package("a", "1", &[])
        .run(["info", "--format", "dot"])
        .expect(2)
        .says("only with `graph`");
}

#[test]
fn a_closed_pipe_is_success() {
    let workspace = super::two_packages();
    let mut child = workspace.command(["man"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}
