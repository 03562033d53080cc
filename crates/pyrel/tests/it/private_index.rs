//! Indexes that let members alone read: every command that reads one proves itself, says with what, and tells no secret.

use pyrel_testkit::{Run, Workspace};

use super::two_packages;
use super::upload::{Index, configure};

const TOKEN: &str = "not-a-real-token";
const OTHER: &str = "not-a-real-token-2";

/// Two built packages, and a private index in the place of TestPyPI and one in the place of PyPI, each with its token.
fn ready() -> (Workspace, Index, Index) {
    let workspace = two_packages().env("PYREL_RETRY_BASE_MS", "1");
    let stage = Index::serve_with(&workspace, "stage", &["--private", "--token", TOKEN]);
    let production = Index::serve_with(&workspace, "production", &["--private", "--token", OTHER]);
    configure(&workspace, &stage.url, &production.url);
    let _ = workspace.run(["build"]).expect(0);
    (workspace, stage, production)
}

fn with(workspace: &Workspace, words: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = workspace.command(words);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let run = Run {
        code: output.status.code().unwrap(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    };
    assert!(
        !(run.stdout.clone() + &run.stderr).contains(TOKEN),
        "{words:?} tells a secret:\n{}",
        run.stdout.clone() + &run.stderr
    );
    run
}

const BOTH: [(&str, &str); 2] = [("PYREL_TOKEN_TESTPYPI", TOKEN), ("PYREL_TOKEN_PYPI", OTHER)];

#[test]
fn every_reading_proves_itself_and_staging_is_proven() {
    let (workspace, _stage, _production) = ready();
    let run = with(&workspace, &["upload-test"], &BOTH).expect(0);
    assert_eq!(run.stderr.matches("Staged ").count(), 4, "{}", run.stderr);
    let check = ["check", "--online", "--index", "testpypi", "--format", "json"];
    assert!(!with(&workspace, &check, &BOTH).expect(0).stdout.contains("index-project-new"));
    let check = ["check", "--online", "--format", "json"];
    assert!(with(&workspace, &check, &BOTH).expect(0).stdout.contains("index-project-new"));
    let info = with(&workspace, &["info", "--remote"], &BOTH).expect(0);
    let _ = info.prints("alpha on testpypi: 1.0.0 is the newest").prints("alpha on pypi: not there");
    let plan = with(&workspace, &["plan", "--format", "json"], &BOTH).expect(0).json();
    let digest = &plan["digest"].as_str().unwrap()[..12];
    assert!(plan.to_string().contains(r#""staged":"yes""#), "{plan}");
    let upload = ["upload", "--yes", "--confirm", digest];
    let _ = with(&workspace, &[&upload[..], &["--dry-run"]].concat(), &BOTH).expect(0);
    let run = with(&workspace, &upload, &BOTH).expect(0);
    assert_eq!(run.stderr.matches("Published ").count(), 4, "{}", run.stderr);
}

#[test]
fn without_credentials_for_the_staging_index_nothing_is_proven_and_the_reason_is_told() {
    let (workspace, _stage, _production) = ready();
    let _ = with(&workspace, &["upload-test"], &BOTH).expect(0);
    let only = &BOTH[1..];
    let reason =
        "nothing is proven to be staged: cannot read the index `testpypi`: the index `testpypi` does not let";
    let plan = with(&workspace, &["plan"], only).expect(0).says(reason);
    let _ = plan.says("there are no credentials for the index `testpypi`").says("set `PYREL_TOKEN_TESTPYPI`");
    for more in [&[][..], &["--dry-run"]] {
        let words = [&["upload", "--yes", "--confirm", "0123456789ab"], more].concat();
        let _ = with(&workspace, &words, only).expect(3).says(reason).says("not staged");
    }
    assert!(!workspace.files("production").iter().any(|path| path.ends_with(".whl")));
}

#[test]
fn a_reading_that_is_refused_names_the_index_the_source_and_the_remedy() {
    let (workspace, _stage, _production) = ready();
    for words in [&["check", "--online", "--index", "testpypi"][..], &["info", "--remote"]] {
        let run = with(&workspace, words, &[BOTH[1], ("PYREL_TOKEN_TESTPYPI", "wrong")]).expect(4);
        let run = run
            .says("the index `testpypi` does not let")
            .says("(401, tried with the variable `PYREL_TOKEN_TESTPYPI`)");
        let _ = run.says("hint: correct the variable `PYREL_TOKEN_TESTPYPI`");
        let run = with(&workspace, words, &BOTH[1..]).expect(4).says("tried without credentials");
        let _ = run.says("hint: set `PYREL_TOKEN_TESTPYPI` to an API token");
    }
}

#[test]
fn pypirc_gives_credentials_for_reading_too_and_urls_are_no_place_for_them() {
    let (workspace, stage, production) = ready();
    let _ = with(&workspace, &["upload-test"], &BOTH).expect(0);
    let check = ["check", "--online", "--index", "testpypi", "--format", "json"];
    let section = format!("[testpypi]\nrepository = {}/legacy/\npassword = {TOKEN}\n", stage.url);
    let pypirc = workspace.home().join(".pypirc");
    fs_err::write(&pypirc, format!("[distutils]\nindex-servers = testpypi\n{section}")).unwrap();
    assert!(!with(&workspace, &check, &[]).expect(0).stdout.contains("index-project-new"));
    fs_err::remove_file(&pypirc).unwrap();
    let _ = with(&workspace, &check, &[]).expect(4);
    let own = stage.url.replace("http://", &format!("http://__token__:{TOKEN}@"));
    configure(&workspace, &own, &production.url);
    let _ = with(&workspace, &check, &[]).expect(2).says("must not hold a user name or password");
    // Credentials of uploads go to the address of uploads alone.
    configure(&workspace, &stage.url, &production.url);
    let text = fs_err::read_to_string(workspace.root().join("pyrel.toml")).unwrap();
    let text = text.replace(&format!("{}/simple/", stage.url), &format!("{}/simple/", production.url));
    workspace.write("pyrel.toml", text);
    let run = with(&workspace, &check, &BOTH).expect(4);
    let _ = run.says("stay at the address of `upload-url`, which is another one").says("at one address");
}
