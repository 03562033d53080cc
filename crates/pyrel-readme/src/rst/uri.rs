//! Standalone addresses in running text: URIs of known schemes and e-mail addresses.

use super::punctuation::{may_follow, may_precede};

/// The schemes that make a URI of a text with a colon.
const SCHEMES: [&str; 108] = [
    "about",
    "acap",
    "addbook",
    "afp",
    "afs",
    "aim",
    "callto",
    "castanet",
    "chttp",
    "cid",
    "crid",
    "data",
    "dav",
    "dict",
    "dns",
    "eid",
    "fax",
    "feed",
    "file",
    "finger",
    "freenet",
    "ftp",
    "go",
    "gopher",
    "gsm-sms",
    "h323",
    "h324",
    "hdl",
    "hnews",
    "http",
    "https",
    "hydra",
    "iioploc",
    "ilu",
    "im",
    "imap",
    "info",
    "ior",
    "ipp",
    "irc",
    "iris.beep",
    "iseek",
    "jar",
    "javascript",
    "jdbc",
    "ldap",
    "lifn",
    "livescript",
    "lrq",
    "mailbox",
    "mailserver",
    "mailto",
    "md5",
    "mid",
    "mocha",
    "modem",
    "mtqp",
    "mupdate",
    "news",
    "nfs",
    "nntp",
    "opaquelocktoken",
    "phone",
    "pop",
    "pop3",
    "pres",
    "printer",
    "prospero",
    "rdar",
    "res",
    "rtsp",
    "rvp",
    "rwhois",
    "rx",
    "sdp",
    "service",
    "shttp",
    "sip",
    "sips",
    "smb",
    "snews",
    "snmp",
    "soap.beep",
    "soap.beeps",
    "ssh",
    "t120",
    "tag",
    "tcp",
    "tel",
    "telephone",
    "telnet",
    "tftp",
    "tip",
    "tn3270",
    "tv",
    "urn",
    "uuid",
    "vemmi",
    "videotex",
    "view-source",
    "wais",
    "whodp",
    "whois++",
    "x-man-page",
    "xmlrpc.beep",
    "xmlrpc.beeps",
    "z39.50r",
    "z39.50s",
];

/// An address in a text: its range in bytes, and the scheme unless it is an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) scheme: Option<String>,
}

impl Address {
    /// Tells whether the scheme is one that makes a link.
    pub(super) fn is_known(&self) -> bool {
        self.scheme.as_ref().is_none_or(|scheme| SCHEMES.contains(&scheme.to_lowercase().as_str()))
    }
}

fn is_uric(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_.!~*'()[];/:@&=+$,%\0".contains(&b)
}

fn is_last(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"_~*/=+".contains(&b)
}

fn is_mail(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_!~*'{|}/#?^`&=+$%\0".contains(&b)
}

fn is_followed(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_none_or(may_follow)
}

fn may_start(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_none_or(may_precede)
}

/// Finds the first address of a text.
pub(super) fn find(text: &str) -> Option<Address> {
    let absolute = find_absolute(text);
    let mail = find_mail(text, absolute.as_ref().map_or(text.len(), |found| found.start));
    mail.or(absolute)
}

/// Tells whether a text starts with an address.
pub(super) fn is_at_start(text: &str) -> bool {
    let colon = text.find(':').filter(|at| is_scheme(&text[..*at]));
    if colon.is_some_and(|colon| uri_end(text, colon + 1).is_some()) {
        return true;
    }
    let at = text.find('@');
    at.is_some_and(|at| is_local_part(&text[..at]) && mail_end(text, at + 1, true).is_some())
}

/// Tells whether a text is an e-mail address and nothing else.
pub(super) fn is_mail_address(text: &str) -> bool {
    let Some(at) = text.find('@') else { return false };
    is_local_part(&text[..at]) && mail_end(text, at + 1, false).is_some()
}

fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-'))
}

fn find_absolute(text: &str) -> Option<Address> {
    let mut from = 0;
    while let Some(colon) = text[from..].find(':').map(|at| from + at) {
        let run = text[from..colon]
            .bytes()
            .rev()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-'))
            .count();
        let start = (colon - run..colon)
            .find(|at| text.as_bytes()[*at].is_ascii_alphabetic() && may_start(text, *at));
        if let Some(start) = start
            && let Some(end) = uri_end(text, colon + 1)
        {
            return Some(Address { start, end, scheme: Some(text[start..colon].to_owned()) });
        }
        from = colon + 1;
    }
    None
}

/// Returns the end of a URI whose part after the scheme starts at a place.
fn uri_end(text: &str, start: usize) -> Option<usize> {
    part_ends(text, start).find_map(|main| {
        let query = text[main..].starts_with('?').then(|| part_ends(text, main + 1));
        let with_query = query.into_iter().flatten().find_map(|end| fragment_end(text, end));
        with_query.or_else(|| fragment_end(text, main))
    })
}

fn fragment_end(text: &str, start: usize) -> Option<usize> {
    let fragment = text[start..].starts_with('#').then(|| part_ends(text, start + 1));
    fragment
        .into_iter()
        .flatten()
        .find(|end| is_followed(text, *end))
        .or_else(|| is_followed(text, start).then_some(start))
}

/// Lists the places at which a part of a URI may end, the longest first.
fn part_ends(text: &str, start: usize) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let run = bytes[start..].iter().take_while(|b| is_uric(**b)).count();
    (start + 1..=start + run)
        .rev()
        .filter(move |end| is_last(bytes[end - 1]) || bytes.get(*end) == Some(&b'>'))
}

fn is_local_part(text: &str) -> bool {
    !text.ends_with('\0') && text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_mail))
}

fn find_mail(text: &str, before: usize) -> Option<Address> {
    let mut from = 0;
    while let Some(at) = text[from..].find('@').map(|at| from + at) {
        let run = text[from..at].bytes().rev().take_while(|b| is_mail(*b) || *b == b'.').count();
        // Behind two dots in a row nothing is one local part any more.
        let head = text[at - run..at].rfind("..").map_or(at - run, |dots| at - run + dots + 1);
        if head >= before {
            return None;
        }
        let start = (head..at).find(|start| may_start(text, *start) && !text[*start..].starts_with('.'));
        if let Some(start) = start.filter(|start| *start < before && is_local_part(&text[*start..at]))
            && let Some(end) = mail_end(text, at + 1, true)
        {
            return Some(Address { start, end, scheme: None });
        }
        from = at + 1;
    }
    None
}

/// Returns the end of the host of an e-mail address; without `in_text` it must be the end of the text.
fn mail_end(text: &str, start: usize, in_text: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes.get(start).is_some_and(|b| is_mail(*b)) {
        return None;
    }
    let run = bytes[start..].iter().take_while(|b| is_mail(**b) || **b == b'.').count();
    let longest = (start + run + 1).min(text.len());
    (start + 2..=longest).rev().find(|end| {
        text.is_char_boundary(*end)
            && (is_last(bytes[end - 1]) || (is_uric(bytes[end - 1]) && bytes.get(*end) == Some(&b'>')))
            && if in_text { is_followed(text, *end) } else { *end == text.len() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        find(text).map(|address| &text[address.start..address.end])
    }

    #[test]
    fn addresses_end_before_punctuation() {
        assert_eq!(found("see https://a.b/c?d=e#f."), Some("https://a.b/c?d=e#f"));
        assert_eq!(found("(https://a.b/c)"), Some("https://a.b/c"));
        assert_eq!(found("<https://a.b/c.>"), Some("https://a.b/c."));
        assert_eq!(found("write to a.b@c.org, please"), Some("a.b@c.org"));
        assert_eq!(found("mailto:a@b.c"), Some("mailto:a@b.c"));
        assert_eq!(found("no: colon"), None);
        assert!(!find("foo:bar").unwrap().is_known());
        assert!(is_mail_address("a@b.c") && !is_mail_address("a@b.c x"));
        assert!(is_at_start("https://a.b/_") && !is_at_start("name_"));
    }
}
