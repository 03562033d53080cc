//! Sdist file names (PEP 625).

use std::fmt;
use std::str::FromStr;

use crate::{PackageName, Version};

/// The parts of `{name}-{version}.tar.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdistFilename {
    /// The project name, spelt as in the file name.
    pub name: PackageName,
    /// The version, spelt as in the file name.
    pub version: Version,
}

/// Why a name is no sdist's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSdistFilename {
    /// It does not end in `.tar.gz`.
    #[error("sdist file name does not end in `.tar.gz`: `{0}`")]
    Extension(String),
    /// There is no `-` between name and version, or either part is not valid.
    #[error("sdist file name is not `{{name}}-{{version}}.tar.gz`: `{0}`")]
    Parts(String),
}

impl SdistFilename {
    /// Returns the one file name that PyPI takes for a project and version.
    #[must_use]
    pub fn normal_form(name: &PackageName, version: &Version) -> String {
        format!("{}-{version}.tar.gz", name.file_stem())
    }
}

impl FromStr for SdistFilename {
    type Err = InvalidSdistFilename;

    fn from_str(text: &str) -> Result<Self, InvalidSdistFilename> {
        let stem =
            text.strip_suffix(".tar.gz").ok_or_else(|| InvalidSdistFilename::Extension(text.to_owned()))?;
        let parts = || {
            let (name, version) = stem.rsplit_once('-')?;
            Some(Self { name: name.parse().ok()?, version: version.parse().ok()? })
        };
        parts().ok_or_else(|| InvalidSdistFilename::Parts(text.to_owned()))
    }
}

impl fmt::Display for SdistFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}.tar.gz", self.name.as_written(), self.version.as_written())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_the_last_hyphen() {
        let name: SdistFilename = "my-pkg-1.0.tar.gz".parse().unwrap();
        assert_eq!((name.name.as_written(), name.version.as_written()), ("my-pkg", "1.0"));
        assert_eq!(name.to_string(), "my-pkg-1.0.tar.gz");
        assert_eq!(SdistFilename::normal_form(&name.name, &name.version), "my_pkg-1.0.tar.gz");
    }

    #[test]
    fn refuses_other_names() {
        for bad in ["my_pkg-1.0.zip", "my_pkg.tar.gz", "my_pkg-x.tar.gz", "-1.0.tar.gz"] {
            assert!(bad.parse::<SdistFilename>().is_err(), "{bad}");
        }
    }
}
