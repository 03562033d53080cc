//! Requirements as lines of a text.

use pyrel_model::Requirement;

use crate::metadata::python_lines;

/// Parses lines: comments and blank ones dropped, continuations joined; fails with what is wrong.
pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let lines = python_lines(text)
        .into_iter()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut lines = lines.map(|line| line.split_once(" #").map_or(line, |(code, _)| code));
    let mut out = Vec::new();
    while let Some(line) = lines.next() {
        let mut joined = line.to_owned();
        while joined.ends_with('\\') {
            let Some(next) = lines.next() else { return Ok(out) };
            let mut characters = joined.chars();
            characters.next_back();
            characters.next_back();
            joined = format!("{}{next}", characters.as_str().trim());
        }
        out.push(joined.parse().map_err(|error| format!("an {error}"))?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_comments_dropped() {
        let text = "# all\na>=1 # one\n\nb \\\n  >=2, \\\n <3\nc \\";
        let printed: Vec<String> =
            requirements(text).unwrap_or_default().iter().map(ToString::to_string).collect();
        assert_eq!(printed, ["a>=1", "b<3,>=2"]);
        assert!(requirements("a b c").is_err());
    }
}
