//! Listings against archives, and wheels from the tree against wheels from the sdist, for every dialect.

use pyrel_build::{BuildRequest, Kinds, NO_VARIABLES, Place, Planned, PythonSettings, Silent};
use pyrel_model::ArtifactKind;

use crate::archive::{sdist, wheel};
use crate::project::{FLIT, HATCHLING, PDM, POETRY, Project, SETUPTOOLS, SOURCE_DATE, UV};

const PROJECT: &str = "[project]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"Demo\"\nreadme = \"README.md\"\n\
                       [project.scripts]\ndemo = \"demo:main\"\n";
const FILES: &[(&str, &str)] = &[
    ("README.md", "# Demo\n"),
    ("LICENSE", "Terms.\n"),
    ("demo/__init__.py", "\"\"\"Demo.\"\"\"\n\n__version__ = '1.0'\n"),
    ("demo/part.py", "x = 1\n"),
    ("demo/data/table.csv", "1,2\n"),
    ("demo/data/__init__.py", ""),
];

/// Each dialect with the options that put data into the wheel and keep them out of the sdist.
const DIALECTS: [(&str, &str, &str); 6] = [
    (HATCHLING, "", "[tool.hatch.build.targets.sdist]\nexclude = [\"*.csv\"]\n"),
    (SETUPTOOLS, "[tool.setuptools.package-data]\n\"*\" = [\"*.csv\"]\n", ""),
    (FLIT, "", "[tool.flit.sdist]\nexclude = [\"demo/data/*.csv\"]\n"),
    (PDM, "", ""),
    (POETRY, "", "[tool.poetry]\ninclude = [{ path = \"extra.csv\", format = \"wheel\" }]\n"),
    (UV, "[tool.uv.build-backend]\nmodule-root = \"\"\n", ""),
];

fn with_request<T>(project: &Project, work: impl FnOnce(&BuildRequest<'_>) -> T) -> T {
    let (package, python) = (project.package(), PythonSettings::default());
    work(&BuildRequest {
        package: &package,
        kinds: Kinds::BOTH,
        out_dir: project.path("dist"),
        force_pep517: false,
        source_date: SOURCE_DATE,
        python: &python,
        variables: &NO_VARIABLES,
    })
}

/// Returns the members on which wheels from tree and sdist differ; nothing when nobody can tell.
fn differences(project: &Project) -> Option<Vec<(String, Place)>> {
    let found = with_request(project, |request| pyrel_build::tree_differences(request).unwrap())?;
    Some(found.into_iter().map(|one| (one.path, one.place)).collect())
}

#[test]
fn the_listing_of_every_dialect_is_its_archive() {
    for (system, options, _) in DIALECTS {
        let project = Project::new(&format!("{PROJECT}{system}{options}"), FILES);
        with_request(&project, |request| {
            let Planned::Native(set) = pyrel_build::plan(request).unwrap() else { panic!("{system}") };
            let listings = set.listings(Kinds::BOTH);
            let artifacts = pyrel_build::build(request, &Silent).unwrap();
            for (listing, artifact) in listings.iter().zip(&artifacts) {
                assert_eq!(artifact.path.file_name().unwrap().to_str(), Some(listing.file_name.as_str()));
                let built: Vec<(String, Option<bool>, u64)> = match artifact.kind {
                    ArtifactKind::Sdist => sdist(&artifact.path)
                        .into_iter()
                        .map(|(name, mode, data)| (name, Some(mode & 0o100 != 0), data.len() as u64))
                        .collect(),
                    ArtifactKind::Wheel => wheel(&artifact.path)
                        .into_iter()
                        .map(|(name, data)| (name, None, data.len() as u64))
                        .collect(),
                };
                assert_eq!(listing.members.len(), built.len(), "{system}");
                for (member, (path, executable, size)) in listing.members.iter().zip(built) {
                    assert_eq!(member.path, path, "{system}");
                    assert_eq!(member.size.unwrap_or(size), size, "{system}: {path}");
                    assert_eq!(executable.unwrap_or(member.executable), member.executable, "{path}");
                }
            }
        });
    }
}

#[test]
fn a_wheel_from_the_tree_is_the_one_from_the_sdist_unless_the_sdist_lacks_something() {
    for (system, options, lossy) in DIALECTS {
        let project = Project::new(&format!("{PROJECT}{system}{options}"), FILES);
        assert_eq!(differences(&project), Some(Vec::new()), "{system}");
        // Their sdists have whatever their wheels are made of: what is excluded is excluded from both.
        if system == PDM || system == UV {
            continue;
        }
        if system == SETUPTOOLS {
            project.write("MANIFEST.in", "global-exclude *.csv\n");
        } else {
            project.write("pyproject.toml", &format!("{PROJECT}{system}{options}{lossy}"));
        }
        project.write("extra.csv", "1\n");
        let lost = if system == POETRY { "extra.csv" } else { "demo/data/table.csv" };
        let lost = vec![(lost.to_owned(), Place::Tree)];
        assert_eq!(differences(&project), Some(lost), "{system}");
    }
    let plugged = HATCHLING.replace("\"hatchling\"]", "\"hatchling\", \"some-plugin\"]");
    let project = Project::new(&format!("{PROJECT}{plugged}"), FILES);
    assert_eq!(differences(&project), None);
}
