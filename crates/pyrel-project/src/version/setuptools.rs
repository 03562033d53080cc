//! setuptools: `[tool.setuptools.dynamic]`, or `[metadata]` of `setup.cfg`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use pyrel_model::pyproject::TableReader;

use super::VersionSource;
use super::python_literal::{Assignment, Literal, assigned_spans, find_assignment};
use super::resolve::{Found, Question};

pub(super) fn resolve(question: &Question<'_>) -> Found<VersionSource> {
    if let Some(answer) = from_pyproject(question)? {
        return Ok(answer);
    }
    if let Some(setup_cfg) = &question.manifest.setup_cfg
        && let Some(value) = setup_cfg.get("metadata", "version")
    {
        let spans = setup_cfg.spans("metadata", "version");
        return from_setup_cfg(question, value, setup_cfg.path(), spans);
    }
    if let Some(tool) = scm(question) {
        return Ok(VersionSource::from_tags(tool));
    }
    if question.manifest.setup_py {
        return Err("it is set by `setup.py`, which is not executed to read it".to_owned());
    }
    Err("no file states it: `tool.setuptools.dynamic.version` is missing".to_owned())
}

fn from_pyproject(question: &Question<'_>) -> Found<Option<VersionSource>> {
    let Some(file) = &question.manifest.pyproject else { return Ok(None) };
    let Some(dynamic) = file.tool(&["setuptools", "dynamic"]) else { return Ok(None) };
    let dynamic = file.reader("tool.setuptools.dynamic", dynamic);
    let Some(table) = dynamic.subtable("version").map_err(|fault| fault.to_string())? else {
        return Ok(None);
    };
    let table = file.reader("tool.setuptools.dynamic.version", table);
    if let Some(attribute) = table.string("attr").map_err(|fault| fault.to_string())? {
        return from_attribute(question, attribute).map(Some);
    }
    let files = file_list(&table)?;
    if files.is_empty() {
        return Err("`tool.setuptools.dynamic.version` has neither `attr` nor `file`".to_owned());
    }
    from_files(question, &files).map(Some)
}

fn file_list(table: &TableReader<'_>) -> Found<Vec<String>> {
    match table.get("file") {
        None => Ok(Vec::new()),
        Some(item) => match item.as_str() {
            Some(one) => Ok(vec![one.to_owned()]),
            None => {
                let list = table.strings("file").map_err(|fault| fault.to_string())?;
                Ok(list.unwrap_or_default().into_iter().map(str::to_owned).collect())
            }
        },
    }
}

fn from_setup_cfg(
    question: &Question<'_>,
    value: &str,
    path: &Path,
    spans: &[Range<usize>],
) -> Found<VersionSource> {
    if let Some(attribute) = value.strip_prefix("attr:") {
        return from_attribute(question, attribute.trim());
    }
    if let Some(files) = value.strip_prefix("file:") {
        let files: Vec<String> = files.split(',').map(|file| file.trim().to_owned()).collect();
        return from_files(question, &files);
    }
    Ok(VersionSource::read(value, path, "metadata", spans.to_vec()))
}

fn from_files(question: &Question<'_>, files: &[String]) -> Found<VersionSource> {
    let mut texts = Vec::new();
    for file in files {
        texts.push(question.text(&question.directory.join(file))?);
    }
    let path = question.directory.join(files.first().map_or("", String::as_str));
    // What several files give together belongs to none of them.
    let spans = match texts.as_slice() {
        [text] => {
            let start = text.len() - text.trim_start().len();
            let span = start..start + text.trim().len();
            vec![span]
        }
        _ => Vec::new(),
    };
    Ok(VersionSource::read(&texts.join("\n"), &path, "file", spans))
}

/// Reads `package.module.NAME`: the first top-level assignment, when its value is a literal.
fn from_attribute(question: &Question<'_>, attribute: &str) -> Found<VersionSource> {
    let (module, name) = attribute.rsplit_once('.').unwrap_or(("__init__", attribute));
    let path = module_file(question, module)
        .ok_or_else(|| format!("no file of the module `{module}` (`attr = \"{attribute}\"`)"))?;
    let text = question.text(&path)?;
    match find_assignment(&text, name) {
        Assignment::Literal(literal) => {
            let spans = assigned_spans(&text, name);
            Ok(VersionSource::read(&version_text(&literal), &path, "attribute", spans))
        }
        Assignment::Computed => {
            Err(format!("`{name}` is computed in `{}`, so only Python knows it", path.display()))
        }
        Assignment::Absent => {
            Err(format!("`{name}` is not assigned at the top level of `{}`", path.display()))
        }
    }
}

/// A sequence is joined by dots, as setuptools does.
fn version_text(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) | Literal::Number(text) => text.clone(),
        Literal::Sequence(parts) => parts.iter().map(version_text).collect::<Vec<_>>().join("."),
    }
}

fn module_file(question: &Question<'_>, module: &str) -> Option<PathBuf> {
    let base = module_base(question, module);
    let single = PathBuf::from(format!("{}.py", base.display()));
    let package = base.join("__init__.py");
    [single, package].into_iter().find(|path| path.is_file())
}

/// Returns the path of a module without its ending, through `package-dir` or the `src` layout.
fn module_base(question: &Question<'_>, module: &str) -> PathBuf {
    let parts: Vec<&str> = module.split('.').collect();
    for length in (1..=parts.len()).rev() {
        if let Some(folder) = package_dir(question, &parts[..length].join(".")) {
            return parts[length..]
                .iter()
                .fold(question.directory.join(folder), |path, part| path.join(part));
        }
    }
    let root = match package_dir(question, "") {
        Some(folder) => question.directory.join(folder),
        None if question.directory.join("src").is_dir() => question.directory.join("src"),
        None => question.directory.to_path_buf(),
    };
    let in_root = parts.iter().fold(root, |path, part| path.join(part));
    let exists = |base: &Path| base.is_dir() || PathBuf::from(format!("{}.py", base.display())).is_file();
    if exists(&in_root) {
        return in_root;
    }
    parts.iter().fold(question.directory.to_path_buf(), |path, part| path.join(part))
}

fn package_dir(question: &Question<'_>, package: &str) -> Option<String> {
    let pyproject = question.manifest.pyproject.as_ref();
    if let Some(table) = pyproject.and_then(|file| file.tool(&["setuptools", "package-dir"])) {
        return Some(table.get(package)?.as_str()?.to_owned());
    }
    if package.is_empty()
        && let Some(folder) = find_where(question)
    {
        return Some(folder);
    }
    let setup_cfg = question.manifest.setup_cfg.as_ref()?;
    setup_cfg.lines("options", "package_dir").iter().find_map(|line| {
        let (name, folder) = line.split_once('=')?;
        (name.trim() == package).then(|| folder.trim().to_owned())
    })
}

/// Returns the one folder of `packages.find.where`, which setuptools takes for the root of all packages.
fn find_where(question: &Question<'_>) -> Option<String> {
    let file = question.manifest.pyproject.as_ref()?;
    let folders = file.tool(&["setuptools", "packages", "find"])?.get("where")?.as_array()?;
    match folders.iter().collect::<Vec<_>>().as_slice() {
        [one] => one.as_str().filter(|folder| *folder != ".").map(str::to_owned),
        _ => None,
    }
}

/// Returns the plugin that takes the version from git tags.
fn scm(question: &Question<'_>) -> Option<&'static str> {
    let file = question.manifest.pyproject.as_ref()?;
    let has_table = file.tool(&["setuptools_scm"]).is_some() || file.tool(&["vcs-versioning"]).is_some();
    if has_table || question.build_requires("setuptools-scm") {
        return Some("setuptools-scm");
    }
    ["setuptools-git-versioning", "versioneer", "pbr", "setuptools-git"]
        .into_iter()
        .find(|plugin| question.build_requires(plugin))
}
