//! Questions to a person on a terminal.

use std::io::{self, BufRead, Write};

/// What a person answered to a yes-or-no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// `y` or `yes`.
    Yes,
    /// Anything else, the empty line, or the end of input.
    No,
}

/// Asks a yes-or-no question; no is the default.
pub(crate) fn ask_yes(out: &mut dyn Write, input: &mut dyn BufRead, question: &str) -> io::Result<Answer> {
    let line = ask_line(out, input, &format!("{question} [y/N] "))?;
    let yes = line.is_some_and(|line| matches!(line.to_lowercase().as_str(), "y" | "yes"));
    Ok(if yes { Answer::Yes } else { Answer::No })
}

/// Asks for one line; `None` at the end of input.
pub(crate) fn ask_line(
    out: &mut dyn Write,
    input: &mut dyn BufRead,
    question: &str,
) -> io::Result<Option<String>> {
    write!(out, "{question}")?;
    out.flush()?;
    let mut line = String::new();
    let read = input.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yes(input: &str) -> Answer {
        ask_yes(&mut Vec::new(), &mut input.as_bytes(), "go?").unwrap()
    }

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        assert_eq!([yes("y\n"), yes("YES\n")], [Answer::Yes; 2]);
        for other in ["", "\n", "n\n", "yep\n", "y es\n"] {
            assert_eq!(yes(other), Answer::No, "{other:?}");
        }
    }
}
