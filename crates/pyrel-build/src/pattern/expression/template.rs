//! What matches are replaced by, in the language of Python's `re`.

use regex::bytes::Regex;

/// A piece of what a match is replaced by.
pub(super) enum TemplatePart {
    Text(String),
    Group(usize),
}

/// Reads a template with `\1`, `\g<1>`, `\g<name>`, `\n`, `\t`, `\\`; `None` for anything else behind a backslash.
pub(super) fn parse_template(template: &str, regex: &Regex) -> Option<Vec<TemplatePart>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, behind)) = rest.split_once('\\') {
        parts.push(TemplatePart::Text(text.to_owned()));
        let c = behind.chars().next()?;
        rest = &behind[c.len_utf8()..];
        match c {
            'n' => parts.push(TemplatePart::Text("\n".to_owned())),
            't' => parts.push(TemplatePart::Text("\t".to_owned())),
            '\\' => parts.push(TemplatePart::Text("\\".to_owned())),
            '1'..='9' if !rest.starts_with(|next: char| next.is_ascii_digit()) => {
                parts.push(TemplatePart::Group(usize::try_from(c.to_digit(10)?).ok()?));
            }
            'g' => {
                let (name, behind) = rest.strip_prefix('<')?.split_once('>')?;
                let by_name = || regex.capture_names().position(|own| own == Some(name));
                let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
                let index = if is_number { name.parse().ok() } else { by_name() };
                parts.push(TemplatePart::Group(index?));
                rest = behind;
            }
            _ => return None,
        }
    }
    parts.push(TemplatePart::Text(rest.to_owned()));
    let known =
        |part: &TemplatePart| !matches!(part, TemplatePart::Group(index) if *index >= regex.captures_len());
    parts.iter().all(known).then_some(parts)
}
