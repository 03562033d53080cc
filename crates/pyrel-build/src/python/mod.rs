//! Interpreters and virtual environments, for the PEP 517 fallback, tests, and verification.

mod error;
mod install;
mod interpreter;
mod managed;
mod venv;

pub use error::PythonError;
pub use install::InstallRequest;
pub use interpreter::Interpreter;
pub use venv::Venv;
