//! The person's side of the gate: the plan as a table, the two questions, and how they are answered in advance.

use anstyle::Style;
use pyrel_release::gate::{AdvanceConfirm, Confirm};
use pyrel_release::plan::{Plan, PlanAttestation, Remote, Staged, Standing};

use crate::context::Context;
use crate::exit::CommandError;
use crate::releaser::ConfirmArgs;
use crate::ui::{Align, Answer, Table, Tone, Ui, plural, size};

/// Asks a person at a terminal.
pub(crate) struct Prompt<'a> {
    ui: &'a Ui,
}

impl<'a> Prompt<'a> {
    /// Makes the prompt of a screen.
    pub(crate) fn new(ui: &'a Ui) -> Self {
        Self { ui }
    }
}

impl Confirm for Prompt<'_> {
    fn show_and_ask(&mut self, plan: &Plan) -> bool {
        for line in table(plan).lines() {
            self.ui.note(&line);
        }
        let question = format!("Upload {} to {}?", plural(plan.files().count(), "file"), plan.index().name);
        matches!(self.ui.ask_yes(&question), Ok(Answer::Yes))
    }

    fn ask_digest(&mut self, plan: &Plan) -> Option<String> {
        let bold = Style::new().bold();
        let digest = plan.digest().short();
        self.ui.note(&format!("The digest of this plan is {bold}{digest}{bold:#}."));
        self.ui.ask_line("Type it to publish: ").ok().flatten()
    }
}

/// Returns who answers the gate: the flags when any was given or nobody can be asked, else a person.
pub(crate) fn answers<'a>(context: &'a Context, args: &ConfirmArgs) -> Box<dyn Confirm + 'a> {
    if context.ui().settings().interactive && !args.yes && args.confirm.is_none() {
        return Box::new(Prompt::new(context.ui()));
    }
    Box::new(AdvanceConfirm { yes: args.yes, digest: args.confirm.clone() })
}

/// Returns the plan as the table that both confirmations speak of.
pub(crate) fn table(plan: &Plan) -> Table {
    let mut columns = vec![("file", Align::Left), ("size", Align::Right), ("sha256", Align::Left)];
    if plan.index().production {
        columns.push(("staged", Align::Left));
    }
    columns.push(("index has", Align::Left));
    let mut table = Table::new(&columns);
    for item in plan.items() {
        let name = Tone::Busy.style();
        let standing = match item.standing {
            Standing::New => "new project",
            Standing::Update => "update",
        };
        table.section(format!("{name}{}{name:#} {} ({standing})", item.package, item.version));
        for file in &item.files {
            let mut row = vec![
                (format!("  {}", file.filename), Style::new()),
                (size(file.size), Style::new()),
                (file.sha256.to_hex()[..12].to_owned(), Style::new().dimmed()),
            ];
            if plan.index().production {
                row.push(staged(file.staged));
            }
            row.push(remote(file.remote));
            table.row(row);
            file.attestations.iter().for_each(|attestation| table.row(attested(attestation)));
        }
    }
    table
}

/// The row of an attestation, under that of its file.
fn attested(attestation: &PlanAttestation) -> Vec<(String, Style)> {
    let hash =
        attestation.sha256.map_or_else(|| "to be signed".to_owned(), |hash| hash.to_hex()[..12].to_owned());
    let dimmed = Style::new().dimmed();
    vec![
        (format!("    {}", attestation.filename), dimmed),
        (String::new(), dimmed),
        (hash, dimmed),
        (String::new(), dimmed),
    ]
}

fn staged(staged: Staged) -> (String, Style) {
    match staged {
        Staged::Yes => ("yes".to_owned(), Tone::Done.style()),
        Staged::No => ("no".to_owned(), Tone::Fail.style()),
        Staged::Unknown => ("unknown".to_owned(), Tone::Warn.style()),
    }
}

fn remote(remote: Remote) -> (String, Style) {
    match remote {
        Remote::Absent => ("nothing".to_owned(), Style::new()),
        Remote::Same => ("the same".to_owned(), Style::new().dimmed()),
        Remote::Other => ("OTHER BYTES".to_owned(), Tone::Fail.style()),
    }
}

/// Writes a plan as data: the table and the digest, or the JSON document.
pub(crate) fn show(ui: &Ui, plan: &Plan) -> Result<(), CommandError> {
    if ui.settings().json {
        return ui.json(plan);
    }
    ui.table(&table(plan))?;
    let index = plan.index();
    let bold = Style::new().bold();
    ui.data("")?;
    ui.data(&format!("index    {} ({})", index.name, index.upload_url))?;
    ui.data(&format!("account  {}", plan.account().as_str()))?;
    ui.data(&format!("digest   {bold}{}{bold:#} ({})", plan.digest().short(), plan.digest()))
}
