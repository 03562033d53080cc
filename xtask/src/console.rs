//! The only place of this program that prints. Everything goes to standard output, in the order it happens,
//! so that a log reads the same in a terminal and in CI.
#![expect(clippy::print_stdout, reason = "this is the terminal's edge of the program")]

use std::io::Write as _;

use crate::failure::Failure;

/// Prints one line.
pub(crate) fn line(text: impl AsRef<str>) {
    println!("{}", text.as_ref());
    flush();
}

/// Prints the heading of a stage.
pub(crate) fn heading(name: &str, about: &str) {
    let rule = "─".repeat(76_usize.saturating_sub(name.chars().count()));
    println!("\n── {name} {rule}\n{about}");
    flush();
}

/// Prints a failure and its remedy.
pub(crate) fn failure(failure: &Failure) {
    println!("error: {failure}");
    if let Some(hint) = failure.hint() {
        println!("hint: {hint}");
    }
    flush();
}

/// Children write to the same stream: what was said before they start must be there first. A closed
/// stream is nobody reading, which is no reason to stop.
fn flush() {
    drop(std::io::stdout().flush());
}
