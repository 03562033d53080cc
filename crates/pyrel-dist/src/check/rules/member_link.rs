//! A member is a link that leads outside, or no file at all.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::member::MemberKind;

pub(super) static RULE: Rule = Rule {
    name: "member-link",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "a wheel has no links, and those of an sdist stay inside it",
    docs: "\
### What it does
Reports symbolic links in a wheel, links of an sdist that lead outside its top directory, and devices or pipes.

### Why is this bad
Installers write the text of the link instead, or write through it to another place.

### Example
`demo/data -> /etc`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for member in &subject.reading.archive.members {
        let name = &member.name;
        let problem = match &member.kind {
            MemberKind::Symlink(target) | MemberKind::Hardlink(target) if subject.is_wheel() => {
                format!("a wheel cannot have links: `{name}` to `{target}`")
            }
            MemberKind::Symlink(target) if leaves(name, target) => {
                format!("a symbolic link leads outside the sdist: `{name}` to `{target}`")
            }
            MemberKind::Hardlink(target) if leaves("", target) => {
                format!("a hard link leads outside the sdist: `{name}` to `{target}`")
            }
            MemberKind::Special => format!("the member is no file, directory, or link: `{name}`"),
            _ => continue,
        };
        let hint = "replace the link by the file it stands for, and build again";
        findings.add(Problem::new(problem).hint(hint).at(name));
    }
}

/// Tells whether a link, read from the directory of `name`, leads out of the first directory of the archive.
fn leaves(name: &str, target: &str) -> bool {
    if target.starts_with('/') || target.contains(['\\', ':']) {
        return true;
    }
    let mut depth = name.split('/').filter(|part| !part.is_empty() && *part != ".").count().saturating_sub(1);
    // A hard link names a member from the top, so it starts above the first directory.
    let lowest = usize::from(!name.is_empty());
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if depth <= lowest => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let wheel = Fixture::wheel().link("demo/data", "target").messages("member-link");
        assert_eq!(wheel, ["a wheel cannot have links: `demo/data` to `target`"]);
        for target in ["../../x", "/etc/passwd", "../a/../../x", "C:\\x"] {
            let sdist = Fixture::sdist().link("demo-1.0/data", target).messages("member-link");
            assert_eq!(
                sdist,
                [format!("a symbolic link leads outside the sdist: `demo-1.0/data` to `{target}`")]
            );
        }
    }

    #[test]
    fn stays_silent() {
        let sdist = Fixture::sdist()
            .link("demo-1.0/docs/readme", "../README.md")
            .link("demo-1.0/here", "demo/__init__.py");
        assert!(sdist.findings("member-link").is_empty());
        assert!(Fixture::wheel().findings("member-link").is_empty());
    }
}
