//! What is left of a checkout in unpacked archives: `scm_version.json`, `.git_archival.txt`, `PKG-INFO`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::checkout::of_description;
use super::discovery::Workdir;
use super::settings::Settings;
use super::state::State;
use crate::detector;
use crate::error::Plan;
use crate::tree::{Tree, join};

const RECORD: &str = "scm_version.json";
const FILE_LIST: &str = "scm_file_list.json";
const ARCHIVAL: &str = ".git_archival.txt";

/// Returns the richest of what is left in a tree that tells a version.
pub(super) fn find(tree: &Tree, settings: &Settings) -> Plan<Option<Workdir>> {
    if tree.is_file(".hg_archival.txt") {
        let reason = "is left of another version control";
        return Err(detector::file(&tree.display_path(".hg_archival.txt"), ".hg_archival.txt", reason));
    }
    if let Some(found) = of_egg_info(tree)? {
        return Ok(Some(found));
    }
    if tree.is_file(ARCHIVAL)
        && let Some(state) = of_archival(&headers(tree, ARCHIVAL)?, settings)?
    {
        return Ok(Some(Workdir::Archive(state)));
    }
    if tree.is_file("PKG-INFO")
        && let Some(version) = headers(tree, "PKG-INFO")?.get("Version").filter(|text| *text != "UNKNOWN")
    {
        let state = State::preformatted(version);
        return state.map(|state| Some(Workdir::PackageInfo(state))).ok_or_else(|| {
            settings.step_back(format!("finds a version in `PKG-INFO` that is none: `{version}`"))
        });
    }
    Ok(None)
}

/// Reads the record in a folder `*.egg-info` directly in the tree.
fn of_egg_info(tree: &Tree) -> Plan<Option<Workdir>> {
    let listing = tree.list("")?;
    let is_record = |folder: &&String| folder.ends_with(".egg-info") && tree.is_file(&join(folder, RECORD));
    let mut folders = listing.dirs.iter().filter(is_record);
    let Some(folder) = folders.next() else { return Ok(None) };
    let path = join(folder, RECORD);
    let refused = |reason: &str| Err(detector::file(&tree.display_path(&path), path.clone(), reason));
    if folders.next().is_some() {
        return refused("stands beside another one");
    }
    let Some(state) = State::of_record(&tree.read_text(&path)?) else {
        return refused("holds something unusual");
    };
    let list = join(folder, FILE_LIST);
    if !tree.is_file(&list) {
        return Ok(Some(Workdir::Record { state, files: Vec::new() }));
    }
    match files_of(&tree.read_text(&list)?) {
        Some(files) => Ok(Some(Workdir::Record { state, files })),
        None => Err(detector::file(&tree.display_path(&list), list, "holds something unusual")),
    }
}

fn files_of(text: &str) -> Option<Vec<String>> {
    let document: serde_json::Value = serde_json::from_str(text).ok()?;
    let files = document.get("files")?.as_array()?;
    files.iter().map(|file| file.as_str().map(str::to_owned)).collect()
}

/// Returns the text of `scm_file_list.json`.
pub(super) fn file_list(files: &[String]) -> String {
    let lines: Vec<String> =
        files.iter().map(|file| format!("    {}", serde_json::Value::from(file.as_str()))).collect();
    format!("{{\n  \"files\": [\n{}\n  ]\n}}\n", lines.join(",\n"))
}

/// Reads the head of a file of headers, of which the last of a name counts.
fn headers(tree: &Tree, path: &str) -> Plan<BTreeMap<String, String>> {
    let text = tree.read_text(path)?;
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    let mut name = None;
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) && name.is_some() {
            name = Some(String::new());
            continue;
        }
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        let Some((key, value)) = line.split_once(':').filter(|(key, _)| is_name(key)) else {
            return Err(detector::file(&tree.display_path(path), path, "has lines that are no headers"));
        };
        headers.insert(key.to_owned(), value.trim_start_matches([' ', '\t']).to_owned());
        name = Some(key.to_owned());
    }
    Ok(headers)
}

/// Tells whether an archive of git was unpacked here, the places in its file filled in.
pub(super) fn is_archive(tree: &Tree) -> Plan<bool> {
    if !tree.is_file(ARCHIVAL) {
        return Ok(false);
    }
    Ok(!headers(tree, ARCHIVAL)?.get("node").is_some_and(|node| node.contains("$Format")))
}

/// Reads what git wrote when it made the archive.
fn of_archival(data: &BTreeMap<String, String>, settings: &Settings) -> Plan<Option<State>> {
    static TAG: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\btag: ([^,]+)").expect("a constant expression"));
    match data.get("describe-name") {
        Some(text) if text.contains("%(describe") || text.is_empty() => {}
        None => {}
        Some(text) => {
            let state = of_description(text, settings)?;
            return Ok(Some(State { dirty: false, ..state }));
        }
    }
    for found in TAG.captures_iter(data.get("ref-names").map_or("", String::as_str)) {
        let name = found[1].trim_end_matches(|c: char| !(c.is_alphanumeric() || c == '_'));
        if let Some(version) = settings.version_of_tag(name)? {
            return Ok(Some(State::of_tag(version)));
        }
    }
    match data.get("node") {
        Some(node) if !node.to_uppercase().contains("$FORMAT") => {
            let tag = "0.0".parse().expect("a constant version");
            Ok(Some(State { node: Some(node.clone()), ..State::of_tag(tag) }))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry_set::Entry;
    use crate::vcs::Spelling;

    fn found(files: &[(&str, &str)]) -> Option<Workdir> {
        let entries: Vec<Entry> =
            files.iter().map(|(path, text)| Entry::generated(format!("t/{path}"), text.as_bytes())).collect();
        let place = pyrel_model::Location::of_file(std::path::Path::new("pyproject.toml"));
        let settings = Settings::defaults("tool.setuptools_scm", place, Spelling::Table);
        find(&Tree::unpacked(&entries), &settings).unwrap_or(None)
    }

    fn archival(lines: &str) -> String {
        match found(&[(".git_archival.txt", lines)]) {
            Some(Workdir::Archive(state)) => {
                format!("{} {} {}", state.tag, state.distance, state.node.unwrap_or_default())
            }
            _ => "nothing".to_owned(),
        }
    }

    #[test]
    fn archives_of_git_tell_tags_and_commits() {
        for (lines, expected) in [
            ("node: ab12\ndescribe-name: v1.2-3-gab12\nref-names: HEAD -> main\n", "1.2 3 gab12"),
            ("node: ab12\ndescribe-name: v1.2\n", "1.2 0 "),
            ("node: ab12\ndescribe-name:\nref-names: HEAD, tag: v2.0, tag: x\n", "2.0 0 "),
            ("node: ab12\ndescribe-name: %(describe:tags=true)\nref-names: main\n", "0.0 0 ab12"),
            ("node: $Format:%H$\ndescribe-name: $Format:%(describe)$\nref-names: $Format:%D$\n", "nothing"),
        ] {
            assert_eq!(archival(lines), expected, "{lines}");
        }
    }

    #[test]
    fn the_richest_counts() {
        let record = State::of_tag("3.0".parse().unwrap()).record().unwrap();
        let list = file_list(&["a.py".to_owned(), "\"b\"".to_owned()]);
        let all = [
            ("demo.egg-info/scm_version.json", record.as_str()),
            ("demo.egg-info/scm_file_list.json", list.as_str()),
            (".git_archival.txt", "node: ab\ndescribe-name: v2.0\n"),
            ("PKG-INFO", "Name: demo\nVersion: 1.0\n\nVersion: 9\n"),
        ];
        let Some(Workdir::Record { files, .. }) = found(&all) else { panic!("no record") };
        assert_eq!(files, ["a.py", "\"b\""]);
        assert!(matches!(found(&all[2..]), Some(Workdir::Archive(_))));
        let Some(Workdir::PackageInfo(state)) = found(&all[3..]) else { panic!("no PKG-INFO") };
        assert_eq!(state.preformatted.as_deref(), Some("1.0"));
        assert!(found(&[("README", "")]).is_none());
    }
}
