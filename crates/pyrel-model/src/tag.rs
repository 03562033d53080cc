//! Wheel tags (PEP 425): interpreter, ABI, platform, each possibly a compressed set.

use std::fmt;
use std::str::FromStr;

/// The tag part of a wheel file name, such as `py2.py3-none-any`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagSet {
    /// Interpreter tags, as written.
    pub python: Vec<String>,
    /// ABI tags, as written.
    pub abi: Vec<String>,
    /// Platform tags, as written.
    pub platform: Vec<String>,
}

/// A text that is no tag triple.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid wheel tag, which must be `python-abi-platform`: `{0}`")]
pub struct InvalidTag(pub String);

impl TagSet {
    /// Returns every single tag of the compressed set, in the order of the file name.
    #[must_use]
    pub fn expand(&self) -> Vec<String> {
        let mut out = Vec::new();
        for python in &self.python {
            for abi in &self.abi {
                for platform in &self.platform {
                    out.push(format!("{python}-{abi}-{platform}"));
                }
            }
        }
        out
    }

    /// Tells whether the set is pure: ABI `none`, platform `any`.
    #[must_use]
    pub fn is_pure(&self) -> bool {
        self.abi == ["none"] && self.platform == ["any"]
    }
}

impl FromStr for TagSet {
    type Err = InvalidTag;

    fn from_str(text: &str) -> Result<Self, InvalidTag> {
        let parts: Vec<&str> = text.split('-').collect();
        let [python, abi, platform] = parts[..] else { return Err(InvalidTag(text.to_owned())) };
        let split = |part: &str| -> Option<Vec<String>> {
            let tags: Vec<String> = part.split('.').map(str::to_owned).collect();
            let valid = tags
                .iter()
                .all(|tag| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
            valid.then_some(tags)
        };
        match (split(python), split(abi), split(platform)) {
            (Some(python), Some(abi), Some(platform)) => Ok(Self { python, abi, platform }),
            _ => Err(InvalidTag(text.to_owned())),
        }
    }
}

impl fmt::Display for TagSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.python.join("."), self.abi.join("."), self.platform.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_sets_expand() {
        let tags: TagSet = "py2.py3-none-any".parse().unwrap();
        assert_eq!(tags.expand(), ["py2-none-any", "py3-none-any"]);
        assert!(tags.is_pure());
        assert_eq!(tags.to_string(), "py2.py3-none-any");
    }

    #[test]
    fn broken_tags_are_refused() {
        for bad in ["py3-none", "py3--any", "py3-none-any-x", "py3-no ne-any", "py3.-none-any"] {
            assert!(bad.parse::<TagSet>().is_err(), "{bad}");
        }
    }
}
