//! No resolved dependency has a known vulnerability: what a lock file names, or else what an installer chooses today.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use futures_util::stream;
use pyrel_build::{InstallRequest, Interpreter, PythonSettings, Venv};
use pyrel_index::{ClientError, IndexClient, Vulnerability};
use pyrel_model::{PackageName, Version};
use pyrel_project::{Cancel, Package, Process};

use super::examination::listed;
use super::lock::Lock;
use super::{Line, LineId, Surroundings};
use crate::execute::with_causes;

const ID: LineId = LineId::Audit;
/// How many questions are under way at once.
const QUESTIONS: usize = 16;
const INSPECT: &str = include_str!("inspect.py");

/// The releases that a package's dependencies come to, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The releases.
    pub releases: BTreeSet<(PackageName, Version)>,
    /// How, such as ``locked in `uv.lock` ``.
    pub how: String,
}

/// What an index tells of releases: their vulnerabilities, or nothing when it does not have the release.
pub type Audited = BTreeMap<(PackageName, Version), Option<Vec<Vulnerability>>>;

/// Reads what a lock file says; `None` when there is none that names every dependency.
#[must_use]
pub fn locked(surroundings: &Surroundings<'_>, package: &Package) -> Option<Resolved> {
    let root = surroundings.workspace.root();
    let lock = Lock::find(&package.directory, root).ok()??;
    let mut roots: Vec<PackageName> = Vec::new();
    let mut open: Vec<&Package> = vec![package];
    let mut seen: BTreeSet<&PackageName> = BTreeSet::new();
    while let Some(package) = open.pop() {
        if !seen.insert(&package.name) {
            continue;
        }
        for requirement in &package.dependencies {
            match surroundings.workspace.package(&requirement.name) {
                Some(sibling) => open.push(sibling),
                None => roots.push(requirement.name.clone()),
            }
        }
    }
    if roots.iter().any(|name| !lock.packages.contains_key(name)) {
        return None;
    }
    let mut releases = lock.closure(&roots);
    releases.retain(|(name, _)| surroundings.workspace.package(name).is_none());
    let shown = lock.path.strip_prefix(root).unwrap_or(&lock.path).display().to_string();
    Some(Resolved { releases, how: format!("locked in `{shown}`") })
}

/// Installs wheels into a fresh environment in `room`, and says what came along.
///
/// # Errors
/// Says why that cannot be done.
pub fn installed(
    wheels: &[PathBuf],
    (interpreter, python): (&Interpreter, &PythonSettings),
    room: &Path,
    cancel: &Cancel,
) -> Result<Resolved, String> {
    let environment = Venv::create_until(&room.join("venv"), interpreter, python.uv.as_deref(), cancel)
        .map_err(|error| with_causes(&error))?;
    let request = InstallRequest {
        requirements: wheels.iter().map(|wheel| wheel.display().to_string()).collect(),
        index_url: python.index_url.clone(),
        offline: python.offline,
        cache_dir: python.cache_dir.clone(),
        ..InstallRequest::default()
    };
    environment.install(&request).map_err(|error| with_causes(&error))?;
    let process = Process::new(environment.python()).args(["-I", "-c", INSPECT]).current_dir(room);
    let output = process.cancelled_by(cancel).run_checked().map_err(|error| with_causes(&error))?;
    let own: BTreeSet<PackageName> = wheels
        .iter()
        .filter_map(|wheel| wheel.file_name()?.to_str()?.parse::<pyrel_model::DistFilename>().ok())
        .map(|filename| filename.name().clone())
        .collect();
    let parse = |line: &str| {
        let (name, version) = line.split_once("==")?;
        Some((name.parse::<PackageName>().ok()?, version.parse::<Version>().ok()?))
    };
    let releases =
        output.stdout_text().lines().filter_map(parse).filter(|(name, _)| !own.contains(name)).collect();
    let (major, minor, _) = interpreter.version;
    Ok(Resolved { releases, how: format!("as installed today with Python {major}.{minor}") })
}

/// Asks an index about releases.
///
/// # Errors
/// With the first question that fails for good.
pub async fn query(
    client: &IndexClient,
    releases: BTreeSet<(PackageName, Version)>,
) -> Result<Audited, ClientError> {
    let questions = releases.into_iter().map(|(name, version)| async move {
        let answer = client.vulnerabilities(&name, &version).await;
        ((name, version), answer)
    });
    let mut answers = stream::iter(questions).buffer_unordered(QUESTIONS);
    let mut audited = Audited::new();
    while let Some((release, answer)) = answers.next().await {
        audited.insert(release, answer?);
    }
    Ok(audited)
}

/// Judges the answers for a package; `ignored` are identifiers that somebody has weighed.
#[must_use]
pub fn audit_line(package: &PackageName, resolved: &Resolved, audited: &Audited, ignored: &[String]) -> Line {
    let known =
        |release: &(PackageName, Version)| audited.get(release).cloned().flatten().unwrap_or_default();
    let mut found: Vec<(&(PackageName, Version), Vulnerability)> = Vec::new();
    let mut left_out = 0;
    for release in &resolved.releases {
        for vulnerability in known(release) {
            if is_ignored(&vulnerability, ignored) {
                left_out += 1;
            } else {
                found.push((release, vulnerability));
            }
        }
    }
    if let Some(((name, version), vulnerability)) = found.first() {
        let mut reason = format!("{name} {version} has {}", vulnerability.id);
        if let Some(summary) = vulnerability.summary.as_deref().filter(|summary| !summary.is_empty()) {
            let _ = write!(reason, " ({summary})");
        }
        if found.len() > 1 {
            let _ = write!(reason, ", and {} more: ", found.len() - 1);
            let others: Vec<String> = found[1..]
                .iter()
                .map(|((name, version), one)| format!("{name} {version} {}", one.id))
                .collect();
            reason.push_str(&listed(&others));
        }
        let remedy = match vulnerability.fixed_in.as_slice() {
            [] => format!(
                "there is no mended release yet; weigh it, and list `{}` in `release.ignore-vulnerabilities`",
                vulnerability.id
            ),
            fixed => format!("raise the dependency: {name} {} is mended", fixed.join(", ")),
        };
        return Line::failed(ID, reason).of(package).remedy(remedy);
    }
    let unknown: Vec<String> = resolved
        .releases
        .iter()
        .filter(|release| audited.get(release).is_none_or(Option::is_none))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    if !unknown.is_empty() {
        let reason = format!("the index does not know {}", listed(&unknown));
        return Line::warning(ID, reason)
            .of(package)
            .remedy("look for their vulnerabilities where they come from");
    }
    let mut reason = match resolved.releases.len() {
        0 => "it needs nothing from elsewhere".to_owned(),
        1 => format!("nothing is known against 1 release, {}", resolved.how),
        count => format!("nothing is known against {count} releases, {}", resolved.how),
    };
    if left_out > 0 {
        let _ = write!(reason, "; {left_out} left out by the configuration");
    }
    Line::ok(ID, reason).of(package)
}

fn is_ignored(vulnerability: &Vulnerability, ignored: &[String]) -> bool {
    let names = std::iter::once(&vulnerability.id).chain(&vulnerability.aliases);
    names.into_iter().any(|name| ignored.iter().any(|other| other.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn release(name: &str, version: &str) -> (PackageName, Version) {
        (name.parse().unwrap(), version.parse().unwrap())
    }

    fn vulnerability(id: &str, fixed_in: &[&str]) -> Vulnerability {
        Vulnerability {
            id: id.to_owned(),
            aliases: vec!["CVE-1".to_owned()],
            summary: Some("bad".to_owned()),
            details: None,
            fixed_in: fixed_in.iter().map(|version| (*version).to_owned()).collect(),
            link: None,
            withdrawn: None,
        }
    }

    fn line(answers: Vec<Option<Vec<Vulnerability>>>, ignored: &[&str]) -> Line {
        let names = ["a", "b", "c"].map(|name| release(name, "1.0"));
        let audited: Audited = names.into_iter().zip(answers).collect();
        let resolved = Resolved { releases: audited.keys().cloned().collect(), how: "locked".to_owned() };
        let ignored: Vec<String> = ignored.iter().map(|id| (*id).to_owned()).collect();
        audit_line(&"demo".parse().unwrap(), &resolved, &audited, &ignored)
    }

    #[test]
    fn what_is_known_against_a_release_fails_unless_it_was_weighed() {
        let bad = || Some(vec![vulnerability("PYSEC-1", &["1.1"])]);
        let failed = line(vec![Some(vec![]), bad()], &[]);
        assert_eq!((failed.verdict, failed.reason.as_str()), (Verdict::Failed, "b 1.0 has PYSEC-1 (bad)"));
        assert_eq!(failed.remedy.as_deref(), Some("raise the dependency: b 1.1 is mended"));
        let several = line(vec![bad(), bad()], &[]);
        assert_eq!(several.reason, "a 1.0 has PYSEC-1 (bad), and 1 more: `b 1.0 PYSEC-1`");
        let weighed = line(vec![Some(vec![]), bad()], &["cve-1"]);
        assert_eq!(weighed.verdict, Verdict::Ok);
        assert_eq!(
            weighed.reason,
            "nothing is known against 2 releases, locked; 1 left out by the configuration"
        );
        let unknown = line(vec![Some(vec![]), None], &[]);
        assert_eq!(
            (unknown.verdict, unknown.reason.as_str()),
            (Verdict::Warning, "the index does not know `b 1.0`")
        );
        assert_eq!(line(vec![], &[]).verdict, Verdict::Ok);
    }
}
