//! `[build-system]` (PEP 517, PEP 518).

use super::reader::TableReader;
use crate::Requirement;
use crate::diagnostic::Diagnostic;

/// The table `[build-system]`, or what its absence means.
#[derive(Debug, Clone)]
pub struct BuildSystem {
    /// Requirements of the build, as parsed.
    pub requires: Vec<Requirement>,
    /// The backend object; `setuptools.build_meta:__legacy__` when none is named.
    pub backend: String,
    /// In-tree backend folders.
    pub backend_path: Vec<String>,
    /// Whether the table exists at all.
    pub declared: bool,
}

/// What PEP 517 prescribes for a project that names no backend.
pub const LEGACY_BACKEND: &str = "setuptools.build_meta:__legacy__";

impl Default for BuildSystem {
    fn default() -> Self {
        let setuptools = "setuptools".parse().expect("`setuptools` is a valid requirement");
        Self {
            requires: vec![setuptools],
            backend: LEGACY_BACKEND.to_owned(),
            backend_path: Vec::new(),
            declared: false,
        }
    }
}

impl BuildSystem {
    pub(super) fn read(table: &TableReader<'_>) -> Result<Self, Box<Diagnostic>> {
        table.known_keys(&["requires", "build-backend", "backend-path"])?;
        let mut requires = Vec::new();
        let listed = table
            .spanned_strings("requires")?
            .ok_or_else(|| table.fault_at(None, "`build-system.requires` is missing"))?;
        for (text, span) in listed {
            requires
                .push(text.parse().map_err(|error| {
                    table.fault_at(span, &format!("in `build-system.requires`: {error}"))
                })?);
        }
        let backend = table.string("build-backend")?.unwrap_or(LEGACY_BACKEND).to_owned();
        let backend_path = table.strings("backend-path")?.unwrap_or_default();
        Ok(Self {
            requires,
            backend,
            backend_path: backend_path.into_iter().map(str::to_owned).collect(),
            declared: true,
        })
    }
}
