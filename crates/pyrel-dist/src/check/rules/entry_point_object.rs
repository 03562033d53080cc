//! An entry point names something that its module does not have.

use std::collections::BTreeMap;

use pyrel_model::Level;
use pyrel_model::python::{Outline, PythonModule};
use pyrel_model::suggestion::nearest;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "entry-point-object",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "every entry point names a module of the wheel and a name that the module has",
    docs: "\
### What it does
Looks the module of each `module:object` up in the wheel and reads its source: definitions, imports, assignments. A compiled module, a star import, a `__getattr__`, or anything that is not understood counts as having every name. A target in another project is not looked at.

### Why is this bad
The command fails with an import error at its first start; a plugin is never found.

### Example
`demo = demo.cli:mian`

### Source
pyrel (entry points specification)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(Ok(points)) = &subject.reading.entry_points else { return };
    if !subject.is_complete() {
        return;
    }
    let tree = Tree::of(subject);
    for (group, entry) in points.all() {
        let Some((module, object)) = entry.module_and_object() else { continue };
        let Some(message) = tree.problem(module, object) else { continue };
        let message = format!("the entry point `{}` of `{group}` {message}", entry.name);
        let hint = "correct the target, or add what it names";
        let problem = Problem::new(message).hint(hint).at("entry_points.txt");
        let line = line_of(subject, &entry.name);
        findings.add(match line {
            Some(line) => problem.line(line),
            None => problem,
        });
    }
}

/// Returns the line of an entry point.
fn line_of(subject: &Subject<'_>, name: &str) -> Option<usize> {
    let member = format!("{}/entry_points.txt", subject.reading.dist_info()?);
    let text = std::str::from_utf8(subject.reading.archive.texts.get(&member)?).ok()?;
    let found =
        text.lines().position(|line| line.split('=').next().is_some_and(|start| start.trim() == name));
    found.map(|index| index + 1)
}

/// The files of a wheel, by their paths below the import root.
struct Tree<'a> {
    files: BTreeMap<String, &'a str>,
    python: &'a BTreeMap<String, PythonModule>,
}

impl<'a> Tree<'a> {
    fn of(subject: &Subject<'a>) -> Self {
        let files = subject.reading.installed_files();
        let files = files.map(|(path, member)| (path, member.name.as_str())).collect();
        Self { files, python: &subject.reading.archive.python }
    }

    /// Returns what is wrong with a target; a package that the wheel does not have at all is no matter of this rule.
    fn problem(&self, module: &str, object: &str) -> Option<String> {
        let path = module.replace('.', "/");
        let top = path.split('/').next().unwrap_or_default();
        if !self.has_folder(top) && !self.is_module(top) {
            return None;
        }
        if !self.is_module(&path) && !self.has_folder(&path) {
            return Some(format!("names a module that is not in the wheel: `{module}`"));
        }
        let name = object.split('.').next().unwrap_or_default();
        let sources = [format!("{path}/__init__.py"), format!("{path}.py")];
        let member = sources.iter().find_map(|source| self.files.get(source))?;
        let Some(Outline::Closed(names)) = &self.python.get(*member)?.outline else { return None };
        let submodule = format!("{path}/{name}");
        if names.contains(name) || self.is_module(&submodule) || self.has_folder(&submodule) {
            return None;
        }
        let near = nearest(name, names.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Some(format!("names something that `{member}` does not have: `{name}`{near}"))
    }

    fn has_folder(&self, path: &str) -> bool {
        let start = format!("{path}/");
        self.files.range(start.clone()..).next().is_some_and(|(found, _)| found.starts_with(&start))
    }

    /// A module of source, or a compiled one, whose name may have a tag.
    fn is_module(&self, path: &str) -> bool {
        let start = format!("{path}.");
        let ends = [".py", ".so", ".pyd", ".pyc"];
        let mut found = self.files.range(start.clone()..).take_while(|(found, _)| found.starts_with(&start));
        found.any(|(found, _)| ends.iter().any(|end| found.ends_with(end)))
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    fn with(line: &str, module: &str) -> Vec<String> {
        Fixture::wheel()
            .file("demo/cli.py", module)
            .file("demo/fast.cpython-312-x86_64-linux-gnu.so", "x")
            .file("demo-1.0.dist-info/entry_points.txt", format!("[console_scripts]\n{line}\n"))
            .messages("entry-point-object")
    }

    #[test]
    fn fires() {
        assert_eq!(
            with("demo = demo.cli:mian", "def main(): pass\n"),
            [
                "the entry point `demo` of `console_scripts` names something that `demo/cli.py` does not have: \
                 `mian`; did you mean `main`?"
            ]
        );
        assert_eq!(
            with("demo = demo.command:main", ""),
            [
                "the entry point `demo` of `console_scripts` names a module that is not in the wheel: `demo.command`"
            ]
        );
        assert_eq!(with("demo = demo.cli:app.run", "application = 1\n").len(), 1);
        assert_eq!(with("demo = demo:main [extra]", "").len(), 1);
        let place = Fixture::wheel()
            .file("demo-1.0.dist-info/entry_points.txt", "[console_scripts]\ndemo = demo:main\n")
            .findings("entry-point-object")[0]
            .place
            .clone()
            .unwrap();
        assert_eq!(place.to_text(), "demo-1.0.dist-info/entry_points.txt:2:1");
        assert_eq!(place.source_line.as_deref(), Some("demo = demo:main"));
    }

    #[test]
    fn stays_silent() {
        for (line, module) in [
            ("demo = demo.cli:main", "from .other import run as main\n"),
            ("demo = demo.cli:main", "from .other import *\n"),
            ("demo = demo.cli:main", "def __getattr__(name): return name\n"),
            ("demo = demo.cli:App.run", "class App: pass\n"),
            ("demo = demo.cli:main", "if True:\n    main = 1\n"),
            ("demo = demo.cli:main", "no python here: '\n"),
            ("demo = demo.fast:main", ""),
            ("demo = demo:cli", ""),
            ("demo = other.cli:main", ""),
            ("demo = no target", ""),
        ] {
            assert_eq!(with(line, module), Vec::<String>::new(), "{line} {module}");
        }
    }
}
