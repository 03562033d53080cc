//! pyrel-release
