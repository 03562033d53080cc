//! What makes the dialect of poetry-core step back: each rule, and where it points.

use pyrel_build::Planned;

use crate::project::{DEMO, POETRY, Project};

const MODULE: (&str, &str) = ("demo/__init__.py", "x = 1\n");
/// `[tool.poetry]` alone; lines 4 to 7 of the file.
const LEGACY: &str = "[tool.poetry]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"A demo\"\n";

/// Plans a project and returns `option @ line` of the reason, or `native`.
fn verdict(pyproject: &str, files: &[(&str, &str)]) -> String {
    judge(&Project::new(pyproject, files))
}

fn judge(project: &Project) -> String {
    project.verdict(Some("poetry"))
}

#[test]
fn the_build_system_has_to_admit_the_version() {
    for (requires, expected) in [
        ("\"poetry-core\"", "native"),
        ("\"poetry_core>=1.0.0,<3\"", "native"),
        ("\"poetry-core<2\"", "build-system.requires @ 2"),
        ("\"poetry-core\", \"setuptools\"", "native"),
        ("\"poetry-core\", \"poetry-dynamic-versioning\"", "build-system.requires @ 2"),
        ("\"poetry>=0.12\"", "build-system.requires @ 2"),
    ] {
        let system = POETRY.replace("\"poetry-core\"", requires);
        assert_eq!(verdict(&format!("{system}{LEGACY}"), &[MODULE]), expected, "{requires}");
    }
    for backend in ["poetry.masonry.api", "poetry_dynamic_versioning.backend"] {
        let system = POETRY.replace("poetry.core.masonry.api", backend);
        assert_eq!(verdict(&format!("{system}{LEGACY}"), &[MODULE]), "build-system.build-backend @ 3");
    }
    let hatchling = format!("{}{LEGACY}", crate::project::HATCHLING);
    assert_eq!(verdict(&hatchling, &[MODULE]), "project @ 0");
}

#[test]
fn every_unknown_option_of_poetry_steps_back() {
    for (tool, expected) in [
        ("unknown = 1", "tool.poetry.unknown @ 8"),
        ("build = \"build.py\"", "tool.poetry.build @ 8"),
        ("build = {script = \"build.py\"}", "tool.poetry.build.script @ 8"),
        (
            "[tool.poetry.build]\nscript = \"x.py\"\ngenerate-setup-file = true",
            "tool.poetry.build.script @ 9",
        ),
        ("build = {generate-setup-file = false}", "native"),
        ("packages = [{include = \"../x\"}]", "tool.poetry.packages.include @ 8"),
        ("packages = [{include = \"demo/**\"}]", "tool.poetry.packages.include @ 8"),
        ("packages = [{include = \"de**\"}]", "tool.poetry.packages.include @ 8"),
        ("packages = [{include = \"demo\", other = 1}]", "tool.poetry.packages.other @ 8"),
        ("packages = [{from = \"x\"}]", "tool.poetry.packages @ 8"),
        ("packages = [{include = \"demo\", from = \"./x\"}]", "tool.poetry.packages.from @ 8"),
        ("packages = [{include = \"demo\", to = \"/x\"}]", "tool.poetry.packages.to @ 8"),
        ("packages = [{include = \"demo\", format = \"egg\"}]", "tool.poetry.packages.format @ 8"),
        ("packages = [{include = \"none\"}]", "tool.poetry.packages @ 0"),
        ("packages = [{include = \"data\"}]", "tool.poetry.packages @ 0"),
        ("packages = [{include = \"data/*\"}]", "tool.poetry.packages @ 0"),
        (
            "packages = [{include = \"demo\", to = \"x\"}, {include = \"x.py\", to = \"x/demo\"}, \
             {include = \"x.py\", from = \"sub\", to = \"x/demo\"}]",
            "tool.poetry.packages @ 8",
        ),
        ("include = [1]", "tool.poetry.include @ 8"),
        ("include = [{path = \"x\", other = 1}]", "tool.poetry.include.other @ 8"),
        ("include = [\"data/\"]", "tool.poetry.include @ 8"),
        ("include = [{path = \"a\\\\b\"}]", "tool.poetry.include.path @ 8"),
        ("exclude = [\"demo/**\"]", "tool.poetry.exclude @ 8"),
        ("scripts = {a = {reference = \"../x\", type = \"file\"}}", "tool.poetry.scripts.a @ 8"),
        ("scripts = {a = {reference = \"none\", type = \"file\"}}", "tool.poetry.scripts @ 0"),
        ("scripts = {a = {callable = \"x:y\"}}", "tool.poetry.scripts.callable @ 8"),
        ("scripts = {a = {reference = \"x:y\"}}", "tool.poetry.scripts.a @ 8"),
        ("scripts = {a = \"\"}", "tool.poetry.scripts.a @ 8"),
        ("plugins = {\"a-b\" = {c = \"d\"}}", "tool.poetry.plugins @ 8"),
        ("plugins = {console_scripts = {c = \"d\"}}\nscripts = {a = \"b:c\"}", "tool.poetry.plugins @ 8"),
        ("group = {dev = {include-groups = [\"x\"]}}", "native"),
        ("group = {dev = {include-groups = [\"Dev\"]}}", "tool.poetry.group @ 8"),
        ("group = {a = {include-groups = [\"b\"]}, b = {include-groups = [\"a\"]}}", "tool.poetry.group @ 8"),
        ("group = {dev = {other = 1}}", "tool.poetry.group.dev @ 8"),
        ("group = {dev = {optional = true}}", "native"),
        ("group = {dev = {optional = true}}\n[dependency-groups]\nDev = []", "tool.poetry.group @ 8"),
        ("[dependency-groups]\ndev = [\"a\", {include-group = \"x\"}]\nx = []", "native"),
        ("[dependency-groups]\ndev = [{include-group = \"x\", other = 1}]", "dependency-groups.dev @ 9"),
        ("source = []\nrequires-poetry = \">=2\"", "native"),
    ] {
        let files = [MODULE, ("data/x.txt", "x\n"), ("data/y.txt", "y\n"), ("x.py", ""), ("sub/x.py", "")];
        assert_eq!(verdict(&format!("{POETRY}{LEGACY}{tool}\n"), &files), expected, "{tool}");
    }
    // A folder that is no package is refused by the model of workspaces first.
    let off = format!("{POETRY}{DEMO}[tool.poetry]\npackage-mode = false\n");
    assert_eq!(verdict(&off, &[MODULE]), "tool.poetry.package-mode @ 8");
}

#[test]
fn setup_files_that_are_not_reproduced_step_back() {
    const HERE: &str = "tool.poetry.build.generate-setup-file @ 7";
    for (lines, expected) in [
        ("", "native"),
        ("description = \"\u{e4}\u{2026}\u{1f680}\"", "native"),
        ("description = \"\u{1fae8}\"", HERE),
        ("packages = [{include = \"*.py\", from = \"sub\"}]", "native"),
        ("packages = [{include = \"*.py\"}]", "tool.poetry.packages @ 0"),
        ("packages = [{include = \"demo\"}, {include = \".odd\"}]", "tool.poetry.packages @ 0"),
        ("packages = [{include = \"demo\"}, {include = \"odd.\"}]", "tool.poetry.packages @ 0"),
        ("packages = [{include = \"demo\"}, {include = \"dots\", from = \"sub\"}]", "native"),
        (
            "packages = [{include = \"other\", from = \"lib\"}, {include = \"dots\", from = \"sub\"}]",
            "tool.poetry.packages @ 0",
        ),
        ("include = [\"*.py\"]", "native"),
        ("include = [\"setup.p*\"]", "setup.py @ 0"),
        ("dependencies = {a = {version = \"1\", markers = \"os_name == 'a'\", optional = true}}", "native"),
        (
            "dependencies = {a = {version = \"1\", python = \"^3.9\", optional = true}}\nextras = {x = [\"a\"]}",
            HERE,
        ),
    ] {
        let older = LEGACY.replace("description = \"A demo\"\n", "");
        let text = format!("{POETRY}{older}build = {{generate-setup-file = true}}\n{lines}\n");
        let mut files = vec![MODULE, (".odd", ""), ("odd.", ""), ("sub/x.py", ""), ("sub/y.py", "")];
        files.extend([("x.py", ""), ("y.py", ""), ("lib/other/x.py", "")]);
        files.extend([("sub/dots/x.py", ""), ("sub/dots/.dot/x.py", "")]);
        if lines.contains("setup.p") {
            files.push(("setup.py", ""));
        }
        assert_eq!(verdict(&text, &files), expected, "{lines}");
    }
}

#[test]
fn dependencies_that_are_not_reproduced_step_back() {
    for (entry, expected) in [
        ("foo = \"^1.2\"", "native"),
        ("foo = \"^1 || ^3\"", "native"),
        ("foo = \"~= 0\"", "native"),
        ("foo = \"~= 1.dev0\"", "native"),
        ("foo = \">=1 <2\"", "native"),
        ("foo = \">=2,<1\"", "tool.poetry.dependencies.foo @ 9"),
        ("foo = \"1.0-1\"", "tool.poetry.dependencies.foo @ 9"),
        ("foo = \">=1.5,!=1.5\"", "native"),
        ("foo = [{version = \"<2\"}, {version = \">=2\", python = \">=3.9\"}]", "native"),
        ("foo = {git = \"https://example.org/x.git\", tag = \"v1\", subdirectory = \"y\"}", "native"),
        ("foo = {git = \"git@example.org:x.git\"}", "tool.poetry.dependencies.foo.git @ 9"),
        (
            "foo = {git = \"https://example.org/x.git\", tag = \"a\", rev = \"b\"}",
            "tool.poetry.dependencies.foo.git @ 9",
        ),
        (
            "foo = {git = \"https://example.org/x.git\", version = \"1\"}",
            "tool.poetry.dependencies.foo.version @ 9",
        ),
        ("foo = {path = \"../x\"}", "tool.poetry.dependencies.foo.path @ 9"),
        ("foo = {url = \"https://example.org/x.zip\"}", "native"),
        ("foo = {url = \"https://example.org/x.zip?y\"}", "tool.poetry.dependencies.foo.url @ 9"),
        ("foo = {version = \"1\", python = \"~3.9\"}", "native"),
        ("foo = {version = \"1\", python = \">=3.9.1\"}", "native"),
        ("foo = {version = \"1\", python = \">3.9rc1\"}", "tool.poetry.dependencies.foo.python @ 9"),
        ("foo = {version = \"1\", platform = \"darwin || linux\"}", "native"),
        ("foo = {version = \"1\", platform = \"a, b\"}", "tool.poetry.dependencies.foo.platform @ 9"),
        (
            "foo = {version = \"1\", markers = \"os_name == 'a' or extra == 'b'\"}",
            "tool.poetry.dependencies.foo.markers @ 9",
        ),
        ("python = \"*\"", "native"),
        ("python = \"3.9\"", "native"),
        ("python = \">=4,<3\"", "tool.poetry.dependencies.python @ 9"),
        ("python = \"~2.7 || >=3.8,!=3.9.*\"", "native"),
        ("Python = \"^3.8\"", "tool.poetry.dependencies.Python @ 9"),
        ("foo = \"1\"\n[tool.poetry.extras]\na = [\"b c\"]", "tool.poetry.extras.a @ 11"),
        ("foo = \"1\"\n[tool.poetry.extras]\na = []\nA = []", "tool.poetry.extras.A @ 12"),
    ] {
        let text = format!("{POETRY}{LEGACY}[tool.poetry.dependencies]\n{entry}\n");
        let found = verdict(&text, &[MODULE]);
        assert_eq!(found, expected, "{entry}");
    }
}

#[test]
fn metadata_of_the_older_table_that_is_not_reproduced_steps_back() {
    for (lines, expected) in [
        ("license = \"mit license\"", "native"),
        ("license = \"Custom\"", "tool.poetry.license @ 8"),
        ("authors = [\"Ann <\"]", "tool.poetry.authors @ 8"),
        ("authors = [\"A\u{308}nn <a@example.org>\"]", "tool.poetry.authors @ 8"),
        ("authors = [\"Ann  <a@example.org>\"]", "tool.poetry.authors @ 8"),
        ("readme = [\"none.md\"]", "tool.poetry.readme @ 8"),
        ("readme = \"../README.md\"", "tool.poetry.readme @ 8"),
        ("homepage = \"example.org\"", "tool.poetry.urls @ 0"),
        ("keywords = [\"a\\nb\"]", "tool.poetry.keywords @ 8"),
        ("classifiers = [\"a\\nb\"]", "tool.poetry.classifiers @ 8"),
    ] {
        assert_eq!(verdict(&format!("{POETRY}{LEGACY}{lines}\n"), &[MODULE]), expected, "{lines}");
    }
    for version in ["1!2.0", "1.0+local"] {
        let text = LEGACY.replace("1.0", version);
        assert_eq!(verdict(&format!("{POETRY}{text}"), &[MODULE]), "tool.poetry.version @ 6", "{version}");
    }
}

#[test]
fn metadata_that_is_not_reproduced_steps_back() {
    for (lines, expected) in [
        ("license = \"Custom\"", "project.license @ 7"),
        ("license = {text = \"MIT License\"}", "native"),
        ("license = {text = \"Other License\"}", "project.license @ 7"),
        ("license = {file = \"missing\"}", "project.license @ 7"),
        ("license-files = [\"missing*\"]", "project.license-files @ 7"),
        ("license-files = [\"a b\"]", "project.license-files @ 7"),
        ("license-files = [\"**\"]", "project.license-files @ 7"),
        ("readme = \"./README.md\"", "project.readme @ 7"),
        ("readme = {file = \"README.md\"}", "project.readme @ 7"),
        ("readme = {text = \"\", content-type = \"text/plain\"}", "project.readme @ 7"),
        ("requires-python = \"===3.9\"", "project.requires-python @ 7"),
        ("requires-python = \">=3.9,<3\"", "project.requires-python @ 7"),
        ("dependencies = [\"a===1\"]", "project.dependencies @ 7"),
        ("dependencies = [\"a>=2,<1\"]", "project.dependencies @ 7"),
        ("dependencies = [\"a @ https://example.org/a-1-py3-none-any.whl\"]", "native"),
        ("dependencies = [\"a @ https://example.org/a.whl\"]", "project.dependencies @ 7"),
        ("dependencies = [\"a @ https://example.org/a.zip#sha256=x\"]", "project.dependencies @ 7"),
        ("dependencies = [\"a @ file:///a.zip\"]", "project.dependencies @ 7"),
        ("dependencies = [\"a; 'x' in os_name or os_name == 'y'\"]", "project.dependencies @ 7"),
        ("dependencies = []\ndynamic = [\"optional-dependencies\"]", "project.dynamic @ 8"),
        ("dependencies = []\n[tool.poetry.extras]\na = []", "project.dependencies @ 7"),
        ("dependencies = []\n[tool.poetry.dependencies]\na = \"1\"", "project.dependencies @ 7"),
        ("dependencies = []\n[tool.poetry.dependencies]\npython = \">=3.9\"", "native"),
        (
            "optional-dependencies = {x = []}\n[tool.poetry.dependencies]\na = \"1\"",
            "project.optional-dependencies @ 7",
        ),
        ("dependencies = [\"b\"]\n[tool.poetry.dependencies]\na = \"1\"", "native"),
        ("optional-dependencies = {A = [], a = []}", "project.optional-dependencies @ 7"),
        ("urls = {x = \"example.org\"}", "project.urls @ 7"),
        ("import-names = [\"demo\"]", "project.import-names @ 7"),
        (
            "requires-python = \">=3.9\"\n[tool.poetry.dependencies]\npython = \"^3.8\"",
            "tool.poetry.dependencies.python @ 9",
        ),
        ("requires-python = \">=3.8\"\n[tool.poetry.dependencies]\npython = \"^3.9\"", "native"),
        (
            "requires-python = \">=3.8\"\n[tool.poetry.dependencies]\npython = \"*\"",
            "tool.poetry.dependencies.python @ 9",
        ),
    ] {
        let files = [MODULE, ("README.md", "x\n")];
        assert_eq!(verdict(&format!("{POETRY}{DEMO}{lines}\n"), &files), expected, "{lines}");
    }
    let dynamic = DEMO.replace("version = \"1.0\"", "dynamic = [\"version\"]");
    let stated = format!("{POETRY}{dynamic}[tool.poetry]\nversion = \"1.0\"\n");
    assert_eq!(verdict(&stated, &[MODULE]), "native");
    let other = format!("{POETRY}{DEMO}[tool.poetry]\nname = \"other\"\n");
    assert_eq!(verdict(&other, &[MODULE]), "native");
}

#[test]
fn files_that_poetry_treats_in_its_own_way_step_back() {
    let text = format!("{POETRY}{LEGACY}");
    assert_eq!(verdict(&text, &[MODULE, ("demo.py", "")]), "tool.poetry.packages @ 0");
    assert_eq!(verdict(&text, &[("other.py", "")]), "tool.poetry.packages @ 0");
    let all = format!("{text}include = [\"*\"]\n");
    assert_eq!(verdict(&all, &[MODULE, ("PKG-INFO", "x\n")]), "PKG-INFO @ 0");
}

#[cfg(unix)]
#[test]
fn links_step_back() {
    use std::os::unix::fs::symlink;
    let text = format!("{POETRY}{LEGACY}");
    for (target, link, expected) in [
        ("../other", "demo/folder", "demo/folder @ 0"),
        ("../other/x.txt", "demo/file.txt", "demo/file.txt @ 0"),
        ("other/x.txt", "LICENSE", "LICENSE @ 0"),
        ("other", "unused", "native"),
    ] {
        let project = Project::new(&text, &[MODULE, ("other/x.txt", "x\n")]);
        symlink(target, project.path(link)).unwrap();
        assert_eq!(judge(&project), expected, "{link}");
    }
}

#[test]
fn ignored_files_that_git_prints_in_its_own_way_step_back() {
    let files = [MODULE, ("demo/näive.log", ""), ("demo/plain.log", ""), (".gitignore", "*.log\n")];
    let project = Project::new(&format!("{POETRY}{LEGACY}"), &files);
    let init = pyrel_project::Git::discover(&project.path(""));
    assert!(init.is_none(), "the folder of the test lies in no repository");
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.write(".git/objects/info/packs", "");
    project.write(".git/refs/heads/.keep", "");
    assert_eq!(judge(&project), ".gitignore @ 0");
    fs_err::remove_file(project.path("demo/näive.log")).unwrap();
    let Planned::Native(set) = project.plan().unwrap() else { panic!("only plain names are ignored") };
    assert!(!set.sdist.iter().any(|entry| entry.path.ends_with(".log")));
}
