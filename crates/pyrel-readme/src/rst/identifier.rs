//! Identifiers and class names out of arbitrary text.

use unicode_normalization::UnicodeNormalization;

use super::unicode::{is_space, strip};

/// Makes an identifier of small letters, digits, and hyphens; it is empty when nothing of the text serves.
pub(super) fn make_id(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.to_lowercase().chars() {
        match digraph(c).or_else(|| plain(c)) {
            Some(letters) => ascii.push_str(letters),
            None if c.is_ascii() => ascii.push(c),
            None if is_space(c) => ascii.push(' '),
            None => ascii.extend(std::iter::once(c).nfkd().filter(char::is_ascii)),
        }
    }
    let mut id = String::with_capacity(ascii.len());
    for c in strip(&ascii).chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            id.push(c);
        } else if !id.ends_with('-') {
            id.push('-');
        }
    }
    id.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit()).trim_end_matches('-').to_owned()
}

fn digraph(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{df}' => "sz",
        '\u{e6}' => "ae",
        '\u{153}' => "oe",
        '\u{238}' => "db",
        '\u{239}' => "qp",
        _ => return None,
    })
}

fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{f8}' => "o",
        '\u{111}' | '\u{18c}' | '\u{221}' => "d",
        '\u{127}' => "h",
        '\u{131}' | '\u{268}' => "i",
        '\u{142}' | '\u{19a}' | '\u{234}' => "l",
        '\u{167}' | '\u{1ab}' | '\u{1ad}' | '\u{236}' => "t",
        '\u{180}' | '\u{183}' => "b",
        '\u{188}' | '\u{23c}' => "c",
        '\u{192}' => "f",
        '\u{199}' => "k",
        '\u{19e}' | '\u{235}' => "n",
        '\u{1a5}' => "p",
        '\u{1b4}' | '\u{24f}' => "y",
        '\u{1b6}' | '\u{225}' | '\u{240}' => "z",
        '\u{1e5}' => "g",
        '\u{237}' | '\u{249}' => "j",
        '\u{23f}' => "s",
        '\u{247}' => "e",
        '\u{24b}' => "q",
        '\u{24d}' => "r",
        _ => return None,
    })
}

/// Makes class names of a list of words.
///
/// # Errors
///
/// Returns the word of which nothing serves for a class name.
pub(super) fn class_names(text: &str) -> Result<Vec<String>, String> {
    super::unicode::words(text)
        .map(|word| {
            let name = make_id(word);
            if name.is_empty() { Err(word.to_owned()) } else { Ok(name) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_small_and_plain() {
        assert_eq!(make_id("  Hello, W\u{f6}rld 2! "), "hello-world-2");
        assert_eq!(make_id("1.2"), "");
        assert_eq!(make_id("Stra\u{df}e"), "strasze");
        assert_eq!(class_names("a B"), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(class_names("a 1"), Err("1".into()));
    }
}
