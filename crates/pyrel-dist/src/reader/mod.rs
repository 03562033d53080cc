//! Readers of archives: zip and tar as an attacker would write them. They bound what they read and keep little.

mod budget;
mod bytes;
mod code_scan;
pub(crate) mod sdist;
mod sink;
mod tar_header;
pub(crate) mod wheel;
mod wheel_member;
pub(crate) mod wheel_modules;
mod zip_directory;
mod zip_end;
mod zip_structure;
