//! flit_core: `__version__` of the module, a constant in one of four files.

use std::path::{Path, PathBuf};

use super::VersionSource;
use super::python_literal::{Assignment, Literal, assigned_spans, find_assignment};
use super::resolve::{Found, Question};

/// Files of a package that may hold the version; a later one wins.
const FILES: &[&str] = &["__version__.py", "_version.py", "version.py", "__init__.py"];

pub(super) fn resolve(question: &Question<'_>) -> Found<VersionSource> {
    let module = module_name(question)?;
    let relative: PathBuf = module.split('.').collect();
    let bases = [question.directory.join(&relative), question.directory.join("src").join(&relative)];
    let mut places: Vec<Vec<PathBuf>> = Vec::new();
    for base in &bases {
        if base.is_dir() {
            places.push(FILES.iter().map(|file| base.join(file)).collect());
        }
        let single = with_py(base);
        if single.is_file() {
            places.push(vec![single]);
        }
    }
    match places.as_slice() {
        [] => Err(format!("no module `{module}` in the directory or below `src`")),
        [files] => read(question, files),
        _ => Err(format!("more than one module `{module}`")),
    }
}

fn module_name(question: &Question<'_>) -> Found<String> {
    let table = question.manifest.pyproject.as_ref().and_then(|file| file.tool(&["flit", "module"]));
    match table.and_then(|table| table.get("name")) {
        Some(item) => {
            item.as_str().map(str::to_owned).ok_or("`tool.flit.module.name` must be a string".into())
        }
        None => Ok(flit_module(question.name.as_written())),
    }
}

/// The module that a project name stands for; stub packages keep their ending.
fn flit_module(name: &str) -> String {
    match name.strip_suffix("-stubs") {
        Some(stem) => format!("{}-stubs", stem.replace('-', "_")),
        None => name.replace('-', "_"),
    }
}

fn with_py(base: &Path) -> PathBuf {
    let mut name = base.file_name().unwrap_or_default().to_owned();
    name.push(".py");
    base.with_file_name(name)
}

fn read(question: &Question<'_>, files: &[PathBuf]) -> Found<VersionSource> {
    for path in files.iter().rev().filter(|path| path.is_file()) {
        let module = question.text(path)?;
        match find_assignment(&module, "__version__") {
            Assignment::Literal(Literal::Text(text)) => {
                let spans = assigned_spans(&module, "__version__");
                return Ok(VersionSource::read(&text, path, "attribute", spans));
            }
            Assignment::Absent => {}
            _ => {
                let path = path.display();
                return Err(format!("`__version__` is not a string constant in `{path}`"));
            }
        }
    }
    Err("no file of the module assigns `__version__`".to_owned())
}
