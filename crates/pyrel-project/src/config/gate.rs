//! `release.gates`: commands of the project itself that must succeed before a release.

use std::time::Duration;

use pyrel_model::Diagnostic;
use pyrel_model::pyproject::TableReader;
use toml_edit::{TableLike, Value};

/// How long a command may take unless it says so.
const PATIENCE: Duration = Duration::from_secs(600);

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// A quality command of the project, run at the root of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateCommand {
    /// What it is called; the command itself unless named.
    pub name: String,
    /// The command line, for the shell.
    pub command: String,
    /// How long it may take.
    pub timeout: Duration,
}

/// Reads `gates`: command lines, or tables with `command`, `name`, and `timeout` in seconds.
pub(super) fn read(table: &TableReader<'_>) -> Result<Vec<GateCommand>> {
    let Some(item) = table.get("gates") else { return Ok(Vec::new()) };
    let mut gates: Vec<GateCommand> = Vec::new();
    let tables =
        item.as_array_of_tables().map(|tables| tables.iter().map(|one| (one as &dyn TableLike, one.span())));
    if let Some(tables) = tables {
        for (one, span) in tables {
            add(table, &mut gates, gate(table, one)?, span.as_ref())?;
        }
        return Ok(gates);
    }
    let array = item.as_array().ok_or_else(|| table.fault("gates", "must be an array of commands"))?;
    for value in array {
        let found = match value {
            Value::String(text) => {
                let command = text.value().clone();
                GateCommand { name: command.clone(), command, timeout: PATIENCE }
            }
            Value::InlineTable(one) => gate(table, one)?,
            other => {
                let message = format!("`{}` must hold commands or tables", table.dotted("gates"));
                return Err(table.fault_at(other.span(), &message));
            }
        };
        add(table, &mut gates, found, value.span().as_ref())?;
    }
    Ok(gates)
}

fn gate(table: &TableReader<'_>, one: &dyn TableLike) -> Result<GateCommand> {
    let name = table.dotted("gates");
    let reader = TableReader::new(table.path(), table.text(), &name, one);
    reader.known_keys(&["command", "name", "timeout"])?;
    let command = reader.string("command")?;
    let command = command.ok_or_else(|| table.fault("gates", "has an entry without `command`"))?.to_owned();
    let timeout = match reader.get("timeout") {
        None => PATIENCE,
        Some(item) => {
            let seconds = item.as_integer().and_then(|seconds| u64::try_from(seconds).ok());
            let seconds = seconds.filter(|seconds| *seconds > 0);
            Duration::from_secs(
                seconds.ok_or_else(|| reader.fault("timeout", "must be a number of seconds, at least 1"))?,
            )
        }
    };
    let name = reader.string("name")?.map_or_else(|| command.clone(), str::to_owned);
    Ok(GateCommand { name, command, timeout })
}

fn add(
    table: &TableReader<'_>,
    gates: &mut Vec<GateCommand>,
    found: GateCommand,
    span: Option<&std::ops::Range<usize>>,
) -> Result<()> {
    let fault = |what: &str| table.fault_at(span.cloned(), &format!("`{}` {what}", table.dotted("gates")));
    if found.command.trim().is_empty() || found.name.trim().is_empty() {
        return Err(fault("holds an empty command or name"));
    }
    if gates.iter().any(|gate| gate.name == found.name) {
        return Err(fault(&format!("names a command twice: `{}`", found.name)));
    }
    gates.push(found);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    fn gates(text: &str) -> std::result::Result<Vec<(String, String, u64)>, String> {
        let config = Config::parse(Path::new("pyrel.toml"), text).map_err(|fault| fault.to_string())?;
        let gates = config.release.gates.into_iter();
        Ok(gates.map(|gate| (gate.name, gate.command, gate.timeout.as_secs())).collect())
    }

    #[test]
    fn commands_and_tables_are_gates() {
        let expected = vec![
            ("ruff check".to_owned(), "ruff check".to_owned(), 600),
            ("types".to_owned(), "mypy src".to_owned(), 30),
        ];
        let inline = "[release]\ngates = [\"ruff check\", { name = \"types\", command = \"mypy src\", timeout = 30 }]\n";
        assert_eq!(gates(inline), Ok(expected.clone()));
        let tables = "[[release.gates]]\ncommand = \"ruff check\"\n[[release.gates]]\nname = \"types\"\ncommand = \"mypy src\"\ntimeout = 30\n";
        assert_eq!(gates(tables), Ok(expected));
        assert_eq!(gates(""), Ok(vec![]));
    }

    #[test]
    fn mistakes_have_their_place() {
        for (value, message) in [
            ("\"ruff\"", "2:9: `release.gates` must be an array of commands"),
            ("[1]", "2:10: `release.gates` must hold commands or tables"),
            ("[\"a\", \"a\"]", "2:15: `release.gates` names a command twice: `a`"),
            ("[\" \"]", "2:10: `release.gates` holds an empty command or name"),
            ("[{ name = \"x\" }]", "2:9: `release.gates` has an entry without `command`"),
            (
                "[{ command = \"x\", timeout = 0 }]",
                "2:37: `release.gates.timeout` must be a number of seconds, at least 1",
            ),
            ("[{ command = \"x\", tiemout = 1 }]", "2:27: unknown key `release.gates.tiemout`"),
        ] {
            let text = format!("[release]\ngates = {value}\n");
            assert_eq!(gates(&text).unwrap_err(), format!("pyrel.toml:{message}"), "{value}");
        }
    }
}
