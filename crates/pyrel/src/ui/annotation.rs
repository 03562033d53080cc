//! GitHub Actions workflow commands: annotations.

use pyrel_model::{Level, Location};

/// Returns the workflow command that annotates a place; line feeds and separators are escaped as the runner
/// expects.
pub(crate) fn annotation(level: Level, title: &str, message: &str, location: Option<&Location>) -> String {
    let command = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "notice",
    };
    let mut properties = Vec::new();
    if let Some(location) = location {
        properties.push(format!("file={}", property(&location.path.to_string_lossy())));
        if location.line > 0 {
            properties.push(format!("line={}", location.line));
        }
        if location.column > 0 {
            properties.push(format!("col={}", location.column));
        }
    }
    properties.push(format!("title={}", property(title)));
    format!("::{command} {}::{}", properties.join(","), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn values_are_escaped() {
        let location = Location { line: 3, ..Location::of_file(Path::new("a,b/pyproject.toml")) };
        assert_eq!(
            annotation(Level::Error, "rule: x", "50% of\nlines", Some(&location)),
            "::error file=a%2Cb/pyproject.toml,line=3,title=rule%3A x::50%25 of%0Alines"
        );
    }
}
