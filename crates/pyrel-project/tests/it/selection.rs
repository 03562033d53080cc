//! Which packages a command line means.

use pyrel_project::{SelectError, SelectionRequest, Workspace};

use crate::tree::Tree;

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn request(names: &[&str], exclude: &[&str]) -> SelectionRequest {
    SelectionRequest { names: strings(names), exclude: strings(exclude), changed_since: None }
}

fn select(workspace: &Workspace, names: &[&str], exclude: &[&str]) -> Vec<String> {
    let selection = workspace.select(&request(names, exclude)).unwrap();
    selection.packages().iter().map(|package| package.name.normalized().to_owned()).collect()
}

fn refused(workspace: &Workspace, names: &[&str], exclude: &[&str]) -> (SelectError, String) {
    let error = workspace.select(&request(names, exclude)).unwrap_err();
    let text = match error.hint() {
        Some(hint) => format!("{error} [{hint}]"),
        None => error.to_string(),
    };
    (error, text)
}

fn tree() -> Tree {
    let tree = Tree::new();
    tree.package("libs/core", "My.Core", &[]).package("libs/http", "my-http", &["my_core"]);
    tree.package("apps/web", "my-web", &["my-http"]).package("apps/cli", "tool", &[]);
    tree.file("pyrel.toml", "members = [\"libs/*\", \"apps/*\"]");
    tree
}

#[test]
fn names_directories_paths_globs_and_all() {
    let tree = tree();
    let workspace = tree.workspace();
    let everything = ["my-core", "my-http", "my-web", "tool"];
    assert_eq!(select(&workspace, &[], &[]), everything);
    assert_eq!(select(&workspace, &["all"], &[]), everything);
    assert_eq!(select(&workspace, &["MY_core"], &[]), ["my-core"]);
    assert_eq!(select(&workspace, &["cli"], &[]), ["tool"]);
    assert_eq!(select(&workspace, &["apps/web", "./libs/core/"], &[]), ["my-core", "my-web"]);
    assert_eq!(select(&workspace, &[tree.path("apps/web").to_str().unwrap()], &[]), ["my-web"]);
    assert_eq!(select(&workspace, &["my-*"], &[]), ["my-core", "my-http", "my-web"]);
    assert_eq!(select(&workspace, &["My_[ch]*"], &[]), ["my-core", "my-http"]);
    assert_eq!(select(&workspace, &["apps/*"], &[]), ["my-web", "tool"]);
    assert_eq!(select(&workspace, &["my-web", "my-web", "web"], &[]), ["my-web"]);
}

#[test]
fn the_root_is_selected_by_its_path() {
    let tree = Tree::new();
    tree.package(".", "single", &[]);
    for word in [".", "./", "single"] {
        assert_eq!(select(&tree.workspace(), &[word], &[]), ["single"], "{word}");
    }
}

#[test]
fn excludes_narrow() {
    let tree = tree();
    let workspace = tree.workspace();
    assert_eq!(select(&workspace, &[], &["my-*"]), ["tool"]);
    assert_eq!(select(&workspace, &["all"], &["libs/*", "tool"]), ["my-web"]);
    assert_eq!(select(&workspace, &["my-web"], &["tool"]), ["my-web"]);
}

#[test]
fn order_and_waves_hold_through_packages_that_are_left_out() {
    let tree = Tree::new();
    tree.package("packages/a", "a", &["b"]).package("packages/b", "b", &["c"]);
    tree.package("packages/c", "c", &[]).package("packages/d", "d", &[]);
    let workspace = tree.workspace();
    let selection = workspace.select(&request(&["a", "c", "d"], &[])).unwrap();
    let waves: Vec<Vec<&str>> = selection
        .waves()
        .iter()
        .map(|wave| wave.iter().map(|package| package.name.normalized()).collect())
        .collect();
    assert_eq!(waves, [vec!["c", "d"], vec!["a"]]);
    assert_eq!(select(&workspace, &["a", "c", "d"], &[]), ["c", "a", "d"]);
}

#[test]
fn what_does_not_exist_is_named() {
    let tree = tree();
    let workspace = tree.workspace();
    let (error, text) = refused(&workspace, &["my-wbe"], &[]);
    assert!(matches!(error, SelectError::Unknown { .. }));
    assert_eq!(text, "no such package: `my-wbe` [did you mean `my-web`?]");
    assert_eq!(
        refused(&workspace, &["zzzzzzzzzzzz"], &[]).1,
        "no such package: `zzzzzzzzzzzz` [`pyrel info` lists the packages of the workspace]"
    );
    let (error, text) = refused(&workspace, &["your-*"], &[]);
    assert!(matches!(error, SelectError::NoMatch { .. }));
    assert_eq!(
        text,
        "the glob matches no package: `your-*` [`pyrel info` lists the packages of the workspace]"
    );
    let (error, text) = refused(&workspace, &["a["], &[]);
    assert!(matches!(error, SelectError::InvalidGlob { .. }));
    assert!(text.starts_with("invalid glob, ") && text.ends_with(": `a[`"), "{text}");
    // A misspelt exclude would release what was to stay.
    assert_eq!(refused(&workspace, &[], &["tol"]).1, "no such package: `tol` [did you mean `tool`?]");
    assert!(matches!(refused(&workspace, &[], &["x*"]).0, SelectError::NoMatch { .. }));
}

#[test]
fn a_selection_that_is_excluded_altogether_is_refused() {
    let tree = tree();
    let (error, text) = refused(&tree.workspace(), &["my-core", "my-http"], &["my-*"]);
    assert!(matches!(error, SelectError::AllExcluded { .. }));
    assert_eq!(text, "every selected package is excluded by `my-*` [name fewer packages in `--exclude`]");
}

#[test]
fn a_workspace_without_packages_says_so() {
    let tree = Tree::new();
    let (error, text) = refused(&tree.workspace(), &[], &[]);
    assert!(matches!(error, SelectError::NoPackages { .. }));
    let start = format!("no package found in `{}` [a package is a directory with", tree.root().display());
    assert!(text.starts_with(&start), "{text}");
}

#[test]
fn a_directory_name_of_two_packages_is_ambiguous_unless_it_is_a_project_name() {
    let tree = Tree::new();
    tree.package("libs/api", "lib-api", &[]).package("apps/api", "app-api", &[]);
    tree.file("pyrel.toml", "members = [\"libs/*\", \"apps/*\"]");
    let (error, text) = refused(&tree.workspace(), &["api"], &[]);
    assert!(matches!(error, SelectError::Ambiguous { .. }));
    assert_eq!(
        text,
        "more than one package lies in a directory of this name: `api` [give the path: `apps/api`, `libs/api`]"
    );
    tree.package("libs/api", "api", &[]);
    assert_eq!(select(&tree.workspace(), &["api"], &[]), ["api"]);
}

#[test]
fn broken_members_fail_only_when_they_are_needed() {
    let tree = Tree::new();
    tree.package("packages/good", "good", &[]).file("packages/bad/pyproject.toml", "[project]\nname = 3\n");
    let workspace = tree.workspace();
    assert_eq!(select(&workspace, &["good"], &[]), ["good"]);
    assert_eq!(select(&workspace, &[], &["bad"]), ["good"]);
    let (error, text) = refused(&workspace, &[], &[]);
    assert!(matches!(error, SelectError::Broken { .. }));
    let path = tree.path("packages/bad/pyproject.toml");
    let expected =
        format!("package `bad` cannot be read: {}:2:8: `project.name` must be a string", path.display());
    assert_eq!(text, expected);
    tree.file("packages/worse/pyproject.toml", "[project\n");
    let text = refused(&tree.workspace(), &[], &[]).1;
    assert!(
        text.starts_with("2 packages cannot be read:\n`bad`: ") && text.contains("\n`worse`: "),
        "{text}"
    );
    assert!(text.ends_with("[mend them, or leave them out with `--exclude`]"), "{text}");
    assert_eq!(tree.workspace().select_members(&request(&["*"], &[])).unwrap().len(), 3);
}

#[test]
fn a_name_of_two_packages_fails_for_either() {
    let tree = Tree::new();
    tree.package("packages/a", "twin", &[]).package("packages/b", "Twin", &[]).package(
        "packages/c",
        "c",
        &[],
    );
    let workspace = tree.workspace();
    for names in [&["twin"][..], &["packages/a"], &["b"], &[]] {
        let (error, text) = refused(&workspace, names, &[]);
        assert!(matches!(error, SelectError::Duplicate { .. }), "{names:?}: {error}");
        assert_eq!(
            text,
            "2 packages have the name `twin`: `packages/a` and `packages/b` [rename all but one, or list them under `exclude`]"
        );
    }
    assert_eq!(select(&workspace, &["c"], &[]), ["c"]);
}

#[test]
fn a_cycle_fails_only_for_packages_on_it() {
    let tree = Tree::new();
    tree.package("packages/a", "a", &["b"]).package("packages/b", "b", &["a"]);
    tree.package("packages/c", "c", &["a"]).package("packages/d", "d", &[]);
    let workspace = tree.workspace();
    for names in [&[][..], &["a"], &["a", "d"]] {
        let (error, text) = refused(&workspace, names, &[]);
        assert!(matches!(error, SelectError::Cycle(_)));
        assert_eq!(
            text,
            "packages depend on each other in a cycle: a → b → a [remove one of these dependencies, or make it optional (an extra)]"
        );
    }
    assert_eq!(select(&workspace, &["c", "d"], &[]), ["c", "d"]);
}
