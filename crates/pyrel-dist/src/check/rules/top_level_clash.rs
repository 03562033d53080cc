//! Two projects install the same package.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::top_level;

pub(super) static RULE: Rule = Rule {
    name: "top-level-clash",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "no other project of the check or the workspace installs the same top-level package",
    docs: "\
### What it does
Compares the top-level packages and modules of all wheels that are checked together, and of the built wheels of the workspace's other packages. A package that was never built is not compared. Namespace packages may be shared.

### Why is this bad
Whichever is installed last overwrites the other's files, and removing one breaks both.

### Example
The wheels of `demo` and `demo-extras` both have `demo/__init__.py`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(name) = subject.name().filter(|_| subject.is_wheel()) else { return };
    for module in top_level::modules(&subject.reading.archive.members) {
        for other in subject.peers.others_with(&module, name) {
            let message = format!("the project `{other}` installs `{module}` too");
            let hint = "rename one of them, or make the shared name a namespace package (no `__init__.py`)";
            findings.add(Problem::new(message).hint(hint).at(module.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::PackageFacts;
    use crate::check::fixture::Fixture;

    fn other(file: &str) -> Fixture {
        Fixture::wheel().named("other-1.0-py3-none-any.whl").missing("demo/__init__.py").file(file, "x")
    }

    #[test]
    fn fires() {
        let messages = Fixture::wheel().messages_beside(&[other("demo/__init__.py")], "top-level-clash");
        assert_eq!(messages, ["the project `other` installs `demo` too"]);
    }

    #[test]
    fn a_built_wheel_of_the_workspace_counts() {
        let directory = tempfile::tempdir().unwrap();
        let of = |name: &str, fixture: Fixture| {
            let path = directory.path().join(format!("{name}-1.0-py3-none-any.whl"));
            fs_err::write(&path, fixture.bytes()).unwrap();
            PackageFacts { wheels: vec![path], ..PackageFacts::default() }
        };
        let clash = of("other", other("demo/__init__.py"));
        let messages =
            |packages: &[(&str, PackageFacts)]| Fixture::wheel().messages_with(packages, "top-level-clash");
        assert_eq!(messages(&[("other", clash.clone())]), ["the project `other` installs `demo` too"]);
        assert!(messages(&[("demo", clash)]).is_empty(), "its own wheel");
        let broken = PackageFacts { wheels: vec![directory.path().to_owned()], ..PackageFacts::default() };
        let apart = of("apart", other("apart/__init__.py"));
        assert!(messages(&[("apart", apart), ("broken", broken)]).is_empty());
    }

    #[test]
    fn stays_silent() {
        let spaces = [other("space/other/__init__.py")];
        let own = Fixture::wheel().file("space/demo/__init__.py", "x");
        assert!(own.messages_beside(&spaces, "top-level-clash").is_empty());
        let same = Fixture::wheel().named("demo-1.0-cp312-none-any.whl");
        assert!(Fixture::wheel().messages_beside(&[same], "top-level-clash").is_empty());
    }
}
