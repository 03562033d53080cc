//! The page of check rules, docs/rules.md: written from the catalogue, and held to it.

use fs_err as fs;

use crate::console;
use crate::failure::Failure;
use crate::process::Process;
use crate::repository::Repository;

/// Where the page is, from the root of the checkout.
const PAGE: &str = "docs/rules.md";

/// Writes the page.
///
/// # Errors
///
/// Fails when the catalogue does not build, or when the page cannot be written.
pub(crate) fn write(repository: &Repository) -> Result<(), Failure> {
    let path = repository.root().join(PAGE);
    fs::write(&path, generate(repository)?)?;
    console::line(format!("written: {}", path.display()));
    Ok(())
}

/// Compares the page with the catalogue.
///
/// # Errors
///
/// Fails when they differ, or when there is no page.
pub(crate) fn check(repository: &Repository) -> Result<(), Failure> {
    let path = repository.root().join(PAGE);
    if !path.is_file() {
        return Err(stale(format!("missing: {PAGE}")));
    }
    // A checkout on Windows may have turned the line ends.
    let page = fs::read_to_string(path)?.replace("\r\n", "\n");
    match difference(&page, &generate(repository)?) {
        None => Ok(()),
        Some(line) => Err(stale(format!("{PAGE}:{line}: differs from the catalogue of rules"))),
    }
}

fn stale(message: String) -> Failure {
    Failure::new(message).with_hint("`cargo xtask rules` writes the page")
}

fn generate(repository: &Repository) -> Result<String, Failure> {
    let page = Process::cargo().args([
        "run",
        "--quiet",
        "--locked",
        "--package",
        "pyrel-dist",
        "--example",
        "rules",
    ]);
    page.directory(repository.root()).capture()
}

/// The first line, from one, in which the texts differ.
fn difference(page: &str, generated: &str) -> Option<usize> {
    if page == generated {
        return None;
    }
    let same = page.lines().zip(generated.lines()).take_while(|(left, right)| left == right).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_named() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(difference("a", "a\n"), Some(2));
    }
}
