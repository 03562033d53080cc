//! What a release to each kind of server comes to.

use fs_err as fs;
use pyrel_testkit::{Run, Workspace};

use super::rule::Kind;
use super::server::{PASSWORD, Server, USER};
use crate::two_packages;

const WHEEL: &str = "alpha-1.0.0-py3-none-any.whl";

/// Two built packages, and a server for them.
fn ready(kind: Kind) -> (Workspace, Server) {
    let server = Server::start(kind);
    let workspace = two_packages().env("PYREL_RETRY_BASE_MS", "1").env("TWINE_USERNAME", USER);
    configure(&workspace, &server, kind.upload());
    let _ = workspace.run(["build"]).expect(0);
    (workspace, server)
}

fn configure(workspace: &Workspace, server: &Server, upload: &str) {
    let (url, simple) = (&server.url, server.kind.simple());
    let text = format!("[index.private]\nupload-url = \"{url}{upload}\"\nsimple-url = \"{url}{simple}\"\n");
    workspace.write("pyrel.toml", text);
}

fn upload_with(workspace: &Workspace, password: &str) -> Run {
    let mut command = workspace.command(["upload-test", "--index", "private"]);
    let output = command.env("TWINE_PASSWORD", password).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Run { code: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn upload(workspace: &Workspace) -> Run {
    upload_with(workspace, PASSWORD)
}

fn dist(workspace: &Workspace, path: &str) -> Vec<u8> {
    let package = path.split('-').next().unwrap();
    fs::read(workspace.root().join("packages").join(package).join("dist").join(path)).unwrap()
}

#[test]
fn files_go_up_and_are_not_sent_twice() {
    for kind in Kind::ALL {
        let (workspace, server) = ready(kind);
        let run = upload(&workspace);
        assert_eq!(run.code, 0, "{kind:?}:\n{}", run.stderr);
        assert_eq!(run.stderr.matches("Staged ").count(), 4, "{kind:?}:\n{}", run.stderr);
        server.state(|state| {
            assert_eq!((state.files.len(), state.uploads), (4, 4));
            for (name, (_, _, bytes)) in &state.files {
                assert!(*bytes == dist(&workspace, name), "{kind:?}: {name}");
            }
        });
        let again = upload(&workspace);
        assert_eq!(again.code, 0, "{kind:?}:\n{}", again.stderr);
        assert_eq!(again.stderr.matches("Had it ").count(), 4, "{kind:?}:\n{}", again.stderr);
        assert_eq!(server.state(|state| state.uploads), 4, "{kind:?}:\n{}", again.stderr);
    }
}

#[test]
fn the_same_file_that_no_page_showed_is_no_failure() {
    for kind in Kind::ALL {
        let (workspace, server) = ready(kind);
        server.hold("alpha", WHEEL, &dist(&workspace, WHEEL));
        server.state(|state| state.conceals = true);
        let run = upload(&workspace);
        assert_eq!(run.code, 0, "{kind:?}:\n{}", run.stderr);
        assert!(run.stderr.contains(&format!("Had it {WHEEL}")), "{kind:?}:\n{}", run.stderr);
        assert_eq!(server.state(|state| (state.files.len(), state.uploads)), (4, 4), "{kind:?}");
    }
}

#[test]
fn other_bytes_stop_before_the_first_upload() {
    for kind in Kind::ALL {
        let (workspace, server) = ready(kind);
        server.hold("beta", "beta-2.0.0.tar.gz", b"other bytes");
        let run = upload(&workspace);
        assert_eq!(run.code, 4, "{kind:?}:\n{}", run.stderr);
        assert!(run.stderr.contains("holds other bytes under the names"), "{kind:?}:\n{}", run.stderr);
        assert_eq!(server.state(|state| state.uploads), 0, "{kind:?}");
    }
}

#[test]
fn other_bytes_that_no_page_showed_are_a_conflict() {
    for kind in Kind::ALL {
        let (workspace, server) = ready(kind);
        server.hold("alpha", WHEEL, b"other bytes");
        server.state(|state| state.conceals = true);
        let run = upload(&workspace);
        assert_eq!(run.code, 4, "{kind:?}:\n{}", run.stderr);
        let said = format!("the index already has other bytes under the name `{WHEEL}`");
        assert!(
            run.stderr.contains(&said) && run.stderr.contains("bump the version"),
            "{kind:?}:\n{}",
            run.stderr
        );
        assert_eq!(server.state(|state| (state.files.len(), state.uploads)), (1, 1), "{kind:?}");
    }
}

#[test]
fn wrong_credentials_are_told_with_what_to_do() {
    for kind in Kind::ALL {
        let (workspace, server) = ready(kind);
        let run = upload_with(&workspace, "wrong");
        assert_eq!(run.code, 4, "{kind:?}:\n{}", run.stderr);
        assert!(
            run.stderr.contains("credentials")
                || run.stderr.contains("tried with the variable `TWINE_PASSWORD`"),
            "{kind:?}:\n{}",
            run.stderr
        );
        assert!(server.state(|state| state.files.is_empty()));
    }
}

#[test]
fn an_account_that_may_only_read_is_told_so() {
    for kind in Kind::ALL {
        let (workspace, server) = ready(kind);
        server.state(|state| state.forbids = true);
        let run = upload(&workspace);
        assert_eq!(run.code, 4, "{kind:?}:\n{}", run.stderr);
        assert!(run.stderr.contains("does not accept the credentials for"), "{kind:?}:\n{}", run.stderr);
        assert_eq!(server.state(|state| state.uploads), 1, "{kind:?}: no second try, and no other file");
    }
}

#[test]
fn a_wrong_address_of_uploads_is_told_so() {
    for kind in Kind::ALL {
        let (workspace, server) = ready(kind);
        configure(&workspace, &server, "/nowhere/pypi");
        let run = upload(&workspace);
        assert_eq!(run.code, 4, "{kind:?}:\n{}", run.stderr);
        assert!(run.stderr.contains("`upload-url` of the index is wrong"), "{kind:?}:\n{}", run.stderr);
        assert!(server.state(|state| state.files.is_empty()));
    }
}

#[test]
fn what_another_index_has_of_a_name_is_no_conflict() {
    let elsewhere = Server::start(Kind::Plain);
    elsewhere.hold("alpha", WHEEL, b"somebody else's");
    elsewhere.state(|state| state.is_public = true);
    let (workspace, server) = ready(Kind::GitLab);
    server.state(|state| state.forwards_to = Some(format!("{}/simple/", elsewhere.url)));
    let run = upload(&workspace);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(server.state(|state| state.files.len()), 4);
    // Nor is one that cannot be reached a hindrance.
    let (workspace, server) = ready(Kind::GitLab);
    server.state(|state| state.forwards_to = Some("http://127.0.0.1:9/simple/".to_owned()));
    let run = upload(&workspace);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn a_name_that_is_not_allowed_is_told_as_the_server_tells_it() {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.name_not_allowed().is_some()) {
        let (workspace, server) = ready(kind);
        server.state(|state| state.rejects = true);
        let run = upload(&workspace);
        assert_eq!(run.code, 4, "{kind:?}:\n{}", run.stderr);
        let (words, hint) = match kind {
            Kind::GitLab => ("Forbidden - Package protected.", "a protection rule of the project"),
            _ => ("due to its include/exclude pattern settings", "let the repository's patterns"),
        };
        assert!(run.stderr.contains(words) && run.stderr.contains(hint), "{kind:?}:\n{}", run.stderr);
        assert!(!run.stderr.contains("other bytes"), "{kind:?}:\n{}", run.stderr);
    }
}

#[test]
fn a_server_that_takes_nothing_is_told_from_one_that_refuses_a_file() {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Plain) {
        let (workspace, server) = ready(kind);
        server.state(|state| state.is_read_only = true);
        let run = upload(&workspace);
        assert_eq!(run.code, 4, "{kind:?}:\n{}", run.stderr);
        let said: &[&str] = match kind {
            Kind::GitLab => &["takes no uploads for now", "read-only instance", "resume the run later"],
            Kind::Nexus | Kind::NexusOfOld => &["is in read-only mode", "the index is being maintained"],
            _ => &["No local repository was configured", "upload to a local repository"],
        };
        for words in said {
            assert!(run.stderr.contains(words), "{kind:?}: {words}\n{}", run.stderr);
        }
        assert!(!run.stderr.contains("does not accept the credentials"), "{kind:?}:\n{}", run.stderr);
        assert!(server.state(|state| state.files.is_empty()));
    }
}
