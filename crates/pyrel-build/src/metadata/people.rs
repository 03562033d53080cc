//! Authors and maintainers as `Author` and `Author-email` fields, the way Python's e-mail library prints them.

use pyrel_model::pyproject::Person;

/// An address or name that Python's e-mail library would parse, quote, or refuse in ways not reproduced here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnusualAddress(pub(crate) String);

/// Returns the values of `Author` (names without address) and `Author-email`, each empty when there is none.
pub(crate) fn people_fields(people: &[Person]) -> Result<(String, String), UnusualAddress> {
    let mut names = Vec::new();
    let mut addresses = Vec::new();
    for person in people {
        let name = person.name.as_deref().filter(|name| !name.is_empty());
        let email = person.email.as_deref().filter(|email| !email.is_empty());
        match (name, email) {
            (Some(name), Some(email)) => {
                addresses.push(format!("{} <{}>", display_name(name)?, plain_address(email)?));
            }
            (None, Some(email)) => addresses.push(plain_address(email)?.to_owned()),
            (Some(name), None) => names.push(name),
            (None, None) => return Err(UnusualAddress(String::new())),
        }
    }
    Ok((names.join(", "), addresses.join(", ")))
}

/// Quotes a display name that holds a special character.
fn display_name(name: &str) -> Result<String, UnusualAddress> {
    if name.contains(['\r', '\n']) {
        return Err(UnusualAddress(name.to_owned()));
    }
    if name.contains(['(', ')', '<', '>', '@', ',', ':', ';', '.', '\\', '"', '[', ']']) {
        return Ok(format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")));
    }
    Ok(name.to_owned())
}

/// Lets through addresses of the everyday form, whose printing is their spelling.
fn plain_address(address: &str) -> Result<&str, UnusualAddress> {
    let atom = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    let dot_atom = |text: &str| text.split('.').all(atom);
    match address.split_once('@') {
        Some((local, domain)) if dot_atom(local) && dot_atom(domain) => Ok(address),
        _ => Err(UnusualAddress(address.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, email: &str) -> Person {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Person { name: some(name), email: some(email) }
    }

    #[test]
    fn names_and_addresses_part_ways() {
        let people = [
            person("Ann", ""),
            person("Bob B. Bee", "bob@example.org"),
            person("", "c@example.org"),
            person("Dörte \"D\"", "d@example.org"),
            person("Eve", ""),
        ];
        let (names, addresses) = people_fields(&people).unwrap();
        assert_eq!(names, "Ann, Eve");
        assert_eq!(
            addresses,
            "\"Bob B. Bee\" <bob@example.org>, c@example.org, \"Dörte \\\"D\\\"\" <d@example.org>"
        );
    }

    #[test]
    fn unusual_addresses_are_left_to_others() {
        for bad in ["a b@example.org", "no-at", "x@y@z", "a..b@example.org", "ä@example.org", "<a@b.c>"] {
            assert!(people_fields(&[person("", bad)]).is_err(), "{bad}");
        }
    }
}
