//! Which environment variables hold credentials, by their names.

use std::ffi::OsStr;

/// Names and prefixes of variables that hold, or lead to, a credential.
const CREDENTIAL_PREFIXES: &[&str] = &[
    "TWINE_",
    "UV_PUBLISH_",
    "PDM_PUBLISH_",
    "HATCH_INDEX_",
    "POETRY_PYPI_TOKEN_",
    "POETRY_HTTP_BASIC_",
    "FLIT_PASSWORD",
    "FLIT_USERNAME",
    "PYREL_TOKEN",
    "PYREL_CONFIRM",
    "PYPI_API_TOKEN",
    "TEST_PYPI_API_TOKEN",
    "ACTIONS_ID_TOKEN_",
    "ACTIONS_RUNTIME_TOKEN",
    "CI_JOB_JWT",
];
const CREDENTIAL_SUFFIXES: &[&str] = &[
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "SECRET_KEY",
    "PRIVATE_KEY",
    "SIGNING_KEY",
    "CREDENTIALS",
];

/// Tells whether an environment variable, by its name, holds a credential and must not reach a child.
#[must_use]
pub fn is_credential_variable(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    let ends_with_word = |suffix: &&str| {
        name.strip_suffix(*suffix).is_some_and(|head| head.is_empty() || head.ends_with(['_', '-', '.']))
    };
    CREDENTIAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || CREDENTIAL_SUFFIXES.iter().any(ends_with_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credential_variables_are_known_by_name() {
        for name in [
            "TWINE_USERNAME",
            "TWINE_TEST_PASSWORD",
            "PYPI_API_TOKEN",
            "TEST_PYPI_API_TOKEN",
            "UV_PUBLISH_TOKEN",
            "PYREL_TOKEN",
            "PYREL_TOKEN_TESTPYPI",
            "PYREL_CONFIRM",
            "GITHUB_TOKEN",
            "gh_token",
            "TOKEN",
            "DB_PASSWORD",
            "CLIENT_SECRET",
            "SOME_API_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "HATCH_INDEX_AUTH",
        ] {
            assert!(is_credential_variable(OsStr::new(name)), "{name}");
        }
        for name in ["PATH", "HOME", "SOURCE_DATE_EPOCH", "TOKENIZERS_PARALLELISM", "MYTOKEN", "PYREL", ""] {
            assert!(!is_credential_variable(OsStr::new(name)), "{name}");
        }
    }
}
