//! E-mail addresses as PyPI judges them. Only forms whose parse is beyond doubt are judged at all.

/// Domains to which no mail goes.
const SPECIAL: [&str; 6] = ["arpa", "invalid", "local", "localhost", "onion", "test"];

/// Returns the address of a field that holds exactly one, `None` when there are more or the parse is not certain.
pub(super) fn only_address(value: &str) -> Option<String> {
    let value = value.trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.@ ".contains(c);
    let address = match value.strip_suffix('>') {
        Some(rest) => {
            let (name, address) = rest.split_once('<')?;
            let name = name.trim();
            let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
            if inner.contains(['"', '\\', '(', ')', '<', '>', '[', ']', ':', ';', '@']) {
                return None;
            }
            if inner.contains(',') && inner == name {
                return None;
            }
            address.trim()
        }
        None => value,
    };
    let is_certain = !address.is_empty() && address.chars().all(is_plain) && !address.contains(' ');
    let has_one_sign =
        address.matches('@').count() == 1 && !address.starts_with('@') && !address.ends_with('@');
    let is_bare_word = address.chars().all(|c| c.is_ascii_alphanumeric());
    (is_certain && (has_one_sign || is_bare_word)).then(|| address.to_owned())
}

/// Judges an address that [`only_address`] returned; the error is the library's sentence.
pub(super) fn validate(address: &str) -> Result<(), String> {
    let Some((local, domain)) = address.split_once('@') else {
        return Err("An email address must have an @-sign.".to_owned());
    };
    check_local(local)?;
    check_domain(domain)?;
    let over = address.len().saturating_sub(254);
    if over > 0 {
        let plural = if over > 1 { "s" } else { "" };
        return Err(format!("The email address is too long ({over} character{plural} too many)."));
    }
    Ok(())
}

fn check_local(local: &str) -> Result<(), String> {
    let end = "An email address cannot have a period immediately before the @-sign.";
    check_periods(local, "An email address cannot start with a period.", end)
}

fn check_domain(domain: &str) -> Result<(), String> {
    let mut bad: Vec<String> = domain
        .chars()
        .filter(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.'))
        .map(|c| if c == '\'' { "\"'\"".to_owned() } else { format!("'{c}'") })
        .collect();
    bad.sort();
    bad.dedup();
    if !bad.is_empty() {
        return Err(format!("The part after the @-sign contains invalid characters: {}.", bad.join(", ")));
    }
    let start = "An email address cannot have a period immediately after the @-sign.";
    check_periods(domain, start, "An email address cannot end with a period.")?;
    check_hyphens(domain)?;
    let lower = domain.to_ascii_lowercase();
    let is_odd = |label: &str| label.len() >= 4 && &label[2..4] == "--";
    if lower.split('.').any(is_odd) {
        // Punycode goes through a table of Unicode; nothing is claimed of it.
        return Ok(());
    }
    if lower.len() > 253 || lower.split('.').any(|label| label.len() > 63) {
        return Ok(());
    }
    if !lower.contains('.') {
        return Err("The part after the @-sign is not valid. It should have a period.".to_owned());
    }
    if !lower.ends_with(|c: char| c.is_ascii_alphabetic()) {
        let text = "The part after the @-sign is not valid. It is not within a valid top-level domain.";
        return Err(text.to_owned());
    }
    let last = lower.rsplit('.').next().unwrap_or_default();
    if SPECIAL.contains(&last) {
        let text =
            "The part after the @-sign is a special-use or reserved name that cannot be used with email.";
        return Err(text.to_owned());
    }
    Ok(())
}

fn check_periods(part: &str, start: &str, end: &str) -> Result<(), String> {
    if part.ends_with('.') {
        return Err(end.to_owned());
    }
    if part.starts_with('.') {
        return Err(start.to_owned());
    }
    if part.contains("..") {
        return Err("An email address cannot have two periods in a row.".to_owned());
    }
    Ok(())
}

fn check_hyphens(domain: &str) -> Result<(), String> {
    if domain.ends_with('-') {
        return Err("An email address cannot end with a hyphen.".to_owned());
    }
    if domain.starts_with('-') {
        return Err("An email address cannot have a hyphen immediately after the @-sign.".to_owned());
    }
    if domain.contains(".-") || domain.contains("-.") {
        return Err("An email address cannot have a period and a hyphen next to each other.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certain_forms_are_judged() {
        for (value, address) in [
            ("me@example.org", Some("me@example.org")),
            ("Me <me@example.org>", Some("me@example.org")),
            ("\"Me, too\" <me@example.org>", Some("me@example.org")),
            ("nobody", Some("nobody")),
            ("Me, too <me@example.org>", None),
            ("a@b, c@d", None),
            ("two words", None),
            ("me (x) <me@example.org>", None),
            ("j\u{f6}rg@example.org", None),
        ] {
            assert_eq!(only_address(value).as_deref(), address, "{value}");
        }
    }

    #[test]
    fn the_reasons_are_those_of_the_library() {
        for (address, reason) in [
            ("nobody", "An email address must have an @-sign."),
            ("me@here", "The part after the @-sign is not valid. It should have a period."),
            ("a..b@example.org", "An email address cannot have two periods in a row."),
            ("me@a_b.org", "The part after the @-sign contains invalid characters: '_'."),
            ("me@-a.org", "An email address cannot have a hyphen immediately after the @-sign."),
            (
                "me@sub.test",
                "The part after the @-sign is a special-use or reserved name that cannot be used with email.",
            ),
            (
                "me@example.1",
                "The part after the @-sign is not valid. It is not within a valid top-level domain.",
            ),
        ] {
            assert_eq!(validate(address), Err(reason.to_owned()), "{address}");
        }
        assert_eq!(validate("first.last+tag@mail.example.org"), Ok(()));
    }
}
