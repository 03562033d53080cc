//! A value named as `package.module.NAME`, read from the source of the module.

use super::layout::Layout;
use super::options::is_identifier;
use super::python_source::literal;
use crate::error::Plan;
use crate::tree::Tree;

/// Reads the value, or says why only Python can.
pub(super) fn read(path: &str, tree: &Tree, layout: &Layout) -> Plan<Result<String, String>> {
    let Some((module, name)) = path.trim().rsplit_once('.') else {
        return Ok(Err(format!("names no module: `{path}`")));
    };
    if !is_identifier(name) || !module.split('.').all(is_identifier) {
        return Ok(Err(format!("is no dotted name: `{path}`")));
    }
    let start = layout.package_folder(module);
    let candidates = [format!("{start}.py"), format!("{start}/__init__.py")];
    let Some(file) = candidates.iter().find(|file| tree.is_file(file)) else {
        return Ok(Err(format!("names a module without a source file: `{module}`")));
    };
    let source = tree.read_text(file)?;
    Ok(literal(&source, name).ok_or_else(|| {
        format!("names something else than a plain literal in `{file}`, which only Python can evaluate")
    }))
}
