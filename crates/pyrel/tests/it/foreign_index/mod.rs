//! Private indexes that answer as GitLab, Artifactory, and Nexus do, by rules that were recorded from their public source
//! and documentation and from reports of people who use them. The servers themselves are no part of the tests.

mod rule;
mod server;
mod upload;
