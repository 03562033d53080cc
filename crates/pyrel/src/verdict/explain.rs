//! `pyrel check --explain RULE`: what a rule looks at, and why.

use pyrel_dist::RULES;
use pyrel_model::suggestion::nearest;
use serde_json::json;

use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};

/// Prints the documentation of a rule.
pub(crate) fn explain(context: &Context, name: &str) -> CommandResult {
    let Some(rule) = pyrel_dist::check::rule(name) else {
        let near = nearest(name, RULES.iter().map(|rule| rule.name));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "docs/rules.md lists the rules".to_owned(),
        };
        let message = format!("no such rule: `{name}`");
        return Err(CommandError::message(Failure::Usage, message).hint(Some(hint)));
    };
    let ui = context.ui();
    if context.json() {
        return ui.json(&json!({
            "schema": 1,
            "rule": rule.name,
            "level": rule.level,
            "source": rule.source,
            "summary": rule.summary,
            "documentation": rule.docs,
        }));
    }
    let bold = anstyle::Style::new().bold();
    let (level, source) = (rule.level.as_str(), rule.source.as_str());
    ui.data(&format!("{bold}{}{bold:#} ({level}, {source}): {}\n", rule.name, rule.summary))?;
    for line in rule.docs.trim_end().lines() {
        match line.strip_prefix("### ") {
            Some(heading) => ui.data(&format!("{bold}{heading}{bold:#}"))?,
            None => ui.data(line)?,
        }
    }
    ui.data(&format!("\nAnother level, in `pyrel.toml`:\n\n[check]\n{} = \"warning\"", rule.name))
}
