//! The catalogue: every rule is one file, listed, documented, and tested, and the page is current.

use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_dist::check::HEADINGS;
use pyrel_dist::{RULES, rules_page};

fn rule_files() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check/rules");
    let mut files: Vec<(String, String)> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path: PathBuf| {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            (stem, fs::read_to_string(&path).unwrap())
        })
        .filter(|(stem, _)| stem != "mod" && stem != "page")
        .collect();
    files.sort();
    files
}

#[test]
fn every_file_is_a_listed_rule_of_its_name() {
    let files: Vec<String> = rule_files().into_iter().map(|(stem, _)| stem.replace('_', "-")).collect();
    let mut listed: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    let sorted = listed.clone();
    listed.sort_unstable();
    assert_eq!(listed, sorted, "RULES is sorted by name");
    assert_eq!(files, listed);
    for (stem, text) in rule_files() {
        assert!(text.contains(&format!("name: \"{}\"", stem.replace('_', "-"))), "{stem}");
    }
}

#[test]
fn every_rule_has_a_firing_and_a_silent_test() {
    for (stem, text) in rule_files() {
        assert!(text.contains("#[test]\n    fn fires()"), "{stem} has no test `fires`");
        assert!(text.contains("#[test]\n    fn stays_silent()"), "{stem} has no test `stays_silent`");
    }
}

#[test]
fn every_rule_is_documented_under_the_fixed_headings() {
    for rule in RULES {
        let mut rest = rule.docs;
        for heading in HEADINGS {
            let at = rest.find(heading).unwrap_or_else(|| panic!("{} lacks `{heading}` in order", rule.name));
            rest = &rest[at + heading.len()..];
            let body = rest.split("### ").next().unwrap().trim();
            assert!(!body.is_empty(), "{} says nothing under `{heading}`", rule.name);
        }
        assert!(!rule.summary.is_empty() && !rule.summary.ends_with('.'), "{}", rule.name);
    }
}

#[test]
fn the_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    let page = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert!(
        page == rules_page(),
        "docs/rules.md is stale: cargo run -p pyrel-dist --example rules > docs/rules.md"
    );
}
