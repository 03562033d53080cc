//! Texts with places, as Python's `str.format` fills them in.

/// Fills in a template: `{{` and `}}` are braces, and `value` knows what stands for the text between two of them,
/// conversion included (`version!r`). Returns `None` where it does not, and where braces are alone.
pub(crate) fn fill_template(template: &str, mut value: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        if rest[at + 1..].starts_with(brace) {
            out.push_str(brace);
            rest = &rest[at + 2..];
            continue;
        }
        let (place, behind) = rest[at..].strip_prefix('{')?.split_once('}')?;
        out.push_str(&value(place)?);
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_as_python_does() {
        let fill = |template| fill_template(template, |place| (place == "x!r").then(|| "'1'".to_owned()));
        for (template, expected) in [
            ("", Some("")),
            ("a {x!r} {{{x!r}}} }}{{ b\n", Some("a '1' {'1'} }{ b\n")),
            ("{", None),
            ("}", None),
            ("{x!r", None),
            ("{x}", None),
            ("{{x!r}", None),
        ] {
            assert_eq!(fill(template).as_deref(), expected, "{template}");
        }
    }
}
