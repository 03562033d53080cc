//! End-to-end tests of the program: exit code and both streams, in hermetic workspaces.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adopt;
mod auth;
mod bad_input;
mod bootstrap;
mod bound;
mod build;
mod bump;
mod changelog;
mod check;
mod clean;
mod command_line;
mod crash;
mod dry_run;
mod foreign_index;
mod graph;
mod index_faults;
mod index_serve;
mod info;
mod journal;
mod online;
mod prepare;
mod private_index;
mod rehearse;
mod test;
mod upload;

use pyrel_testkit::Workspace;

/// Makes an empty workspace for the program under test.
fn workspace() -> Workspace {
    Workspace::new(env!("CARGO_BIN_EXE_pyrel"))
}

/// Makes a workspace of two packages, the second of which needs the first.
fn two_packages() -> Workspace {
    workspace().file("pyrel.toml", "").package("alpha", "1.0.0", &[]).package("beta", "2.0.0", &["alpha>=1"])
}

#[test]
fn every_file_here_is_declared() {
    let own = include_str!("main.rs");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    for entry in fs_err::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs") else { continue };
        assert!(module == "main" || own.contains(&format!("mod {module};")), "{name} is not declared");
    }
}
