//! A script has a target that cannot be there.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::top_level;

pub(super) static RULE: Rule = Rule {
    name: "entry-point-target",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "every script names a module of the wheel and an object in it",
    docs: "\
### What it does
Checks the target of each script: `package.module:object`, the top-level package being in the wheel.

### Why is this bad
The command would fail with an import error at its first start.

### Example
`demo = demo.cli` without `:main`

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(Ok(points)) = &subject.reading.entry_points else { return };
    if !subject.is_complete() {
        return;
    }
    let modules = top_level::modules(&subject.reading.archive.members);
    for entry in points.group("console_scripts").into_iter().chain(points.group("gui_scripts")) {
        let target = entry.target.split('[').next().unwrap_or_default().trim();
        let problem = match target.split_once(':') {
            Some((module, object)) if is_dotted(module.trim()) && is_dotted(object.trim()) => {
                let top = module.trim().split('.').next().unwrap_or_default();
                if modules.iter().any(|name| name.split('.').next() == Some(top)) {
                    continue;
                }
                format!("the script `{}` names a package that is not in the wheel: `{top}`", entry.name)
            }
            _ => format!(
                "the script `{}` has no target of the form `module:object`: `{}`",
                entry.name, entry.target
            ),
        };
        let hint = "correct `project.scripts`, or the packages that the build takes in";
        findings.add(Problem::new(problem).hint(hint).at("entry_points.txt"));
    }
}

fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let with = |line: &str| {
            Fixture::wheel()
                .file("demo-1.0.dist-info/entry_points.txt", format!("[console_scripts]\n{line}\n"))
                .messages("entry-point-target")
        };
        assert_eq!(
            with("demo = demo"),
            ["the script `demo` has no target of the form `module:object`: `demo`"]
        );
        assert_eq!(
            with("demo = other.cli:main"),
            ["the script `demo` names a package that is not in the wheel: `other`"]
        );
    }

    #[test]
    fn stays_silent() {
        let good = Fixture::wheel()
            .file("demo-1.0.dist-info/entry_points.txt", "[console_scripts]\nx = demo.cli:app.run [extra]\n");
        assert!(good.findings("entry-point-target").is_empty());
    }
}
