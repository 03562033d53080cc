//! The index has a newer version already.

use pyrel_model::DistFilename;
use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "version-order",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "the version is above all that the index has (`--online`)",
    docs: "\
### What it does
Compares the version with the newest one of the project on the index. Pre-releases there count for a pre-release only.

### Why is this bad
Installers take the newest: nobody gets the file unless they ask for this very version. Mostly the version was not raised.

### Example
1.0.1 is built while the index has 1.1

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(facts), Ok(own)) = (subject.index, &subject.reading.parsed) else { return };
    let own = own.version();
    let newest = facts
        .files
        .iter()
        .filter_map(|file| file.filename.parse::<DistFilename>().ok())
        .map(|file| file.version().clone())
        .filter(|version| own.is_pre_release() || !version.is_pre_release())
        .max();
    if let Some(newest) = newest.filter(|newest| newest > own) {
        let message = format!("`{}` has a newer version already: {newest}", facts.index);
        let hint = "raise the version, unless an older line is mended on purpose";
        findings.add(Problem::new(message).hint(hint).at("Version"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    use crate::check::{IndexFacts, IndexFile};

    fn messages(files: &[&str]) -> Vec<String> {
        let file = |name: &&str| IndexFile {
            filename: (*name).to_owned(),
            sha256: None,
            size: None,
            uploaded: None,
            members: None,
        };
        let (index, files) = ("pypi".to_owned(), files.iter().map(file).collect());
        let facts = IndexFacts { index, exists: true, files, ..IndexFacts::default() };
        let report = Fixture::wheel().report_online("demo", facts);
        let own = report.findings.into_iter().filter(|finding| finding.rule == "version-order");
        own.map(|finding| finding.message).collect()
    }

    #[test]
    fn fires() {
        let found = messages(&["demo-0.9.tar.gz", "demo-1.1.tar.gz", "demo-2.0rc1.tar.gz"]);
        assert_eq!(found, ["`pypi` has a newer version already: 1.1"]);
    }

    #[test]
    fn stays_silent() {
        assert!(messages(&["demo-0.9.tar.gz", "demo-1.0.tar.gz", "demo-2.0rc1.tar.gz", "junk"]).is_empty());
        assert!(messages(&[]).is_empty());
    }
}
