//! `pyrel index`: what it refuses before it listens, tokens that nobody sees, and releases that are yanked.

use super::workspace;

#[test]
fn nonsense_is_refused_before_anything_listens() {
    for (words, expected) in [
        (&["--fail", "503"][..], "STATUS:SHARE"),
        (&["--fail", "200:0.5"], "from 400 to 599"),
        (&["--fail", "503:0.6", "--fail", "500:0.6"], "more than 1 together"),
        (&["--latency", "fast"], "a whole number with"),
        (&["--lag", "2h"], "at most an hour"),
        (&["--seed=-1"], "--seed"),
        (&["--tokens-file", "missing"], "missing"),
    ] {
        let command = [&["index", "serve", "--port", "0"], words].concat();
        let _ = workspace().run(command).expect(2).says(expected);
    }
}

#[test]
fn tokens_are_not_shown_when_they_are_refused() {
    for token in ["hush-hush=", "hush-hush=hush!hush", "hush hush", "=hush"] {
        let run = workspace().run(["index", "serve", "--port", "0", "--token", token]).expect(2);
        assert!(!run.stderr.contains("hush") && !run.stdout.contains("hush"), "{}", run.stderr);
    }
    let workspace = workspace().file("tokens", "# ours\nhush\nhush=demo\n");
    let command = ["index", "serve", "--port", "0", "--tokens-file", "tokens"];
    let run = workspace.run(command).expect(2).says("was given before");
    assert!(!run.stderr.contains("hush"), "{}", run.stderr);
    let workspace = workspace.file("tokens", "fine\nhush=?\n");
    let run = workspace.run(command).expect(2).says("line 2").says("no project name");
    assert!(!run.stderr.contains("hush"), "{}", run.stderr);
}
