//! Python source is encrypted.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "encrypted-code",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no Python source is encrypted by PyArmor or SourceDefender",
    docs: "\
### What it does
Looks into `.py` and `.pye` members of up to 5 MiB for the marks of the two products.

### Why is this bad
PyPI does not host code that nobody can read.

### Example
A script obfuscated with PyArmor.

### Source
PyPI (`warehouse/utils/scanner_rules`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (member, product) in &subject.reading.archive.refused_code {
        let message = wording::invalid_file(&format!(
            "{product}-encrypted content is not allowed. See \
             https://pypi.org/policy/acceptable-use-policy/ for more information."
        ));
        findings.add(Problem::new(message).hint("publish the source as it is").at(member));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let code = "__pyarmor__(__name__, __file__, b'')\n";
        let expected = "Invalid distribution file. PyArmor-encrypted content is not allowed. See \
            https://pypi.org/policy/acceptable-use-policy/ for more information.";
        let wheel = Fixture::wheel().file("demo/x.py", code).messages("encrypted-code");
        assert_eq!(wheel, [expected]);
        let sdist = Fixture::sdist().file("demo-1.0/x.py", code).messages("encrypted-code");
        assert_eq!(sdist, [expected]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("encrypted-code").is_empty());
        }
    }
}
