//! pyrel-index
