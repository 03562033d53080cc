//! The `.env` file at the workspace root, read for the names of credentials and nothing else.

use std::path::{Path, PathBuf};

use fs_err as fs;

use super::environment::{EnvMap, is_read};

/// Why a `.env` file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DotenvError {
    /// It cannot be read.
    #[error("cannot read the `.env` file")]
    Io(#[from] std::io::Error),
    /// A quoted value of a credential does not end on its line.
    #[error("{}:{line}: the quoted value of `{name}` does not end on its line", .path.display())]
    Quote {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable.
        name: String,
    },
}

/// Reads the credentials of a `.env` file; a missing file has none. Lines that define other names, and lines
/// that define nothing, are left alone.
pub(super) fn read(path: &Path) -> Result<EnvMap, DotenvError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(EnvMap::new()),
        other => other?,
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut out = EnvMap::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim();
        if !is_read(name) {
            continue;
        }
        let value = unquote(value.trim()).ok_or_else(|| DotenvError::Quote {
            path: path.to_path_buf(),
            line: index + 1,
            name: name.to_owned(),
        })?;
        out.insert(name.to_owned(), value);
    }
    Ok(out)
}

/// Takes quotes off. Single quotes keep everything; in double quotes a backslash keeps the next character; without
/// quotes a `#` after white space begins a comment.
fn unquote(value: &str) -> Option<String> {
    if let Some(rest) = value.strip_prefix('\'') {
        return rest.split_once('\'').map(|(inner, _)| inner.to_owned());
    }
    let Some(rest) = value.strip_prefix('"') else {
        let end = value
            .match_indices('#')
            .map(|(at, _)| at)
            .find(|at| value[..*at].is_empty() || value[..*at].ends_with(char::is_whitespace));
        return Some(value[..end.unwrap_or(value.len())].trim_end().to_owned());
    };
    let mut out = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return Some(out),
            '\\' => out.push(chars.next()?),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<EnvMap, DotenvError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".env");
        fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn reads_credentials_and_nothing_else() {
        let env = parse(
            "\u{feff}# comment\nPATH=/evil\nPYPI_API_TOKEN=abc # note\r\nexport TWINE_PASSWORD='a # b' \n\
             TWINE_USERNAME=\"q\\\"x\"\nPYREL_TOKEN_X=a#b\nbroken line\nOTHER=\"never ends\nUV_PUBLISH_TOKEN=\n",
        )
        .unwrap();
        let pairs: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("PYPI_API_TOKEN", "abc"),
                ("PYREL_TOKEN_X", "a#b"),
                ("TWINE_PASSWORD", "a # b"),
                ("TWINE_USERNAME", "q\"x"),
                ("UV_PUBLISH_TOKEN", ""),
            ]
        );
    }

    #[test]
    fn a_missing_file_has_nothing_and_a_broken_quote_is_named_without_its_value() {
        assert!(read(Path::new("/nowhere/.env")).unwrap().is_empty());
        let error = parse("\nTWINE_PASSWORD=\"not-a-real-token\n").unwrap_err().to_string();
        assert!(error.ends_with(".env:2: the quoted value of `TWINE_PASSWORD` does not end on its line"));
        assert!(!error.contains("not-a-real-token"));
    }
}
