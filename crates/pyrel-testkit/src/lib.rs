//! Hermetic workspaces for end-to-end tests: a temporary folder, packages in it, and the program run there
//! with a cleared environment, its own home, and nothing of the machine's configuration.

mod run;
mod workspace;

pub use run::Run;
pub use workspace::Workspace;
