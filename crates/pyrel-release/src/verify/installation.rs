//! From where what is installed: the packages of the workspace from the index under test and from nowhere else, whatever
//! other indexes have under their names; only then third-party packages, from where those come from.

use std::path::PathBuf;

use pyrel_build::{InstallRequest, PythonError, Venv};
use pyrel_model::{PackageName, Secret, Version};

use super::request::{VerifyRequest, VerifyTarget};

/// One step of an installation, and another way to take it when the first one fails.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Install {
    way: Way,
    otherwise: Option<Way>,
}

/// A way to take a step.
#[derive(Debug, PartialEq, Eq)]
struct Way {
    request: InstallRequest,
    /// What a person would type.
    shown: String,
}

impl Install {
    /// Takes the step; returns what a person would type for that.
    pub(super) fn carry_out(self, venv: &Venv) -> Result<String, (String, PythonError)> {
        let Err(first) = venv.install(&self.way.request) else { return Ok(self.way.shown) };
        let Some(other) = self.otherwise else { return Err((self.way.shown, first)) };
        match venv.install(&other.request) {
            Ok(()) => Ok(other.shown),
            Err(second) => Err((other.shown, second)),
        }
    }
}

/// Where the index under test is.
struct Places<'a> {
    own: &'a str,
    /// Where installers of this machine find the index itself, when it is private.
    door: Option<&'a Secret>,
    request: &'a VerifyRequest,
}

/// Which indexes a step asks, the first one first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From<'a> {
    Own,
    OwnThenThird(&'a str),
    Third(&'a str),
    ThirdThenOwn(&'a str),
}

/// Returns the steps, one after another.
///
/// The packages of the workspace come from the index under test; where one has to be built, what it is built with may be
/// elsewhere. Third-party packages are not looked for on the index under test unless the others do not have all of them:
/// a staging index has many projects under the names of others.
pub(super) fn installs(
    request: &VerifyRequest,
    door: Option<&Secret>,
    target: &VerifyTarget,
) -> Vec<Install> {
    let settings = &request.settings;
    let exact = |(name, version): (&PackageName, &Version)| format!("{}=={version}", name.normalized());
    let own = std::iter::once((&target.package, &target.version));
    let needs = target.needs.iter().map(|(name, version)| (name, version));
    let requirements: Vec<String> = own.chain(needs).map(exact).collect();
    let places = Places { own: &request.index_url, door, request };
    let way = |from, no_deps| places.way(&requirements, from, no_deps);
    let third = settings.third_party_index.as_deref();
    match third.filter(|url| *url != request.index_url) {
        _ if settings.offline => vec![Install { way: way(From::Own, true), otherwise: None }],
        None => [true, false].map(|no_deps| Install { way: way(From::Own, no_deps), otherwise: None }).into(),
        Some(third) => vec![
            Install { way: way(From::Own, true), otherwise: Some(way(From::OwnThenThird(third), true)) },
            Install {
                way: way(From::Third(third), false),
                otherwise: Some(way(From::ThirdThenOwn(third), false)),
            },
        ],
    }
}

impl Places<'_> {
    fn way(&self, requirements: &[String], from: From<'_>, no_deps: bool) -> Way {
        let urls: Vec<&str> = match from {
            From::Own => vec![self.own],
            From::OwnThenThird(third) => vec![self.own, third],
            From::Third(third) => vec![third],
            From::ThirdThenOwn(third) => vec![third, self.own],
        };
        let mut request = InstallRequest {
            requirements: requirements.to_vec(),
            no_deps,
            cache_dir: self.request.settings.cache_dir.clone(),
            ..InstallRequest::default()
        };
        match self.door.filter(|_| urls.contains(&self.own)) {
            Some(door) => {
                let urls =
                    urls.iter().map(|url| if *url == self.own { door.clone() } else { Secret::new(*url) });
                request.environment = self.through(&urls.collect::<Vec<_>>());
                request.cache_dir = Some(self.room());
            }
            None => {
                let mut urls = urls.iter().map(|url| (*url).to_owned());
                request.index_url = urls.next();
                request.extra_index_urls = urls.collect();
            }
        }
        Way { shown: shown(requirements, &urls, no_deps), request }
    }

    /// Returns the variables by which installers find the door: its key is for no other user of the machine, who can see
    /// command lines. uv asks the default index last.
    fn through(&self, urls: &[Secret]) -> Vec<(String, Secret)> {
        let here = self.request.settings.no_proxy.iter().map(String::as_str).chain(["127.0.0.1"]);
        let direct = Secret::new(here.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(","));
        let names: &[_] = match urls.len() {
            1 => &[["PIP_INDEX_URL", "UV_DEFAULT_INDEX"]],
            _ => &[["PIP_INDEX_URL", "UV_INDEX"], ["PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX"]],
        };
        let indexes = names.iter().zip(urls).flat_map(|(names, url)| names.map(|name| (name, url)));
        let direct = ["NO_PROXY", "no_proxy"].map(|name| (name, &direct));
        indexes.chain(direct).map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }

    /// The address of a door is never the same again, so that nothing that is kept under it is of use later.
    fn room(&self) -> PathBuf {
        self.request.work_dir.join("downloads")
    }
}

fn shown(requirements: &[String], urls: &[&str], no_deps: bool) -> String {
    let mut out = "pip install".to_owned();
    if no_deps {
        out += " --no-deps";
    }
    for (at, url) in urls.iter().enumerate() {
        let flag = if at == 0 { "--index-url" } else { "--extra-index-url" };
        out += &format!(" {flag} {}", without_userinfo(url));
    }
    format!("{out} {}", requirements.join(" "))
}

fn without_userinfo(url: &str) -> String {
    url.parse()
        .map_or_else(|_| "(unreadable URL)".to_owned(), |url| crate::credentials::bare(&url).to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::verify::VerifySettings;

    const OWN: &str = "https://own.example/simple/";
    const THIRD: &str = "https://third.example/simple/";

    fn request(offline: bool) -> VerifyRequest {
        let settings = VerifySettings {
            interpreters: vec![],
            uv: None,
            third_party_index: Some(THIRD.to_owned()),
            offline,
            siblings: BTreeMap::new(),
            no_proxy: Some("intern.example".to_owned()),
            cache_dir: None,
            commands: BTreeMap::new(),
            path: None,
            jobs: 1,
            timeout: Duration::from_secs(30),
        };
        VerifyRequest { index_url: OWN.to_owned(), targets: vec![], settings, work_dir: PathBuf::from("w") }
    }

    fn target() -> VerifyTarget {
        VerifyTarget {
            package: "My.A".parse().unwrap(),
            version: "1.0".parse().unwrap(),
            needs: vec![("b".parse().unwrap(), "2.0".parse().unwrap())],
        }
    }

    #[test]
    fn the_release_comes_from_its_own_index_and_the_rest_from_another() {
        let offline = installs(&request(true), None, &target());
        assert_eq!(offline.len(), 1);
        let online = installs(&request(false), None, &target());
        assert_eq!(online[0].way, offline[0].way, "the release itself comes from its index alone");
        let own = &online[0].way.request;
        assert_eq!(own.requirements, ["my-a==1.0", "b==2.0"]);
        assert_eq!((own.index_url.as_deref(), own.no_deps, own.extra_index_urls.len()), (Some(OWN), true, 0));
        let built = &online[0].otherwise.as_ref().unwrap().request;
        let urls = (built.index_url.as_deref(), built.extra_index_urls.as_slice());
        assert_eq!(urls, (Some(OWN), &[THIRD.to_owned()][..]), "what it is built with may be elsewhere");
        let third = &online[1].way.request;
        assert_eq!((third.index_url.as_deref(), third.no_deps), (Some(THIRD), false));
        assert!(third.extra_index_urls.is_empty(), "the index under test has no say in third-party packages");
        let both = &online[1].otherwise.as_ref().unwrap().request;
        assert_eq!(
            (both.index_url.as_deref(), both.extra_index_urls.as_slice()),
            (Some(THIRD), &[OWN.to_owned()][..])
        );
    }

    #[test]
    fn the_key_of_a_door_is_on_no_command_line() {
        let door = Secret::new("http://relay:not-a-real-key@127.0.0.1:9/simple/");
        let steps = installs(&request(false), Some(&door), &target());
        let [first, second] = &steps[..] else { panic!("two steps") };
        let others = [first, second].map(|step| step.otherwise.as_ref().unwrap());
        for way in [&first.way, others[0], others[1]] {
            let InstallRequest { index_url, extra_index_urls, environment, cache_dir, .. } = &way.request;
            assert!(index_url.is_none() && extra_index_urls.is_empty());
            assert!(environment.iter().any(|(_, value)| *value == door));
            let direct = environment.iter().find(|(name, _)| name == "NO_PROXY").unwrap();
            assert_eq!(direct.1.expose(), "intern.example,127.0.0.1");
            assert!(cache_dir.is_some());
            assert!(!format!("{way:?}").contains("not-a-real-key"));
            assert!(way.shown.contains(OWN));
        }
        let order = |way: &Way| {
            let of = |name: &str| way.request.environment.iter().find(|(known, _)| known == name);
            ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_DEFAULT_INDEX"]
                .map(|name| of(name).map(|(_, value)| value.expose() == door.expose()))
        };
        assert_eq!(order(&first.way), [Some(true), None, None, Some(true)]);
        assert_eq!(order(others[0]), [Some(true), Some(false), Some(true), Some(false)]);
        assert_eq!(order(others[1]), [Some(false), Some(true), Some(false), Some(true)]);
        assert!(second.way.request.environment.is_empty(), "third-party packages need no door");
    }
}
