//! What to enter at an index so that it knows the publisher of a workspace.

use super::origin::{Hoster, Origin};
use super::workflow::IdentityJob;
use crate::credentials::PublisherForm;

/// A publisher, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publisher {
    /// What to enter at the index; none when nobody knows where the repository is hosted.
    pub form: Option<PublisherForm>,
    /// What a person has to decide or to look up.
    pub open: Vec<String>,
}

/// Returns what is known of a publisher. `workflow` and `environment` are what a person said; the rest comes from the
/// jobs that ask for an identity. `staging` tells whether the index is one to stage on.
#[must_use]
pub fn publisher_of(
    origin: Option<&Origin>,
    jobs: &[IdentityJob],
    (workflow, environment): (Option<&str>, Option<&str>),
    staging: bool,
) -> Publisher {
    let Some(origin) = origin else {
        let text =
            "the remote `origin` names no repository of GitHub or GitLab: enter the values of the CI by hand";
        return Publisher { form: None, open: vec![text.to_owned()] };
    };
    match origin.hoster {
        Hoster::GitHub => github(origin, &fitting(jobs, workflow, staging), (workflow, environment)),
        Hoster::GitLab => Publisher {
            form: Some(PublisherForm {
                provider: "GitLab",
                fields: vec![
                    ("Namespace", origin.owner.clone()),
                    ("Project name", origin.repository.clone()),
                    ("Top-level pipeline file path", workflow.unwrap_or(".gitlab-ci.yml").to_owned()),
                    ("Environment name", environment.unwrap_or_default().to_owned()),
                ],
            }),
            open: Vec::new(),
        },
    }
}

/// Returns the jobs that may be the ones: those of the named workflow, and of these the ones whose environment sounds
/// like the index, if there are any.
fn fitting<'j>(jobs: &'j [IdentityJob], workflow: Option<&str>, staging: bool) -> Vec<&'j IdentityJob> {
    let named: Vec<&IdentityJob> =
        jobs.iter().filter(|job| workflow.is_none_or(|name| job.workflow == name)).collect();
    let sounds = |job: &&IdentityJob| {
        let name = job.environment.as_deref().unwrap_or(&job.job).to_ascii_lowercase();
        (name.contains("test") || name.contains("stag")) == staging
    };
    let alike: Vec<&IdentityJob> = named.iter().copied().filter(sounds).collect();
    if alike.is_empty() { named } else { alike }
}

fn github(
    origin: &Origin,
    jobs: &[&IdentityJob],
    (workflow, environment): (Option<&str>, Option<&str>),
) -> Publisher {
    let mut open = Vec::new();
    let list =
        |values: &[&str]| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    let mut files: Vec<&str> = jobs.iter().map(|job| job.workflow.as_str()).collect();
    files.dedup();
    let file = match (workflow, files.as_slice()) {
        (Some(named), _) => named.to_owned(),
        (None, [only]) => (*only).to_owned(),
        (None, []) => {
            open.push(
                "no job under `.github/workflows` has `id-token: write`: write one, and enter its file"
                    .into(),
            );
            String::new()
        }
        (None, several) => {
            open.push(format!(
                "jobs of several workflows ask for an identity, choose with `--workflow`: {}",
                list(several)
            ));
            String::new()
        }
    };
    let mut places: Vec<&str> = jobs.iter().filter_map(|job| job.environment.as_deref()).collect();
    places.sort_unstable();
    places.dedup();
    let place = match (environment, places.as_slice()) {
        (Some(named), _) => named.to_owned(),
        (None, [only]) => (*only).to_owned(),
        (None, []) => {
            open.push(
                "the job names no environment: one with reviewers would keep other jobs from publishing"
                    .into(),
            );
            String::new()
        }
        (None, several) => {
            open.push(format!(
                "jobs run in several environments, choose with `--environment`: {}",
                list(several)
            ));
            String::new()
        }
    };
    let fields = vec![
        ("Owner", origin.owner.clone()),
        ("Repository name", origin.repository.clone()),
        ("Workflow name", file),
        ("Environment name", place),
    ];
    Publisher { form: Some(PublisherForm { provider: "GitHub", fields }), open }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(workflow: &str, environment: &str) -> IdentityJob {
        let environment = Some(environment.to_owned()).filter(|name| !name.is_empty());
        IdentityJob { workflow: workflow.to_owned(), job: "publish".to_owned(), environment }
    }

    fn values(publisher: &Publisher) -> Vec<&str> {
        publisher.form.as_ref().unwrap().fields.iter().map(|(_, value)| value.as_str()).collect()
    }

    fn origin(hoster: Hoster) -> Origin {
        Origin { hoster, owner: "acme".to_owned(), repository: "tools".to_owned() }
    }

    #[test]
    fn the_job_for_the_index_is_chosen() {
        let jobs = [job("release.yml", "testpypi"), job("release.yml", "pypi")];
        let github = origin(Hoster::GitHub);
        for (staging, environment) in [(true, "testpypi"), (false, "pypi")] {
            let publisher = publisher_of(Some(&github), &jobs, (None, None), staging);
            assert_eq!(values(&publisher), ["acme", "tools", "release.yml", environment]);
            assert!(publisher.open.is_empty());
        }
        let publisher = publisher_of(Some(&github), &jobs, (Some("other.yml"), Some("live")), false);
        assert_eq!(values(&publisher), ["acme", "tools", "other.yml", "live"]);
    }

    #[test]
    fn what_is_not_known_is_left_to_a_person() {
        let github = origin(Hoster::GitHub);
        let publisher = publisher_of(Some(&github), &[], (None, None), false);
        assert_eq!((values(&publisher)[2], publisher.open.len()), ("", 2));
        let jobs = [job("a.yml", "one"), job("b.yml", "two")];
        let publisher = publisher_of(Some(&github), &jobs, (None, None), false);
        assert!(publisher.open[0].contains("`a.yml`, `b.yml`"), "{:?}", publisher.open);
        assert!(publisher.open[1].contains("`one`, `two`"), "{:?}", publisher.open);
        let publisher = publisher_of(None, &jobs, (None, None), false);
        assert!(publisher.form.is_none() && publisher.open.len() == 1);
        let publisher = publisher_of(Some(&origin(Hoster::GitLab)), &[], (None, None), false);
        assert_eq!(values(&publisher), ["acme", "tools", ".gitlab-ci.yml", ""]);
    }
}
