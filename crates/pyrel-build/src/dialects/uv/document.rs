//! `pyproject.toml` as uv_build prints it anew: the same values, comments gone, tables behind plain values.

use pyrel_model::PyProject;
use toml_edit::{Item, Key, TableLike, Value};

use crate::error::{Plan, unsupported};

/// Returns the file as uv_build puts it into sdists.
pub(super) fn rewritten(pyproject: &PyProject) -> Plan<String> {
    let mut out = String::new();
    write_table(&mut out, &[], pyproject.root(), Header::None)?;
    Ok(out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    /// The document itself.
    None,
    /// `[a]`, left out where only further tables follow.
    Table,
    /// `[[a]]`
    Element,
}

/// The tables of an array, when all of its elements are tables and there is one.
fn tables_of(item: &Item) -> Option<Vec<&dyn TableLike>> {
    if let Some(tables) = item.as_array_of_tables() {
        return Some(tables.iter().map(|table| -> &dyn TableLike { table }).collect());
    }
    let array = item.as_array().filter(|array| !array.is_empty())?;
    array.iter().map(|value| value.as_inline_table().map(|table| -> &dyn TableLike { table })).collect()
}

fn write_table(out: &mut String, path: &[&str], table: &dyn TableLike, header: Header) -> Plan<()> {
    let is_plain = |item: &Item| item.as_table_like().is_none() && tables_of(item).is_none();
    let has_plain = table.iter().any(|(_, item)| is_plain(item));
    if header == Header::Element || (header == Header::Table && (has_plain || table.is_empty())) {
        let keys: Vec<String> = path.iter().map(|key| print_key(key)).collect();
        let (open, close) = if header == Header::Element { ("[[", "]]") } else { ("[", "]") };
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!("{open}{}{close}\n", keys.join(".")));
    }
    for (key, item) in table.iter().filter(|(_, item)| is_plain(item)) {
        let Some(value) = item.as_value() else { continue };
        out.push_str(&format!("{} = {}\n", print_key(key), print_value(value)?));
    }
    for (key, item) in table.iter() {
        let path: Vec<&str> = path.iter().copied().chain([key]).collect();
        if let Some(inner) = item.as_table_like() {
            write_table(out, &path, inner, Header::Table)?;
        } else if let Some(elements) = tables_of(item) {
            for element in elements {
                write_table(out, &path, element, Header::Element)?;
            }
        }
    }
    Ok(())
}

fn print_key(key: &str) -> String {
    Key::new(key).to_string()
}

/// Prints a value the way the writer of TOML would that has never seen the file.
fn print_value(value: &Value) -> Plan<String> {
    Ok(match value {
        Value::String(text) => Value::from(text.value().as_str()).to_string(),
        Value::Integer(number) => Value::from(*number.value()).to_string(),
        Value::Float(number) => Value::from(*number.value()).to_string(),
        Value::Boolean(flag) => flag.value().to_string(),
        Value::Datetime(when) => {
            if when.value().time.is_some_and(|time| time.second.is_none()) {
                return unsupported("pyproject.toml", "holds a time without seconds");
            }
            when.value().to_string()
        }
        Value::Array(array) => {
            let items = array.iter().map(print_value).collect::<Plan<Vec<String>>>()?;
            match &items[..] {
                [] => "[]".to_owned(),
                [only] => format!("[{only}]"),
                _ => format!("[\n{}]", items.iter().map(|item| format!("    {item},\n")).collect::<String>()),
            }
        }
        Value::InlineTable(table) => {
            let pairs = table
                .iter()
                .map(|(key, value)| Ok(format!("{} = {}", print_key(key), print_value(value)?)))
                .collect::<Plan<Vec<String>>>()?;
            if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn tables_follow_values_and_comments_go() {
        let text = "a = {x = {y = 1}, z = []} # note\nb = 'it'\nc = [1, [2, 3]]\nd = [{e = 'q\"'}, {}]\n\
                    f = [1, {g = 0xff}]\n[h]\n[h.i]\n";
        let file = PyProject::parse(Path::new("pyproject.toml"), text).unwrap();
        assert_eq!(
            rewritten(&file).unwrap(),
            "b = \"it\"\nc = [\n    1,\n    [\n    2,\n    3,\n],\n]\nf = [\n    1,\n    { g = 255 },\n]\n\n\
             [a]\nz = []\n\n[a.x]\ny = 1\n\n[[d]]\ne = 'q\"'\n\n[[d]]\n\n[h.i]\n"
        );
    }
}
