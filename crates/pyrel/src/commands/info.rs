//! `pyrel info`: what is here, and with `--remote` what the indexes have.

use anstyle::Style;
use clap::Args;
use pyrel_project::{BrokenMember, Member, Package, Workspace};
use serde_json::{Value, json};

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult};
use crate::remote;
use crate::ui::{Align, Table, Tone, plural, size};

/// Show packages: name, version, backend, built files
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel info 'mcp-*' --remote")]
pub(crate) struct InfoArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Also show what PyPI and TestPyPI have
    #[arg(long)]
    remote: bool,
}

/// Runs the command.
pub(crate) fn run(args: &InfoArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let (packages, broken) = chosen(args, context, &workspace)?;
    let listings = if args.remote { Some(remote::versions(context, &workspace, &packages)?) } else { None };
    if context.json() {
        let mut rows: Vec<Value> = packages.iter().map(|package| to_json(package)).collect();
        if let Some(listings) = &listings {
            for (row, listing) in rows.iter_mut().zip(listings) {
                row["remote"] = json!(listing);
            }
        }
        rows.extend(broken.iter().map(|member| broken_to_json(member)));
        return context.ui().json(&json!({"schema": 1, "root": workspace.root(), "packages": rows}));
    }
    let mut table = Table::new(&[
        ("package", Align::Left),
        ("version", Align::Left),
        ("backend", Align::Left),
        ("python", Align::Left),
        ("built", Align::Left),
        ("description", Align::Left),
    ]);
    for package in &packages {
        table.row(row(package));
    }
    context.ui().table(&table)?;
    for (package, listing) in packages.iter().zip(listings.iter().flatten()) {
        for (index, versions) in listing {
            context.ui().data(&format!("{} on {index}: {}", package.name, versions.to_text()))?;
        }
    }
    report_broken(context, &broken);
    Ok(())
}

fn chosen<'w>(
    args: &InfoArgs,
    context: &Context,
    workspace: &'w Workspace,
) -> Result<(Vec<&'w Package>, Vec<&'w BrokenMember>), CommandError> {
    let mut healthy = Vec::new();
    let mut broken = Vec::new();
    for member in context.select_members(workspace, &args.selection)? {
        match member {
            Member::Healthy(package) => healthy.push(&**package),
            Member::Broken(member) => broken.push(member),
        }
    }
    Ok((healthy, broken))
}

fn row(package: &Package) -> Vec<(String, Style)> {
    let plain = Style::new();
    let version = match package.version() {
        Some(version) => (version.to_string(), plain),
        None => ("dynamic".to_owned(), plain.dimmed()),
    };
    let files = package.built_files();
    let built = files.iter().map(|file| format!("{} {}", file.kind.as_str(), size(file.size)));
    let built = built.collect::<Vec<_>>().join(", ");
    let private = if package.private { " (private)" } else { "" };
    vec![
        (format!("{}{private}", package.name), Tone::Busy.style()),
        version,
        (package.backend.as_str().to_owned(), plain),
        (package.requires_python.as_ref().map(|set| set.as_written().to_owned()).unwrap_or_default(), plain),
        (if built.is_empty() { "-".to_owned() } else { built }, plain),
        (package.description.clone().unwrap_or_default(), plain.dimmed()),
    ]
}

fn to_json(package: &Package) -> Value {
    let artifacts: Vec<Value> = package
        .built_files()
        .iter()
        .map(|file| json!({"kind": file.kind, "path": file.path, "size": file.size}))
        .collect();
    let internal: Vec<Value> = package
        .internal
        .iter()
        .map(|inner| json!({"name": inner.name, "kind": inner.kind.as_str(), "requirement": inner.requirement}))
        .collect();
    json!({
        "name": package.name,
        "version": package.version(),
        "directory": package.relative,
        "backend": package.backend.as_str(),
        "requires_python": package.requires_python,
        "description": package.description,
        "dependencies": package.dependencies,
        "internal_dependencies": internal,
        "publish": !package.private,
        "artifacts": artifacts,
        "error": null,
    })
}

fn broken_to_json(member: &BrokenMember) -> Value {
    json!({
        "name": member.name,
        "version": null,
        "directory": member.directory,
        "backend": null,
        "requires_python": null,
        "description": null,
        "dependencies": [],
        "internal_dependencies": [],
        "publish": false,
        "artifacts": [],
        "error": member.error.to_string(),
    })
}

fn report_broken(context: &Context, broken: &[&BrokenMember]) {
    for member in broken {
        let name = member.name.clone().unwrap_or_else(|| context.shown(&member.directory));
        context.ui().status(Tone::Fail, "Broken", &format!("{name}: {}", member.error));
        if let Some(location) = &member.error.location {
            let snippet = location.to_snippet();
            if !snippet.is_empty() {
                context.ui().note(&snippet);
            }
        }
        if let Some(hint) = &member.error.hint {
            context.ui().hint(hint);
        }
    }
    if !broken.is_empty() {
        let text = format!("{} cannot be released until mended", plural(broken.len(), "package"));
        context.ui().warning(&text, None);
    }
}
