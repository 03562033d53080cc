//! `pyrel auth bootstrap`: the steps from no project on an index to the first release by trusted publishing.

use std::collections::BTreeMap;

use clap::Args;
use fs_err as fs;
use pyrel_index::{Certificates, IndexSpec};
use pyrel_project::{Git, Package, Workspace};
use pyrel_release::bootstrap::{IdentityJob, Origin, Publisher, jobs_of, publisher_of};
use pyrel_release::plan::Standing;
use pyrel_release::remote::IndexView;
use serde_json::{Value, json};

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult};
use crate::releaser::{find_index, find_readable};
use crate::{remote, runtime};

/// Show the steps to the first release of projects that do not exist yet
///
/// A project that is new to PyPI gets a pending publisher: a form there says which job may make it. The values come from
/// the remote `origin` and from the jobs that ask for an identity.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel auth bootstrap my-package --index testpypi")]
pub(crate) struct AuthBootstrapArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The index
    #[arg(long, value_name = "NAME", default_value = "pypi")]
    index: String,
    /// The workflow's file name, where several ask for an identity
    #[arg(long, value_name = "FILE")]
    workflow: Option<String>,
    /// The environment of the job that uploads
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
}

/// Why the steps are taken for one project after another.
const ONE_AT_A_TIME: &str = "One project after another, because the index takes a second pending publisher of the same \
                             repository, workflow and environment only when the first has made its project, and three \
                             of an account at most. Environments of their own allow three at once.";

/// What the page is made of.
struct Page<'w> {
    spec: IndexSpec,
    /// The site of the index, for those whose forms are known.
    site: Option<&'static str>,
    /// The packages in the order of their first upload, with whether the index knows them.
    packages: Vec<(&'w Package, Option<bool>)>,
    publisher: Publisher,
}

/// Runs the command.
pub(crate) fn run(args: &AuthBootstrapArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = context.select(&workspace, &args.selection)?;
    let spec = find_index(&workspace, &args.index)?;
    let public: Vec<&Package> =
        selection.packages().iter().copied().filter(|package| !package.private).collect();
    let known = if context.offline() { BTreeMap::new() } else { known(context, &workspace, &spec, &public)? };
    let packages: Vec<_> =
        public.into_iter().map(|package| (package, known.get(package.name.normalized()).copied())).collect();
    let site = match spec.upload_url.host_str() {
        Some("upload.pypi.org") => Some("https://pypi.org"),
        Some("test.pypi.org") => Some("https://test.pypi.org"),
        _ => None,
    };
    let said = (args.workflow.as_deref(), args.environment.as_deref());
    let publisher =
        publisher_of(origin(&workspace).as_ref(), &identity_jobs(&workspace), said, !spec.production);
    let page = Page { spec, site, packages, publisher };
    if context.json() {
        return context.ui().json(&page.to_json());
    }
    page.lines().iter().try_for_each(|line| context.ui().data(line))
}

/// Asks the index which projects it knows.
fn known(
    context: &Context,
    workspace: &Workspace,
    spec: &IndexSpec,
    packages: &[&Package],
) -> Result<BTreeMap<String, bool>, CommandError> {
    let options = remote::client_options(context, workspace, &Certificates::default())?;
    let client =
        find_readable(context, workspace, &spec.name)?.client(&options).map_err(remote::unreachable)?;
    let view = runtime::block_on(async {
        let names = packages.iter().map(|package| &package.name);
        IndexView::read(&client, names).await.map_err(remote::unreachable)
    })?;
    let is_there = |package: &&Package| view.standing(&package.name) == Standing::Update;
    Ok(packages.iter().map(|package| (package.name.normalized().to_owned(), is_there(package))).collect())
}

fn origin(workspace: &Workspace) -> Option<Origin> {
    let git = Git::discover(workspace.root())?;
    Origin::of(&git.text(&["remote", "get-url", "origin"]).ok()?)
}

fn identity_jobs(workspace: &Workspace) -> Vec<IdentityJob> {
    let top = Git::discover(workspace.root()).map(|git| git.top_level().to_path_buf());
    let folder = top.unwrap_or_else(|| workspace.root().to_path_buf()).join(".github/workflows");
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut jobs = Vec::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let (true, Ok(text)) =
            (name.ends_with(".yml") || name.ends_with(".yaml"), fs::read_to_string(&path))
        {
            jobs.extend(jobs_of(&name, &text));
        }
    }
    jobs
}

impl Page<'_> {
    fn new_projects(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|(_, exists)| *exists != Some(true)).map(|(package, _)| *package)
    }

    fn form_url(&self, package: &Package, exists: Option<bool>) -> Option<String> {
        let site = self.site?;
        Some(match exists {
            Some(true) => format!("{site}/manage/project/{}/settings/publishing/", package.name.normalized()),
            _ => format!("{site}/manage/account/publishing/"),
        })
    }

    fn to_json(&self) -> Value {
        let form = self.publisher.form.as_ref().map(|form| {
            let fields: serde_json::Map<String, Value> =
                form.fields.iter().map(|(label, value)| ((*label).to_owned(), json!(value))).collect();
            json!({ "provider": form.provider, "fields": fields })
        });
        let packages: Vec<Value> = self
            .packages
            .iter()
            .map(|(package, exists)| {
                json!({
                    "package": package.name,
                    "exists": exists,
                    "form_url": self.form_url(package, *exists),
                })
            })
            .collect();
        let order: Vec<_> = self.new_projects().map(|package| &package.name).collect();
        json!({
            "schema": 1,
            "index": self.spec.name,
            "packages": packages,
            "publisher": form,
            "open": self.publisher.open,
            "first_upload": order,
            "steps": self.lines(),
        })
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let there: Vec<&str> = self
            .packages
            .iter()
            .filter(|(_, exists)| *exists == Some(true))
            .map(|(package, _)| package.name.normalized())
            .collect();
        if !there.is_empty() {
            lines.push(format!("on {} already: {}", self.spec.name, there.join(", ")));
        }
        let new: Vec<&Package> = self.new_projects().collect();
        if new.is_empty() {
            lines.push("nothing to make: every project exists".to_owned());
            lines.extend(self.existing_steps());
            return lines;
        }
        if self.packages.iter().any(|(_, exists)| exists.is_none()) {
            lines.push("the index was not asked which projects exist".to_owned());
        }
        let mut steps = vec![vec![self.account_step()]];
        if self.publisher.form.as_ref().is_some_and(|form| form.provider == "GitHub") {
            let text = "At GitHub, give the job that uploads `permissions: id-token: write`, and make its environment \
                        with reviewers (Settings, Environments).";
            steps.push(vec![text.to_owned()]);
        }
        for (number, package) in new.iter().enumerate() {
            let mut step = vec![self.form_step(package)];
            step.extend(self.fields(package));
            if number == 0 {
                step.extend(self.publisher.open.iter().map(|open| format!("note: {open}")));
            }
            steps.push(step);
            steps.push(vec![self.upload_step(package)]);
        }
        for (number, step) in steps.iter().enumerate() {
            let mut parts = step.iter();
            lines.extend(parts.next().map(|first| format!("{}. {first}", number + 1)));
            lines.extend(parts.map(|part| format!("   {part}")));
        }
        lines.push(
            "A pending publisher keeps no name: until the first upload anybody may take it.".to_owned(),
        );
        if new.len() > 1 && self.site.is_some() {
            lines.push(ONE_AT_A_TIME.to_owned());
        }
        lines
    }

    fn upload_step(&self, package: &Package) -> String {
        let mut command = format!("pyrel upload {}", package.name);
        if !self.spec.production {
            command = format!("pyrel upload-test {} --index {}", package.name, self.spec.name);
        } else if self.spec.name != "pypi" {
            command.push_str(&format!(" --index {}", self.spec.name));
        }
        format!("Let that job run `{command}`, which makes the project. The publisher stays with it.")
    }

    fn account_step(&self) -> String {
        match self.site {
            Some(site) => format!(
                "Have an account at {site}/account/register/ with a verified e-mail address and two-factor \
                 authentication, which uploads and forms ask for. Keep its recovery codes."
            ),
            None => format!("Have an account at {} that may make projects.", self.spec.upload_url),
        }
    }

    fn form_step(&self, package: &Package) -> String {
        let provider = self.publisher.form.as_ref().map_or("your CI", |form| form.provider);
        match self.form_url(package, None) {
            Some(url) => {
                format!("Open {url}, choose {provider} under `Add a new pending publisher`, and enter:")
            }
            None => format!("Where the index asks for trusted publishers of {provider}, enter:"),
        }
    }

    fn fields(&self, package: &Package) -> Vec<String> {
        let name = ("Project name", package.name.to_string());
        let form = self.publisher.form.iter().flat_map(|form| form.fields.iter().cloned());
        std::iter::once(name)
            .chain(form)
            .map(|(label, value)| match value.as_str() {
                "" => format!("{label}: (empty, or see the notes)"),
                value => format!("{label}: {value}"),
            })
            .collect()
    }

    /// What is left to do for projects that exist: each has a form of its own.
    fn existing_steps(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (package, exists) in &self.packages {
            if let Some(url) = self.form_url(package, *exists) {
                lines.push(format!("a publisher of {} is added at {url}", package.name));
            }
        }
        if let Some(form) = &self.publisher.form {
            let fields = form.fields.iter().filter(|(_, value)| !value.is_empty());
            lines.extend(fields.map(|(label, value)| format!("   {label}: {value}")));
        }
        lines
    }
}
