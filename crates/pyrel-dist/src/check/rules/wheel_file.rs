//! The WHEEL file is broken or of an unknown version.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "wheel-file",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "`WHEEL` has a format version that installers know",
    docs: "\
### What it does
Parses `WHEEL` and checks `Wheel-Version`: it must be there and be 1.0 to 1.9.

### Why is this bad
An installer must fail on a version above 1 and cannot go on without one.

### Example
`Wheel-Version: 2.0`

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
    let hint = "build the wheel again";
    if let Some(reason) = &file.broken {
        findings.add(Problem::new(format!("`WHEEL` cannot be parsed: {reason}")).hint(hint).at(path));
        return;
    }
    match file.get("Wheel-Version") {
        None => findings.add(Problem::new("`WHEEL` has no `Wheel-Version`").hint(hint).at(path)),
        Some(version) if !is_known(version) => {
            let message = format!("`WHEEL` has an unknown `Wheel-Version`: `{version}`");
            findings.add(Problem::new(message).hint(hint).at(path));
        }
        Some(_) => {}
    }
}

fn is_known(version: &str) -> bool {
    let minor = version.strip_prefix("1.");
    minor.is_some_and(|minor| minor.len() == 1 && minor.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let path = "demo-1.0.dist-info/WHEEL";
        for (text, message) in [
            ("Wheel-Version: 2.0\nTag: py3-none-any\n", "`WHEEL` has an unknown `Wheel-Version`: `2.0`"),
            ("Tag: py3-none-any\n", "`WHEEL` has no `Wheel-Version`"),
            ("nonsense\n", "`WHEEL` cannot be parsed: line 1 is no `Field: value`"),
        ] {
            assert_eq!(Fixture::wheel().file(path, text).messages("wheel-file"), [message]);
        }
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("wheel-file").is_empty());
    }
}
