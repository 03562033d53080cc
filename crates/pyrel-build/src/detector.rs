//! Which dialect builds a package, or why none does.

use std::path::Path;

use pyrel_model::pyproject::{BuildSystem, Project, TableReader};
use pyrel_model::{Location, PackageName, PyProject, Requirement, Version};

use crate::dialects::{DIALECTS, Dialect, Subject, admitted_version};
use crate::entry_set::{EntrySet, Planned, Unsupported};
use crate::error::{BuildError, Plan, Stop, unsupported};
use crate::incremental::Trace;
use crate::request::BuildRequest;
use crate::tree::Tree;

/// Requirements that change nothing about a native build, whatever their version.
const HARMLESS: [&str; 4] = ["wheel", "tomli", "setuptools", "editables"];
/// Requirements that change nothing as long as the newest version is admitted.
const HARMLESS_WHEN_NEW: [&str; 3] = ["packaging", "pathspec", "trove-classifiers"];

/// Plans a package: the entry set of a dialect, or the reason for the real backend.
///
/// With a trace, a native plan comes with everything that it looked at.
pub(crate) fn plan(
    request: &BuildRequest<'_>,
    trace: Option<Trace>,
) -> Result<(Planned, Option<Trace>), BuildError> {
    match native(request, trace, false) {
        Ok((set, trace)) => Ok((Planned::Native(set), trace)),
        Err(Stop::Unsupported(unsupported)) => Ok((Planned::Fallback(unsupported), None)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Plans the wheel from the project's own folder instead of the sdist; `None` where no dialect can tell.
pub(crate) fn plan_from_tree(request: &BuildRequest<'_>) -> Option<EntrySet> {
    native(request, None, true).ok().map(|(set, _)| set)
}

fn native(
    request: &BuildRequest<'_>,
    trace: Option<Trace>,
    wheel_from_tree: bool,
) -> Plan<(EntrySet, Option<Trace>)> {
    let package = request.package;
    // A copy, so that what is parsed for the plan goes with the plan.
    let Some(pyproject) = &package.pyproject.clone() else {
        return unsupported("pyproject.toml", "does not exist, so that only the backend knows the metadata");
    };
    let (dialect, version) = choose(pyproject)?;
    let stand_in;
    let project = match (pyproject.project(), dialect.own_table()) {
        (Some(project), _) => project,
        (None, Some(key)) if pyproject.tool(&[key]).is_some() => {
            stand_in = nothing_but(&package.name);
            &stand_in
        }
        (None, _) if dialect.own_file().is_some_and(|name| package.directory.join(name).is_file()) => {
            stand_in = nothing_but(&package.name);
            &stand_in
        }
        _ => return unsupported("project", "is missing, so that only the backend knows the metadata"),
    };
    let root = std::path::absolute(&package.directory)
        .map_err(|source| BuildError::Read { path: package.directory.clone(), source })?;
    let tree = Tree::disk(&root, trace);
    if package.bounds.is_some() {
        tree.put("pyproject.toml", pyproject.text().as_bytes());
    }
    let subject = Subject { pyproject, project, tree, root, version, wheel_from_tree, request };
    let set = dialect.plan(&subject)?;
    Ok((set, subject.tree.into_trace()))
}

/// Returns a table `[project]` with nothing but a name.
fn nothing_but(name: &PackageName) -> Project {
    Project {
        name: name.clone(),
        version: None,
        description: None,
        readme: None,
        requires_python: None,
        license: None,
        license_files: None,
        authors: Vec::new(),
        maintainers: Vec::new(),
        keywords: Vec::new(),
        classifiers: Vec::new(),
        urls: Vec::new(),
        scripts: Vec::new(),
        gui_scripts: Vec::new(),
        entry_points: Vec::new(),
        dependencies: Vec::new(),
        optional_dependencies: Vec::new(),
        dynamic: Vec::new(),
        import_names: None,
        import_namespaces: None,
    }
}

/// Finds the dialect of `build-system`, and the reproduced version that its requirements leave in place.
fn choose(pyproject: &PyProject) -> Plan<(&'static dyn Dialect, &'static str)> {
    let build_system = pyproject.build_system();
    if !build_system.backend_path.is_empty() {
        return Err(at(pyproject, "backend-path", "names a backend inside the project").into());
    }
    let backend = build_system.backend.as_str();
    let known = DIALECTS.iter().find(|dialect| dialect.backends().contains(&backend));
    let Some(dialect) = known else {
        let reason = format!("names a backend without a native dialect: `{backend}`");
        return Err(at(pyproject, "build-backend", &reason).into());
    };
    let version = check_requirements(pyproject, build_system, *dialect)?;
    Ok((*dialect, version))
}

fn check_requirements(
    pyproject: &PyProject,
    system: &BuildSystem,
    dialect: &dyn Dialect,
) -> Plan<&'static str> {
    for requirement in &system.requires {
        if let Some(reason) = objection(requirement, dialect, &system.backend) {
            return Err(at(pyproject, "requires", &reason).into());
        }
    }
    let backend = dialect.provider(&system.backend);
    let mut listed = system.requires.iter().filter(|requirement| requirement.name.normalized() == backend);
    let Some(requirement) = listed.next() else {
        let reason = format!("does not list `{backend}`, which the backend `{}` comes from", system.backend);
        return Err(at(pyproject, "requires", &reason).into());
    };
    match admitted_version(dialect, &requirement.specifiers) {
        Some(version) if listed.next().is_none() => Ok(version),
        _ => Err(at(pyproject, "requires", &format!("lists `{backend}` more than once")).into()),
    }
}

/// Returns why a build requirement may change the outcome.
fn objection(requirement: &Requirement, dialect: &dyn Dialect, spelling: &str) -> Option<String> {
    let (backend, version) = (dialect.provider(spelling), dialect.emulates().1);
    let name = requirement.name.normalized();
    if requirement.url.is_some() {
        return Some(format!("takes `{name}` from a URL"));
    }
    if name == backend {
        if requirement.marker.is_some() || !requirement.extras.is_empty() {
            return Some(format!("has a marker or extras on `{name}`"));
        }
        return admitted_version(dialect, &requirement.specifiers)
            .is_none()
            .then(|| format!("shuts out the reproduced version {version}: `{requirement}`"));
    }
    if let Some((_, version)) = dialect.plugins().iter().find(|(plugin, _)| *plugin == name) {
        return plugin_objection(requirement, version);
    }
    if HARMLESS.contains(&name) {
        return None;
    }
    let only_lower_bounds = requirement.specifiers.specifiers().iter().all(|one| one.operator() == ">=");
    if HARMLESS_WHEN_NEW.contains(&name) && only_lower_bounds {
        return None;
    }
    Some(format!("lists `{requirement}`, which may change what the backend does"))
}

/// Returns why a plug-in may do something else than the reproduced version does.
fn plugin_objection(requirement: &Requirement, version: &str) -> Option<String> {
    let name = requirement.name.normalized();
    let known_extras = ["rich", "simple", "toml"];
    if requirement.marker.is_some()
        || requirement.extras.iter().any(|extra| !known_extras.contains(&extra.as_str()))
    {
        return Some(format!("has a marker or extras on `{name}`"));
    }
    let version: Version = version.parse().expect("reproduced versions are valid versions");
    (!requirement.specifiers.contains(&version))
        .then(|| format!("shuts out the reproduced version {version}: `{requirement}`"))
}

/// Makes the reason at a key of `[build-system]`.
fn at(pyproject: &PyProject, key: &str, reason: &str) -> Unsupported {
    let table = pyproject.root().get("build-system").and_then(toml_edit::Item::as_table_like);
    let span = table.and_then(|table| table.get(key)).and_then(toml_edit::Item::span);
    let location = span.map(|span| Location::of_span(pyproject.path(), pyproject.text(), &span));
    let location = location.unwrap_or_else(|| Location::of_file(pyproject.path()));
    Unsupported { option: format!("build-system.{key}"), location: Some(location), reason: reason.to_owned() }
}

/// Steps back because of an option of the backend, at its place in the file.
pub(crate) fn option(table: &TableReader<'_>, key: &str, reason: impl Into<String>) -> Stop {
    let span = table
        .table()
        .get_key_value(key)
        .and_then(|(key, _)| key.span())
        .or_else(|| table.get(key).and_then(toml_edit::Item::span));
    let location = match span {
        Some(span) => Location::of_span(table.path(), table.text(), &span),
        None => Location::of_file(table.path()),
    };
    let option = if table.name().is_empty() { key.to_owned() } else { format!("{}.{key}", table.name()) };
    Stop::Unsupported(Unsupported { option, location: Some(location), reason: reason.into() })
}

/// Steps back because of keys that no dialect knows.
pub(crate) fn known_options(table: &TableReader<'_>, known: &[&str]) -> Plan<()> {
    match table.table().iter().find(|(key, _)| !known.contains(key)) {
        None => Ok(()),
        Some((key, _)) => Err(option(table, key, "is not reproduced natively")),
    }
}

/// Steps back because of a file in the project.
pub(crate) fn file(path: &Path, option: impl Into<String>, reason: impl Into<String>) -> Stop {
    Stop::Unsupported(Unsupported {
        option: option.into(),
        location: Some(Location::of_file(path)),
        reason: reason.into(),
    })
}
