//! Command lines as people read them, without credentials.

/// Returns a word as a shell would take it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,~^{}[]<>".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Masks `user:password@` in every URL of a text.
pub(crate) fn without_url_credentials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(|c: char| "/?#'\"`<>".contains(c) || c.is_whitespace()).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(sign) => {
                out.push_str("***");
                &after[sign..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Process;

    #[test]
    fn command_lines_are_quoted_and_carry_no_password() {
        let process = Process::new("pip").args(["install", "a b", "", "it's", "https://u:p@host/simple"]);
        assert_eq!(process.command_line(), "pip install 'a b' '' 'it'\\''s' https://***@host/simple");
        assert_eq!(
            without_url_credentials("see https://a@b and http://x/y@z and ://q"),
            "see https://***@b and http://x/y@z and ://q"
        );
    }
}
