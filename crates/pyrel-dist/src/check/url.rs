//! The test that PyPI puts to addresses in metadata. Far laxer than a URL parser: a host is not needed.

/// Tells whether PyPI takes an address.
pub(super) fn is_valid(address: &str) -> bool {
    // What the server makes of a line break is not known, so nothing is claimed.
    if address.contains('\n') {
        return true;
    }
    let Some((scheme, rest)) = address.split_once(':') else { return false };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return false;
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    !has_impossible_port(authority) && !path.contains(['[', ']'])
}

/// A port of five digits above 65535; anything longer, or behind a host that is none, is let through.
fn has_impossible_port(authority: &str) -> bool {
    let Some((before, port)) = authority.rsplit_once(':') else { return false };
    let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
    let is_host = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    is_host
        && !host.is_empty()
        && port.len() == 5
        && port.bytes().all(|b| b.is_ascii_digit())
        && port.parse::<u32>().is_ok_and(|port| port > 65_535)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_test_is_lax() {
        for good in [
            "https://example.org",
            "HTTP://example.org:8080/a b?c",
            "https:",
            "http:example",
            "https://example.org:123456/",
            "https://[::1]:80/x",
            "https://a:b:70000/",
            "https://@:70000",
            "https://ä.example/#[x]",
        ] {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "",
            "example.org",
            " https://example.org",
            "git+https://example.org",
            "mailto:a@example.org",
            "https://example.org:70000/",
            "https://example.org/[x]",
            "https://example.org/?a[]=1",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
