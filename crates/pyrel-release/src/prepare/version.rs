//! The version is the same wherever it is written, and the one that is to be released.

use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::{Location, Version};
use pyrel_project::{Package, VersionSource};

use super::examination::bump;
use super::{Line, LineId, Mend, Surroundings};

const ID: LineId = LineId::Version;

/// A place with a version.
struct Place {
    location: Location,
    version: Version,
}

pub(super) fn line(surroundings: &Surroundings<'_>, package: &Package) -> Line {
    let name = &package.name;
    let written = match &package.version {
        VersionSource::Unresolved { reason } => {
            return Line::skipped(ID, format!("only the backend knows it: {reason}")).of(name);
        }
        VersionSource::Static(version) | VersionSource::Read { version, .. } => version,
    };
    if let Some(wanted) = surroundings.version.as_ref().filter(|wanted| *wanted != written) {
        return Line::failed(ID, format!("it is at {written}, and {wanted} is to be released"))
            .of(name)
            .remedy(format!("run {}", bump(surroundings, name)))
            .mend(Mend::Bump);
    }
    let others = match other_places(package) {
        Ok(others) => others,
        Err(reason) => return Line::failed(ID, reason).of(name).remedy("make the file readable"),
    };
    if let Some(other) = others.iter().find(|other| other.version != *written) {
        let place = other.location.path.strip_prefix(&package.directory).unwrap_or(&other.location.path);
        let reason =
            format!("`{}:{}` has {}, not {written}", place.display(), other.location.line, other.version);
        return Line::failed(ID, reason).of(name).at(Some(other.location.clone())).remedy(
            "write the same version in every place, or read it from one: `pyrel bump` keeps them together",
        );
    }
    let places = others.len() + 1;
    let what = if places == 1 { "1 place".to_owned() } else { format!("{places} places") };
    Line::ok(ID, format!("{written}, the same in {what}")).of(name)
}

/// Returns the `__version__` of each module of the package that writes one, but for the file that the version is read
/// from.
fn other_places(package: &Package) -> Result<Vec<Place>, String> {
    let source = match &package.version {
        VersionSource::Read { path, .. } => Some(path.as_path()),
        _ => None,
    };
    let mut places = Vec::new();
    for path in modules(package).into_iter().filter(|path| Some(path.as_path()) != source) {
        let text = fs::read(&path).map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&text);
        places.extend(attribute(&path, &text));
    }
    Ok(places)
}

/// Returns the `__init__.py` of the top-level modules named like the package.
fn modules(package: &Package) -> Vec<PathBuf> {
    let stem = package.name.file_stem();
    let folders = ["src", ""].map(|folder| package.directory.join(folder).join(&stem));
    let files =
        folders.into_iter().flat_map(|folder| ["__init__.py", "_version.py"].map(|file| folder.join(file)));
    files.filter(|path| path.is_file()).collect()
}

/// Finds `__version__ = "…"` at the beginning of a line.
fn attribute(path: &Path, text: &str) -> Option<Place> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let found = line.strip_prefix("__version__").and_then(|rest| {
            let (annotation, value) = rest.split_once('=')?;
            let annotation = annotation.trim();
            (annotation.is_empty() || annotation.starts_with(':')).then_some(value.trim())
        });
        if let Some(value) = found {
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let version = value[1..].split(quote).next()?.parse().ok()?;
            let end = offset + line.trim_end().len();
            return Some(Place { location: Location::of_span(path, text, &(offset..end)), version });
        }
        offset += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_literal_at_the_beginning_of_a_line_counts() {
        let find = |text: &str| {
            attribute(Path::new("x"), text).map(|place| (place.location.line, place.version.to_string()))
        };
        assert_eq!(find("import x\n__version__ = '1.0'  # here\n"), Some((2, "1.0".to_owned())));
        assert_eq!(find("__version__: str = \"2.0\"\n"), Some((1, "2.0".to_owned())));
        for none in ["    __version__ = '1'\n", "__version__ = version('x')\n", "__version__ == '1'\n", ""] {
            assert_eq!(find(none), None, "{none}");
        }
    }
}
