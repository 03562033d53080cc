//! pyrel-dist
