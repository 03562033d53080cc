//! Requirements files as pip reads them, taken apart into what a package can declare and what it cannot.

use std::collections::BTreeSet;

use pyrel_model::Requirement;

use super::finding::Finding;
use super::tree::{Tree, join, split};

/// The requirements of one or several files.
#[derive(Debug, Clone, Default)]
pub(super) struct Requirements {
    /// In the order in which they were found; one a name and marker.
    pub(super) list: Vec<Requirement>,
    /// The files that were read.
    pub(super) files: Vec<String>,
}

/// Files of dependencies that the program needs, the first that exists counts; a `.in` file is what a list of pins
/// was made from.
const RUNTIME: &[&str] = &[
    "requirements.in",
    "requirements.txt",
    "requirements/base.in",
    "requirements/base.txt",
    "requirements/main.txt",
    "requirements/prod.txt",
    "requirements/production.txt",
    "requirements/requirements.txt",
];
/// Words in the name of a file of development dependencies, and the dependency group that they become.
const GROUPS: &[(&str, &str)] = &[
    ("dev", "dev"),
    ("develop", "dev"),
    ("development", "dev"),
    ("test", "test"),
    ("tests", "test"),
    ("testing", "test"),
    ("docs", "docs"),
    ("doc", "docs"),
    ("lint", "lint"),
];

/// Returns the file with the dependencies that the program needs.
pub(super) fn runtime_file(tree: &Tree) -> Option<&'static str> {
    RUNTIME.iter().copied().find(|path| tree.text(path).is_some())
}

/// Returns the files of development dependencies with their groups.
pub(super) fn group_files(tree: &Tree) -> Vec<(String, &'static str)> {
    let at_root = tree.files_in("").map(str::to_owned);
    let in_folder = tree.files_in("requirements").map(|name| format!("requirements/{name}"));
    let all: Vec<String> = at_root.chain(in_folder).collect();
    let mut found = Vec::new();
    for path in &all {
        let Some((stem, ending)) = split(path).1.rsplit_once('.') else { continue };
        let in_folder = path.starts_with("requirements/");
        let is_list = ending == "in" || (ending == "txt" && !all.contains(&path.replace(".txt", ".in")));
        if !is_list || !(in_folder || stem.contains("requirements")) {
            continue;
        }
        let words: Vec<&str> = stem.split(['-', '_', '.']).collect();
        let group = GROUPS.iter().find(|(word, _)| words.contains(word));
        found.extend(group.map(|(_, group)| (path.clone(), *group)));
    }
    found
}

impl Requirements {
    /// Reads a file with those that it includes.
    pub(super) fn read(tree: &Tree, path: &str, findings: &mut Vec<Finding>) -> Self {
        let mut reader = Reader {
            tree,
            findings,
            requirements: Self::default(),
            constraints: Vec::new(),
            open: BTreeSet::new(),
        };
        reader.file(path, false);
        let constraints = reader.constraints;
        let mut requirements = reader.requirements;
        for requirement in &mut requirements.list {
            for limit in constraints.iter().filter(|limit| limit.marker.is_none()) {
                if limit.name == requirement.name {
                    *requirement = joined(requirement, limit);
                }
            }
        }
        requirements
    }

    /// Adds a requirement; one of the same name, extras, and marker is joined with it.
    fn add(&mut self, requirement: Requirement) {
        let same = |one: &&mut Requirement| {
            one.name == requirement.name
                && one.extras == requirement.extras
                && one.marker == requirement.marker
        };
        match self.list.iter_mut().find(same) {
            Some(known) => *known = joined(known, &requirement),
            None => self.list.push(requirement),
        }
    }
}

/// Returns a requirement that asks for what both ask for.
fn joined(one: &Requirement, other: &Requirement) -> Requirement {
    let mut specifiers: Vec<String> = one.specifiers.specifiers().iter().map(ToString::to_string).collect();
    for specifier in other.specifiers.specifiers() {
        let text = specifier.to_string();
        if !specifiers.contains(&text) {
            specifiers.push(text);
        }
    }
    with_specifiers(one, &specifiers.join(","))
}

/// Returns a requirement with other version specifiers; the requirement itself when they are none.
pub(super) fn with_specifiers(requirement: &Requirement, specifiers: &str) -> Requirement {
    let extras = match requirement.extras.as_slice() {
        [] => String::new(),
        extras => format!("[{}]", extras.join(",")),
    };
    let marker = requirement.marker.as_ref().map(|marker| format!("; {marker}")).unwrap_or_default();
    let text = format!("{}{extras}{specifiers}{marker}", requirement.name);
    text.parse().unwrap_or_else(|_| requirement.clone())
}

/// Turns `==1.2.3` into `>=1.2.3,<2` and leaves the rest.
pub(super) fn loosened(requirement: &Requirement) -> Requirement {
    let [only] = requirement.specifiers.specifiers() else { return requirement.clone() };
    let version: Option<pyrel_model::Version> = only.version().parse().ok();
    let Some(version) = version.filter(|version| only.operator() == "==" && !version.is_local()) else {
        return requirement.clone();
    };
    let release = version.release();
    let limit = match release.as_slice() {
        [0, minor, ..] => format!("0.{}", minor.saturating_add(1)),
        [major, ..] => format!("{}", major.saturating_add(1)),
        [] => return requirement.clone(),
    };
    with_specifiers(requirement, &format!(">={version},<{limit}"))
}

struct Reader<'t, 'f> {
    tree: &'t Tree,
    findings: &'f mut Vec<Finding>,
    requirements: Requirements,
    constraints: Vec<Requirement>,
    /// The files that are read or were read.
    open: BTreeSet<String>,
}

impl Reader<'_, '_> {
    fn file(&mut self, path: &str, is_constraint: bool) {
        if !self.open.insert(path.to_owned()) {
            return;
        }
        let Some(text) = self.tree.text(path) else {
            let finding = Finding::warning("requirements", "the file that is included here does not exist");
            self.findings.push(finding.at(path, 0));
            return;
        };
        if !is_constraint {
            self.requirements.files.push(path.to_owned());
        }
        for (number, line) in logical_lines(text) {
            self.line(path, number, &line, is_constraint);
        }
    }

    fn line(&mut self, path: &str, number: usize, line: &str, is_constraint: bool) {
        if line.starts_with('-') {
            return self.option(path, number, line, is_constraint);
        }
        let (text, options) = match line.find(" --") {
            Some(at) => (line[..at].trim_end(), line[at..].trim()),
            None => (line, ""),
        };
        if !options.is_empty() {
            let word = options.split(['=', ' ']).next().unwrap_or(options);
            self.note(
                Finding::info(
                    "requirements",
                    format!("`{word}` of `{}` has no place in a package", first_word(text)),
                ),
                path,
                number,
                "keep it in the requirements file for installations that need it",
            );
        }
        if text.contains("${") {
            let finding = Finding::warning("requirements", format!("`{text}` depends on the environment"));
            return self.note(finding, path, number, "add the dependency to `[project]` by hand");
        }
        match text.parse::<Requirement>() {
            Ok(requirement) if requirement.url.is_some() => self.direct(path, number, text),
            Ok(requirement) if is_constraint => self.constraints.push(requirement),
            Ok(requirement) => self.requirements.add(requirement),
            Err(_) if is_place(text) => self.direct(path, number, text),
            Err(error) => {
                let finding = Finding::warning("requirements", error.to_string());
                self.note(finding, path, number, "add the dependency to `[project]` by hand");
            }
        }
    }

    /// An address instead of a name: no index takes a package that requires one.
    fn direct(&mut self, path: &str, number: usize, text: &str) {
        let shown = pyrel_safe(text);
        let finding = Finding::warning(
            "requirements",
            format!("`{shown}` is an address, which PyPI takes in no dependency"),
        );
        self.note(finding, path, number, "publish that package, and require it by name and version");
    }

    fn option(&mut self, path: &str, number: usize, line: &str, is_constraint: bool) {
        let (option, value) = match line.find([' ', '=']) {
            Some(at) => (&line[..at], line[at + 1..].trim_matches([' ', '=', '"', '\''])),
            None if line.len() > 2 && !line.starts_with("--") => (&line[..2], &line[2..]),
            None => (line, ""),
        };
        let beside = || normal(&join(split(path).0, value));
        match option {
            "-r" | "--requirement" => self.file(&beside(), is_constraint),
            "-c" | "--constraint" => self.file(&beside(), true),
            "-e" | "--editable" if matches!(value, "." | "./") || value.starts_with(".[") => {
                self.note(
                    Finding::info("requirements", "the project itself is no dependency of its own"),
                    path,
                    number,
                    "install it with `pip install -e .` or `uv sync`",
                );
            }
            "-e" | "--editable" => self.direct(path, number, value),
            _ => {
                let finding = Finding::info("requirements", format!("`{option}` has no place in a package"));
                self.note(finding, path, number, "configure it in the installer");
            }
        }
    }

    fn note(&mut self, finding: Finding, path: &str, number: usize, hint: &str) {
        self.findings.push(finding.at(path, number).hint(hint));
    }
}

/// Returns the lines without comments, continued ones joined, each with its number.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = match line.find('#') {
            Some(0) => "",
            Some(at) if line[..at].ends_with([' ', '\t']) => &line[..at],
            _ => line.find(" #").map_or(line, |at| &line[..at]),
        };
        let (number, mut joined) = open.take().unwrap_or((index + 1, String::new()));
        match line.strip_suffix('\\') {
            Some(part) => {
                joined.push_str(part);
                open = Some((number, joined));
            }
            None => {
                joined.push_str(line);
                lines.push((number, joined.trim().to_owned()));
            }
        }
    }
    lines.extend(open.map(|(number, joined)| (number, joined.trim().to_owned())));
    lines.retain(|(_, line)| !line.is_empty());
    lines
}

fn is_place(text: &str) -> bool {
    text.contains("://")
        || text.starts_with(['.', '/'])
        || text.ends_with(".whl")
        || text.ends_with(".tar.gz")
}

/// Returns an address without the user and password in it.
fn pyrel_safe(text: &str) -> String {
    match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?))) {
        Some((scheme, (user, rest))) if !user.contains('/') => format!("{scheme}://{rest}"),
        _ => text.to_owned(),
    }
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| c.is_whitespace() || "=<>!~[;".contains(c)).next().unwrap_or(text)
}

/// Resolves `.` and `..` in a path.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let tree = Tree::of(Path::new("/x"), files);
        let mut findings = Vec::new();
        let requirements = Requirements::read(&tree, files[0].0, &mut findings);
        let list = requirements.list.iter().map(ToString::to_string).collect();
        (list, findings.iter().map(|one| format!("{} {}", one.place(), one.message)).collect())
    }

    #[test]
    fn what_a_package_can_declare_is_taken() {
        let (list, findings) = read(&[
            (
                "requirements/base.txt",
                "\u{feff}# top\nrequests>=2 # why\n-r ../more.txt\n-c limits.txt\nrequests!=2.5\npyyaml[x] ; python_version < '3.12' \\\n  and os_name == 'posix'\nflask==3.0 --hash=sha256:00 \\\n  --hash=sha256:11\n",
            ),
            ("more.txt", "-r requirements/base.txt\nrich\n"),
            ("requirements/limits.txt", "rich<15\nnever==1\n"),
        ]);
        assert_eq!(
            list,
            [
                "requests!=2.5,>=2",
                "rich<15",
                "pyyaml[x]; python_version < \"3.12\" and os_name == \"posix\"",
                "flask==3.0"
            ]
        );
        assert_eq!(findings, ["requirements/base.txt:8 `--hash` of `flask` has no place in a package"]);
    }

    #[test]
    fn what_it_cannot_declare_is_said() {
        let (list, findings) = read(&[(
            "requirements.txt",
            "--index-url https://mirror.example.org/simple\n-e .\n-e ../lib\ngit+https://user:not-a-real-token@example.org/a.git\nb @ https://example.org/b.whl\n./c.whl\nd==${D}\ne e\n-rgone.txt\n",
        )]);
        assert_eq!(list, [""; 0]);
        let lines: Vec<&str> = findings.iter().map(|one| one.split(' ').next().unwrap()).collect();
        let of = |line: usize| format!("requirements.txt:{line}");
        assert_eq!(lines, [of(1), of(2), of(3), of(4), of(5), of(6), of(7), of(8), "gone.txt".to_owned()]);
        assert!(!findings.concat().contains("not-a-real-token"), "{findings:?}");
    }

    #[test]
    fn development_files_become_groups() {
        let files = [
            "requirements.txt",
            "requirements-dev.txt",
            "test_requirements.in",
            "test_requirements.txt",
            "requirements/docs.txt",
            "requirements/base.txt",
            "notes-dev.txt",
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|path| (*path, "")).collect();
        let tree = Tree::of(Path::new("/x"), &files);
        let found = group_files(&tree);
        let found: Vec<(&str, &str)> = found.iter().map(|(path, group)| (path.as_str(), *group)).collect();
        assert_eq!(
            found,
            [
                ("requirements-dev.txt", "dev"),
                ("test_requirements.in", "test"),
                ("requirements/docs.txt", "docs")
            ]
        );
        assert_eq!(runtime_file(&tree), Some("requirements.txt"));
    }

    #[test]
    fn pins_are_loosened_to_what_is_compatible() {
        for (pin, range) in [
            ("a==1.2.3", "a<2,>=1.2.3"),
            ("a==0.3", "a<0.4,>=0.3"),
            ("a==1.*", "a==1.*"),
            ("a>=1", "a>=1"),
            ("a[b]==1; os_name == 'nt'", "a[b]<2,>=1; os_name == \"nt\""),
        ] {
            assert_eq!(loosened(&pin.parse().unwrap()).to_string(), range);
        }
    }
}
