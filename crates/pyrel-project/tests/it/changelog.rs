//! Changelogs of whole workspaces, with real git.

use std::path::Path;

use fs_err as fs;
use pyrel_project::Workspace;
use pyrel_project::changelog::{
    ChangelogChange, ChangelogError, Chronicle, PackageRelease, Past, PastRange, Significance,
};
use pyrel_project::edit::{EditSet, Transaction};

use crate::tree::Tree;

const DAY: &str = "2024-05-06";

fn release(package: &str, version: &str) -> PackageRelease {
    PackageRelease {
        package: package.parse().unwrap(),
        version: (!version.is_empty()).then(|| version.parse().unwrap()),
        updated: Vec::new(),
    }
}

fn compose(
    workspace: &Workspace,
    releases: &[PackageRelease],
) -> Result<Vec<ChangelogChange>, ChangelogError> {
    let past = Past::read(workspace, &PastRange::default())?;
    Chronicle::new(workspace, &past).compose(releases, DAY)
}

/// Writes what composing gives, and returns the entries.
fn apply(tree: &Tree, releases: &[PackageRelease]) -> Vec<ChangelogChange> {
    let changes = compose(&tree.workspace(), releases).unwrap();
    let mut edits = EditSet::new(&tree.root()).unwrap();
    for edit in changes.iter().flat_map(|change| &change.edits) {
        edits.insert(edit.clone()).unwrap();
    }
    Transaction::apply(edits, "changelog").unwrap();
    changes
}

fn text(tree: &Tree, path: &str) -> String {
    fs::read_to_string(tree.path(path)).unwrap()
}

/// Two packages, each released once, and commits of every kind since.
fn monorepo() -> Tree {
    let tree = Tree::new();
    tree.file("pyrel.toml", "").package("packages/alpha", "alpha", &[]).package(
        "packages/beta",
        "my-beta",
        &["alpha"],
    );
    tree.commit("feat: begin");
    tree.git(&["tag", "alpha-v1.0"]);
    tree.git(&["tag", "-a", "my-beta-v0.1", "-m", "first"]);
    tree.git(&["remote", "add", "origin", "git@github.example.org:acme/tools.git"]);
    let commits = [
        ("packages/alpha/a.py", "feat(alpha): add a (#1)"),
        ("packages/beta/b.py", "fix: mend b (#2)\n\nCloses #9\n"),
        ("packages/alpha/c.py", "feat(beta): shape c (#3)"),
        ("packages/alpha/d.py", "refactor!: drop d (#4)\n\nBREAKING CHANGE: use e\n"),
        ("ci.yml", "ci: run faster (#5)"),
        ("packages/alpha/f.py", "feat: regret f (#6)"),
    ];
    for (path, message) in commits {
        tree.file(path, message).commit(message);
    }
    tree.git(&["revert", "--no-edit", "HEAD"]);
    tree
}

#[test]
fn entries_are_made_of_commits_and_link_to_the_forge() {
    let tree = monorepo();
    let mut beta = release("my-beta", "0.2");
    beta.updated.push(("alpha".parse().unwrap(), "2.0".parse().unwrap()));
    let changes = apply(&tree, &[release("alpha", "2.0"), beta]);
    let page = "https://github.example.org/acme/tools";
    let alpha = format!(
        "# Changelog\n\nAll notable changes to `alpha` are documented in this file, in the format of Keep a Changelog 1.1.\n\n\
         ## [Unreleased]\n\n## [2.0] - 2024-05-06\n\n### Breaking changes\n\n- Drop d: use e ([#4]({page}/pull/4))\n\n\
         ### Added\n\n- Add a ([#1]({page}/pull/1))\n\n### Changed\n\n- **beta:** Shape c ([#3]({page}/pull/3))\n\n\
         [Unreleased]: {page}/compare/alpha-v2.0...HEAD\n[2.0]: {page}/compare/alpha-v1.0...alpha-v2.0\n"
    );
    assert_eq!(text(&tree, "packages/alpha/CHANGELOG.md"), alpha);
    let beta = "### Added\n\n- Shape c ([#3](P/pull/3))\n\n### Changed\n\n- Updated internal dependencies: `alpha` 2.0\n\n\
        ### Fixed\n\n- Mend b ([#2](P/pull/2), closes [#9](P/issues/9))\n";
    assert_eq!(changes[1].notes, beta.replace('P', page));
    assert_eq!((changes[0].told, changes[0].hidden), (3, 0));
    let root = text(&tree, "CHANGELOG.md");
    let names = [
        "## 2024-05-06",
        "### alpha 2.0",
        "#### Breaking changes",
        "### my-beta 0.2",
        "### Workspace",
        "- Run faster",
    ];
    let places: Vec<usize> =
        names.iter().map(|name| root.find(name).unwrap_or_else(|| panic!("{name}: {root}"))).collect();
    assert!(places.is_sorted(), "{root}");
}

#[test]
fn the_weight_of_changes_is_told_per_package() {
    let tree = monorepo();
    let workspace = tree.workspace();
    let past = Past::read(&workspace, &PastRange::default()).unwrap();
    let chronicle = Chronicle::new(&workspace, &past);
    let weigh = |name: &str| {
        let name = name.parse().unwrap();
        chronicle.significance(&name, past.tags().last(&name).as_ref())
    };
    assert_eq!(weigh("alpha"), Significance::Major);
    // The scope names it, though no file of it was touched.
    assert_eq!(weigh("my_beta"), Significance::Minor);
    let range = PastRange { from: Some("HEAD~2".to_owned()), to: None };
    let past = Past::read(&workspace, &range).unwrap();
    let chronicle = Chronicle::new(&workspace, &past);
    // A change and its revert are nothing.
    assert_eq!(chronicle.significance(&"alpha".parse().unwrap(), None), Significance::None);
}

#[test]
fn what_people_wrote_goes_before_commits() {
    let tree = monorepo();
    let by_hand = "# Log\r\n\r\n## [Unreleased]\r\n### Fixed\r\n- by hand\r\n### Odd\r\n- kept\r\n## [1.0] - 2023-01-01\r\n- first";
    tree.file("packages/alpha/CHANGELOG.md", by_hand);
    let changes = apply(&tree, &[release("alpha", "1.1")]);
    let written = text(&tree, "packages/alpha/CHANGELOG.md");
    assert!(changes[0].superseded > 0);
    let expected = "# Log\r\n\r\n## [Unreleased]\r\n\r\n## [1.1] - 2024-05-06\r\n### Fixed\r\n- by hand\r\n### Odd\r\n- kept\r\n## [1.0] - 2023-01-01\r\n- first\r\n\r\n";
    assert!(written.starts_with(expected), "{written:?}");
    assert_eq!(changes[0].notes, "### Fixed\r\n- by hand\r\n### Odd\r\n- kept\r\n");
    // Composing the same release again changes nothing but the document about all packages, which has it too.
    assert!(compose(&tree.workspace(), &[release("alpha", "1.1")]).unwrap()[0].edits.is_empty());
    assert_eq!(compose(&tree.workspace(), &[release("alpha", "1.1")]).unwrap().len(), 1);
}

#[test]
fn all_sources_together_when_the_settings_say_so() {
    let tree = monorepo();
    tree.file(
        "pyrel.toml",
        "[changelog]\nsources = [\"unreleased\", \"fragments\", \"commits\"]\naggregate = false\n",
    );
    tree.file(
        "packages/alpha/CHANGELOG.md",
        "## Unreleased\n\n### Added\n\n- by hand\n\n### Fixed\n\n- mended\n",
    );
    tree.file("packages/alpha/changes/12.added.md", "A fragment.\n")
        .file("changes/alpha.13.fixed.md", "Another.\n");
    let changes = apply(&tree, &[release("alpha", "2.0")]);
    assert_eq!(changes.len(), 1);
    let page = "https://github.example.org/acme/tools";
    let expected = format!(
        "## Unreleased\n\n## 2.0 - 2024-05-06\n\n### Breaking changes\n\n- Drop d: use e ([#4]({page}/pull/4))\n\n### Added\n\n- by hand\n\
         - Add a ([#1]({page}/pull/1))\n- A fragment. ([#12]({page}/issues/12))\n\n### Changed\n\n- **beta:** Shape c ([#3]({page}/pull/3))\n\n\
         ### Fixed\n\n- mended\n- Another. ([#13]({page}/issues/13))\n"
    );
    assert_eq!(text(&tree, "packages/alpha/CHANGELOG.md"), expected);
    assert!(!tree.path("packages/alpha/changes/12.added.md").exists());
    assert!(!tree.path("changes/alpha.13.fixed.md").exists());
}

#[test]
fn fragments_that_nobody_owns_are_named() {
    let tree = monorepo();
    tree.file("changes/12.fixed.md", "x\n");
    let error = compose(&tree.workspace(), &[release("alpha", "2.0")]).unwrap_err();
    assert!(error.to_string().starts_with("the change fragment belongs to no package: "), "{error}");
    assert!(error.hint().unwrap().contains("PACKAGE.123.fixed.md"));
}

#[test]
fn packages_in_lockstep_share_one_document() {
    let tree = monorepo();
    tree.file("pyrel.toml", "versioning = \"lockstep\"\n").file("changes/+a.docs.md", "Said more.\n");
    let changes = apply(&tree, &[release("alpha", "2.0"), release("my-beta", "2.0")]);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].package, None);
    assert!(text(&tree, "CHANGELOG.md").contains("### Documentation\n\n- Said more.\n"));
    assert!(!tree.path("packages/alpha/CHANGELOG.md").exists());
    tree.file("pyrel.toml", "versioning = \"lockstep\"\n[changelog]\nsources = [\"commits\"]\n");
    fs::remove_file(tree.path("CHANGELOG.md")).unwrap();
    apply(&tree, &[release("alpha", "2.1")]);
    let written = text(&tree, "CHANGELOG.md");
    for line in ["- **alpha:** Add a", "- **beta:** Shape c", "- Mend b", "- Run faster"] {
        assert!(written.contains(line), "{line}: {written}");
    }
}

#[test]
fn unreleased_entries_are_added_once() {
    let tree = monorepo();
    let changes = apply(&tree, &[release("alpha", "")]);
    let first = text(&tree, "packages/alpha/CHANGELOG.md");
    assert!(first.contains("## [Unreleased]\n\n### Breaking changes\n"), "{first}");
    assert!(changes[0].notes.starts_with("### Breaking changes\n"));
    tree.file("packages/alpha/n.py", "").commit("fix: new");
    apply(&tree, &[release("alpha", "")]);
    let second = text(&tree, "packages/alpha/CHANGELOG.md");
    assert_eq!(
        second.replacen("\n### Fixed\n\n", "", 1).lines().count(),
        first.lines().count() + 1,
        "{second}"
    );
    assert!(compose(&tree.workspace(), &[release("alpha", "")]).unwrap().is_empty());
}

#[test]
fn a_release_without_changes_says_so_and_no_git_is_no_error() {
    let tree = Tree::new();
    tree.package(".", "solo", &[]);
    let changes = apply(&tree, &[release("solo", "1.1")]);
    assert_eq!(changes[0].notes, "No notable changes.\n");
    assert!(
        text(&tree, "CHANGELOG.md")
            .ends_with("## Unreleased\n\n## 1.1 - 2024-05-06\n\nNo notable changes.\n")
    );
    tree.file("pyrel.toml", "changelog = false");
    assert!(compose(&tree.workspace(), &[release("solo", "1.2")]).unwrap().is_empty());
}

#[test]
fn what_cannot_be_written_is_named() {
    let tree = Tree::new();
    tree.package(".", "solo", &[]).file("pyrel.toml", "changelog = \"CHANGES.rst\"");
    let failure = |tree: &Tree| compose(&tree.workspace(), &[release("solo", "1.1")]).unwrap_err();
    assert!(matches!(failure(&tree), ChangelogError::Markup { .. }));
    tree.file("pyrel.toml", "");
    fs::write(tree.path("CHANGELOG.md"), b"# Log\n\nx\xff\n").unwrap();
    let error = failure(&tree);
    assert!(error.to_string().ends_with("CHANGELOG.md:3`"), "{error}");
    assert_eq!(error.hint().as_deref(), Some("save the file as UTF-8"));
}

#[test]
fn only_pre_releases_count_since_the_last_release() {
    let tree = Tree::new();
    tree.package(".", "solo", &[]).commit("feat: a");
    tree.git(&["tag", "v1.0"]);
    tree.file("b", "").commit("feat: b");
    tree.git(&["tag", "v1.1rc1"]);
    tree.file("c", "").commit("feat: c");
    let notes =
        |version: &str| compose(&tree.workspace(), &[release("solo", version)]).unwrap()[0].notes.clone();
    assert_eq!(notes("1.1rc2"), "### Added\n\n- C\n");
    assert_eq!(notes("1.1"), "### Added\n\n- B\n- C\n");
}

#[test]
fn a_link_definition_is_extended_in_place() {
    let tree = Tree::new();
    let page = "https://code.example.org/x/y/compare";
    let old = format!(
        "# Log\n\n## [Unreleased]\n\n- x\n\n## [1.0.0] - 2023-01-01\n\n- y\n\n[unreleased]: {page}/v1.0.0...main\n[1.0.0]: https://elsewhere.example.org\n"
    );
    tree.package(".", "solo", &[]).file("CHANGELOG.md", &old);
    apply(&tree, &[release("solo", "1.1.0")]);
    let expected = old
        .replace("- x", "## [1.1.0] - 2024-05-06\n\n- x")
        .replace("v1.0.0...main\n", &format!("v1.1.0...main\n[1.1.0]: {page}/v1.0.0...v1.1.0\n"));
    assert_eq!(text(&tree, "CHANGELOG.md"), expected);
}

#[test]
fn existing_lines_survive_every_release() {
    let pieces = [
        "# Changelog\n",
        "\n",
        "## [Unreleased]\n",
        "### Added\n",
        "- x\n",
        "## 1.0.0 (2024-01-02)\n",
        "1.1\n---\n",
        "```\n",
        "## [9.9]\n",
        "<!--\n",
        "-->\n",
        "[1.0.0]: u\n",
        "[unreleased]: p/compare/v1...HEAD\n",
        "text\r\n",
        "### Fixed\n",
        "tail",
    ];
    let tree = Tree::new();
    tree.package(".", "solo", &[]).file("changes/1.fixed.md", "f\n");
    let workspace = tree.workspace();
    let past = Past::read(&workspace, &PastRange::default()).unwrap();
    let chronicle = Chronicle::new(&workspace, &past);
    let mut state: u64 = 11;
    let mut composed = 0;
    for _ in 0..800 {
        let mut old = String::new();
        for _ in 0..state % 17 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            old.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(3);
        fs::write(tree.path("CHANGELOG.md"), &old).unwrap();
        let change = match chronicle.compose(&[release("solo", "9.0")], DAY) {
            Ok(mut changes) => changes.remove(0),
            Err(ChangelogError::Unclosed { line, .. }) => {
                let start = old.lines().nth(line - 1).unwrap();
                assert!(start.contains("```") || start.contains("<!--"), "{old:?}");
                continue;
            }
            Err(error) => panic!("{error}: {old:?}"),
        };
        composed += 1;
        let new = String::from_utf8(change.edits[0].after.clone().unwrap()).unwrap();
        assert_survives(&old, &new);
        assert!(!change.notes.is_empty(), "{old:?}\n{new:?}");
    }
    assert!(composed > 400, "{composed}");
}

/// Every old line is in the new text, in order; only the target of `[unreleased]` may differ, and the last line may
/// have got its ending.
fn assert_survives(old: &str, new: &str) {
    let mut rest = new.split_inclusive('\n');
    for line in old.split_inclusive('\n').filter(|line| !line.starts_with("[unreleased]")) {
        let found = rest.any(|other| {
            other == line || other.strip_suffix('\n').map(|one| one.trim_end_matches('\r')) == Some(line)
        });
        assert!(found, "{line:?} is lost\n{old:?}\n{new:?}");
    }
}

#[test]
fn a_changelog_of_another_place_is_found() {
    let tree = Tree::new();
    tree.package(".", "solo", &[]).file("pyrel.toml", "changelog = \"docs/CHANGES.md\"");
    let changes = apply(&tree, &[release("solo", "1.1")]);
    assert!(changes[0].edits[0].path.ends_with(Path::new("docs").join("CHANGES.md")));
    assert!(tree.path("docs/CHANGES.md").exists());
}

#[test]
fn a_heading_that_waits_for_its_day_gets_it() {
    let tree = Tree::new();
    tree.package(".", "solo", &[])
        .file("CHANGELOG.md", "# Log\n\n## 1.1 (unreleased)\n\n- x\n\n## 1.0 (2023-01-01)\n\n- y\n");
    apply(&tree, &[release("solo", "1.1")]);
    let expected = "# Log\n\n## 1.1 (2024-05-06)\n\n- x\n\n## 1.0 (2023-01-01)\n\n- y\n";
    assert_eq!(text(&tree, "CHANGELOG.md"), expected);
}

#[test]
fn settings_choose_headings_and_what_is_hidden() {
    let tree = monorepo();
    let settings = "[changelog]\nbreaking = \"Attention\"\nhidden = [\"feat\"]\nother = \"Rest\"\n\n[changelog.categories]\n\"Bug fixes\" = [\"fix\"]\n";
    tree.file("pyrel.toml", settings);
    let changes = apply(&tree, &[release("alpha", "2.0"), release("my-beta", "0.2")]);
    let headings = |notes: &str| {
        notes.lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(headings(&changes[0].notes), ["### Attention"]);
    assert_eq!(headings(&changes[1].notes), ["### Bug fixes"]);
    assert_eq!((changes[0].told, changes[0].hidden), (1, 2));
}

#[test]
fn merged_branches_tell_their_pull_request() {
    let tree = Tree::new();
    tree.package(".", "solo", &[]).commit("feat: begin");
    tree.git(&["tag", "v1.0"]);
    tree.git(&["checkout", "-q", "-b", "side"]);
    tree.file("x", "").commit("feat: x");
    tree.git(&["checkout", "-q", "main"]);
    tree.git(&["merge", "-q", "--no-ff", "side", "-m", "Merge pull request #7 from somebody/side"]);
    let changes = compose(&tree.workspace(), &[release("solo", "1.1")]).unwrap();
    assert_eq!(changes[0].notes, "### Added\n\n- X (#7)\n");
    assert_eq!((changes[0].told, changes[0].hidden), (1, 1));
}

#[test]
fn an_entry_that_is_there_uses_no_fragment_up() {
    let tree = Tree::new();
    tree.package(".", "solo", &[])
        .file("CHANGELOG.md", "## 1.1\n\n- by hand\n")
        .file("changes/1.fixed.md", "f\n");
    let changes = apply(&tree, &[release("solo", "1.1")]);
    assert!(changes[0].edits.is_empty());
    assert_eq!(changes[0].notes, "- by hand\n");
    assert!(tree.path("changes/1.fixed.md").exists());
}
