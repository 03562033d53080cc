//! The same search in a file that is not packed yet.

use std::io::{self, Read};

use super::{SecretKind, SecretScanner, is_for_show, is_made_for_secrets};

/// A secret in a file, without the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundSecret {
    /// The line, from 1; 0 when the file as a whole is made for secrets.
    pub line: usize,
    /// What it is, such as `a token of GitHub`.
    pub what: &'static str,
}

/// Searches the content of the file at `path` (relative, with `/`) for what the rules about secrets would find in an
/// archive. An empty file holds nothing; keys of tests and examples are for show.
///
/// # Errors
/// When the content cannot be read.
pub fn find_secrets(path: &str, mut content: impl Read) -> io::Result<Vec<FoundSecret>> {
    let mut scanner = SecretScanner::default();
    let mut piece = vec![0; 64 * 1024];
    let mut empty = true;
    loop {
        match content.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => {
                empty = false;
                scanner.take(&piece[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let for_show = is_for_show(path);
    let by_purpose = (!empty && !for_show && is_made_for_secrets(path))
        .then_some(FoundSecret { line: 0, what: "a file that is made for secrets" });
    let inside = scanner.finish().into_iter();
    let inside = inside.filter(|secret| !for_show || secret.kind != SecretKind::PrivateKey);
    let inside = inside.map(|secret| FoundSecret { line: secret.line, what: secret.kind.label() });
    Ok(by_purpose.into_iter().chain(inside).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::sample;

    fn found(path: &str, content: &str) -> Vec<(usize, &'static str)> {
        let found = find_secrets(path, content.as_bytes()).unwrap();
        found.into_iter().map(|secret| (secret.line, secret.what)).collect()
    }

    #[test]
    fn what_a_rule_would_find_is_found() {
        let token = sample(SecretKind::Github);
        assert_eq!(found("src/conf.py", &format!("\nTOKEN = '{token}'\n")), [(2, "a token of GitHub")]);
        assert_eq!(found("deploy/.env", "A=1"), [(0, "a file that is made for secrets")]);
        let key = sample(SecretKind::PrivateKey);
        assert_eq!(found("server.key", &key), [(1, "a private key")]);
        assert!(found("tests/server.key", &key).is_empty() && found(".env", "").is_empty());
        assert!(found("src/conf.py", "TOKEN = os.environ['TOKEN']\n").is_empty());
    }
}
