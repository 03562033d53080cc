//! entry_points.txt is invalid.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "entry-points",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`entry_points.txt` can be read, and scripts have names that are file names",
    docs: "\
### What it does
Parses `entry_points.txt` as PyPI does: groups in brackets, `name = target` with `=` only, nothing twice; names of scripts of letters, digits, `_`, `.`, and `-`.

### Why is this bad
A script with another name could be written anywhere; PyPI refuses the wheel.

### Example
`my tool = demo:main` under `[console_scripts]`

### Source
PyPI (`warehouse/utils/wheel.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if let Some(Err(error)) = &subject.reading.entry_points {
        let filename = subject.filename();
        let message =
            format!("Wheel '{filename}' has invalid entry points defined in the entry_points.txt file");
        findings.add(Problem::new(message).hint(error.to_string()).at("entry_points.txt"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel()
            .file("demo-1.0.dist-info/entry_points.txt", "[console_scripts]\nmy tool = demo:main\n")
            .findings("entry-points");
        assert_eq!(
            found[0].message,
            "Wheel 'demo-1.0-py3-none-any.whl' has invalid entry points defined in the entry_points.txt file"
        );
        assert!(found[0].hint.as_deref().unwrap().ends_with("`my tool`"));
    }

    #[test]
    fn stays_silent() {
        let good = Fixture::wheel()
            .file("demo-1.0.dist-info/entry_points.txt", "[console_scripts]\nmy-tool = demo:main\n");
        assert!(good.findings("entry-points").is_empty());
    }
}
