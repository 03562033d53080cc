//! How far an account can be proved before a file is sent. An API token is read for what it says about itself, because
//! indexes judge tokens only when a file arrives; an identity of a CI is exchanged for a token where that changes
//! nothing.

use pyrel_index::IndexSpec;
use pyrel_model::PackageName;

use super::account::Account;
use super::macaroon::TokenFacts;
use super::trusted::TrustedPublisher;
use crate::execute::with_causes;
use crate::plan::AccountKind;

/// What is known of an account before an upload.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Proof {
    /// Whether the index, or the token itself, bears it out; none where nobody can tell before an upload.
    pub proved: Option<bool>,
    /// What is known, in words.
    pub details: Vec<String>,
    /// The remedy, where there is one.
    pub hint: Option<String>,
}

/// Why an identity is not exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// It is.
    Tried,
    /// The network is off limits.
    Offline,
    /// A project is new on the index: the exchange itself would make it from its pending publisher.
    MakesProjects,
}

/// Proves an account as far as that goes. `packages` are those that are to be uploaded, as far as they are known, and
/// `now` is the time in Unix seconds.
pub async fn prove_account(
    spec: &IndexSpec,
    account: &Account,
    exchange: Exchange,
    packages: &[PackageName],
    now: u64,
) -> Proof {
    let mut proof = Proof::default();
    match account {
        Account::Trusted(publisher) => prove_publisher(publisher, exchange, &mut proof).await,
        Account::Fixed(credentials) => match credentials.password().and_then(TokenFacts::of) {
            Some(facts) => read_token(spec, &facts, (packages, now), &mut proof),
            None if AccountKind::of(account) == AccountKind::Token && is_known_host(spec) => {
                let text = "the token is none that this index makes: those begin with `pypi-`";
                proof.refute(text.to_owned());
            }
            None => {}
        },
    }
    proof
}

impl Proof {
    fn refute(&mut self, detail: String) {
        self.proved = Some(false);
        self.details.push(detail);
    }
}

async fn prove_publisher(publisher: &TrustedPublisher, exchange: Exchange, proof: &mut Proof) {
    let untried = match exchange {
        _ if !publisher.is_renewable() => {
            "the identity is good for one exchange, which is left to the upload"
        }
        Exchange::Offline => "not tried out, because `--offline` forbids it",
        Exchange::MakesProjects => {
            "not tried out: a project is new, and the exchange would make it from its pending publisher"
        }
        Exchange::Tried => {
            match publisher.credentials().await {
                Ok(_) => {
                    proof.proved = Some(true);
                    proof.details.push("the index minted a token for this identity".to_owned());
                }
                Err(error) => {
                    proof.hint = error.hint();
                    proof.refute(with_causes(&error));
                }
            }
            return;
        }
    };
    proof.details.push(untried.to_owned());
}

/// Says what a token says about itself, and whether that fits the index and the packages.
fn read_token(
    spec: &IndexSpec,
    facts: &TokenFacts,
    (packages, now): (&[PackageName], u64),
    proof: &mut Proof,
) {
    proof.details.push(match facts.projects.as_slice() {
        [] => format!("a token made by {}", facts.location),
        projects => format!("a token made by {} for {}", facts.location, projects.join(", ")),
    });
    let host = spec.upload_url.host_str().unwrap_or_default();
    let home = host.strip_prefix("upload.").unwrap_or(host);
    if is_known_host(spec) && facts.location != home {
        proof.refute(format!("this index is {home}, and does not know tokens of {}", facts.location));
        proof.hint = Some(format!("make a token at https://{home}/manage/account/token/"));
    }
    if facts.expires.is_some_and(|expires| expires <= i64::try_from(now).unwrap_or(i64::MAX)) {
        proof.refute("the token has lapsed".to_owned());
    }
    let allowed: Vec<PackageName> = facts.projects.iter().filter_map(|name| name.parse().ok()).collect();
    for package in packages.iter().filter(|package| !allowed.is_empty() && !allowed.contains(package)) {
        proof.refute(format!("the token is not for `{package}`"));
    }
}

fn is_known_host(spec: &IndexSpec) -> bool {
    matches!(spec.upload_url.host_str(), Some("upload.pypi.org" | "test.pypi.org"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pypi() -> IndexSpec {
        IndexSpec {
            name: "pypi".to_owned(),
            upload_url: "https://upload.pypi.org/legacy/".parse().unwrap(),
            simple_url: "https://pypi.org/simple/".parse().unwrap(),
            production: true,
        }
    }

    fn read(facts: &TokenFacts, packages: &[&str]) -> Proof {
        let packages: Vec<PackageName> = packages.iter().map(|name| name.parse().unwrap()).collect();
        let mut proof = Proof::default();
        read_token(&pypi(), facts, (&packages, 100), &mut proof);
        proof
    }

    #[test]
    fn a_token_is_held_to_index_time_and_projects() {
        let good = TokenFacts { location: "pypi.org".to_owned(), projects: vec![], expires: None };
        assert_eq!(read(&good, &["a"]).proved, None);
        let elsewhere = TokenFacts { location: "test.pypi.org".to_owned(), ..good.clone() };
        let proof = read(&elsewhere, &[]);
        assert_eq!(proof.proved, Some(false));
        assert!(proof.hint.unwrap().contains("https://pypi.org/manage/account/token/"));
        let lapsed = TokenFacts { expires: Some(100), ..good.clone() };
        assert_eq!(read(&lapsed, &[]).proved, Some(false));
        let narrow = TokenFacts { projects: vec!["A_b".to_owned()], ..good };
        assert_eq!(read(&narrow, &["a-b"]).proved, None);
        let proof = read(&narrow, &["a-b", "c"]);
        assert_eq!(proof.details.last().unwrap(), "the token is not for `c`");
    }
}
