//! Variables of the environment that a project names, as its backend would find them; else why that is not known.
//!
//! How a backend spells them, and what it does without one, is for its dialect.

use pyrel_project::is_credential_variable;

use super::Subject;

/// Variables that whoever runs a backend sets or takes away, or Python itself.
const OF_THE_RUN: [&str; 6] = ["PATH", "SOURCE_DATE_EPOCH", "VIRTUAL_ENV", "LC_CTYPE", "TMPDIR", "_"];
const OF_THE_RUN_PREFIXES: [&str; 5] = ["PYTHON", "PEP517_", "_PYPROJECT_HOOKS_", "PIP_", "UV_"];

impl<'a> Subject<'a> {
    /// Returns what a variable holds, `None` when it is not set.
    ///
    /// # Errors
    /// The end of a sentence about the text that names the variable, when a backend may find something else.
    pub(super) fn variable(&self, name: &str) -> Result<Option<&'a str>, String> {
        if cfg!(windows) {
            return Err("names a variable, for which Windows knows many spellings".to_owned());
        }
        if is_credential_variable(name.as_ref()) {
            return Err(format!("names a variable that is withheld, like every credential: `{name}`"));
        }
        if OF_THE_RUN.contains(&name) || OF_THE_RUN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(format!(
                "names a variable that differs from one run of a backend to another: `{name}`"
            ));
        }
        let value = self.variables().get(name).map(String::as_str);
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if value.is_some_and(|value| value.contains(breaks)) {
            return Err(format!("names a variable with a line break or a control character: `{name}`"));
        }
        Ok(value)
    }
}
