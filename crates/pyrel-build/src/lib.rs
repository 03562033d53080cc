//! pyrel-build
