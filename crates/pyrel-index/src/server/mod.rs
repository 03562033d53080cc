//! The embedded index.

mod server;

pub use server::{RunningServer, ServerError, ServerOptions, serve};
