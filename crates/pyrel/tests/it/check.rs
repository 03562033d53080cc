//! `pyrel check`.

use super::two_packages;

#[test]
fn good_files_pass() {
    let workspace = two_packages();
    let _ = workspace.run(["build"]).expect(0);
    let run = workspace.run(["check", "--strict"]).expect(0);
    assert_eq!(run.stdout.matches(": ok\n").count(), 4, "{}", run.stdout);
    let json = workspace.run(["check", "alpha", "--format", "json"]).expect(0).json();
    assert_eq!(json["files"].as_array().unwrap().len(), 2);
    assert_eq!(json["files"][0]["ok"], true);
    assert_eq!(json["files"][0]["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn a_description_is_rendered_for_one_file() {
    let project = "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\n\
                   [project]\nname = \"gamma\"\nversion = \"1.0.0\"\nreadme = \"README.rst\"\n";
    let workspace = two_packages()
        .file("packages/gamma/pyproject.toml", project)
        .file("packages/gamma/README.rst", "Gamma\n=====\n\nWell *made*.\n")
        .file("packages/gamma/src/gamma/__init__.py", "");
    let _ = workspace.run(["build"]).expect(0);
    let sdist = "packages/gamma/dist/gamma-1.0.0.tar.gz";
    let _ = workspace.run(["check", sdist, "--render", "page.html"]).expect(0).says("Wrote");
    let page = std::fs::read_to_string(workspace.root().join("page.html")).unwrap();
    assert!(page.contains("<p>Well <em>made</em>.</p>"), "{page}");
    let _ = workspace
        .run(["check", "--render", "other.html"])
        .expect(2)
        .says("`--render` writes the page of one file, and 6 are checked");
    assert!(!workspace.root().join("other.html").exists());
}

#[test]
fn nothing_built_is_a_refusal_with_its_remedy() {
    let _ = two_packages()
        .run(["check", "beta"])
        .expect(3)
        .says("`beta` has no built files to check")
        .says("hint: run `pyrel build beta`");
}

#[test]
fn bad_files_are_findings() {
    let workspace = two_packages().file("broken-1.0.tar.gz", "no archive").file("wrong-name.whl", "x");
    let json =
        workspace.run(["check", "broken-1.0.tar.gz", "wrong-name.whl", "--format", "json"]).expect(1).json();
    for file in json["files"].as_array().unwrap() {
        assert_eq!(file["ok"], false, "{file}");
        let finding = &file["findings"][0];
        for key in ["rule", "level", "message", "hint", "source", "location"] {
            assert!(finding.get(key).is_some(), "{key} is missing in {finding}");
        }
    }
    let _ = workspace.run(["check", "absent-1.0.tar.gz"]).expect(1).prints("absent-1.0.tar.gz");
}

#[test]
fn github_gets_annotations() {
    let workspace = two_packages().file("broken-1.0.tar.gz", "no archive").env("GITHUB_ACTIONS", "true");
    let _ = workspace.run(["check", "broken-1.0.tar.gz"]).expect(1).says("::error file=");
}

#[test]
fn a_finding_shows_its_line_and_what_to_do() {
    let workspace = two_packages();
    let manifest = "[project]\nname = \"gamma\"\nversion = \"1.0\"\ndescription = \"x\"\nrequires-python = \">=3.9\"\n\
        classifiers = [\n    \"Programming Language :: Python :: 3.8\",\n    \"Programming Language :: Python :: 3\",\n]\n\
        [project.scripts]\nother = \"gamma:VALUE\"\ngamma = \"gamma:main\"\n\
        [build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";
    workspace.write("packages/gamma/pyproject.toml", manifest);
    workspace.write("packages/gamma/gamma/__init__.py", "VALUE = 1\n");
    let _ = workspace.run(["build", "gamma"]).expect(0);
    let run = workspace.run(["check", "gamma", "--strict"]).expect(1);
    let text = &run.stdout;
    assert!(text.contains("--> packages/gamma/pyproject.toml:7:5\n"), "{text}");
    assert!(text.contains("7 |     \"Programming Language :: Python :: 3.8\",\n"), "{text}");
    assert!(text.contains("|     ^^^^^^"), "{text}");
    assert!(text.contains("--> packages/gamma/pyproject.toml:12:9\n"), "{text}");
    assert!(text.contains("12 | gamma = \"gamma:main\"\n"), "{text}");
    assert!(text.contains("hint: remove the classifier"), "{text}");
    assert!(run.stderr.contains("warnings"), "{}", run.stderr);
    // Without the workspace, the line is that of the metadata in the archive.
    let file = "packages/gamma/dist/gamma-1.0-py3-none-any.whl";
    let _ = workspace.run(["check", file]).expect(0).prints("--> gamma-1.0.dist-info/METADATA:");
}

#[test]
fn a_rule_can_be_set_for_one_package() {
    let config = "[package.alpha.check]\nlicense-text = \"error\"\n[check]\nlicense-text = \"off\"\n";
    let workspace = two_packages().file("pyrel.toml", config);
    let _ = workspace.run(["build"]).expect(0);
    let json = workspace.run(["check", "--format", "json"]).expect(1).json();
    for file in json["files"].as_array().unwrap() {
        let rules: Vec<&str> = file["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["rule"].as_str().unwrap())
            .collect();
        let alpha = file["filename"].as_str().unwrap().starts_with("alpha");
        assert_eq!(rules.contains(&"license-text"), alpha, "{file}");
    }
    workspace.write("pyrel.toml", "[package.alpha.check]\nlicense-texts = \"error\"\n");
    let run = workspace.run(["check"]).expect(2).says("no such rule: `license-texts`");
    let _ = run.says("did you mean `license-text`?").says("pyrel.toml:2:1");
}

#[test]
fn git_and_the_changelog_are_looked_at() {
    let workspace = two_packages().file("packages/alpha/CHANGELOG.md", "# Changelog\n\n## 0.9\n");
    workspace.git(&["init", "-q"]);
    workspace.git(&["add", "."]);
    workspace.git(&["commit", "-qm", "first"]);
    let source =
        workspace.files("packages/alpha").into_iter().find(|file| file.ends_with("__init__.py")).unwrap();
    let scratch = format!("packages/alpha/{}", source.replace("__init__.py", "scratch.py"));
    workspace.write(&scratch, "VALUE = 2\n");
    let _ = workspace.run(["build", "alpha"]).expect(0);
    let run = workspace.run(["check", "alpha"]).expect(0);
    let _ = run.prints("git does not track a file of the archive").prints("has no heading for 1.0.0");
}

#[test]
fn a_rule_is_explained() {
    let workspace = two_packages();
    let run = workspace.run(["check", "--explain", "secret-token"]).expect(0).prints("Why is this bad");
    let _ = run.prints("secret-token (error, pyrel)");
    let json = workspace.run(["check", "--explain", "file-size", "--format", "json"]).expect(0).json();
    assert_eq!((json["rule"].as_str(), json["source"].as_str()), (Some("file-size"), Some("pypi")));
    let _ = workspace
        .run(["check", "--explain", "secret-tokn"])
        .expect(2)
        .says("no such rule: `secret-tokn`")
        .says("did you mean `secret-token`?");
}

#[test]
fn sarif_names_rules_files_and_lines() {
    let workspace = two_packages().file("broken name-1.0.tar.gz", "no archive");
    let document = workspace.run(["check", "broken name-1.0.tar.gz", "--format", "sarif"]).expect(1).json();
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    let result = &run["results"][0];
    let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(rule["id"], result["ruleId"]);
    assert_eq!(result["level"], "error");
    let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert!(uri.as_str().unwrap().ends_with("broken%20name-1.0.tar.gz"), "{uri}");
    assert_eq!(run["artifacts"][0]["hashes"]["sha-256"].as_str().unwrap().len(), 64);
    let _ = workspace.run(["build", "--format", "sarif"]).expect(2).says("only with `check`");
}
