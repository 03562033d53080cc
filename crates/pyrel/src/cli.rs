//! The command line as typed: global flags, the list of commands, and the arguments that several share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// Releases repositories of Python packages: build, check, stage, prove, confirm twice, publish, resume.
#[derive(Debug, Parser)]
#[command(name = "pyrel", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(
    after_help = "Example:\n  pyrel rehearse            the whole release against indexes on this machine\n  pyrel build && pyrel check --strict"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Run as if started in this directory
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// How results are written to standard output
    #[arg(long, value_enum, default_value_t = Format::Human, hide_default_value = true, global = true)]
    pub(crate) format: Format,
    /// When to use colour (`NO_COLOR` is obeyed)
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, hide_default_value = true, global = true)]
    pub(crate) color: ColorChoice,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more; twice for debugging
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// No progress bars
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// How many files to work on at once [default: the number of cores; 4 packages in an upload]
    #[arg(long, value_name = "N", global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Never use the network beyond this machine
    #[arg(long, global = true)]
    pub(crate) offline: bool,
}

/// The form of standard output. `sarif` belongs to `check` alone, what follows it to `graph`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0.
    #[value(hide = true)]
    Sarif,
    /// Lines of text.
    #[value(hide = true)]
    Text,
    /// A Mermaid flowchart.
    #[value(hide = true)]
    Mermaid,
    /// A Graphviz document.
    #[value(hide = true)]
    Dot,
    /// A drawing.
    #[value(hide = true)]
    Svg,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which packages a command works on.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SelectionArgs {
    /// Project names, directories, or globs; `all` and nothing mean every package
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    #[command(flatten)]
    pub(crate) narrow: NarrowArgs,
}

/// What narrows a selection.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct NarrowArgs {
    /// Leave out packages that match
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Only packages with changed files
    #[arg(long)]
    pub(crate) changed: bool,
    /// What `--changed` compares with [default: the last release tag]
    #[arg(long, value_name = "REV", requires = "changed")]
    pub(crate) since: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Info(commands::info::InfoArgs),
    Graph(commands::graph::GraphArgs),
    Bump(commands::bump::BumpArgs),
    Build(commands::build::BuildArgs),
    Test(commands::test::TestArgs),
    Check(commands::check::CheckArgs),
    Clean(commands::clean::CleanArgs),
    Changelog(commands::changelog::ChangelogArgs),
    Prepare(commands::prepare::PrepareArgs),
    Plan(commands::plan::PlanArgs),
    UploadTest(commands::upload_test::UploadTestArgs),
    Upload(commands::upload::UploadArgs),
    PublishTest(commands::publish_test::PublishTestArgs),
    Publish(commands::publish::PublishArgs),
    Verify(commands::verify::VerifyArgs),
    Rehearse(commands::rehearse::RehearseArgs),
    Adopt(commands::adopt::AdoptArgs),
    #[command(subcommand)]
    Auth(commands::auth::AuthCommand),
    #[command(subcommand)]
    Journal(commands::journal::JournalCommand),
    #[command(subcommand)]
    Index(commands::index::IndexCommand),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}
