//! Every file of this directory is compiled.

#[test]
fn no_file_is_forgotten() {
    let main = include_str!("main.rs");
    for entry in fs_err::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.strip_suffix(".rs").unwrap_or(&name);
        assert!(stem == "main" || main.contains(&format!("mod {stem};")), "{name} is not declared");
    }
}
