//! Wheel file names (binary distribution format, PEP 427).

use std::fmt;
use std::str::FromStr;

use crate::tag::TagSet;
use crate::{PackageName, Version};

/// The parts of `{name}-{version}(-{build})?-{python}-{abi}-{platform}.whl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelFilename {
    /// The project name, spelt as in the file name.
    pub name: PackageName,
    /// The version, spelt as in the file name.
    pub version: Version,
    /// The build tag, which starts with a digit.
    pub build: Option<String>,
    /// The tags.
    pub tags: TagSet,
}

/// Why a name is no wheel's. The wording follows `packaging`, as PyPI shows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWheelFilename {
    /// It does not end in `.whl`.
    #[error("invalid wheel file name (extension must be `.whl`): `{0}`")]
    Extension(String),
    /// Not five or six parts between hyphens.
    #[error("invalid wheel file name (wrong number of parts): `{0}`")]
    Parts(String),
    /// The name part has `__` or a character that no name has.
    #[error("invalid wheel file name (project name): `{0}`")]
    Name(String),
    /// The version part is not PEP 440.
    #[error("invalid wheel file name (version): `{0}`")]
    Version(String),
    /// The build tag does not start with a digit.
    #[error("invalid wheel file name (build number `{1}`): `{0}`")]
    Build(String, String),
    /// The tags are empty or hold characters that no tag has.
    #[error("invalid wheel file name (tags): `{0}`")]
    Tags(String),
}

impl FromStr for WheelFilename {
    type Err = InvalidWheelFilename;

    fn from_str(text: &str) -> Result<Self, InvalidWheelFilename> {
        let fail = |kind: fn(String) -> InvalidWheelFilename| kind(text.to_owned());
        let stem = text.strip_suffix(".whl").ok_or_else(|| fail(InvalidWheelFilename::Extension))?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, tags) = match parts[..] {
            [name, version, python, abi, platform] => (name, version, None, [python, abi, platform]),
            [name, version, build, python, abi, platform] => {
                (name, version, Some(build), [python, abi, platform])
            }
            _ => return Err(fail(InvalidWheelFilename::Parts)),
        };
        let name = match name.parse() {
            Ok(parsed) if !name.contains("__") => parsed,
            _ => return Err(fail(InvalidWheelFilename::Name)),
        };
        let version = version.parse().map_err(|_| fail(InvalidWheelFilename::Version))?;
        if let Some(build) = build
            && !build.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(InvalidWheelFilename::Build(text.to_owned(), build.to_owned()));
        }
        let tags = tags.join("-").parse().map_err(|_| fail(InvalidWheelFilename::Tags))?;
        Ok(Self { name, version, build: build.map(str::to_owned), tags })
    }
}

impl fmt::Display for WheelFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-", self.name.as_written(), self.version.as_written())?;
        if let Some(build) = &self.build {
            write!(f, "{build}-")?;
        }
        write!(f, "{}.whl", self.tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_and_print_are_inverse() {
        for text in
            ["a_b-1.0-py3-none-any.whl", "a-1.0-2x-cp312-cp312-win_amd64.whl", "A.b-1-py2.py3-none-any.whl"]
        {
            assert_eq!(text.parse::<WheelFilename>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn each_fault_has_its_reason() {
        type E = InvalidWheelFilename;
        let kind = |text: &str| text.parse::<WheelFilename>().unwrap_err();
        assert!(matches!(kind("a-1.0-py3-none-any.zip"), E::Extension(_)));
        assert!(matches!(kind("a-1.0-py3-none.whl"), E::Parts(_)));
        assert!(matches!(kind("a__b-1.0-py3-none-any.whl"), E::Name(_)));
        assert!(matches!(kind("a-x-py3-none-any.whl"), E::Version(_)));
        assert!(matches!(kind("a-1.0-b1-py3-none-any.whl"), E::Build(..)));
        assert!(matches!(kind("a-1.0-py3--any.whl"), E::Tags(_)));
    }
}
