//! What holds of every bump, tried on random trees: bytes that are not versions stay, and constraints that followed
//! are satisfied.

use std::fmt::Write as _;

use fs_err as fs;
use pyrel_model::PackageName;
use pyrel_project::bump::VersionChange;

use crate::bump::{levels, plan, repository};
use crate::tree::Tree;

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.below(words.len())]
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }
}

const NOISE: &[&str] = &["", "# 1.2.3", "# naïve – 日本 🎉", "   # core>=1.0", "\t", "# \"1.2.3\"", "#"];

/// A `pyproject.toml` with `@V@` where the version stands and `@C@` where the bounds of `core` do.
fn pyproject(random: &mut Random, name: &str) -> String {
    let mut text = String::new();
    let noise = |random: &mut Random, text: &mut String| {
        for _ in 0..random.below(3) {
            let _ = writeln!(text, "{}", random.pick(NOISE));
        }
    };
    noise(random, &mut text);
    text.push_str("[build-system]\nrequires = ['hatchling']\nbuild-backend = \"hatchling.build\"\n");
    noise(random, &mut text);
    let space = |random: &mut Random| random.pick(&["", " ", "   ", "\t"]).to_owned();
    let quote = random.pick(&["\"", "'", "\"\"\"", "'''"]);
    let version =
        format!("version{}={}{quote}@V@{quote}{}", space(random), space(random), random.pick(NOISE));
    let mut lines = vec![
        format!("name = \"{name}\" {}", random.pick(NOISE)),
        version,
        "description = '1.2.3 naïve core>=1'".to_owned(),
    ];
    let requirement = format!(
        "core{}{}@C@{}",
        random.pick(&["", "[x]", " [ y , x ] "]),
        random.pick(&["", " "]),
        random.pick(&["", " ; python_version >= '3.9'", ";extra=='core'"])
    );
    let open = random.pick(&["", "\n  ", " # core\n\t"]);
    lines.push(format!("dependencies = [{open}'''other>=1.2.3''', \"\"\"{requirement}\"\"\",{open}]"));
    for at in (1..lines.len()).rev() {
        lines.swap(at, random.below(at + 1));
    }
    let _ = writeln!(text, "[ project ]{}", random.pick(&["", " # 1.2.3"]));
    for line in lines {
        let _ = writeln!(text, "{line}");
        noise(random, &mut text);
    }
    let _ = write!(
        text,
        "[tool.x]\nversion = '1.2.3'\ndependencies = ['core>=1']{}",
        random.pick(&["", "\n", "\n\n"])
    );
    if random.chance() {
        text = text.replace('\n', "\r\n");
    }
    if random.chance() {
        text.insert(0, '\u{feff}');
    }
    text
}

fn module(random: &mut Random) -> String {
    let end = random.pick(&["\n", "\r\n"]);
    let quote = random.pick(&["'", "\"", "'''"]);
    let kind = random.pick(&["", ": str", " : Final[str]"]);
    let mut text = String::new();
    for _ in 0..random.below(4) {
        let noise = [
            "\"\"\"1.2.3 é\"\"\"",
            "x = '__version__ = 1.2.3'",
            "if x: __version__ = '9'",
            "# __version__ = '1'",
            "__all__ = [",
            "]",
        ];
        let at = random.below(4);
        let _ = write!(text, "{}{end}", noise[at]);
    }
    let _ = write!(text, "__version__{kind} = {quote}@V@{quote}{}{end}y = '1.2.3'", random.pick(NOISE));
    text
}

#[test]
fn bytes_that_are_no_version_stay() {
    let mut random = Random(1);
    for round in 0..250 {
        let tree = Tree::new();
        tree.file("pyrel.toml", "changelog = false\n");
        tree.package("packages/core", "core", &[]);
        let bounds = random.pick(&["==1.*", ">=1,<2", ">= 1.0, < 2", "~=1.0", "<2"]);
        let spaced = bounds.contains(' ');
        let new_bounds = if spaced { ">= 2.0, < 3" } else { ">=2.0,<3" };
        let (pyproject, module) = (pyproject(&mut random, "kit"), module(&mut random));
        let filled =
            |text: &str, version: &str, bounds: &str| text.replace("@V@", version).replace("@C@", bounds);
        tree.file("packages/kit/pyproject.toml", &filled(&pyproject, "1.2.3", bounds));
        tree.file("packages/kit/src/kit/__init__.py", &filled(&module, "1.2.3", ""));
        let plan = plan(&tree.workspace(), &["core"], &levels("major"), None)
            .unwrap_or_else(|error| panic!("{error} in round {round}:\n{pyproject}\n{module}"))
            .unwrap();
        assert_eq!(plan.packages.len(), 2, "round {round}:\n{pyproject}");
        let after = |path: &str| {
            let edit = plan.edits.edits().find(|edit| edit.path.ends_with(path)).unwrap();
            String::from_utf8(edit.after.clone().unwrap()).unwrap()
        };
        assert_eq!(after("kit/pyproject.toml"), filled(&pyproject, "1.2.4", new_bounds), "round {round}");
        assert_eq!(after("kit/__init__.py"), filled(&module, "1.2.4", ""), "round {round}");
    }
}

#[test]
fn every_constraint_on_a_raised_package_is_satisfied() {
    let mut random = Random(2);
    for round in 0..120 {
        let tree = Tree::new();
        let count = 2 + random.below(9);
        let policy = random.pick(&["compatible", "minimum", "exact"]);
        let mut config = format!("internal-dependencies = \"{policy}\"\nchangelog = false\n");
        let grouped = count > 4 && random.chance();
        if grouped {
            config.push_str("[versioning]\nfirst = [\"p0\", \"p3\"]\n");
        }
        let dependents = random.pick(&["patch", "minor", "major"]);
        let _ = write!(config, "[bump]\ndependents = \"{dependents}\"\n");
        tree.file("pyrel.toml", &config);
        let mut versions: Vec<&str> = (0..count)
            .map(|_| {
                random.pick(&["1.2.3", "0.3.1", "0.0.1", "2.0rc1", "1.0.dev2", "3.1", "1!1.0", "2024.5"])
            })
            .collect();
        if grouped {
            versions[3] = versions[0];
        }
        for at in 0..count {
            let mut dependencies = Vec::new();
            for (on, version) in versions.iter().enumerate().take(at) {
                if random.below(3) == 0 {
                    let bound =
                        random.pick(&["==@", ">=@", "<=@", "", ">=0,<=@", "==@,!=99"]).replace('@', version);
                    dependencies.push(format!("p{on}{bound}"));
                }
            }
            let dependencies: Vec<&str> = dependencies.iter().map(String::as_str).collect();
            let path = format!("packages/p{at}");
            tree.package(&path, &format!("p{at}"), &dependencies);
            let file = tree.path(&format!("{path}/pyproject.toml"));
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replace("version = \"1.0\"", &format!("version = \"{}\"", versions[at])))
                .unwrap();
        }
        let first = format!("p{}", random.below(count));
        let level = random.pick(&["major", "minor", "patch", "major rc", "minor dev"]);
        let plan = plan(&tree.workspace(), &[&first], &levels(level), None).unwrap().unwrap();
        for edit in plan.edits.edits() {
            fs::write(&edit.path, edit.after.as_ref().unwrap()).unwrap();
        }
        let workspace = tree.workspace();
        let version = |name: &PackageName| workspace.package(name).unwrap().version().unwrap().clone();
        for bump in &plan.packages {
            assert_eq!(version(&bump.name), bump.to);
            assert!(bump.from.as_ref().is_some_and(|from| *from < bump.to), "round {round}: {bump:?}");
        }
        let is_raised = |name: &PackageName| plan.packages.iter().any(|bump| bump.name == *name);
        for package in workspace.packages() {
            for dependency in package.internal.iter().filter(|one| is_raised(&one.name)) {
                let found = version(&dependency.name);
                let text = dependency.requirement.as_written();
                assert!(
                    dependency.requirement.specifiers.contains(&found),
                    "round {round}: {} needs {text}, {} is {found}\n{:#?}",
                    package.name,
                    dependency.name,
                    plan.packages
                );
            }
        }
        if grouped && is_raised(&"p0".parse().unwrap()) {
            assert_eq!(version(&"p0".parse().unwrap()), version(&"p3".parse().unwrap()), "round {round}");
        }
    }
}

#[test]
fn what_commits_ask_for_follows_the_reference_table() {
    let table: &[(&str, &[&str], &str, &str)] = &[
        ("1.2.3", &["fix: a"], "", "1.2.4"),
        ("1.2.3", &["perf: a"], "", "1.2.4"),
        ("1.2.3", &["fix: a", "feat(x): b"], "", "1.3.0"),
        ("1.2.3", &["feat: a", "fix!: b"], "", "2.0.0"),
        ("1.2.3", &["fix: a\n\nBREAKING CHANGE: b"], "", "2.0.0"),
        ("1.2.3", &["docs: a", "chore: b", "no convention"], "", ""),
        ("1.2.3", &["feat: a", "Revert \"feat: a\""], "", ""),
        ("1.2.3", &["Revert \"feat: long gone\""], "", "1.2.4"),
        ("0.2.3", &["feat!: a"], "", "0.3.0"),
        ("0.2.3", &["feat!: a"], "major", "1.0.0"),
        ("0.2.3", &["feat: a"], "shift", "0.2.4"),
        ("1.3.0rc1", &["fix: a"], "", "1.3.0"),
    ];
    for (current, subjects, zero, expected) in table {
        let tree = Tree::new();
        let zero = if zero.is_empty() { String::new() } else { format!("[bump]\nzero = \"{zero}\"\n") };
        tree.file("pyrel.toml", &format!("changelog = false\n{zero}"));
        tree.file(
            "pyproject.toml",
            &format!("[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n[project]\nname = \"kit\"\nversion = \"{current}\"\n"),
        );
        let git = repository(&tree);
        tree.git(&["tag", &format!("v{current}")]);
        for (at, subject) in subjects.iter().enumerate() {
            tree.file(&format!("{at}.py"), "").commit(subject);
        }
        let auto = VersionChange::Auto { pre_release: None };
        let plan = plan(&tree.workspace(), &["kit"], &auto, Some(&git)).unwrap();
        let found = plan.map(|plan| plan.packages[0].to.to_string()).unwrap_or_default();
        assert_eq!(found, *expected, "{current} {subjects:?}");
    }
}
