//! Integration tests of pyrel-dist: the catalogue as a whole, hostile files, what an upload needs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod catalogue;
mod contract;
#[expect(dead_code, reason = "the tests of the rules use all of it")]
#[path = "../../src/check/fixture.rs"]
mod fixture;
mod hostile;
mod hostile_files;
mod hostile_limits;
mod server;
