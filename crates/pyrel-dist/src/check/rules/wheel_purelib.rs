//! `Root-Is-Purelib` is missing or wrong.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "wheel-purelib",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "`Root-Is-Purelib` is there and fits the tags",
    docs: "\
### What it does
Checks that `WHEEL` says `Root-Is-Purelib` as `true` or `false`, and that a wheel with compiled modules at its top does not say `true`.

### Why is this bad
It decides into which directory the wheel is installed.

### Example
`Root-Is-Purelib: true` in a wheel with `demo/_fast.so`

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(file), Some(directory)) = (&subject.reading.wheel_file, subject.reading.dist_info()) else {
        return;
    };
    let path = format!("{directory}/WHEEL");
    let hint = "build the wheel again with a backend that knows of the compiled modules";
    match file.purelib() {
        None => {
            let message = "`WHEEL` says neither `Root-Is-Purelib: true` nor `false`";
            findings.add(Problem::new(message).hint(hint).at(path));
        }
        Some(true) => {
            let compiled =
                subject.reading.archive.members.iter().find(|member| is_compiled_module(&member.name));
            if let Some(member) = compiled {
                let message = format!(
                    "`WHEEL` says `Root-Is-Purelib: true`, but there is a compiled module: `{}`",
                    member.name
                );
                findings.add(Problem::new(message).hint(hint).at(path));
            }
        }
        Some(false) => {}
    }
}

fn is_compiled_module(name: &str) -> bool {
    let top = name.split('/').next().unwrap_or_default();
    let is_module = name.ends_with(".pyd") || name.ends_with(".abi3.so") || name.contains(".cpython-");
    is_module && !name.ends_with(".pyc") && !top.ends_with(".data")
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let path = "demo-1.0.dist-info/WHEEL";
        let none = Fixture::wheel().file(path, "Wheel-Version: 1.0\nTag: py3-none-any\n");
        assert_eq!(
            none.messages("wheel-purelib"),
            ["`WHEEL` says neither `Root-Is-Purelib: true` nor `false`"]
        );
        let compiled = Fixture::wheel().file("demo/_fast.abi3.so", "x");
        assert_eq!(
            compiled.messages("wheel-purelib"),
            ["`WHEEL` says `Root-Is-Purelib: true`, but there is a compiled module: `demo/_fast.abi3.so`"]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("wheel-purelib").is_empty());
        let data = Fixture::wheel().file("demo-1.0.data/platlib/demo/_fast.abi3.so", "x");
        assert!(data.findings("wheel-purelib").is_empty());
    }
}
