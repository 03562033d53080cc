//! A cycle of dependencies, which no order can satisfy.

use std::fmt;

use pyrel_model::PackageName;

/// Packages of which each needs the next and the last needs the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    names: Vec<PackageName>,
}

impl Cycle {
    /// Makes a cycle; the smallest name comes first.
    pub(super) fn new(mut names: Vec<PackageName>) -> Self {
        if let Some(first) = (0..names.len()).min_by_key(|at| &names[*at]) {
            names.rotate_left(first);
        }
        Self { names }
    }

    /// Returns the packages on the cycle, each once.
    #[must_use]
    pub fn names(&self) -> &[PackageName] {
        &self.names
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some("remove one of these dependencies, or make it optional (an extra)".to_owned())
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("packages depend on each other in a cycle: ")?;
        for name in &self.names {
            write!(f, "{name} → ")?;
        }
        match self.names.first() {
            Some(first) => write!(f, "{first}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Cycle {}
