//! Builds wheels and sdists for the tests of rules.
