//! Reading one literal out of a Python module without running it.
//!
//! Understands just enough of the language to find top-level statements: strings, brackets, comments,
//! continuation lines. Whatever is not plainly one literal is for setuptools, which runs the module.

/// Returns the value of the first top-level assignment to `name`, when it is a plain literal: a string, or a
/// tuple or list of numbers and strings, which are joined by dots.
pub(super) fn literal(source: &str, name: &str) -> Option<String> {
    for statement in statements(source)? {
        let Some(found) = assignment(&statement, name) else { continue };
        return found.and_then(value);
    }
    None
}

/// Cuts a module into its unindented logical lines, comments removed; `None` when a string never ends.
fn statements(source: &str) -> Option<Vec<String>> {
    let characters: Vec<char> = source.chars().collect();
    let mut out: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut depth = 0usize;
    let mut at = 0;
    while at < characters.len() {
        let c = characters[at];
        match c {
            '#' => {
                while at < characters.len() && characters[at] != '\n' {
                    at += 1;
                }
                continue;
            }
            '\'' | '"' => {
                let end = string_end(&characters, at)?;
                current.extend(&characters[at..end]);
                at = end;
                continue;
            }
            '\\' if characters.get(at + 1) == Some(&'\n') => {
                current.push(' ');
                at += 1;
            }
            '\n' if depth == 0 => out.push(std::mem::take(&mut current)),
            '(' | '[' | '{' => {
                depth += 1;
                current.push(c);
            }
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                current.push(c);
            }
            _ => current.push(c),
        }
        at += 1;
    }
    out.push(current);
    out.retain(|line| line.starts_with(|c: char| !c.is_whitespace()));
    (depth == 0).then_some(out)
}

/// Returns where the string that begins at `start` ends.
fn string_end(characters: &[char], start: usize) -> Option<usize> {
    let quote = characters[start];
    let triple = characters.get(start + 1) == Some(&quote) && characters.get(start + 2) == Some(&quote);
    let width = if triple { 3 } else { 1 };
    let mut at = start + width;
    loop {
        match characters.get(at)? {
            '\\' => at += 1,
            '\n' if !triple => return None,
            c if *c == quote && characters.get(at..at + width)?.iter().all(|c| *c == quote) => {
                return Some(at + width);
            }
            _ => {}
        }
        at += 1;
    }
}

/// Returns the right side when the statement assigns to `name`: `None` when it does not, `Some(None)` when it
/// does in a way that is not plain.
fn assignment<'a>(statement: &'a str, name: &str) -> Option<Option<&'a str>> {
    let mentions = mentions(statement, name);
    if !mentions {
        return None;
    }
    let Some(rest) = statement.strip_prefix(name).filter(|rest| !rest.starts_with(is_word)) else {
        // `a = name = 1`, `x = 1; name = 2`, `from m import name` …: only plain uses are let through.
        return if statement.contains(';') || is_target(statement, name) { Some(None) } else { None };
    };
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix(':') {
        Some(annotated) => match annotated.split_once('=') {
            Some((annotation, right)) if !annotation.contains(['\'', '"', '(']) => right,
            Some(_) => return Some(None),
            None => return None,
        },
        None => match rest.strip_prefix('=') {
            Some(right) if !right.starts_with('=') => right,
            _ => return None,
        },
    };
    Some((!statement.contains(';')).then(|| rest.trim()))
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn mentions(statement: &str, name: &str) -> bool {
    statement.match_indices(name).any(|(at, _)| {
        !statement[..at].ends_with(is_word) && !statement[at + name.len()..].starts_with(is_word)
    })
}

/// Tells whether the name stands between two `=` that assign.
fn is_target(statement: &str, name: &str) -> bool {
    statement.match_indices(name).any(|(at, _)| {
        let before = statement[..at].trim_end();
        let after = statement[at + name.len()..].trim_start();
        before.ends_with('=') && after.starts_with('=') && !after.starts_with("==")
    })
}

/// Returns the text of a literal.
fn value(expression: &str) -> Option<String> {
    if let Some(text) = string(expression) {
        return Some(text);
    }
    let inner = expression
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .or_else(|| expression.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')))?;
    let items: Vec<&str> = inner.split(',').map(str::trim).collect();
    let items = match items.split_last() {
        Some((last, rest)) if last.is_empty() && !rest.is_empty() => rest,
        // `(1)` is a number in brackets and no tuple.
        _ if items.len() == 1 && expression.starts_with('(') => return None,
        _ => &items[..],
    };
    let parts: Option<Vec<String>> = items.iter().map(|item| number(item).or_else(|| string(item))).collect();
    parts.map(|parts| parts.join("."))
}

fn number(text: &str) -> Option<String> {
    let plain = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.to_owned())
}

/// Returns the content of a string without prefix, escapes, or line ends.
fn string(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains([quote, '\\', '\n'])).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_literals_are_read() {
        for (source, expected) in [
            ("__version__ = '1.2'\n", "1.2"),
            ("\"\"\"Doc: __version__ = 'no'\n\"\"\"\nimport x\n__version__ = \"1\" # c", "1"),
            ("__version__: str = '1'", "1"),
            ("__version__ = (1, 2, 3)", "1.2.3"),
            ("__version__ = [1, 'b', ]", "1.b"),
            ("if x:\n    __version__ = '0'\n__version__ = '1'", "1"),
            ("a = [\n__version__\n]\n__version__ = '1'\n__version__ = '2'", "1"),
            ("__version__ \\\n = '1'", "1"),
            ("__all__ = ['__version__']\n__version__ = '3'", "3"),
        ] {
            assert_eq!(literal(source, "__version__").as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn everything_else_is_left_alone() {
        for source in [
            "__version__ = '.'.join(v)",
            "__version__ = f'{x}'",
            "__version__ = '1' + '2'",
            "__version__ = '1' '2'",
            "__version__ = (1)",
            "__version__ = 'a\\n'",
            "x = __version__ = '1'\n__version__ = '2'",
            "x = 1; __version__ = '1'",
            "__version__ = '1'; __version__ = '2'",
            "from m import __version__",
            "__version__ = '1",
            "__version__ = (1, 02)",
            "",
        ] {
            assert_eq!(literal(source, "__version__"), None, "{source}");
        }
    }
}
