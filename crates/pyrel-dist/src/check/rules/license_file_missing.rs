//! A licence file is announced but not there.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "license-file-missing",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every `License-File` is in the archive",
    docs: "\
### What it does
Looks each licence file up: at its path in an sdist, under `licenses/` of the `.dist-info` directory in a wheel.

### Why is this bad
The licence asks to be passed on with the code; PyPI refuses a file that announces what it does not have.

### Example
`License-File: LICENSE` in a wheel without `demo-1.0.dist-info/licenses/LICENSE`

### Source
PyPI (PEP 639)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_complete() {
        return;
    }
    let directory = if subject.is_wheel() {
        let Some(dist_info) = subject.reading.dist_info() else { return };
        format!("{dist_info}/licenses")
    } else {
        subject.reading.common_path()
    };
    for value in subject.fields("License-File") {
        let target = format!("{directory}/{value}");
        if subject.reading.member(&target).is_none() {
            let filename = subject.filename();
            let message =
                format!("License-File {value} does not exist in distribution file {filename} at {target}");
            let hint = "add the file to the project, or correct `project.license-files`";
            findings.add(Problem::new(message).hint(hint).at("License-File"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let wheel = Fixture::wheel().also("License-File: LICENSE").messages("license-file-missing");
        assert_eq!(
            wheel,
            ["License-File LICENSE does not exist in distribution file demo-1.0-py3-none-any.whl at \
              demo-1.0.dist-info/licenses/LICENSE"]
        );
        let sdist = Fixture::sdist().also("License-File: LICENSE").messages("license-file-missing");
        assert_eq!(
            sdist,
            ["License-File LICENSE does not exist in distribution file demo-1.0.tar.gz at demo-1.0/LICENSE"]
        );
    }

    #[test]
    fn stays_silent() {
        let wheel = Fixture::wheel()
            .also("License-File: LICENSE")
            .file("demo-1.0.dist-info/licenses/LICENSE", "text");
        assert!(wheel.findings("license-file-missing").is_empty());
        let sdist = Fixture::sdist().also("License-File: LICENSE").file("demo-1.0/LICENSE", "text");
        assert!(sdist.findings("license-file-missing").is_empty());
    }
}
