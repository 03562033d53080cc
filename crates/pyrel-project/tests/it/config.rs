//! `pyrel.toml` and `[tool.pyrel]`.

use std::path::Path;

use pyrel_project::config::{Aggregate, ChangelogSource, Forge};
use pyrel_project::{Config, InternalDependencyPolicy, Versioning};

use crate::tree::{Tree, config_error, described};

const FULL: &str = r#"
members = ["packages/*"]
exclude = ["packages/old"]
tag = "{name}/{version}"
versioning = { core = ["a", "B_c"], rest = ["d"] }
internal-dependencies = "minimum"
changelog = "docs/CHANGES.md"

[index.local]
upload-url = "http://127.0.0.1:8080/legacy/"
simple-url = "http://[::1]:8080/simple/"
production = true
audience = "local"

[index.testpypi]
simple-url = "https://mirror.example.org/simple/"

[check]
readme-renders = "error"
long-description = "off"

[release]
steps = ["build", "check"]
allowed-branches = ["main", "release/*"]
clean-tree = false
require-staging = false

[package."My.Pkg"]
publish = false
verify = ["my-pkg --version"]
test = "pytest -q"
version-files = ["src/my_pkg/__init__.py"]
"#;

fn parse(text: &str) -> Result<Config, String> {
    let path = Path::new("pyrel.toml");
    Config::parse(path, text).map_err(|fault| described(Path::new("/nowhere"), &fault))
}

#[test]
fn every_key_is_typed() {
    let config = parse(FULL).unwrap();
    assert_eq!(config.members, ["packages/*"]);
    assert_eq!(config.exclude, ["packages/old"]);
    assert_eq!(config.tag, "{name}/{version}");
    let Versioning::Groups(groups) = &config.versioning else { panic!("{:?}", config.versioning) };
    assert_eq!(groups["core"][1].normalized(), "b-c");
    assert_eq!(config.internal_dependencies, Some(InternalDependencyPolicy::Minimum));
    assert_eq!(config.bump_policy(), config.build_policy());
    assert_eq!(config.changelog.as_ref().unwrap().path, "docs/CHANGES.md");
    let local = &config.indexes["local"];
    assert_eq!(local.upload_url, "http://127.0.0.1:8080/legacy/");
    assert_eq!(local.simple_url, "http://[::1]:8080/simple/");
    assert!(local.production);
    assert_eq!(local.audience.as_deref(), Some("local"));
    assert_eq!(config.check["long-description"], "off");
    assert_eq!(config.check_location("long-description").unwrap().line, 20);
    assert_eq!(config.release.steps.as_deref().unwrap(), ["build", "check"]);
    assert!(config.release.allows_branch("release/1.x") && !config.release.allows_branch("feature/x"));
    assert!(!config.release.clean_tree && !config.release.require_staging);
    let package = config.package(&"my-pkg".parse().unwrap()).unwrap();
    assert_eq!(package.publish, Some(false));
    assert_eq!(package.verify, ["my-pkg --version"]);
    assert_eq!(package.test.as_deref(), Some("pytest -q"));
    assert_eq!(
        package.version_files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
        ["src/my_pkg/__init__.py"]
    );
}

#[test]
fn predefined_indexes_are_there_and_can_be_changed_in_part() {
    let config = parse("").unwrap();
    let pypi = &config.indexes["pypi"];
    assert_eq!((pypi.upload_url.as_str(), pypi.production), ("https://upload.pypi.org/legacy/", true));
    assert_eq!(pypi.simple_url, "https://pypi.org/simple/");
    let changed = parse(FULL).unwrap();
    let testpypi = &changed.indexes["testpypi"];
    assert_eq!(testpypi.upload_url, "https://test.pypi.org/legacy/");
    assert_eq!(testpypi.simple_url, "https://mirror.example.org/simple/");
    assert!(!testpypi.production);
    assert!(changed.indexes.contains_key("pypi"));
    let own = "upload-url = \"https://upload.pypi.org/legacy/\"\nsimple-url = \"https://pypi.org/simple/\"";
    assert!(parse(&format!("[index.mine]\n{own}")).unwrap().indexes["mine"].production);
}

#[test]
fn defaults() {
    let config = parse("").unwrap();
    assert_eq!(config.tag, "{name}-v{version}");
    assert_eq!(config.versioning, Versioning::Independent);
    assert_eq!(config.internal_dependencies, None);
    assert_eq!(config.bump_policy(), InternalDependencyPolicy::Compatible);
    assert_eq!(config.build_policy(), InternalDependencyPolicy::Keep);
    assert_eq!(config.changelog.as_ref().unwrap().path, "CHANGELOG.md");
    assert!(
        config.release.clean_tree && config.release.require_staging && config.release.allows_branch("any")
    );
    assert_eq!(parse("changelog = false").unwrap().changelog, None);
    let table = parse("[changelog]\npath = \"LOG.md\"\naggregate = false\nfragments = false\nsources = [\"commits\"]\nforge = \"forgejo\"").unwrap();
    let table = table.changelog.unwrap();
    assert_eq!((table.path.as_str(), table.fragments, table.aggregate), ("LOG.md", None, Aggregate::Off));
    assert_eq!((table.sources, table.forge), (Some(vec![ChangelogSource::Commits]), Some(Forge::Gitea)));
    assert_eq!(parse("versioning = \"lockstep\"").unwrap().versioning, Versioning::Lockstep);
}

#[test]
fn the_default_tag_depends_on_the_number_of_packages() {
    let tree = Tree::new();
    tree.package("packages/a", "a", &[]).file("pyrel.toml", "");
    assert_eq!(tree.workspace().config().tag, "v{version}");
    tree.package("packages/b", "b", &[]);
    assert_eq!(tree.workspace().config().tag, "{name}-v{version}");
    tree.file("pyrel.toml", "versioning = \"lockstep\"");
    assert_eq!(tree.workspace().config().tag, "v{version}");
    tree.file("pyrel.toml", "versioning = \"lockstep\"\ntag = \"{name}-{version}\"");
    assert_eq!(tree.workspace().config().tag, "{name}-{version}");
}

fn assert_refused(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let found = parse(text).unwrap_err();
        assert!(found.starts_with(expected), "{text}\n  gave {found}\n  not  {expected}");
    }
}

#[test]
fn every_mistake_at_the_top_has_its_place_and_its_remedy() {
    assert_refused(&[
        ("membres = []", "pyrel.toml:1:1: unknown key `membres` [did you mean `members`?]"),
        ("members = \"x\"", "pyrel.toml:1:11: `members` must be an array of strings"),
        ("members = [\"a\", 3]", "pyrel.toml:1:17: every element of `members` must be a string"),
        ("exclude = [\"a[\"]", "pyrel.toml:1:12: in `exclude`: invalid glob, "),
        ("tag = \"v1\"", "pyrel.toml:1:7: in `tag`: a tag must contain `{version}` exactly once: `v1`"),
        (
            "versioning = \"lock-step\"",
            "pyrel.toml:1:14: `versioning` must be one of `independent`, `lockstep`, not `lock-step` [did you mean `lockstep`?]",
        ),
        (
            "versioning = 1",
            "pyrel.toml:1:14: `versioning` must be `\"independent\"`, `\"lockstep\"`, or a table",
        ),
        (
            "[versioning]\na = [\"x\"]\nb = [\"X\"]",
            "pyrel.toml:3:6: `X` is in two version groups, `a` and `b`",
        ),
        ("[versioning]\na = [\"-x\"]", "pyrel.toml:2:6: in `versioning.a`: invalid project name"),
        (
            "internal-dependencies = \"exakt\"",
            "pyrel.toml:1:25: `internal-dependencies` must be one of `compatible`, `minimum`, `exact`, `keep`, not `exakt` [did you mean `exact`?]",
        ),
        (
            "changelog = 1",
            "pyrel.toml:1:13: `changelog` must be a path below the package's directory, `false`, or a table",
        ),
        (
            "[changelog]\npath = false",
            "pyrel.toml:2:8: `changelog.path` must be a path below the package's directory [`changelog = false`",
        ),
        ("[changelog]\nagregate = false", "pyrel.toml:2:1: unknown key `changelog.agregate`"),
        (
            "[changelog]\nforge = \"gitlap\"",
            "pyrel.toml:2:9: `changelog.forge` must be one of `github`, `gitlab`",
        ),
        (
            "[changelog]\nsources = [\"comits\"]",
            "pyrel.toml:2:11: `changelog.sources` must be one of `unreleased`, `fragments`, `commits`, not `comits` [did you mean `commits`?]",
        ),
        (
            "[changelog]\nurl = \"git@x:a/b\"",
            "pyrel.toml:2:7: `changelog.url` must be the address of the repository's page",
        ),
        (
            "[changelog.categories]\nA = [\"x\"]\nB = [\"X\"]",
            "pyrel.toml:3:6: type `x` is under two headings: `A` and `B`",
        ),
        ("changelog = \"../x\"", "pyrel.toml:1:13: `changelog` must be a path below"),
        ("a = [", "pyrel.toml:1:6: invalid TOML: "),
    ]);
}

#[test]
fn every_mistake_in_a_table_has_its_place_and_its_remedy() {
    assert_refused(&[
        (
            "[check]\nx = \"fatal\"",
            "pyrel.toml:2:5: `check.x` must be one of `error`, `warning`, `info`, `off`, not `fatal`",
        ),
        ("[check]\nx = true", "pyrel.toml:2:5: `check.x` must be a string"),
        ("check = 3", "pyrel.toml:1:9: `check` must be a table"),
        ("[release]\nstep = []", "pyrel.toml:2:1: unknown key `release.step` [did you mean `steps`?]"),
        (
            "[release]\nsteps = [\"bulid\"]",
            "pyrel.toml:2:10: `release.steps` names an unknown step: `bulid` [did you mean `build`?]",
        ),
        (
            "[release]\nsteps = [\"tag\", \"tag\"]",
            "pyrel.toml:2:17: `release.steps` names a step twice: `tag`",
        ),
        (
            "[release]\nclean-tree = \"yes\"",
            "pyrel.toml:2:14: `release.clean-tree` must be `true` or `false`",
        ),
        ("[release]\nallowed-branches = [\"a[\"]", "pyrel.toml:2:21: in `release.allowed-branches`: "),
        ("[package.-x]", "pyrel.toml:1:10: in `package.-x`: invalid project name"),
        (
            "[package.x]\npublsh = true",
            "pyrel.toml:2:1: unknown key `package.x.publsh` [did you mean `publish`?]",
        ),
        ("[package.x]\npublish = 1", "pyrel.toml:2:11: `package.x.publish` must be `true` or `false`"),
        ("[package.x]\n[package.X]", "pyrel.toml:2:10: `package.X` is a second spelling of the same package"),
        (
            "[package.x]\nversion-files = [\"/etc/x\"]",
            "pyrel.toml:2:18: `package.x.version-files` must hold paths below the package's directory: `/etc/x`",
        ),
    ]);
}

fn index(upload: &str) -> String {
    format!("[index.x]\nupload-url = \"{upload}\"\nsimple-url = \"https://x.example/\"")
}

#[test]
fn indexes_are_validated() {
    let shared =
        "[index.a-b]\nupload-url = \"https://x.example\"\nsimple-url = \"https://x.example/\"\n[index.a_b]";
    assert_refused(&[
        ("[index.\"a b\"]", "pyrel.toml:1:8: the name of an index must consist of ASCII letters"),
        ("[index.1a]", "pyrel.toml:1:8: the name of an index must consist of ASCII letters"),
        ("[index]\nx = 1", "pyrel.toml:2:5: `index.x` must be a table"),
        (
            "[index.x]\nsimple-url = \"https://x.example/\"",
            "pyrel.toml:2:14: `index.x.upload-url` is missing [add `upload-url = \"https://…\"` to the table `[index.x]`]",
        ),
        (
            "[index.pypi]\nproduction = false",
            "pyrel.toml:2:14: `index.pypi.production` may not be `false` for PyPI [uploads to PyPI always ask for both confirmations]",
        ),
        (shared, "pyrel.toml:4:8: indexes `a-b` and `a_b` would share one token variable"),
        (
            "[index.x]\nurl = \"\"",
            "pyrel.toml:2:1: unknown key `index.x.url` [known keys are `upload-url`, `simple-url`, `production`, `audience`, `attestations`]",
        ),
    ]);
}

#[test]
fn urls_are_https_or_loopback_and_hold_no_credentials() {
    for (url, expected) in [
        ("x.example", "is no URL, relative URL without a base: `x.example`"),
        ("http://x.example/", "must be https, as only a loopback address may be http: `http://x.example/`"),
        ("http://127.0.0.1.x.example/", "must be https, as only"),
        ("ftp://x.example/", "must be an https URL: `ftp://x.example/`"),
        (
            "https://user:not-a-real-token@x.example/",
            "must not hold a user name or password [give credentials by environment variable, `.pypirc`, or keyring]",
        ),
    ] {
        let found = parse(&index(url)).unwrap_err();
        let expected = format!("pyrel.toml:2:14: `index.x.upload-url` {expected}");
        assert!(found.starts_with(&expected), "{found}\n{expected}");
        assert!(!found.contains("not-a-real-token"));
        let fault = Config::parse(Path::new("pyrel.toml"), &index(url)).unwrap_err();
        let snippet = fault.location.unwrap().to_snippet();
        assert_eq!(snippet.is_empty(), url.contains('@'), "{snippet}");
    }
    for fine in
        ["http://localhost:1/", "http://[::1]/", "http://127.9.9.9:81/x", "https://x.example:8443/legacy/"]
    {
        assert_eq!(parse(&index(fine)).unwrap().indexes["x"].upload_url, fine);
    }
}

#[test]
fn the_same_keys_stand_under_tool_pyrel() {
    let tree = Tree::new();
    tree.package("libs/a", "a", &[]);
    tree.file("pyproject.toml", "[tool.pyrel]\nmembers = [\"libs/*\"]\n[tool.pyrel.check]\nx = \"info\"\n");
    let workspace = tree.workspace();
    assert_eq!(workspace.config().check["x"], "info");
    assert_eq!(workspace.members().len(), 1);
    tree.file("pyproject.toml", "[tool.pyrel]\nmembrs = [\"libs/*\"]\n");
    assert_eq!(
        config_error(&tree.root(), &tree.discover().unwrap_err()),
        "pyproject.toml:2:1: unknown key `tool.pyrel.membrs` [did you mean `members`?]"
    );
    tree.file("pyrel.toml", "").file("pyproject.toml", "[tool.pyrel]\ntag = \"v{version}\"");
    assert_eq!(
        config_error(&tree.root(), &tree.discover().unwrap_err()),
        "pyproject.toml: `[tool.pyrel]` is not read beside `pyrel.toml` [move its keys to `pyrel.toml`]"
    );
}

#[test]
fn a_table_for_a_package_that_is_not_there_is_an_error() {
    let tree = Tree::new();
    tree.package("packages/alpha", "alpha", &[]).file("pyrel.toml", "[package.alhpa]\npublish = false");
    assert_eq!(
        config_error(&tree.root(), &tree.discover().unwrap_err()),
        "pyrel.toml:1:10: no package of the workspace has this name: `alhpa` [did you mean `alpha`?]"
    );
    // A member whose name cannot be read may be the one.
    tree.file("packages/beta/pyproject.toml", "[project\n");
    assert_eq!(tree.workspace().members().len(), 2);
}
