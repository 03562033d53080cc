//! `pyrel index`: what it refuses before it listens, tokens that nobody sees, and releases that are yanked.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::upload::{Index, configure};
use super::{two_packages, workspace};

#[test]
fn nonsense_is_refused_before_anything_listens() {
    for (words, expected) in [
        (&["--fail", "503"][..], "STATUS:SHARE"),
        (&["--fail", "200:0.5"], "from 400 to 599"),
        (&["--fail", "503:0.6", "--fail", "500:0.6"], "more than 1 together"),
        (&["--latency", "fast"], "a whole number with"),
        (&["--lag", "2h"], "at most an hour"),
        (&["--seed=-1"], "--seed"),
        (&["--overlay-cache", "cache"], "--overlay"),
        (&["--max-age", "86401"], "86401"),
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

#[test]
fn a_release_is_yanked_beside_a_running_server() {
    let workspace = two_packages().env("PYREL_TOKEN", "not-a-real-token");
    let index = Index::serve(&workspace, "store");
    configure(&workspace, &index.url, &index.url);
    let yank = ["index", "yank", "Alpha", "1.0", "--dir", "store"];
    let _ = workspace.run(yank).expect(2).says("no release of `Alpha` with the version: 1.0").says("no file");
    let _ = workspace.run(["build"]).expect(0);
    let _ = workspace.run(["upload-test", "alpha"]).expect(0);
    let reason = [&yank[..], &["--reason", "it <breaks>", "--format", "json"]].concat();
    let json = workspace.run(&reason).expect(0).json();
    assert_eq!((&json["yanked"], &json["changed"]), (&"it <breaks>".into(), &true.into()));
    assert_eq!(workspace.run(&reason).expect(0).json()["changed"], false);
    let page = get(&index.url, "/simple/alpha/");
    assert!(page.contains("data-yanked=\"it &lt;breaks&gt;\""), "{page}");
    let _ = workspace.run([&yank[..], &["--undo"]].concat()).expect(0).says("Unyanked");
    let page = get(&index.url, "/simple/alpha/");
    assert!(page.contains("alpha-1.0.0") && !page.contains("data-yanked"), "{page}");
    let _ = workspace.run(["index", "yank", "alpha", "9", "--dir", "store"]).expect(2).says("it has 1.0.0");
    let _ =
        workspace.run(["index", "yank", "alpha", "1", "--dir", "x"]).expect(2).says("there is no index in");
    let _ = workspace.run(["index", "yank", "alpha", "one", "--dir", "store"]).expect(2);
}

/// Reads a page of an index.
fn get(url: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
