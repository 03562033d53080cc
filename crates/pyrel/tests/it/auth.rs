//! `pyrel auth check`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use pyrel_testkit::Workspace;

use super::two_packages;

/// A token in the shape of PyPI's, which no index ever made.
fn token(location: &str, caveat: &str) -> String {
    let field = |kind: u8, data: &[u8]| [&[kind, u8::try_from(data.len()).unwrap()], data].concat();
    let parts = [
        vec![2],
        field(1, location.as_bytes()),
        field(2, b"nobody"),
        vec![0],
        field(2, caveat.as_bytes()),
        vec![0, 0],
        field(6, &[7; 32]),
    ];
    format!("pypi-{}", URL_SAFE_NO_PAD.encode(parts.concat()))
}

/// Makes a workspace whose environment has these variables.
fn with(variables: &[(&str, &str)]) -> Workspace {
    variables.iter().fold(two_packages(), |workspace, (name, value)| workspace.env(name, value))
}

#[test]
fn a_token_of_the_other_index_is_found_out() {
    let token = token("test.pypi.org", "[1, [\"alpha\"]]");
    let run = with(&[("PYPI_API_TOKEN", token.as_str())]).run(["auth", "check", "--index", "pypi"]);
    let run = run.expect(3);
    assert!(run.stdout.contains("from the variable `PYPI_API_TOKEN`"), "{}", run.stdout);
    assert!(run.stdout.contains("a token made by test.pypi.org for alpha"), "{}", run.stdout);
    assert!(run.stdout.contains("does not know tokens of test.pypi.org"), "{}", run.stdout);
    assert!(!run.stdout.contains(&token) && !run.stderr.contains(&token));
    let run = with(&[("TEST_PYPI_API_TOKEN", token.as_str())]).run(["auth", "check"]).expect(0);
    assert!(run.stdout.contains("testpypi  token\n"), "{}", run.stdout);
}

#[test]
fn a_token_that_has_lapsed_and_text_that_is_none_are_told() {
    for (text, says) in [
        (token("pypi.org", "[0, 1, 0]"), "the token has lapsed"),
        ("not-a-real-token".to_owned(), "the token is none that this index makes"),
    ] {
        let run = with(&[("PYREL_TOKEN_PYPI", text.as_str())]).run(["auth", "check"]).expect(3);
        assert!(run.stdout.contains(says), "{}", run.stdout);
        assert!(run.stderr.contains("an upload to `pypi` would be turned down"), "{}", run.stderr);
    }
}

#[test]
fn an_index_that_was_named_needs_credentials_and_others_do_not() {
    let workspace = two_packages();
    let run = workspace.run(["auth", "check"]).expect(0);
    assert!(run.stdout.contains("pypi  no credentials"), "{}", run.stdout);
    assert!(run.stdout.contains("hint: set `PYREL_TOKEN_PYPI`"), "{}", run.stdout);
    let _ = workspace.run(["auth", "check", "--index", "testpypi"]).expect(3);
    let json = workspace.run(["auth", "check", "--format", "json"]).expect(0).json();
    assert_eq!(json["indexes"][0]["account"], serde_json::Value::Null);
}

#[test]
fn a_job_of_a_ci_is_told_what_it_would_use() {
    let job = [
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://identity.example/"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "not-a-real-token"),
    ];
    let words = ["--offline", "auth", "check", "--index", "pypi", "--format", "json"];
    let json = with(&job).run(words).expect(0).json();
    assert_eq!(json["indexes"][0]["account"], "trusted-publisher");
    assert_eq!(json["indexes"][0]["proved"], serde_json::Value::Null);
    let without = with(&job[..1]).run(["auth", "check", "--index", "pypi"]).expect(3);
    assert!(without.stdout.contains("id-token: write"), "{}", without.stdout);
}
