//! `pyproject.toml` as pdm-backend prints it anew: with the version filled in, comments gone, tables last.

use pyrel_model::Version;
use toml_edit::{Item, TableLike, Value};

use super::super::Subject;
use super::variable::expand;
use crate::error::{Plan, unsupported};

const INDENT: &str = "    ";
const MAX_LINE: usize = 100;

/// Returns the file as pdm-backend puts it into sdists.
pub(super) fn rewritten(subject: &Subject<'_>, version: &Version) -> Plan<String> {
    let mut root = Node::of_table(subject.pyproject.root())?;
    let Node::Table(tables) = &mut root else { return unsupported("pyproject.toml", "is no table") };
    for (key, node) in tables.iter_mut() {
        if let (true, Node::Table(project)) = (key == "project", node) {
            fill_in(project, version, subject.project.version.is_none());
            expand_requirements(subject, project)?;
        }
    }
    if !tables.iter().any(|(key, _)| key == "tool") {
        tables.push(("tool".to_owned(), Node::Table(Vec::new())));
    }
    let mut out = String::new();
    write_table(&mut out, tables, ("", false));
    Ok(out)
}

/// Writes the version behind everything else, and takes it from the dynamic fields.
fn fill_in(project: &mut Pairs, version: &Version, is_dynamic: bool) {
    if !is_dynamic {
        return;
    }
    for (key, node) in project.iter_mut() {
        if let (true, Node::Array(fields)) = (key == "dynamic", node) {
            let at = fields.iter().position(|field| matches!(field, Node::Text(text) if text == "version"));
            fields.drain(at.unwrap_or(0)..at.map_or(0, |at| at + 1));
        }
    }
    project.push(("version".to_owned(), Node::Text(version.to_string())));
}

/// Fills in the variables of requirements.
fn expand_requirements(subject: &Subject<'_>, project: &mut Pairs) -> Plan<()> {
    let table = subject.project_table();
    for (key, node) in project.iter_mut() {
        let lists: Vec<&mut Node> = match (key.as_str(), node) {
            ("dependencies", list) => vec![list],
            ("optional-dependencies", Node::Table(extras)) => {
                extras.iter_mut().map(|(_, list)| list).collect()
            }
            _ => continue,
        };
        let texts =
            lists.into_iter().filter_map(|list| if let Node::Array(list) = list { Some(list) } else { None });
        for text in texts.flatten() {
            if let Node::Text(text) = text {
                *text = expand(subject, (&table, key), text)?.into_owned();
            }
        }
    }
    Ok(())
}

type Pairs = Vec<(String, Node)>;

/// A value, its spelling forgotten.
enum Node {
    Text(String),
    /// A number, flag, or date, as it is printed.
    Scalar(String),
    Array(Vec<Node>),
    Table(Pairs),
}

impl Node {
    fn of_table(table: &dyn TableLike) -> Plan<Self> {
        let pairs = table.iter().map(|(key, item)| Ok((key.to_owned(), Self::of_item(item)?)));
        Ok(Self::Table(pairs.collect::<Plan<_>>()?))
    }

    fn of_item(item: &Item) -> Plan<Self> {
        if let Some(table) = item.as_table_like() {
            return Self::of_table(table);
        }
        if let Some(tables) = item.as_array_of_tables() {
            return Ok(Self::Array(tables.iter().map(|table| Self::of_table(table)).collect::<Plan<_>>()?));
        }
        match item.as_value() {
            Some(value) => Self::of_value(value),
            None => unsupported("pyproject.toml", "has a key without a value"),
        }
    }

    fn of_value(value: &Value) -> Plan<Self> {
        Ok(match value {
            Value::String(text) => Self::Text(text.value().clone()),
            Value::Integer(number) => Self::Scalar(number.value().to_string()),
            Value::Float(number) => Self::Scalar(Value::from(*number.value()).to_string()),
            Value::Boolean(flag) => Self::Scalar(flag.value().to_string()),
            Value::Datetime(when) => {
                // The printer refuses or changes some, and Python knows no more than microseconds.
                let time = when.value().time;
                let is_plain = time.is_none_or(|time| {
                    time.second.is_some() && time.nanosecond.is_none_or(|nanos| nanos % 1000 == 0)
                });
                if !is_plain {
                    return unsupported("pyproject.toml", "holds a time that Python would print differently");
                }
                Self::Scalar(when.value().to_string())
            }
            Value::Array(array) => Self::Array(array.iter().map(Self::of_value).collect::<Plan<_>>()?),
            Value::InlineTable(table) => Self::of_table(table)?,
        })
    }

    /// Returns the tables of an array that has nothing else, when one of them is too long for its line.
    fn long_tables(&self) -> Option<Vec<&Pairs>> {
        let Self::Array(items) = self else { return None };
        let tables: Option<Vec<&Pairs>> =
            items.iter().map(|item| if let Self::Table(pairs) = item { Some(pairs) } else { None }).collect();
        let is_long = |pairs: &&Pairs| {
            let line = format!("{INDENT}{},", inline(pairs));
            line.chars().count() > MAX_LINE || line.contains('\n')
        };
        tables.filter(|tables| tables.iter().any(is_long))
    }

    fn print(&self, depth: usize) -> String {
        match self {
            Self::Text(text) => print_string(text),
            Self::Scalar(text) => text.clone(),
            Self::Table(pairs) => inline(pairs),
            Self::Array(items) if items.is_empty() => "[]".to_owned(),
            Self::Array(items) => {
                let indent = INDENT.repeat(depth + 1);
                let lines: String =
                    items.iter().map(|item| format!("{indent}{},\n", item.print(depth + 1))).collect();
                format!("[\n{lines}{}]", INDENT.repeat(depth))
            }
        }
    }
}

fn inline(pairs: &Pairs) -> String {
    if pairs.is_empty() {
        return "{}".to_owned();
    }
    let pairs: Vec<String> =
        pairs.iter().map(|(key, node)| format!("{} = {}", print_key(key), node.print(0))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn write_table(out: &mut String, pairs: &Pairs, (name, is_element): (&str, bool)) {
    let mut tables: Vec<(&str, &Pairs, bool)> = Vec::new();
    let mut plain: Vec<(&str, &Node)> = Vec::new();
    for (key, node) in pairs {
        match (node, node.long_tables()) {
            (Node::Table(inner), _) => tables.push((key, inner, false)),
            (_, Some(elements)) => {
                tables.extend(elements.into_iter().map(|inner| (key.as_str(), inner, true)))
            }
            (_, None) => plain.push((key, node)),
        }
    }
    let start = out.len();
    if is_element {
        out.push_str(&format!("[[{name}]]\n"));
    } else if !name.is_empty() && (!plain.is_empty() || tables.is_empty()) {
        out.push_str(&format!("[{name}]\n"));
    }
    for (key, node) in plain {
        out.push_str(&format!("{} = {}\n", print_key(key), node.print(0)));
    }
    let mut is_first = out.len() == start;
    for (key, inner, is_element) in tables {
        if !is_first {
            out.push('\n');
        }
        is_first = false;
        let key = print_key(key);
        let name = if name.is_empty() { key } else { format!("{name}.{key}") };
        write_table(out, inner, (&name, is_element));
    }
}

fn print_key(key: &str) -> String {
    let is_bare =
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if is_bare { key.to_owned() } else { print_string(key) }
}

fn print_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\u{8}' => out.push_str("\\b"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c != '\t' && c.is_ascii_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
