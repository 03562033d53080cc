//! The cap on locked packages: a dependency that brings forty others is noticed in the commit that adds it.

use crate::failure::Failure;
use crate::repository::Repository;

/// Most packages that `Cargo.lock` may list.
const CAP: usize = 300;

/// Holds the lock file to the cap.
///
/// # Errors
///
/// Fails when it lists more.
pub(crate) fn check(repository: &Repository) -> Result<(), Failure> {
    let lock = repository.text("Cargo.lock")?.ok_or_else(|| Failure::new("`Cargo.lock` is not text"))?;
    let count = count(&lock);
    crate::console::line(format!("{count} packages in `Cargo.lock`, {CAP} allowed"));
    if count <= CAP {
        return Ok(());
    }
    Err(Failure::new(format!("more than {CAP} packages in `Cargo.lock`: {count}")).with_hint(
        "drop a dependency or its default features, or raise the cap in xtask/src/locked.rs and say why",
    ))
}

fn count(lock: &str) -> usize {
    lock.lines().filter(|line| *line == "[[package]]").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_counted_and_nothing_else() {
        let lock =
            "version = 4\n\n[[package]]\nname = \"a\"\n\n[[package]]\nname = \"b\"\n[[patch.unused]]\n";
        assert_eq!(count(lock), 2);
    }
}
