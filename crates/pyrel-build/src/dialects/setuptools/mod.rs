//! setuptools 84.2: what `setuptools.build_meta` makes of a declarative project.

use super::{Dialect, Subject};
use crate::entry_set::EntrySet;
use crate::error::{Plan, unsupported};

pub(super) struct Setuptools;

impl Dialect for Setuptools {
    fn name(&self) -> &'static str {
        "setuptools"
    }

    fn backends(&self) -> &'static [&'static str] {
        &["setuptools.build_meta", "setuptools.build_meta:__legacy__"]
    }

    fn emulates(&self) -> (&'static str, &'static str) {
        ("setuptools", "84.2.1")
    }

    fn plan(&self, _subject: &Subject<'_>) -> Plan<EntrySet> {
        unsupported("build-system.build-backend", "names a backend whose dialect is not finished")
    }
}
