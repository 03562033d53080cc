//! Which files are tests, and the folder that they run in: tests and what they read, never a module of the source.

use std::io;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use pyrel_project::{Package, PackageConfig};
use toml_edit::{Item, Value};

/// Folders beside the tests that tests may read; `src` and packages are not among them.
const COMPANIONS: [&str; 6] = ["tests", "test", "testing", "examples", "testdata", "docs"];
/// Hidden files that test tools read; other hidden files may hold secrets.
const HIDDEN: [&str; 1] = [".coveragerc"];

/// Returns the paths of a package's tests, relative to it: those that pytest is configured for, or else the folder
/// `tests` or `test`, or else test modules beside `pyproject.toml`; nothing when there are none.
pub(super) fn test_paths(package: &Package) -> Vec<String> {
    let exists = |path: &String| is_inner(path) && package.directory.join(path).exists();
    let configured: Vec<String> = configured_paths(package).into_iter().filter(exists).collect();
    if !configured.is_empty() {
        return configured;
    }
    let folder = ["tests", "test"].into_iter().find(|name| package.directory.join(name).is_dir());
    if let Some(folder) = folder {
        return vec![folder.to_owned()];
    }
    let entries = fs::read_dir(&package.directory).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut modules: Vec<String> = names.filter(|name| is_test_module(name)).collect();
    modules.sort();
    modules
}

/// Returns `testpaths` of pytest's table in `pyproject.toml`.
fn configured_paths(package: &Package) -> Vec<String> {
    let Some(file) = &package.pyproject else { return Vec::new() };
    let tables = [&["pytest", "ini_options"][..], &["pytest"][..]];
    let value = tables.into_iter().find_map(|keys| file.tool(keys)?.get("testpaths"));
    match value.and_then(Item::as_value) {
        Some(Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).map(|path| path.trim_end_matches('/').to_owned()).collect()
        }
        Some(Value::String(text)) => {
            text.value().split_whitespace().map(|path| path.trim_end_matches('/').to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

fn is_inner(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn is_test_module(name: &str) -> bool {
    name.strip_suffix(".py").is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test"))
}

/// Copies tests, what they read, and what is configured into a folder.
pub(super) fn lay_out(package: &Package, config: Option<&PackageConfig>, target: &Path) -> io::Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(&package.directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && is_companion(&name) {
            fs::copy(entry.path(), target.join(&name))?;
        }
    }
    let configured = config.map(|config| config.test_files.as_slice()).unwrap_or_default();
    let folders = COMPANIONS.iter().map(|name| (*name).to_owned());
    for path in folders.chain(test_paths(package)).chain(configured.iter().cloned()) {
        let (source, target) = (package.directory.join(&path), target.join(&path));
        if source.is_dir() {
            copy_folder(&source, &target, &mut Vec::new())?;
        } else if source.is_file() {
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

/// Tells whether a file beside `pyproject.toml` comes along. Of modules only pytest's own do: any other would be
/// importable, installed or not.
fn is_companion(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if name.starts_with('.') {
        return HIDDEN.contains(&name);
    }
    match extension {
        "py" => name == "conftest.py" || is_test_module(name),
        "pyc" | "pyd" | "so" | "pyx" | "pth" => false,
        _ => true,
    }
}

/// Copies a folder, links followed; one that leads back into itself is left out.
fn copy_folder(source: &Path, target: &Path, open: &mut Vec<PathBuf>) -> io::Result<()> {
    let real = fs::canonicalize(source)?;
    if open.contains(&real) {
        return Ok(());
    }
    open.push(real);
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let (from, to) = (entry.path(), target.join(entry.file_name()));
        if from.is_file() {
            fs::copy(&from, &to)?;
        } else if from.is_dir() && entry.file_name() != "__pycache__" {
            copy_folder(&from, &to, open)?;
        }
    }
    open.pop();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Package) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let package = Package::load(folder.path()).unwrap();
        (folder, package)
    }

    const PROJECT: &str = "[project]\nname = \"demo\"\nversion = \"1\"\n";

    #[test]
    fn tests_are_found_where_they_are() {
        let paths = |files: &[(&str, &str)]| test_paths(&tree(files).1);
        assert!(paths(&[("pyproject.toml", PROJECT), ("demo.py", "")]).is_empty());
        assert_eq!(paths(&[("pyproject.toml", PROJECT), ("test/a.py", "")]), ["test"]);
        assert_eq!(
            paths(&[("pyproject.toml", PROJECT), ("test_b.py", ""), ("a_test.py", "")]),
            ["a_test.py", "test_b.py"]
        );
        let configured =
            format!("{PROJECT}[tool.pytest.ini_options]\ntestpaths = [\"checks/\", \"gone\", \"../x\"]\n");
        assert_eq!(
            paths(&[("pyproject.toml", &configured), ("checks/a.py", ""), ("tests/a.py", "")]),
            ["checks"]
        );
        let one = format!("{PROJECT}[tool.pytest]\ntestpaths = \"a b\"\n");
        assert_eq!(paths(&[("pyproject.toml", &one), ("a/x.py", ""), ("b/x.py", "")]), ["a", "b"]);
    }

    #[test]
    fn sources_and_secrets_stay_behind() {
        let (_folder, package) = tree(&[
            ("pyproject.toml", PROJECT),
            ("setup.py", ""),
            ("demo.py", ""),
            ("conftest.py", ""),
            (".env", "X=1"),
            ("README.md", ""),
            ("src/demo/__init__.py", ""),
            ("demo/__init__.py", ""),
            ("tests/data/a.txt", ""),
            ("tests/__pycache__/x.pyc", ""),
            ("schema/a.json", ""),
        ]);
        let target = tempfile::tempdir().unwrap();
        let config = PackageConfig { test_files: vec!["schema".to_owned()], ..PackageConfig::default() };
        lay_out(&package, Some(&config), target.path()).unwrap();
        let mut names: Vec<String> = fs::read_dir(target.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["README.md", "conftest.py", "pyproject.toml", "schema", "tests"]);
        assert!(target.path().join("tests/data/a.txt").is_file());
        assert!(!target.path().join("tests/__pycache__").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_into_itself_ends() {
        let (folder, package) = tree(&[("pyproject.toml", PROJECT), ("tests/a.py", "")]);
        std::os::unix::fs::symlink(folder.path().join("tests"), folder.path().join("tests/again")).unwrap();
        let target = tempfile::tempdir().unwrap();
        lay_out(&package, None, target.path()).unwrap();
        assert!(target.path().join("tests/a.py").is_file() && !target.path().join("tests/again").exists());
    }
}
