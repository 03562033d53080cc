//! `[options]` of `setup.cfg` and the sections below it, as far as they say what files there are.

use super::options::{Find, Lists, Options, Packages};
use super::options::{is_identifier, is_package_name, is_plain_path, package_patterns};
use super::setup_cfg::{SetupCfg, boolean, dict, list};
use super::{data_file, script};
use crate::error::Plan;

/// Options that are read here.
const LAYOUT: [&str; 8] = [
    "packages",
    "package_dir",
    "py_modules",
    "include_package_data",
    "zip_safe",
    "scripts",
    "eager_resources",
    "setup_requires",
];

/// Options that setuptools gave up, and passes over without a word.
const GIVEN_UP: [&str; 3] = ["tests_require", "test_suite", "test_loader"];

/// Reads the options; `others` are those that somebody else reads.
pub(super) fn read(file: &SetupCfg, include_package_data: bool, others: &[&str]) -> Plan<Options> {
    check(file, others)?;
    let lines = |key: &str| file.entry("options", key).map(|entry| list(&entry.value, ','));
    let truth = |key: &str| file.entry("options", key).map(|entry| boolean(&entry.value));
    Ok(Options {
        packages: packages(file)?,
        py_modules: modules(file)?,
        package_dir: package_dir(file)?,
        include_package_data: truth("include_package_data").unwrap_or(include_package_data),
        package_data: package_data(file, "options.package_data")?,
        exclude_package_data: package_data(file, "options.exclude_package_data")?,
        license_files: license_files(file),
        zip_safe: truth("zip_safe"),
        data_files: data_files(file)?,
        scripts: scripts(file)?,
        eager_resources: lines("eager_resources"),
        ..Options::default()
    })
}

fn check(file: &SetupCfg, others: &[&str]) -> Plan<()> {
    for entry in file.entries("options") {
        let key = entry.key.as_str();
        if key == "setup_requires" && !list(&entry.value, ';').is_empty() {
            return Err(file.entry_fault("options", entry, "lists what may change what setuptools does"));
        }
        if !LAYOUT.contains(&key) && !GIVEN_UP.contains(&key) && !others.contains(&key) {
            return Err(file.entry_fault("options", entry, "is not reproduced natively"));
        }
    }
    Ok(())
}

fn packages(file: &SetupCfg) -> Plan<Packages> {
    let Some(entry) = file.entry("options", "packages") else { return Ok(Packages::Automatic) };
    let namespaces = match entry.value.trim() {
        "find:" => false,
        "find_namespace:" => true,
        _ => {
            let listed = list(&entry.value, ',');
            return match listed.iter().find(|name| !is_package_name(name)) {
                Some(odd) => {
                    let reason = format!("lists something else than a package: `{odd}`");
                    Err(file.entry_fault("options", entry, reason))
                }
                None => Ok(Packages::Listed(listed)),
            };
        }
    };
    let mut find = Find {
        places: vec![".".to_owned()],
        include: vec!["*".to_owned()],
        exclude: Vec::new(),
        namespaces,
        is_declared: true,
    };
    const SECTION: &str = "options.packages.find";
    for entry in file.entries(SECTION) {
        let mut values = list(&entry.value, ',');
        match entry.key.as_str() {
            _ if values.is_empty() => {}
            "include" => find.include = values,
            "exclude" => find.exclude = values,
            "where" => {
                values.truncate(1);
                if values.iter().any(|place| place != "." && !is_plain_path(place)) {
                    return Err(file.entry_fault(SECTION, entry, "holds a path in an unusual spelling"));
                }
                find.places = values;
            }
            _ => return Err(file.entry_fault(SECTION, entry, "is not reproduced natively")),
        }
    }
    Ok(Packages::Find(find))
}

fn modules(file: &SetupCfg) -> Plan<Option<Vec<String>>> {
    let Some(entry) = file.entry("options", "py_modules") else { return Ok(None) };
    let listed = list(&entry.value, ',');
    match listed.iter().find(|name| !name.split('.').all(is_identifier)) {
        Some(odd) => {
            let reason = format!("lists something else than a module: `{odd}`");
            Err(file.entry_fault("options", entry, reason))
        }
        None => Ok(Some(listed)),
    }
}

fn package_dir(file: &SetupCfg) -> Plan<Vec<(String, String)>> {
    let Some(entry) = file.entry("options", "package_dir") else { return Ok(Vec::new()) };
    let plain = |(package, path): &(String, String)| {
        is_plain_path(path) && (package.is_empty() || is_package_name(package))
    };
    match dict(&entry.value).filter(|pairs| pairs.iter().all(plain)) {
        Some(pairs) => Ok(pairs),
        None => Err(file.entry_fault("options", entry, "maps packages in an unusual spelling")),
    }
}

fn package_data(file: &SetupCfg, section: &str) -> Plan<Lists> {
    let mut out = Lists::new();
    for entry in file.entries(section) {
        let patterns = list(&entry.value, ',');
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        match package_patterns(&entry.key, &patterns) {
            Ok(lists) => out.push(lists),
            Err(reason) => return Err(file.entry_fault(section, entry, reason)),
        }
    }
    Ok(out)
}

fn data_files(file: &SetupCfg) -> Plan<Lists> {
    const SECTION: &str = "options.data_files";
    let mut out = Lists::new();
    for entry in file.entries(SECTION) {
        let patterns = list(&entry.value, ',');
        if let Some(reason) = data_file::odd(&entry.key, &patterns) {
            return Err(file.entry_fault(SECTION, entry, reason));
        }
        out.push((entry.key.clone(), patterns));
    }
    Ok(out)
}

fn scripts(file: &SetupCfg) -> Plan<Vec<String>> {
    let Some(entry) = file.entry("options", "scripts") else { return Ok(Vec::new()) };
    let listed = list(&entry.value, ',');
    match script::odd(&listed) {
        Some(reason) => Err(file.entry_fault("options", entry, reason)),
        None => Ok(listed),
    }
}

/// The older key for one file comes after the list.
fn license_files(file: &SetupCfg) -> Option<Vec<String>> {
    let listed = file.entry("metadata", "license_files").map(|entry| list(&entry.value, ','));
    let single = file.entry("metadata", "license_file").map(|entry| entry.value.clone());
    if listed.is_none() && single.is_none() {
        return None;
    }
    let mut all = listed.unwrap_or_default();
    all.extend(single.filter(|path| !path.is_empty() && !all.contains(path)));
    Some(all)
}
