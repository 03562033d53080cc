//! `pyrel graph`: who depends on whom, and in which order a release goes out.

use clap::Args;
use serde_json::json;

use crate::cli::Format;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};

/// Show internal dependencies and the publish order
///
/// `--format` takes `text`, `mermaid`, `dot`, `svg`, or `json` here.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel graph --format svg > graph.svg")]
pub(crate) struct GraphArgs {}

/// Runs the command.
pub(crate) fn run(_args: &GraphArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let graph = workspace.graph();
    let order = graph.order().map_err(|cycle| {
        let hint = cycle.hint();
        CommandError::new(Failure::Usage, cycle).hint(hint)
    })?;
    let text = match context.format() {
        Format::Human | Format::Text => graph.to_text(),
        Format::Mermaid => graph.to_mermaid(),
        Format::Dot => graph.to_dot(),
        Format::Svg => graph.to_svg(),
        Format::Json | Format::Sarif => {
            let edges: Vec<_> = graph
                .edges()
                .iter()
                .map(|edge| json!({"from": edge.from, "to": edge.to, "kind": edge.kind.as_str()}))
                .collect();
            let waves = graph.waves().map_err(|cycle| CommandError::new(Failure::Usage, cycle))?;
            return context.ui().json(&json!({
                "schema": 1,
                "root": workspace.root(),
                "order": order,
                "waves": waves,
                "edges": edges,
            }));
        }
    };
    context.ui().raw(text.as_bytes())
}
