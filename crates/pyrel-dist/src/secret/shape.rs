//! The shapes of well-known secrets. A shape is strict: a placeholder in a manual must not look like a token.

/// A kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SecretKind {
    /// A token of PyPI or TestPyPI: a macaroon behind `pypi-`.
    Pypi,
    /// A token of GitHub of the short form, with its checksum.
    Github,
    /// A fine-grained personal access token of GitHub.
    GithubFineGrained,
    /// The identifier of an access key of AWS.
    Aws,
    /// A token of Slack.
    Slack,
    /// A token of npm, with its checksum.
    Npm,
    /// A block with a private key.
    PrivateKey,
}

impl SecretKind {
    /// Returns what it is called in a message.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Pypi => "an API token of PyPI",
            Self::Github => "a token of GitHub",
            Self::GithubFineGrained => "a personal access token of GitHub",
            Self::Aws => "an access key of AWS",
            Self::Slack => "a token of Slack",
            Self::Npm => "a token of npm",
            Self::PrivateKey => "a private key",
        }
    }
}

/// What the secrets start with, by kind.
pub(super) const STARTS: [(&str, SecretKind); 15] = [
    ("pypi-Ag", SecretKind::Pypi),
    ("ghp_", SecretKind::Github),
    ("gho_", SecretKind::Github),
    ("ghu_", SecretKind::Github),
    ("ghs_", SecretKind::Github),
    ("ghr_", SecretKind::Github),
    ("github_pat_", SecretKind::GithubFineGrained),
    ("AKIA", SecretKind::Aws),
    ("ASIA", SecretKind::Aws),
    ("xoxb-", SecretKind::Slack),
    ("xoxp-", SecretKind::Slack),
    ("xoxa-", SecretKind::Slack),
    ("xoxr-", SecretKind::Slack),
    ("npm_", SecretKind::Npm),
    ("-----BEGIN ", SecretKind::PrivateKey),
];

/// Bytes of the longest secret that is looked at.
pub(super) const LONGEST: usize = 4096;

/// Tells whether `text`, which begins with the start of a kind, is a secret of that kind. `before` is the byte in
/// front of it.
pub(super) fn is_secret(kind: SecretKind, before: Option<u8>, text: &[u8]) -> bool {
    if kind != SecretKind::PrivateKey && before.is_some_and(is_word) {
        return false;
    }
    // No more than the longest token has, so that a file full of near misses costs little.
    let longest = match kind {
        SecretKind::PrivateKey => text.len(),
        SecretKind::Pypi => 640,
        _ => 128,
    };
    let text = &text[..text.len().min(longest)];
    match kind {
        SecretKind::Pypi => is_pypi(text),
        SecretKind::Github | SecretKind::Npm => is_checked(text),
        SecretKind::GithubFineGrained => is_fine_grained(text),
        SecretKind::Aws => is_aws(before, text),
        SecretKind::Slack => is_slack(text),
        SecretKind::PrivateKey => is_private_key(text),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns the longest run of bytes that `belongs` takes, from the start.
fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().position(|byte| !belongs(*byte)).unwrap_or(text.len());
    &text[..end]
}

/// Placeholders repeat themselves; what a generator made has many different characters.
fn is_random(text: &[u8], least: usize) -> bool {
    let mut seen = [false; 256];
    text.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count() >= least
}

/// A macaroon of version 2 in URL-safe base64, whose first packet is the location.
fn is_pypi(text: &[u8]) -> bool {
    const LOCATIONS: [&str; 2] = ["pypi.org", "test.pypi.org"];
    let body = run(&text[5..], |byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let mut decoded = Vec::with_capacity(24);
    for group in body.chunks_exact(4).take(6) {
        let values = group.iter().try_fold(0_u32, |sum, byte| Some(sum << 6 | base64_value(*byte)?));
        let Some(values) = values else { return false };
        decoded.extend_from_slice(&values.to_be_bytes()[1..]);
    }
    let names = |location: &&str| {
        let mut start = vec![2, 1, u8::try_from(location.len()).unwrap_or_default()];
        start.extend_from_slice(location.as_bytes());
        decoded.starts_with(&start)
    };
    body.len() >= 80 && LOCATIONS.iter().any(names) && is_random(&body[24..], 16)
}

fn base64_value(byte: u8) -> Option<u32> {
    match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

/// `ghp_` or `npm_` and the like: thirty characters, then their CRC-32 in six digits of base 62.
fn is_checked(text: &[u8]) -> bool {
    let body = run(&text[4..], |byte| byte.is_ascii_alphanumeric());
    body.len() == 36 && is_random(&body[..30], 8) && base62(crc32fast::hash(&body[..30])) == body[30..]
}

fn base62(mut number: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = [b'0'; 6];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text
}

/// `github_pat_`, 22 characters, `_`, 59 characters.
fn is_fine_grained(text: &[u8]) -> bool {
    let body = run(&text[11..], is_word);
    body.len() == 82
        && body[22] == b'_'
        && body.iter().filter(|byte| **byte == b'_').count() == 1
        && is_random(&body[23..], 20)
}

/// Twenty characters of base 32. Documentation uses identifiers that end in `EXAMPLE`.
fn is_aws(before: Option<u8>, text: &[u8]) -> bool {
    let inside = |byte: u8| is_word(byte) || matches!(byte, b'+' | b'/' | b'=' | b'-');
    let body = run(text, inside);
    let base32 = |byte: &u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(byte);
    body.len() == 20
        && !before.is_some_and(|byte| matches!(byte, b'+' | b'/' | b'-'))
        && body.iter().all(base32)
        && body[4..].iter().any(u8::is_ascii_digit)
        && !body.ends_with(b"EXAMPLE")
        && is_random(&body[4..], 8)
}

/// `xoxb-`, groups of digits, and a random end.
fn is_slack(text: &[u8]) -> bool {
    let body = run(&text[5..], |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let groups: Vec<&[u8]> = body.split(|byte| *byte == b'-').collect();
    let Some((end, ids)) = groups.split_last() else { return false };
    let is_id = |group: &&[u8]| {
        (9..=14).contains(&group.len()) && group.iter().all(u8::is_ascii_digit) && is_random(group, 4)
    };
    (2..=3).contains(&ids.len())
        && ids.iter().all(is_id)
        && (24..=34).contains(&end.len())
        && is_random(end, 10)
}

/// A PEM block: the line that begins it, lines of base64, the line that ends it.
fn is_private_key(text: &[u8]) -> bool {
    const LABEL: &[u8] = b"PRIVATE KEY";
    let begin = run(&text[..text.len().min(64)], |byte| !matches!(byte, b'\n' | b'\r' | b'\\'));
    let Some(begin) = begin[11..].strip_suffix(b"-----") else { return false };
    if !begin.ends_with(LABEL) && begin != b"PGP PRIVATE KEY BLOCK" {
        return false;
    }
    let rest = &text[11 + begin.len() + 5..];
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let end = memchr::memmem::find(rest, b"-----").unwrap_or(rest.len());
    // What is cut off at the limit of the search has no end, but is long.
    if !rest[end..].starts_with(b"-----END ") && end < LONGEST / 2 {
        return false;
    }
    let body: Vec<u8> = rest[..end].iter().copied().filter(base64).collect();
    body.len() >= 64 && is_random(&body, 30)
}

/// Makes a text of a kind's shape that is no secret: characters counted, not drawn.
#[cfg(test)]
pub(crate) fn sample(kind: SecretKind) -> String {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz01";
    let body: String = digits.chars().cycle().skip(3).step_by(7).take(120).collect();
    let checked = |start: &str| {
        let check = base62(crc32fast::hash(&body.as_bytes()[..30]));
        format!("{start}_{}{}", &body[..30], String::from_utf8(check.to_vec()).unwrap())
    };
    match kind {
        SecretKind::Pypi => {
            use base64::Engine as _;
            let start = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(b"\x02\x01\x08pypi.org\x02");
            format!("pypi-{start}{body}")
        }
        SecretKind::Github => checked("ghp"),
        SecretKind::Npm => checked("npm"),
        SecretKind::GithubFineGrained => format!("github_{}_{}_{}", "pat", &body[..22], &body[22..81]),
        SecretKind::Aws => format!("AK{}{}", "IA", &body.to_uppercase().replace(['0', '1'], "2")[..16]),
        SecretKind::Slack => format!("xox{}-1234567890-9876543210-{}", "b", &body[..24]),
        SecretKind::PrivateKey => {
            format!("{0}BEGIN RSA {1}{0}\n{body}\n{0}END RSA {1}{0}\n", "-----", "PRIVATE KEY")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [SecretKind; 7] = [
        SecretKind::Pypi,
        SecretKind::Github,
        SecretKind::GithubFineGrained,
        SecretKind::Aws,
        SecretKind::Slack,
        SecretKind::Npm,
        SecretKind::PrivateKey,
    ];

    #[test]
    fn every_kind_is_known_by_its_shape() {
        for kind in KINDS {
            let text = sample(kind);
            assert!(is_secret(kind, None, text.as_bytes()), "{kind:?}: {text}");
            assert!(STARTS.iter().any(|(start, of)| *of == kind && text.starts_with(start)), "{kind:?}");
        }
    }

    #[test]
    fn near_misses_are_none() {
        for kind in KINDS {
            let text = sample(kind);
            if kind != SecretKind::PrivateKey {
                assert!(!is_secret(kind, Some(b'x'), text.as_bytes()), "{kind:?} inside a word");
                // A placeholder of the same length.
                let start = STARTS.iter().find(|(start, _)| text.starts_with(start)).unwrap().0;
                let placeholder = format!("{start}{}", "x".repeat(text.len() - start.len()));
                assert!(!is_secret(kind, None, placeholder.as_bytes()), "{placeholder}");
            }
            // Cut off.
            assert!(!is_secret(kind, None, &text.as_bytes()[..text.len() / 2]), "{kind:?} cut off");
        }
        let mut wrong_checksum = sample(SecretKind::Github).into_bytes();
        wrong_checksum[10] ^= 1;
        assert!(!is_secret(SecretKind::Github, None, &wrong_checksum));
        for (kind, text) in [
            (SecretKind::Aws, "AKIAIOSFODNN7EXAMPLE"),
            (SecretKind::Aws, "AKIA1234567890123456"),
            (SecretKind::Aws, "AKIAQWERTYUIOPASDFGH"),
            (SecretKind::Slack, "xoxb-not-a-real-token"),
            (SecretKind::Pypi, "pypi-AgEIcHlwaS5vcmc"),
            (SecretKind::PrivateKey, "-----BEGIN PUBLIC KEY-----\nMFww\n-----END PUBLIC KEY-----\n"),
            (SecretKind::PrivateKey, "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n"),
            (SecretKind::PrivateKey, "-----BEGIN PRIVATE KEY-----\", line)"),
        ] {
            assert!(!is_secret(kind, None, text.as_bytes()), "{text}");
        }
    }
}
