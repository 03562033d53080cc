//! Prints the page of all rules: `cargo run -p pyrel-dist --example rules > docs/rules.md`.

use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    io::stdout().write_all(pyrel_dist::rules_page().as_bytes())
}
