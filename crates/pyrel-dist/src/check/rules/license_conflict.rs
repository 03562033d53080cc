//! Both licence fields are given.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "license-conflict",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`License` and `License-Expression` are not given together",
    docs: "\
### What it does
Reports metadata with both fields.

### Why is this bad
They may contradict each other; PyPI takes the expression only.

### Example
`License: MIT` beside `License-Expression: MIT`

### Source
PyPI (`warehouse/forklift/metadata.py`) and PEP 639
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.field("License").is_some() && subject.field("License-Expression").is_some() {
        let text = "License is deprecated when License-Expression is present. Only License-Expression should \
            be present.";
        let hint = "set `project.license` to the expression and drop the old license table";
        findings.add(Problem::new(wording::core_metadata(text)).hint(hint).at("License"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel()
            .header("License: MIT")
            .header("License-Expression: MIT")
            .messages("license-conflict");
        assert_eq!(
            found,
            ["License is deprecated when License-Expression is present. Only License-Expression should be \
              present. See https://packaging.python.org/specifications/core-metadata for more information."]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().header("License: MIT").findings("license-conflict").is_empty());
        let expression = Fixture::wheel().header("License-Expression: MIT");
        assert!(expression.findings("license-conflict").is_empty());
    }
}
