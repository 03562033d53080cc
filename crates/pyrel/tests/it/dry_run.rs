//! `--dry-run` of the uploading commands, and `--attest` where there is nobody to sign.

use super::two_packages;
use super::upload::{Index, configure};

#[test]
fn a_dry_run_says_what_an_upload_does_and_does_none_of_it() {
    let workspace = two_packages().env("PYREL_TOKEN", "not-a-real-token");
    let (stage, production) = (Index::serve(&workspace, "stage"), Index::serve(&workspace, "production"));
    configure(&workspace, &stage.url, &production.url);
    let run = workspace.run(["upload-test", "--dry-run"]).expect(3);
    let _ = run.says("`alpha` has no built files").says("nothing was sent");
    let _ = workspace.run(["build"]).expect(0);

    let run = workspace.run(["upload-test", "--dry-run"]).expect(0).says("nothing would stop it");
    let run = run.prints("would    collect, check, stage").prints("send 4 files, skip 0");
    let _ = run.prints("name     alpha: the name is free");
    let run = workspace.run(["upload", "--dry-run"]).expect(3);
    let _ = run.says("4 files are not staged with the same bytes").says("the run would stop here");
    let json =
        workspace.run(["upload", "--dry-run", "--allow-unstaged", "--format", "json"]).expect(0).json();
    assert_eq!((&json["schema"], &json["dry_run"], &json["exit_code"]), (&1.into(), &true.into(), &0.into()));
    assert_eq!(json["steps"], serde_json::json!(["collect", "check", "gate", "publish"]));
    let plan = workspace.run(["plan", "--allow-unstaged", "--format", "json"]).expect(0).json();
    assert_eq!(json["digest"], plan["digest"]);
    let publish = ["publish", "--dry-run", "--format", "json"];
    let json = workspace.run(publish).expect(0).json();
    assert_eq!(json["digest"], plan["digest"], "what would be built is what was built");
    assert_eq!(json["targets"].as_array().unwrap().len(), 2);

    assert!(!workspace.root().join(".pyrel/runs").exists());
    for folder in ["stage", "production"] {
        let files = workspace.files(folder);
        assert!(!files.iter().any(|path| path.contains("projects/")), "{files:?}");
    }
    let _ = workspace.run(["upload-test", "--dry-run", "--resume"]).expect(2).says("cannot be used with");
}

#[test]
fn a_dry_run_without_credentials_is_refused() {
    let workspace = two_packages();
    let index = Index::serve(&workspace, "stage");
    configure(&workspace, &index.url, &index.url);
    let _ = workspace.run(["build"]).expect(0);
    let run = workspace.run(["upload-test", "--dry-run"]).expect(3);
    let _ = run.says("there are no credentials for the index `testpypi`");
}

#[test]
fn attesting_needs_an_index_that_takes_attestations_and_somebody_to_sign() {
    let workspace = two_packages().env("PYREL_TOKEN", "not-a-real-token");
    let index = Index::serve(&workspace, "stage");
    configure(&workspace, &index.url, &index.url);
    let _ = workspace.run(["build"]).expect(0);
    let run = workspace.run(["upload-test", "--attest"]).expect(2);
    let _ = run.says("the index `testpypi` takes no attestations").says("attestations = true");
    let text = format!(
        "[index.testpypi]\nupload-url = \"{0}/legacy/\"\nsimple-url = \"{0}/simple/\"\nattestations = true\n",
        index.url
    );
    workspace.write("pyrel.toml", text);
    let run = workspace.run(["upload-test", "--attest"]).expect(3);
    let _ = run.says("`--attest` signs with the identity of a CI");
    // A token for PyPI itself cannot send attestations, so that they would be refused with the file.
    let run = workspace.run(["plan", "--attest", "--account", "token"]).expect(3);
    let _ = run.says("`pypi` takes attestations of trusted publishers alone");
}
