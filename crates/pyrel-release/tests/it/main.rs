//! Tests of whole releases: against an index of every mood, against the embedded index, and with real Python.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its world up fails there and then")]

mod attest;
mod crash;
mod dry_run;
mod execute;
mod mock_index;
mod pipeline;
mod prepare;
mod rehearse;
mod verify;
mod world;

#[test]
fn every_file_here_is_declared() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = fs_err::read_to_string(folder.join("main.rs")).unwrap();
    for entry in fs_err::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.strip_suffix(".rs").expect("only Rust files are here");
        assert!(module == "main" || main.contains(&format!("mod {module};")), "{name} is not declared");
    }
}
