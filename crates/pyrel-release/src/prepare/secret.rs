//! Neither the tracked sources nor the built files hold a secret.

use std::path::PathBuf;

use fs_err as fs;
use pyrel_dist::{FileReport, Finding, find_secrets};
use pyrel_model::{Level, Location};
use pyrel_project::{GitError, Package};

use super::{Line, LineId, Surroundings};
use crate::execute::with_causes;

const ID: LineId = LineId::Secrets;
/// The rules of the check that look for secrets.
const RULES: [&str; 3] = ["secret-token", "secret-file", "private-key"];
/// Larger files are data, and not searched.
const LARGEST: u64 = 8 * 1024 * 1024;

pub(super) fn is_about_secrets(finding: &Finding) -> bool {
    RULES.contains(&finding.rule)
}

/// Searches what git tracks of a package, and takes what the check found in its built files.
#[must_use]
pub fn secret_line(surroundings: &Surroundings<'_>, package: &Package, reports: &[&FileReport]) -> Line {
    let name = &package.name;
    let tracked = match tracked(surroundings, package) {
        Ok(tracked) => tracked,
        Err(error) => {
            return Line::failed(ID, with_causes(&error)).of(name).remedy(error.hint().unwrap_or_default());
        }
    };
    let mut found = Vec::new();
    let searched = tracked.len();
    for path in tracked {
        match search(package, &path) {
            Ok(places) => found.extend(places),
            Err(error) => {
                return Line::failed(ID, error.to_string()).of(name).remedy("make the file readable");
            }
        }
    }
    let remedy = "take it out of the history too, and revoke it: whoever has a clone has it";
    if let Some((location, what)) = found.first() {
        let shown =
            location.path.strip_prefix(&package.directory).unwrap_or(&location.path).display().to_string();
        let place = if location.line > 0 { format!("{shown}:{}", location.line) } else { shown };
        let more = if found.len() > 1 { format!(", and {} more", found.len() - 1) } else { String::new() };
        let line = Line::failed(ID, format!("`{place}` holds {what}{more}"));
        return line.of(name).at(Some(location.clone())).remedy(remedy);
    }
    let in_archives =
        reports.iter().flat_map(|file| file.findings.iter().map(move |finding| (file, finding)));
    let mut in_archives =
        in_archives.filter(|(_, finding)| is_about_secrets(finding) && finding.level == Level::Error);
    if let Some((file, finding)) = in_archives.next() {
        let place = finding.location.as_deref().unwrap_or_default();
        let reason = format!("{}: `{place}`: {}", file.filename, finding.message);
        return Line::failed(ID, reason)
            .of(name)
            .remedy("leave the file out of the build, and revoke the secret");
    }
    let built = match reports.len() {
        0 => String::new(),
        1 => " and 1 built file".to_owned(),
        count => format!(" and {count} built files"),
    };
    Line::ok(ID, format!("none in {searched} tracked files{built}")).of(name)
}

/// Returns the tracked files of a package, those of packages inside it left out; none outside of a repository.
fn tracked(surroundings: &Surroundings<'_>, package: &Package) -> Result<Vec<PathBuf>, GitError> {
    let Some(git) = pyrel_project::Git::discover(&package.directory).filter(|_| surroundings.git.is_some())
    else {
        return Ok(Vec::new());
    };
    let members = surroundings.workspace.members();
    let is_inner = |path: &PathBuf| {
        members.iter().map(pyrel_project::Member::directory).any(|directory| {
            directory != package.directory
                && directory.starts_with(&package.directory)
                && path.starts_with(directory)
        })
    };
    let files = git.tracked_files()?.into_iter();
    Ok(files.filter(|path| path.is_file() && !path.is_symlink() && !is_inner(path)).collect())
}

fn search(package: &Package, path: &PathBuf) -> std::io::Result<Vec<(Location, &'static str)>> {
    if fs::metadata(path)?.len() > LARGEST {
        return Ok(Vec::new());
    }
    let relative =
        path.strip_prefix(&package.directory).unwrap_or(path).display().to_string().replace('\\', "/");
    let found = find_secrets(&relative, fs::File::open(path)?)?;
    let place = |line: usize| Location { line, ..Location::of_file(path) };
    Ok(found.into_iter().map(|secret| (place(secret.line), secret.what)).collect())
}
