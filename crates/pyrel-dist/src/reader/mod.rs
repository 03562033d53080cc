//! Readers of archives: zip and tar as an attacker would write them.

pub(crate) mod sdist;
pub(crate) mod wheel;
