//! Dependency groups (PEP 735), and Poetry's groups: what developers of a package need besides the package.
//!
//! Groups are read when somebody asks for one, so that a broken group stops nobody who does not need it.

use pyrel_model::name::normalize;
use pyrel_model::pyproject::TableReader;
use pyrel_model::suggestion::nearest;
use pyrel_model::{Diagnostic, PyProject, Requirement};
use toml_edit::{TableLike, Value};

use super::{Package, poetry};

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

const TABLE: &str = "dependency-groups";

impl Package {
    /// Returns the names of the dependency groups, in file order and normal form: those of `[dependency-groups]`,
    /// then those of Poetry.
    #[must_use]
    pub fn dependency_groups(&self) -> Vec<String> {
        let Some(file) = &self.pyproject else { return Vec::new() };
        let standard =
            table_of(file).into_iter().flat_map(|table| table.iter()).map(|(name, _)| normalize(name));
        let mut names: Vec<String> = standard.collect();
        for name in poetry::groups(file) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns the requirements of a dependency group, those of included groups in their place; `None` when there is
    /// no such group.
    ///
    /// # Errors
    /// A diagnostic at what is no requirement, at an included group that does not exist, and at one that includes
    /// itself.
    pub fn dependency_group(&self, name: &str) -> Result<Option<Vec<Requirement>>> {
        let Some(file) = &self.pyproject else { return Ok(None) };
        if let Some(table) = table_of(file)
            && find(table, name).is_some()
        {
            let reader = file.reader(TABLE, table);
            let mut requirements = Vec::new();
            collect(&reader, &normalize(name), &mut Vec::new(), &mut requirements)?;
            return Ok(Some(requirements));
        }
        poetry::group(file, &normalize(name))
    }
}

fn table_of(file: &PyProject) -> Option<&dyn TableLike> {
    file.root().get(TABLE)?.as_table_like()
}

/// Finds the key of a group, whatever its spelling.
fn find<'a>(table: &'a dyn TableLike, name: &str) -> Option<&'a str> {
    let wanted = normalize(name);
    table.iter().map(|(key, _)| key).find(|key| normalize(key) == wanted)
}

fn collect(
    reader: &TableReader<'_>,
    name: &str,
    open: &mut Vec<String>,
    out: &mut Vec<Requirement>,
) -> Result<()> {
    let Some(key) = find(reader.table(), name) else { return Ok(()) };
    let item = reader.get(key);
    let array = item.and_then(toml_edit::Item::as_array);
    let array = array.ok_or_else(|| reader.fault(key, "must be an array"))?;
    open.push(name.to_owned());
    for value in array {
        match included(value) {
            Some(other) => {
                let other = normalize(other);
                check_included(reader, &other, open, value)?;
                collect(reader, &other, open, out)?;
            }
            None => out.push(requirement(reader, key, value)?),
        }
    }
    open.pop();
    Ok(())
}

/// Returns the name in `{include-group = "…"}`.
fn included(value: &Value) -> Option<&str> {
    let table = value.as_inline_table().filter(|table| table.len() == 1)?;
    table.get("include-group")?.as_str()
}

fn check_included(reader: &TableReader<'_>, name: &str, open: &[String], value: &Value) -> Result<()> {
    if let Some(first) = open.iter().position(|other| other == name) {
        let mut round: Vec<String> = open[first..].iter().map(|name| format!("`{name}`")).collect();
        round.push(format!("`{name}`"));
        let message = format!("dependency groups include each other: {}", round.join(" → "));
        return Err(reader.fault_at(value.span(), &message));
    }
    if find(reader.table(), name).is_some() {
        return Ok(());
    }
    let message = format!("`{TABLE}` includes a group that does not exist: `{name}`");
    let mut fault = *reader.fault_at(value.span(), &message);
    let names: Vec<String> = reader.table().iter().map(|(key, _)| normalize(key)).collect();
    fault.hint =
        nearest(name, names.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
    Err(Box::new(fault))
}

fn requirement(reader: &TableReader<'_>, key: &str, value: &Value) -> Result<Requirement> {
    let Some(text) = value.as_str() else {
        let message =
            format!("`{TABLE}.{key}` holds something else than requirements and `{{include-group = \"…\"}}`");
        return Err(reader.fault_at(value.span(), &message));
    };
    text.parse().map_err(|error| reader.fault_at(value.span(), &format!("in `{TABLE}.{key}`: {error}")))
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    fn package(text: &str) -> (tempfile::TempDir, Package) {
        let folder = tempfile::tempdir().unwrap();
        let project = "[project]\nname = \"demo\"\nversion = \"1\"\n";
        fs::write(folder.path().join("pyproject.toml"), format!("{project}{text}")).unwrap();
        let package = Package::load(folder.path()).unwrap();
        (folder, package)
    }

    fn group(text: &str, name: &str) -> std::result::Result<Option<Vec<String>>, String> {
        let (_folder, package) = package(text);
        let found = package.dependency_group(name);
        let found = found.map_err(|mut fault| {
            let line = fault.location.take().map_or(0, |place| place.line);
            format!("{line}: {} [{}]", fault.message, fault.hint.unwrap_or_default())
        })?;
        Ok(found.map(|list| list.iter().map(ToString::to_string).collect()))
    }

    const GROUPS: &str = "[dependency-groups]\nTest_Suite = [\"pytest>=8\", {include-group = \"Typing\"}, \"x\"]\n\
                          typing = [\"mypy; python_version > '3.9'\"]\n";

    #[test]
    fn included_groups_stand_where_they_are_included() {
        let expected = ["pytest>=8", "mypy; python_version > \"3.9\"", "x"].map(str::to_owned).to_vec();
        assert_eq!(group(GROUPS, "test-suite"), Ok(Some(expected)));
        assert_eq!(group(GROUPS, "tests"), Ok(None));
        assert_eq!(package(GROUPS).1.dependency_groups(), ["test-suite", "typing"]);
    }

    #[test]
    fn mistakes_have_their_line() {
        let text = "[dependency-groups]\na = [{include-group = \"b\"}]\nb = [{include-group = \"A\"}]\n";
        assert_eq!(
            group(text, "a").unwrap_err(),
            "6: dependency groups include each other: `a` → `b` → `a` []"
        );
        let text = "[dependency-groups]\ntest = [{include-group = \"typin\"}]\ntyping = []\n";
        assert_eq!(
            group(text, "test").unwrap_err(),
            "5: `dependency-groups` includes a group that does not exist: `typin` [did you mean `typing`?]"
        );
        let text = "[dependency-groups]\ntest = [{path = \"x\"}]\n";
        assert!(
            group(text, "test").unwrap_err().starts_with("5: `dependency-groups.test` holds something else")
        );
        assert_eq!(
            group("[dependency-groups]\nother = [1]\n", "test"),
            Ok(None),
            "others are nobody's concern"
        );
    }

    #[test]
    fn groups_of_poetry_count_too() {
        let text = "[tool.poetry.group.test.dependencies]\npytest = \"^8.0\"\n\
                    [tool.poetry.dev-dependencies]\nruff = \"*\"\n";
        assert_eq!(group(text, "test"), Ok(Some(vec!["pytest<9.0,>=8.0".to_owned()])));
        assert_eq!(group(text, "dev"), Ok(Some(vec!["ruff".to_owned()])));
        assert_eq!(package(text).1.dependency_groups(), ["test", "dev"]);
    }
}
