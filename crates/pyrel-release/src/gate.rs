//! The gate before production: two confirmations of one plan, and the only maker of a [`Permit`].
//!
//! It sends nothing and writes nothing; whoever has no permit cannot reach a production index.

use crate::plan::{Plan, PlanDigest};

/// The right to carry out one plan. Nothing but [`Gate::open`] makes one.
#[derive(Debug)]
pub struct Permit<'plan> {
    plan: &'plan Plan,
}

impl Permit<'_> {
    /// Tells whether the permit was given for exactly this plan: same digest and same index.
    #[must_use]
    pub fn covers(&self, plan: &Plan) -> bool {
        self.plan.digest() == plan.digest() && self.plan.index() == plan.index()
    }
}

/// What a person, or the flags they gave in advance, says to a plan.
pub trait Confirm: Send {
    /// Shows the plan and asks for a yes: the first confirmation.
    fn show_and_ask(&mut self, plan: &Plan) -> bool;

    /// Shows the short digest and returns what was typed: the second confirmation.
    fn ask_digest(&mut self, plan: &Plan) -> Option<String>;

    /// Tells whether both answers are already fixed, so that a missing one can be refused before anything is
    /// staged. A prompt returns `false`, the default.
    fn is_given_in_advance(&self) -> bool {
        false
    }
}

/// Both confirmations given before the run: `--yes`, and `--confirm DIGEST` or `PYREL_CONFIRM`.
#[derive(Debug, Clone, Default)]
pub struct AdvanceConfirm {
    /// The yes.
    pub yes: bool,
    /// The digest, short or full.
    pub digest: Option<String>,
}

impl Confirm for AdvanceConfirm {
    fn show_and_ask(&mut self, _plan: &Plan) -> bool {
        self.yes
    }

    fn ask_digest(&mut self, _plan: &Plan) -> Option<String> {
        self.digest.clone()
    }

    fn is_given_in_advance(&self) -> bool {
        true
    }
}

/// How strict the gate is, and what its messages tell the person to run.
#[derive(Debug, Clone)]
pub struct GatePolicy {
    /// Whether files without proof of staging may pass.
    pub allow_unstaged: bool,
    /// The command that is running, without confirmations: `pyrel upload widget`.
    pub command: String,
    /// Whether that command takes answers in advance; a rehearsal asks, or answers itself.
    pub takes_answers: bool,
    /// The command that stages the same files: `pyrel upload-test widget`.
    pub stage_command: String,
}

/// Why the gate stayed shut. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Files whose bytes the staging index does not hold.
    #[error("{} not staged with the same bytes on {index}: {}", files_are(.files.len()), list(.files))]
    Unstaged {
        /// The staging index in words.
        index: String,
        /// The file names.
        files: Vec<String>,
        /// The command that stages them.
        stage: String,
        /// The command that goes on without staging.
        anyway: String,
    },
    /// There is nothing in the plan to confirm.
    #[error("the plan holds no file")]
    Empty,
    /// The first confirmation is missing: no yes was given.
    #[error("the plan `{digest}` was not confirmed with a yes")]
    Declined {
        /// The short digest.
        digest: String,
        /// The command that would succeed.
        command: String,
    },
    /// The second confirmation is missing.
    #[error("the digest of the plan was not given")]
    DigestMissing {
        /// The short digest.
        digest: String,
        /// The command that would succeed.
        command: String,
    },
    /// The second confirmation names another plan.
    #[error("the confirmed digest is not this plan's, which is `{digest}`: `{given}`")]
    DigestMismatch {
        /// What was given.
        given: String,
        /// The short digest of the plan.
        digest: String,
        /// The command that would succeed.
        command: String,
    },
    /// A plan for a production index came without a permit, or with one for another plan.
    #[error("the production index `{index}` takes no file without a permit for this very plan")]
    NoPermit {
        /// The index.
        index: String,
    },
}

impl Refusal {
    /// Returns the remedy: the exact command that would succeed, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unstaged { stage, anyway, .. } => {
                Some(format!("stage them with `{stage}`, or go on without proof with `{anyway}`"))
            }
            Self::Empty | Self::NoPermit { .. } => None,
            Self::Declined { command, .. } | Self::DigestMissing { command, .. } => {
                Some(format!("look at the plan, then run `{command}`"))
            }
            Self::DigestMismatch { command, .. } => Some(format!(
                "a file, the index, or the account kind changed since; look at the plan again, then run `{command}`"
            )),
        }
    }

    /// Returns the exact command that would succeed, where there is one.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        match self {
            Self::Unstaged { stage, .. } => Some(stage),
            Self::Empty | Self::NoPermit { .. } => None,
            Self::Declined { command, .. }
            | Self::DigestMissing { command, .. }
            | Self::DigestMismatch { command, .. } => Some(command),
        }
    }
}

fn files_are(count: usize) -> String {
    if count == 1 { "1 file is".to_owned() } else { format!("{count} files are") }
}

fn list(files: &[String]) -> String {
    files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ")
}

/// The gate before a production index.
#[derive(Debug)]
pub struct Gate;

impl Gate {
    /// Asks both confirmations of one plan and gives the permit.
    ///
    /// # Errors
    ///
    /// Refuses when a file is not proven staged (unless the policy allows that), when the first answer is no,
    /// and when the second does not name the plan's digest. Nobody is asked about an unstaged plan.
    pub fn open<'plan>(
        plan: &'plan Plan,
        confirm: &mut dyn Confirm,
        policy: &GatePolicy,
    ) -> Result<Permit<'plan>, Refusal> {
        if plan.files().next().is_none() {
            return Err(Refusal::Empty);
        }
        Self::require_staging(plan, policy)?;
        Self::require_answers(plan, confirm, policy)?;
        Ok(Permit { plan })
    }

    /// Checks answers that were given in advance, before anything is staged. A prompt is not asked here.
    ///
    /// # Errors
    ///
    /// Refuses what [`Gate::open`] would refuse later for lack of a confirmation.
    pub fn check_in_advance(
        plan: &Plan,
        confirm: &mut dyn Confirm,
        policy: &GatePolicy,
    ) -> Result<(), Refusal> {
        if confirm.is_given_in_advance() { Self::require_answers(plan, confirm, policy) } else { Ok(()) }
    }

    /// Checks that every file is proven to be staged, unless the policy does without.
    ///
    /// # Errors
    ///
    /// Refuses naming the files that are not.
    pub fn require_staging(plan: &Plan, policy: &GatePolicy) -> Result<(), Refusal> {
        let files: Vec<String> = plan.unstaged().map(|file| file.filename.clone()).collect();
        if policy.allow_unstaged || files.is_empty() {
            return Ok(());
        }
        Err(Refusal::Unstaged {
            index: plan.staging().map_or_else(|| "any staging index".to_owned(), |name| format!("`{name}`")),
            files,
            stage: policy.stage_command.clone(),
            anyway: format!("{} --allow-unstaged", policy.command),
        })
    }

    fn require_answers(plan: &Plan, confirm: &mut dyn Confirm, policy: &GatePolicy) -> Result<(), Refusal> {
        let digest = plan.digest().short();
        let command = confirming_command(policy, plan.digest());
        if !confirm.show_and_ask(plan) {
            return Err(Refusal::Declined { digest, command });
        }
        match confirm.ask_digest(plan) {
            None => Err(Refusal::DigestMissing { digest, command }),
            Some(given) if plan.digest().is_named_by(&given) => Ok(()),
            Some(given) => Err(Refusal::DigestMismatch { given: printable(&given), digest, command }),
        }
    }
}

fn confirming_command(policy: &GatePolicy, digest: &PlanDigest) -> String {
    let unstaged = if policy.allow_unstaged { " --allow-unstaged" } else { "" };
    let answers =
        if policy.takes_answers { format!(" --yes --confirm {}", digest.short()) } else { String::new() };
    format!("{}{unstaged}{answers}", policy.command)
}

/// Makes any typed text fit for one line of a message.
fn printable(given: &str) -> String {
    let kept: String = given.trim().chars().filter(|c| !c.is_control()).take(64).collect();
    if kept.is_empty() { "(empty)".to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests_support::{file, item, plan};
    use crate::plan::{Plan, Staged};

    fn policy(allow_unstaged: bool) -> GatePolicy {
        GatePolicy {
            allow_unstaged,
            command: "pyrel upload a".to_owned(),
            takes_answers: true,
            stage_command: "pyrel upload-test a".to_owned(),
        }
    }

    fn one(staged: Staged) -> Plan {
        plan(
            true,
            vec![item(
                "a",
                &[],
                vec![file("a-1.0-py3-none-any.whl", 1, Staged::Yes), file("a-1.0.tar.gz", 2, staged)],
            )],
        )
    }

    #[derive(Default)]
    struct Scripted {
        yes: bool,
        digest: Option<String>,
        asked: Vec<&'static str>,
    }

    impl Confirm for Scripted {
        fn show_and_ask(&mut self, _plan: &Plan) -> bool {
            self.asked.push("yes");
            self.yes
        }

        fn ask_digest(&mut self, _plan: &Plan) -> Option<String> {
            self.asked.push("digest");
            self.digest.clone()
        }
    }

    #[test]
    fn opens_for_exactly_one_combination_of_answers() {
        let plan = one(Staged::Yes);
        let (short, full) = (plan.digest().short(), plan.digest().to_string());
        let other = one_other().digest().short();
        let digests: [Option<&str>; 7] =
            [None, Some(""), Some("yes"), Some(&short[..11]), Some(&other), Some(&short), Some(&full)];
        for yes in [false, true] {
            for (at, digest) in digests.iter().enumerate() {
                let mut confirm = AdvanceConfirm { yes, digest: digest.map(str::to_owned) };
                let opened = Gate::open(&plan, &mut confirm, &policy(false));
                match (yes, at) {
                    (true, 5 | 6) => assert!(opened.unwrap().covers(&plan)),
                    (true, 0) => assert!(matches!(opened, Err(Refusal::DigestMissing { .. }))),
                    (true, _) => assert!(matches!(opened, Err(Refusal::DigestMismatch { .. }))),
                    (false, _) => assert!(matches!(opened, Err(Refusal::Declined { .. }))),
                }
            }
        }
    }

    fn one_other() -> Plan {
        plan(true, vec![item("a", &[], vec![file("a-1.0.tar.gz", 3, Staged::Yes)])])
    }

    #[test]
    fn the_second_question_follows_a_yes_only() {
        let plan = one(Staged::Yes);
        let mut no = Scripted::default();
        assert!(Gate::open(&plan, &mut no, &policy(false)).is_err());
        assert_eq!(no.asked, ["yes"]);
        let mut yes = Scripted { yes: true, digest: Some(plan.digest().short()), asked: vec![] };
        assert!(Gate::open(&plan, &mut yes, &policy(false)).is_ok());
        assert_eq!(yes.asked, ["yes", "digest"]);
    }

    #[test]
    fn unstaged_files_are_refused_before_anybody_is_asked() {
        for staged in [Staged::No, Staged::Unknown] {
            let plan = one(staged);
            let mut confirm = Scripted { yes: true, digest: Some(plan.digest().short()), asked: vec![] };
            let refusal = Gate::open(&plan, &mut confirm, &policy(false)).unwrap_err();
            assert!(confirm.asked.is_empty());
            assert_eq!(
                refusal.to_string(),
                "1 file is not staged with the same bytes on `testpypi`: `a-1.0.tar.gz`"
            );
            assert_eq!(refusal.command(), Some("pyrel upload-test a"));
            assert!(refusal.hint().unwrap().contains("`pyrel upload a --allow-unstaged`"));
            assert!(Gate::open(&plan, &mut confirm, &policy(true)).is_ok());
        }
    }

    #[test]
    fn every_refusal_names_the_command_that_succeeds() {
        for allow in [false, true] {
            let plan = one(if allow { Staged::No } else { Staged::Yes });
            let flag = if allow { " --allow-unstaged" } else { "" };
            let expected = format!("pyrel upload a{flag} --yes --confirm {}", plan.digest().short());
            for (yes, digest) in [(false, None), (true, None), (true, Some("0123456789ab".to_owned()))] {
                let mut confirm = AdvanceConfirm { yes, digest };
                let refusal = Gate::open(&plan, &mut confirm, &policy(allow)).unwrap_err();
                assert_eq!(refusal.command(), Some(expected.as_str()));
                assert!(refusal.hint().unwrap().contains(&expected));
            }
        }
    }

    #[test]
    fn a_command_that_takes_no_answers_is_named_without_any() {
        let plan = one(Staged::Yes);
        let policy = GatePolicy { takes_answers: false, ..policy(false) };
        let mut confirm = AdvanceConfirm { yes: false, digest: None };
        let refusal = Gate::open(&plan, &mut confirm, &policy).unwrap_err();
        assert_eq!(refusal.command(), Some("pyrel upload a"));
    }

    #[test]
    fn an_empty_plan_is_refused() {
        let plan = plan(true, vec![]);
        let mut confirm = AdvanceConfirm { yes: true, digest: Some(plan.digest().short()) };
        assert_eq!(Gate::open(&plan, &mut confirm, &policy(true)).unwrap_err(), Refusal::Empty);
    }

    #[test]
    fn a_permit_covers_no_other_plan() {
        let (plan, other) = (one(Staged::Yes), one_other());
        let mut confirm = AdvanceConfirm { yes: true, digest: Some(plan.digest().to_string()) };
        let permit = Gate::open(&plan, &mut confirm, &policy(false)).unwrap();
        assert!(permit.covers(&plan) && !permit.covers(&other));
    }

    #[test]
    fn answers_in_advance_are_checked_before_staging_and_prompts_are_not() {
        let plan = one(Staged::No);
        assert!(Gate::check_in_advance(&plan, &mut AdvanceConfirm::default(), &policy(false)).is_err());
        let mut given = AdvanceConfirm { yes: true, digest: Some(plan.digest().short()) };
        assert!(Gate::check_in_advance(&plan, &mut given, &policy(false)).is_ok());
        let mut prompt = Scripted::default();
        assert!(Gate::check_in_advance(&plan, &mut prompt, &policy(false)).is_ok());
        assert!(prompt.asked.is_empty());
    }

    #[test]
    fn what_was_typed_is_printed_on_one_line() {
        let plan = one(Staged::Yes);
        let mut confirm = AdvanceConfirm { yes: true, digest: Some("a\u{1b}[31m\nb".to_owned()) };
        let refusal = Gate::open(&plan, &mut confirm, &policy(false)).unwrap_err();
        assert!(refusal.to_string().ends_with("`a[31mb`"));
    }
}
