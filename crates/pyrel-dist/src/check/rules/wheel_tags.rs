//! The tags of WHEEL and of the file name differ.

use std::collections::BTreeSet;

use pyrel_model::DistFilename;
use pyrel_model::Level;
use pyrel_model::tag::TagSet;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "wheel-tags",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "the tags in `WHEEL` are those of the file name",
    docs: "\
### What it does
Compares the expanded tags of the file name with the `Tag` lines of `WHEEL`, and the build tag with `Build`.

### Why is this bad
An installer believes the file name; a tool that repairs or repacks the wheel believes `WHEEL`.

### Example
A pure wheel that was renamed to `py2.py3`.

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(file), Ok(DistFilename::Wheel(wheel))) = (&subject.reading.wheel_file, &subject.reading.parsed)
    else {
        return;
    };
    let location =
        subject.reading.dist_info().map(|directory| format!("{directory}/WHEEL")).unwrap_or_default();
    let named: BTreeSet<String> = wheel.tags.expand().into_iter().collect();
    let listed: BTreeSet<String> = file
        .get_all("Tag")
        .flat_map(|text| text.parse::<TagSet>().map_or_else(|_| vec![text.to_owned()], |tags| tags.expand()))
        .collect();
    if named != listed {
        let list = |tags: &BTreeSet<String>| tags.iter().cloned().collect::<Vec<_>>().join(", ");
        let message =
            format!("the file name has the tags `{}`, but `WHEEL` has `{}`", list(&named), list(&listed));
        findings
            .add(Problem::new(message).hint("change tags with `wheel tags`, not by renaming").at(&location));
    }
    if file.get("Build") != wheel.build.as_deref() {
        let shown = |build: Option<&str>| build.unwrap_or("none").to_owned();
        let message = format!(
            "the file name has the build tag `{}`, but `WHEEL` has `{}`",
            shown(wheel.build.as_deref()),
            shown(file.get("Build"))
        );
        let hint = "change the build number with `wheel tags --build`, not by renaming";
        findings.add(Problem::new(message).hint(hint).at(&location));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let tags = Fixture::wheel().named("demo-1.0-py2.py3-none-any.whl").messages("wheel-tags");
        assert_eq!(
            tags,
            ["the file name has the tags `py2-none-any, py3-none-any`, but `WHEEL` has `py3-none-any`"]
        );
        let build = Fixture::wheel().named("demo-1.0-1-py3-none-any.whl").messages("wheel-tags");
        assert_eq!(build, ["the file name has the build tag `1`, but `WHEEL` has `none`"]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("wheel-tags").is_empty());
    }
}
