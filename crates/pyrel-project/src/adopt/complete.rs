//! Completes the metadata with what the files show: version, description, Python, licence, addresses.

use super::AdoptError;
use super::finding::Finding;
use super::license::{self, LicenseText};
use super::plan::Planner;
use super::tree::split;
use super::{python_floor, readme};
use crate::version::{Assignment, Literal, find_assignment};

/// Fills in what no file declares.
///
/// # Errors
/// When a wish cannot be fulfilled.
pub(super) fn metadata(planner: &mut Planner<'_>) -> Result<(), AdoptError> {
    readme_path(planner);
    description(planner);
    version(planner)?;
    requires_python(planner)?;
    addresses(planner);
    if planner.gathered.metadata.authors.is_empty() {
        let finding = Finding::info("authors", "no file names an author, and none is made up");
        planner
            .find(finding.hint("add `authors = [{ name = \"...\" }]` to `[project]` if you want one shown"));
    }
    Ok(())
}

/// Takes the README that is declared, or else the one that is there.
fn readme_path(planner: &mut Planner<'_>) {
    let metadata = &mut planner.gathered.metadata;
    metadata.readme = metadata.readme.take().filter(|path| planner.tree.has_file(path));
    if metadata.readme.is_none() {
        let found = ["README.md", "README.rst", "README.txt", "readme.md", "Readme.md", "README"];
        metadata.readme = found.into_iter().find(|path| planner.tree.text(path).is_some()).map(str::to_owned);
    }
}

fn description(planner: &mut Planner<'_>) {
    let metadata = &planner.gathered.metadata;
    if let Some(text) = &metadata.description {
        // An index takes one line.
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        planner.gathered.metadata.description = Some(line);
        return;
    }
    let of_readme =
        metadata.readme.as_deref().and_then(|path| planner.tree.text(path)).and_then(readme::summary);
    let entry = planner.layout.entry.as_deref().and_then(|path| planner.sources.get(path));
    let of_code = || readme::summary(&entry?.docstring()?);
    match of_readme.map(|text| (text, "README")).or_else(|| of_code().map(|text| (text, "docstring"))) {
        Some((text, place)) => {
            planner.step(
                format!("take the description from the {place}: {text}"),
                "an index and installers show it beside the name",
            );
            planner.gathered.metadata.description = Some(text);
        }
        None => {
            let finding = Finding::warning("description", "nothing says in a sentence what the project is");
            planner.find(finding.hint("add `description = \"...\"` to `[project]`"));
        }
    }
}

fn version(planner: &mut Planner<'_>) -> Result<(), AdoptError> {
    if planner.gathered.metadata.version.is_some() || planner.version_from_git() {
        return Ok(());
    }
    let shipped = planner.sources.iter().filter(|(path, _)| planner.layout.ships(path));
    let mut assigned =
        shipped.filter_map(|(path, source)| match find_assignment(source.text, "__version__") {
            Assignment::Literal(Literal::Text(text)) => Some(((*path).to_owned(), text.parse().ok()?)),
            _ => None,
        });
    let in_file = || {
        let mut files = ["VERSION", "VERSION.txt", "version.txt"].into_iter();
        files.find_map(|path| Some((path.to_owned(), planner.tree.text(path)?.trim().parse().ok()?)))
    };
    let found: Option<(String, pyrel_model::Version)> = assigned.next().or_else(in_file);
    if let Some((path, version)) = found {
        planner.step(
            format!("take the version {version} from `{path}`"),
            "it is what the project calls itself today",
        );
        planner.gathered.metadata.version = Some(version);
        return Ok(());
    }
    let start = match planner.request.wishes.version.clone() {
        Some(version) => version,
        None => "0.1.0".parse().map_err(|_| AdoptError::NoSource)?,
    };
    planner.step(
        format!("start with the version {start}"),
        "no file says one; `pyrel bump` raises it, `--version-from-git` would take it from tags",
    );
    planner.gathered.metadata.version = Some(start);
    Ok(())
}

fn requires_python(planner: &mut Planner<'_>) -> Result<(), AdoptError> {
    let shipped: Vec<_> = planner
        .sources
        .iter()
        .filter(|(path, _)| planner.layout.ships(path))
        .map(|(_, source)| source)
        .collect();
    let floor = python_floor::find(&shipped);
    let needed = floor.cause.as_ref().map(|(label, path, line)| (label.clone(), path.clone(), *line));
    if let Some(declared) = &planner.gathered.metadata.requires_python {
        if let Some((label, path, line)) = needed.filter(|_| python_floor::is_too_low(declared, floor.minor))
        {
            let finding = Finding::warning(
                "python",
                format!(
                    "`{}` lets in a Python without {label}, which came with 3.{}",
                    declared.as_written(),
                    floor.minor
                ),
            );
            planner.find(
                finding.at(&path, line).hint(format!("declare `requires-python = \">=3.{}\"`", floor.minor)),
            );
        }
        return Ok(());
    }
    let pinned = python_floor::pinned(planner.tree).filter(|(_, minor)| *minor >= floor.minor);
    let (minor, why) = match (pinned, needed) {
        (Some((path, minor)), _) => (minor, format!("`{path}` names it")),
        (None, Some((label, path, line))) => {
            (floor.minor, format!("{label} in `{path}`, line {line}, needs it"))
        }
        (None, None) => (floor.minor, "neither syntax nor imports need a newer one".to_owned()),
    };
    let set = format!(">=3.{minor}").parse().map_err(|_| AdoptError::NoSource)?;
    planner.step(format!("require Python 3.{minor} or newer"), why);
    planner.gathered.metadata.requires_python = Some(set);
    Ok(())
}

fn addresses(planner: &mut Planner<'_>) {
    if !planner.gathered.metadata.urls.is_empty() {
        return;
    }
    let Some(url) = planner.request.surroundings.web_address() else { return };
    let urls = &mut planner.gathered.metadata.urls;
    urls.push(("Repository".to_owned(), url.clone()));
    if url.starts_with("https://github.com/") {
        urls.push(("Issues".to_owned(), format!("{url}/issues")));
    }
    planner.step(format!("name the repository `{url}`"), "it is where the remote of git points");
}

/// Finds the licence, and writes its text when it is known and missing.
///
/// # Errors
/// When the licence that a person wished for is none.
pub(super) fn license(planner: &mut Planner<'_>) -> Result<Option<String>, AdoptError> {
    let file = planner.tree.named(&["license", "licence", "copying"]).map(str::to_owned);
    let text = file.as_deref().and_then(|path| planner.tree.text(path));
    let metadata = &planner.gathered.metadata;
    let declared = metadata.license.as_deref();
    let found = match &planner.request.wishes.license {
        Some(wish) => Some((license::wished(wish)?, "`--license`")),
        None => declared
            .and_then(license::expression)
            .map(|spdx| (spdx, "its metadata"))
            .or_else(|| text.and_then(license::of_text).map(|spdx| (spdx.to_owned(), "its text")))
            .or_else(|| {
                license::of_classifiers(&metadata.classifiers).map(|spdx| (spdx.to_owned(), "its classifier"))
            }),
    };
    let Some((spdx, origin)) = found else {
        let said =
            declared.map(|words| format!(": `{words}` names none without a doubt")).unwrap_or_default();
        let finding = Finding::warning("license", format!("the licence is not known{said}"));
        planner
            .find(finding.hint("choose one, and run this again with `--license`, such as `--license MIT`"));
        return Ok(None);
    };
    // Beside an expression, classifiers of licences are refused.
    planner.gathered.metadata.classifiers.retain(|one| !one.starts_with("License :: "));
    planner.step(format!("declare the licence {spdx}"), format!("{origin} says so"));
    if file.is_none() {
        license_text(planner, &spdx);
    }
    Ok(Some(spdx))
}

fn license_text(planner: &mut Planner<'_>, spdx: &str) {
    let named = planner.gathered.metadata.authors.iter().find_map(|person| person.name.clone());
    let wishes = &planner.request.wishes;
    let holder = wishes.holder.clone().or(named).or_else(|| planner.request.surroundings.git_user.clone());
    match license::text(spdx, planner.request.surroundings.year, holder.as_deref()) {
        LicenseText::Written(text) => {
            planner.set("LICENSE", Some(text));
            let whom = holder.map(|holder| format!(" for {holder}")).unwrap_or_default();
            let whom = if spdx == "Apache-2.0" { String::new() } else { whom };
            planner.step(format!("write `LICENSE`{whom}"), "a licence counts with its text");
        }
        LicenseText::NoHolder => {
            let finding = Finding::warning(
                "license",
                "`LICENSE` is not written, because nothing says who holds the copyright",
            );
            planner.find(finding.hint("name the holder with `--holder`, or set `user.name` of git"));
        }
        LicenseText::Unknown => {
            let finding = Finding::warning(
                "license",
                format!("`LICENSE` is not written: the text of {spdx} is not at hand"),
            );
            planner.find(finding.hint(format!("put the text of {spdx} into `LICENSE`")));
        }
    }
}

/// Returns the files of the licence, those that are there and the one that is written.
pub(super) fn license_files(planner: &Planner<'_>, license: Option<&str>) -> Vec<String> {
    let is_one = |name: &str| {
        let stem = split(name).1.split('.').next().unwrap_or(name).to_ascii_lowercase();
        matches!(stem.as_str(), "license" | "licence" | "copying" | "notice") && !name.ends_with(".py")
    };
    let mut files: Vec<String> =
        planner.tree.files_in("").filter(|name| is_one(name)).map(str::to_owned).collect();
    if files.is_empty() && license.is_some() && planner.writes("LICENSE") {
        files.push("LICENSE".to_owned());
    }
    files
}
