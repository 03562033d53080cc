//! Builds of whole packages: what is in the archives, what is refused, and what is left behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod archive;
mod bounded;
mod detection;
mod detour;
mod fallback;
mod fault;
mod flit;
mod hatchling;
mod incremental;
mod native;
mod pdm;
mod poetry;
mod project;
mod setuptools;
mod uv;
mod vcs;
