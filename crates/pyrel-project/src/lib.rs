//! pyrel-project
