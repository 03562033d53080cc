//! Two members are one file.

use std::collections::HashMap;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::member::MemberKind;

pub(super) static RULE: Rule = Rule {
    name: "duplicate-member",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "no two members have the same name, nor names that differ in case only",
    docs: "\
### What it does
Reports names of an sdist that occur twice, and names of either kind that are the same file on a system that does not tell case apart.

### Why is this bad
The later one overwrites the earlier one.

### Example
`demo/Data.txt` beside `demo/data.txt`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for member in subject.reading.archive.members.iter().filter(|member| member.kind != MemberKind::Directory)
    {
        let name = member.name.as_str();
        match seen.insert(name.to_lowercase(), name) {
            // In a zip the server has its own words for it.
            Some(before) if before == name && subject.is_sdist() => {
                let message = format!("the archive has a member twice: `{name}`");
                findings.add(Problem::new(message).hint("build again from a clean tree").at(name));
            }
            Some(before) if before != name => {
                let message = format!("two members differ in case only: `{before}` and `{name}`");
                findings.add(Problem::new(message).hint("rename one of the files").at(name));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let twice = Fixture::sdist().another("demo-1.0/demo/__init__.py", "x").messages("duplicate-member");
        assert_eq!(twice, ["the archive has a member twice: `demo-1.0/demo/__init__.py`"]);
        let case = Fixture::wheel().file("demo/__INIT__.py", "x").messages("duplicate-member");
        assert_eq!(case, ["two members differ in case only: `demo/__init__.py` and `demo/__INIT__.py`"]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("duplicate-member").is_empty());
        }
    }
}
