//! Builds of whole packages: what is in the archives, what is refused, and what is left behind.

mod archive;
mod detection;
mod fallback;
mod fault;
mod native;
mod project;
