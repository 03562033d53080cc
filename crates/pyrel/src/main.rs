//! pyrel
fn main() {}
