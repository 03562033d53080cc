//! Which identity the environment offers, and how a token of it is got.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use pyrel_index::{IndexClient, MintError};
use pyrel_model::Secret;
use pyrel_project::Process;
use url::Url;

use crate::credentials::EnvMap;
use crate::credentials::program::find_program;

/// How long a command of a CI may take to hand out an identity.
const PATIENCE: Duration = Duration::from_secs(60);

/// A CI that hands out identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// GitHub Actions: a service that is asked over HTTP, as often as needed.
    GitHub {
        /// The service.
        service: Url,
        /// What the request proves itself with.
        bearer: Secret,
    },
    /// GitLab: one token per job, in a variable whose name has the audience in it.
    GitLab {
        /// The variables that may hold one, by name.
        tokens: Vec<(String, Secret)>,
    },
    /// A command of the CI, asked as often as needed.
    Command {
        /// The name of the CI.
        provider: &'static str,
        /// The program.
        program: PathBuf,
        /// The variables that the program needs and that children do not get otherwise.
        variables: Vec<(String, Secret)>,
    },
}

/// What the environment offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// An identity.
    Identity(Identity),
    /// It is a CI that has identities, and this job gets none: the reason with its remedy.
    Withheld(String),
    /// Nothing that is known here.
    Nothing,
}

/// Why there is no identity token.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The service does not hand one out.
    #[error(transparent)]
    Service(#[from] MintError),
    /// The job has none for this audience.
    #[error("the job has no `{variable}`")]
    NoVariable {
        /// The variable that would hold it.
        variable: String,
    },
    /// The one token of the job was used already.
    #[error("the identity token of the job is good for one exchange, and was used")]
    Used,
    /// The command of the CI failed.
    #[error("`{command}` hands out no identity: {reason}")]
    Command {
        /// The command line.
        command: String,
        /// Why.
        reason: String,
    },
}

impl IdentityError {
    /// Returns the remedy.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Service(_) | Self::Command { .. } => None,
            Self::NoVariable { variable } => Some(format!(
                "declare `{variable}` under `id_tokens:` of the job, with the index's audience as `aud`"
            )),
            Self::Used => Some("resume the run in a new job, which has a token of its own".to_owned()),
        }
    }
}

impl Identity {
    /// Looks at the environment. Nothing is asked over the network and no program is started.
    #[must_use]
    pub fn offered(env: &EnvMap) -> Offer {
        if is_set(env, "GITHUB_ACTIONS") {
            return github(env);
        }
        if is_set(env, "GITLAB_CI") {
            return gitlab(env);
        }
        let commands = [("BUILDKITE", "Buildkite", "buildkite-agent"), ("CIRCLECI", "CircleCI", "circleci")];
        for (variable, provider, program) in commands {
            if is_set(env, variable) {
                return command(env, variable, (provider, program));
            }
        }
        Offer::Nothing
    }

    /// Returns the name of the CI.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        match self {
            Self::GitHub { .. } => "GitHub Actions",
            Self::GitLab { .. } => "GitLab",
            Self::Command { provider, .. } => provider,
        }
    }

    /// Tells whether another token can be had after the first.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        !matches!(self, Self::GitLab { .. })
    }

    /// Gets an identity token for an audience. `used` tells whether one was exchanged before.
    pub(crate) async fn token(
        &self,
        client: &IndexClient,
        audience: &str,
        used: bool,
    ) -> Result<Secret, IdentityError> {
        match self {
            Self::GitHub { service, bearer } => Ok(client.github_identity(service, bearer, audience).await?),
            Self::GitLab { .. } if used => Err(IdentityError::Used),
            Self::GitLab { tokens } => {
                let variable = gitlab_variable(audience);
                let token = tokens.iter().find(|(name, _)| *name == variable);
                token.map(|(_, token)| token.clone()).ok_or(IdentityError::NoVariable { variable })
            }
            Self::Command { provider, program, variables } => {
                let mut process = Process::new(program).args(arguments(provider, audience)).timeout(PATIENCE);
                for (name, value) in variables {
                    process = process.env(name, value.expose());
                }
                printed(process).await
            }
        }
    }
}

fn arguments(provider: &str, audience: &str) -> Vec<String> {
    let words: Vec<String> = if provider == "Buildkite" {
        ["oidc", "request-token", "--audience", audience].map(str::to_owned).into()
    } else {
        let claims = serde_json::json!({ "aud": audience }).to_string();
        ["run", "oidc", "get", "--claims", &claims, "--root-issuer"].map(str::to_owned).into()
    };
    words
}

async fn printed(process: Process) -> Result<Secret, IdentityError> {
    let command = process.command_line();
    let failed = |reason: String| IdentityError::Command { command: command.clone(), reason };
    let ended = tokio::task::spawn_blocking(move || process.run_checked()).await;
    let output = match ended {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(error) => return Err(failed(error.to_string())),
    };
    let token = output.stdout_text().trim().to_owned();
    if token.is_empty() { Err(failed("it printed nothing".to_owned())) } else { Ok(Secret::new(token)) }
}

fn github(env: &EnvMap) -> Offer {
    let service = value(env, "ACTIONS_ID_TOKEN_REQUEST_URL").and_then(|url| Url::parse(url).ok());
    match (service, value(env, "ACTIONS_ID_TOKEN_REQUEST_TOKEN")) {
        (Some(service), Some(bearer)) => {
            Offer::Identity(Identity::GitHub { service, bearer: Secret::new(bearer) })
        }
        _ => Offer::Withheld(
            "GitHub Actions gives this job no identity: give it `permissions: id-token: write`".to_owned(),
        ),
    }
}

fn gitlab(env: &EnvMap) -> Offer {
    let tokens: Vec<(String, Secret)> = env
        .iter()
        .filter(|(name, value)| name.ends_with("_ID_TOKEN") && !value.is_empty())
        .map(|(name, value)| (name.clone(), Secret::new(value)))
        .collect();
    if tokens.is_empty() {
        let reason =
            "GitLab gives this job no identity: declare `PYPI_ID_TOKEN` under `id_tokens:` of the job";
        return Offer::Withheld(reason.to_owned());
    }
    Offer::Identity(Identity::GitLab { tokens })
}

fn command(env: &EnvMap, prefix: &str, (provider, program): (&'static str, &str)) -> Offer {
    let path = env.get("PATH").map(String::as_str).unwrap_or_default();
    let found = find_program(OsStr::new(path), &[program, &format!("{program}.exe")]);
    let Some(program) = found else {
        return Offer::Withheld(format!(
            "{provider} gives identities through `{program}`, which is not on the PATH"
        ));
    };
    let prefix = prefix.trim_end_matches("CI");
    let variables = env
        .iter()
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, value)| (name.clone(), Secret::new(value)))
        .collect();
    Offer::Identity(Identity::Command { provider, program, variables })
}

/// Returns the variable that GitLab's users are told to fill: the audience in capitals, and `_ID_TOKEN`.
fn gitlab_variable(audience: &str) -> String {
    let name = audience.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("{}_ID_TOKEN", name.collect::<String>())
}

fn value<'e>(env: &'e EnvMap, name: &str) -> Option<&'e str> {
    env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

fn is_set(env: &EnvMap, name: &str) -> bool {
    value(env, name).is_some_and(|value| !matches!(value, "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> EnvMap {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_job_without_the_permission_is_told_which() {
        let Offer::Withheld(reason) = Identity::offered(&env(&[("GITHUB_ACTIONS", "true")])) else {
            panic!("offered")
        };
        assert!(reason.contains("id-token: write"), "{reason}");
        let Offer::Withheld(reason) = Identity::offered(&env(&[("GITLAB_CI", "true")])) else {
            panic!("offered")
        };
        assert!(reason.contains("id_tokens"), "{reason}");
        let Offer::Withheld(reason) = Identity::offered(&env(&[("CIRCLECI", "true"), ("PATH", "")])) else {
            panic!("offered")
        };
        assert!(reason.contains("`circleci`"), "{reason}");
        assert_eq!(Identity::offered(&env(&[("CI", "true"), ("GITHUB_ACTIONS", "false")])), Offer::Nothing);
    }

    #[test]
    fn github_offers_a_service() {
        let offer = Identity::offered(&env(&[
            ("GITHUB_ACTIONS", "true"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://vstoken.example/x?api-version=2"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "not-a-real-token"),
        ]));
        let Offer::Identity(identity) = offer else { panic!("not offered") };
        assert_eq!((identity.provider(), identity.is_renewable()), ("GitHub Actions", true));
        assert!(!format!("{identity:?}").contains("not-a-real-token"));
    }

    #[test]
    fn the_variable_of_gitlab_has_the_audience_in_its_name() {
        assert_eq!(gitlab_variable("pypi"), "PYPI_ID_TOKEN");
        assert_eq!(gitlab_variable("https://index.example"), "HTTPS___INDEX_EXAMPLE_ID_TOKEN");
        let offer = Identity::offered(&env(&[("GITLAB_CI", "true"), ("PYPI_ID_TOKEN", "not-a-real-token")]));
        let Offer::Identity(identity) = offer else { panic!("not offered") };
        assert!(!identity.is_renewable());
    }
}
