//! `[release]`: the steps of a release and what must hold before it starts.

use globset::{GlobBuilder, GlobMatcher};
use pyrel_model::Diagnostic;
use pyrel_model::pyproject::TableReader;
use pyrel_model::suggestion::nearest;

use super::gate::{self, GateCommand};

/// The steps that `release.steps` may name, in the order in which they are taken.
pub const RELEASE_STEPS: &[&str] = &[
    "test",
    "audit",
    "build",
    "sbom",
    "check",
    "stage",
    "verify-staged",
    "publish",
    "verify",
    "tag",
    "push",
];

/// The table `[release]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseConfig {
    /// `steps`; `None` means the whole pipeline.
    pub steps: Option<Vec<String>>,
    /// `allowed-branches`: names or globs; empty means any branch.
    pub allowed_branches: Vec<String>,
    /// `clean-tree`: whether uncommitted changes forbid a release. Default: true.
    pub clean_tree: bool,
    /// `require-staging`: whether files must have been on TestPyPI before. Default: true.
    pub require_staging: bool,
    /// `gates`: quality commands of the project that `pyrel prepare` runs.
    pub gates: Vec<GateCommand>,
    /// `ignore-vulnerabilities`: identifiers that an audit leaves out.
    pub ignore_vulnerabilities: Vec<String>,
}

impl Default for ReleaseConfig {
    fn default() -> Self {
        Self {
            steps: None,
            allowed_branches: Vec::new(),
            clean_tree: true,
            require_staging: true,
            gates: Vec::new(),
            ignore_vulnerabilities: Vec::new(),
        }
    }
}

impl ReleaseConfig {
    /// Tells whether a release may start from a branch.
    #[must_use]
    pub fn allows_branch(&self, branch: &str) -> bool {
        let matches =
            |pattern: &String| branch_matcher(pattern).is_ok_and(|matcher| matcher.is_match(branch));
        self.allowed_branches.is_empty() || self.allowed_branches.iter().any(matches)
    }

    pub(super) fn read(table: &TableReader<'_>) -> Result<Self, Box<Diagnostic>> {
        table.known_keys(&[
            "steps",
            "allowed-branches",
            "clean-tree",
            "require-staging",
            "gates",
            "ignore-vulnerabilities",
        ])?;
        let mut allowed_branches = Vec::new();
        for (pattern, span) in table.spanned_strings("allowed-branches")?.unwrap_or_default() {
            branch_matcher(pattern).map_err(|error| {
                table.fault_at(span, &format!("in `{}`: {error}", table.dotted("allowed-branches")))
            })?;
            allowed_branches.push(pattern.to_owned());
        }
        let default = Self::default();
        Ok(Self {
            steps: read_steps(table)?,
            allowed_branches,
            clean_tree: table.boolean("clean-tree")?.unwrap_or(default.clean_tree),
            require_staging: table.boolean("require-staging")?.unwrap_or(default.require_staging),
            gates: gate::read(table)?,
            ignore_vulnerabilities: table
                .strings("ignore-vulnerabilities")?
                .unwrap_or_default()
                .into_iter()
                .map(str::to_owned)
                .collect(),
        })
    }
}

fn branch_matcher(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    Ok(GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher())
}

fn read_steps(table: &TableReader<'_>) -> Result<Option<Vec<String>>, Box<Diagnostic>> {
    let Some(listed) = table.spanned_strings("steps")? else { return Ok(None) };
    let mut steps: Vec<String> = Vec::new();
    for (step, span) in listed {
        let key = table.dotted("steps");
        if !RELEASE_STEPS.contains(&step) {
            let mut fault = *table.fault_at(span, &format!("`{key}` names an unknown step: `{step}`"));
            fault.hint = Some(match nearest(step, RELEASE_STEPS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known steps are `{}`", RELEASE_STEPS.join("`, `")),
            });
            return Err(Box::new(fault));
        }
        if steps.iter().any(|known| known == step) {
            return Err(table.fault_at(span, &format!("`{key}` names a step twice: `{step}`")));
        }
        steps.push(step.to_owned());
    }
    Ok(Some(steps))
}
