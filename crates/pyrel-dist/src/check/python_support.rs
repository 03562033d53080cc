//! The versions of Python that a file is offered to: `Requires-Python` and the tags of a wheel.

use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{DistFilename, Version};

use super::subject::Subject;

/// What a file says of the versions of Python that it supports.
pub(crate) struct PythonSupport<'a> {
    /// `Requires-Python` as written.
    pub(crate) written: &'a str,
    set: SpecifierSet,
    /// The oldest minor version that the tags allow.
    tagged: u64,
}

impl<'a> PythonSupport<'a> {
    /// Returns what a file says; `None` when it says nothing, or something that cannot be read.
    pub(crate) fn of(subject: &Subject<'a>) -> Option<Self> {
        let written = subject.metadata()?.get("Requires-Python")?;
        let set: SpecifierSet = written.parse().ok()?;
        (!set.is_empty()).then(|| Self { written, set, tagged: tagged(subject) })
    }

    /// Tells whether some release of Python 3 with a minor version may install the file.
    pub(crate) fn includes(&self, minor: u64) -> bool {
        let allows = |patch: u64| {
            format!("3.{minor}.{patch}").parse::<Version>().is_ok_and(|version| self.set.contains(&version))
        };
        minor >= self.tagged && (allows(0) || allows(1) || allows(99))
    }

    /// Returns the oldest minor version of Python 3 that may install the file.
    pub(crate) fn oldest(&self) -> Option<u64> {
        (0..40).find(|minor| self.includes(*minor))
    }
}

/// Returns the oldest minor version that the tags `cp3N` and `py3N` of a wheel allow; 0 when any will do.
fn tagged(subject: &Subject<'_>) -> u64 {
    let Ok(DistFilename::Wheel(wheel)) = &subject.reading.parsed else { return 0 };
    let minor = |tag: &String| -> u64 {
        let digits = tag.strip_prefix("cp3").or_else(|| tag.strip_prefix("py3")).unwrap_or_default();
        digits.parse().unwrap_or_default()
    };
    wheel.tags.python.iter().map(minor).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn the_tag_of_a_wheel_counts_too() {
        let source = "if (n := 1):\n    pass\n";
        let pure = Fixture::wheel().header("Requires-Python: >=3.6").file("demo/a.py", source);
        assert_eq!(pure.findings("python-syntax").len(), 1);
        let tagged = pure.named("demo-1.0-cp38-none-any.whl").file(
            "demo-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: cp38-none-any\n",
        );
        assert!(tagged.findings("python-syntax").is_empty());
    }
}
