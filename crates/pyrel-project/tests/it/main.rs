//! What a source tree looks like to pyrel, file by file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adopt;
mod bound;
mod bump;
#[cfg(unix)]
mod bump_crash;
mod bump_git;
mod bump_property;
mod bump_real;
mod changed;
mod changelog;
mod config;
mod dependencies;
mod git;
mod graph;
mod history;
mod hostile;
mod members;
mod packages;
mod process;
mod real_history;
mod root;
mod selection;
mod tree;
mod versions;

#[test]
fn every_file_is_declared() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = fs_err::read_to_string(folder.join("main.rs")).unwrap();
    for entry in fs_err::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.strip_suffix(".rs").unwrap().to_owned();
        assert!(module == "main" || main.contains(&format!("\nmod {module};\n")), "{name} is not declared");
    }
}
