//! What an identity token says about who asks, for people: unverified, because only the index can verify it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pyrel_model::Secret;
use serde_json::Value;

/// The claims that tell which publisher an index looks for, in the order in which they are shown.
const SHOWN: [&str; 14] = [
    "iss",
    "sub",
    "aud",
    "repository",
    "repository_owner",
    "workflow_ref",
    "job_workflow_ref",
    "namespace_path",
    "project_path",
    "ci_config_ref_uri",
    "ref",
    "environment",
    "event_name",
    "email",
];

/// The claims of an identity token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(BTreeMap<String, String>);

/// The values to enter at the index so that it knows this publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherForm {
    /// The tab of the index's form: `GitHub`, `GitLab`.
    pub provider: &'static str,
    /// The fields by their labels, in the form's order. An environment that is not used is left empty.
    pub fields: Vec<(&'static str, String)>,
}

impl Claims {
    /// Reads the claims of an identity token (RFC 7519) without verifying it; none when it is no such token.
    #[must_use]
    pub fn of(token: &Secret) -> Self {
        let payload = token.expose().split('.').nth(1).unwrap_or_default();
        let decoded = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).unwrap_or_default();
        let Ok(Value::Object(claims)) = serde_json::from_slice(&decoded) else { return Self::default() };
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            Value::Null => None,
            other => Some(other.to_string()),
        };
        Self(claims.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
    }

    /// Returns the claims that tell who asks, in the order in which a person reads them.
    pub fn shown(&self) -> impl Iterator<Item = (&'static str, &str)> {
        SHOWN.into_iter().filter_map(|name| Some((name, self.get(name)?)))
    }

    /// Returns what to enter at the index, when the claims are those of a provider whose form is known.
    #[must_use]
    pub fn form(&self) -> Option<PublisherForm> {
        self.github().or_else(|| self.gitlab())
    }

    fn github(&self) -> Option<PublisherForm> {
        let (owner, repository) = self.get("repository")?.split_once('/')?;
        // The workflow of the job counts, which a reusable workflow brings itself.
        let reference = self.get("job_workflow_ref").or_else(|| self.get("workflow_ref"))?;
        Some(PublisherForm {
            provider: "GitHub",
            fields: vec![
                ("Owner", owner.to_owned()),
                ("Repository name", repository.to_owned()),
                ("Workflow name", file_name(reference)),
                ("Environment name", self.environment()),
            ],
        })
    }

    fn gitlab(&self) -> Option<PublisherForm> {
        let (namespace, project) = self.get("project_path")?.rsplit_once('/')?;
        let reference = self.get("ci_config_ref_uri")?;
        let file = reference.split_once("//").map_or(reference, |(_, file)| file);
        Some(PublisherForm {
            provider: "GitLab",
            fields: vec![
                ("Namespace", namespace.to_owned()),
                ("Project name", project.to_owned()),
                ("Top-level pipeline file path", file.split('@').next().unwrap_or_default().to_owned()),
                ("Environment name", self.environment()),
            ],
        })
    }

    fn environment(&self) -> String {
        self.get("environment").unwrap_or_default().to_owned()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Returns the file of `owner/repository/.github/workflows/FILE@refs/heads/main`.
fn file_name(reference: &str) -> String {
    let path = reference.split('@').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> Secret {
        Secret::new(format!("e30.{}.not-a-signature", URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn the_form_of_github_takes_the_workflow_of_the_job() {
        let claims = Claims::of(&token(
            r#"{"sub":"repo:acme/tools:ref:refs/tags/v1","repository":"acme/tools","environment":"pypi",
                "workflow_ref":"acme/tools/.github/workflows/outer.yml@refs/tags/v1","exp":7,
                "job_workflow_ref":"acme/shared/.github/workflows/release.yml@refs/heads/main"}"#,
        ));
        let form = claims.form().unwrap();
        assert_eq!(form.provider, "GitHub");
        let values: Vec<&str> = form.fields.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["acme", "tools", "release.yml", "pypi"]);
        let shown: Vec<&str> = claims.shown().map(|(name, _)| name).collect();
        assert_eq!(shown, ["sub", "repository", "workflow_ref", "job_workflow_ref", "environment"]);
    }

    #[test]
    fn the_form_of_gitlab_takes_nested_groups() {
        let claims = Claims::of(&token(
            r#"{"project_path":"acme/group/tools","ci_config_ref_uri":"gitlab.com/acme/group/tools//ci/release.yml@refs/tags/1"}"#,
        ));
        let form = claims.form().unwrap();
        let values: Vec<&str> = form.fields.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["acme/group", "tools", "ci/release.yml", ""]);
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for text in ["", "a", "a.b.c", "e30.W10.x", "a.!!!.c"] {
            let claims = Claims::of(&Secret::new(text));
            assert_eq!(claims, Claims::default(), "{text}");
            assert!(claims.form().is_none());
        }
    }
}
