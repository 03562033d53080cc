//! Poetry's version constraints (`^1.2`, `~1.2`, `1.2.*`) as version specifiers of PEP 440.

/// Returns the specifiers that mean the same; `None` for what PEP 440 cannot express, such as a union.
pub(crate) fn to_specifiers(constraint: &str) -> Option<String> {
    if constraint.contains('|') {
        return None;
    }
    let joined = constraint.replace(',', " ");
    let mut words = joined.split_whitespace().peekable();
    let mut specifiers = Vec::new();
    while let Some(word) = words.next() {
        // An operator may stand apart from its version.
        let bare = !word.is_empty() && word.chars().all(|c| "<>=!~^".contains(c));
        let whole = if bare { format!("{word}{}", words.next()?) } else { word.to_owned() };
        specifiers.extend(one(&whole)?);
    }
    Some(specifiers.join(","))
}

fn one(text: &str) -> Option<Vec<String>> {
    if text == "*" {
        return Some(Vec::new());
    }
    if let Some(version) = text.strip_prefix('^') {
        return Some(vec![format!(">={version}"), format!("<{}", next_breaking(version)?)]);
    }
    if let Some(version) = text.strip_prefix("~=") {
        // Poetry takes a lone number, too, which PEP 440 does not.
        return (release(version)?.len() > 1).then(|| vec![text.to_owned()]);
    }
    if let Some(version) = text.strip_prefix('~') {
        return Some(vec![format!(">={version}"), format!("<{}", next_minor(version)?)]);
    }
    if let Some(version) = text.strip_prefix('=').filter(|rest| !rest.starts_with('=')) {
        return Some(vec![format!("=={version}")]);
    }
    if text.starts_with(['<', '>', '=', '!']) {
        return Some(vec![text.to_owned()]);
    }
    Some(vec![format!("=={}", text.strip_suffix(".x").map_or(text.to_owned(), |head| format!("{head}.*")))])
}

/// `^`: the left-most number other than 0 goes up; `1.2` gives `2.0`, `0.2` gives `0.3`.
fn next_breaking(version: &str) -> Option<String> {
    let mut numbers = release(version)?;
    let at = numbers.iter().position(|number| *number != 0).unwrap_or(numbers.len() - 1);
    raise(&mut numbers, at)
}

/// `~`: the second number goes up, or the first when there is no second.
fn next_minor(version: &str) -> Option<String> {
    let mut numbers = release(version)?;
    let at = usize::from(numbers.len() > 1);
    raise(&mut numbers, at)
}

fn raise(numbers: &mut [u64], at: usize) -> Option<String> {
    numbers[at] = numbers[at].checked_add(1)?;
    numbers[at + 1..].fill(0);
    Some(numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

/// Returns the numbers of the release segment, at least one.
fn release(version: &str) -> Option<Vec<u64>> {
    let parsed: pyrel_model::Version = version.parse().ok()?;
    Some(parsed.release())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_become_specifiers() {
        for (constraint, specifiers) in [
            ("*", ""),
            ("^1.2", ">=1.2,<2.0"),
            ("^2.25.1", ">=2.25.1,<3.0.0"),
            ("^0.2", ">=0.2,<0.3"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0.0", ">=0.0,<0.1"),
            ("^1", ">=1,<2"),
            ("~1.2", ">=1.2,<1.3"),
            ("~1.2.3", ">=1.2.3,<1.3.0"),
            ("~1", ">=1,<2"),
            ("~=5.0", "~=5.0"),
            ("1.2.3", "==1.2.3"),
            ("1.2.*", "==1.2.*"),
            ("1.x", "==1.*"),
            ("=1.2", "==1.2"),
            (">=1,<3", ">=1,<3"),
            (">= 1.0 , < 2.0", ">=1.0,<2.0"),
            (">=1.0 !=1.5", ">=1.0,!=1.5"),
        ] {
            assert_eq!(to_specifiers(constraint).as_deref(), Some(specifiers), "{constraint}");
        }
        for beyond in [">=1,<3 || >4", "^x", "~", "^18446744073709551615", "~= 0", "~= 1.dev0"] {
            assert_eq!(to_specifiers(beyond), None, "{beyond}");
        }
    }
}
