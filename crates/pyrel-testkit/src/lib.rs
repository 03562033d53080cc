//! pyrel-testkit
