//! The request for a certificate (PKCS #10, RFC 2986), which proves that who asks has the key. Its subject is empty:
//! the certificate gets the one of the identity.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{Key, KeyFault};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// The attributes of a request, of which there are none.
const ATTRIBUTES: u8 = 0xa0;
/// `ecdsa-with-SHA256` (1.2.840.10045.4.3.2), with its tag.
const ECDSA_WITH_SHA256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

/// Makes a request in PEM.
pub(super) fn request(key: &Key) -> Result<String, KeyFault> {
    let info = wrap(
        SEQUENCE,
        &[wrap(INTEGER, &[vec![0]]), wrap(SEQUENCE, &[]), key.public(), wrap(ATTRIBUTES, &[])],
    );
    let signature = key.sign(&info)?;
    let algorithm = wrap(SEQUENCE, &[ECDSA_WITH_SHA256.to_vec()]);
    // The first byte of a bit string counts the bits that are not used.
    let request = wrap(SEQUENCE, &[info, algorithm, wrap(BIT_STRING, &[vec![0], signature])]);
    Ok(pem("CERTIFICATE REQUEST", &request))
}

/// Puts parts under a tag (X.690, definite length).
fn wrap(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        length @ 0..=0x7f => out.push(u8::try_from(length).unwrap_or_default()),
        length => {
            let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or_default());
            out.extend(bytes);
        }
    }
    out.extend(content);
    out
}

/// Writes a block of PEM (RFC 7468).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    let text = STANDARD.encode(der);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// Reads the first certificate of a text in PEM; none when there is none.
pub(super) fn certificate(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok().filter(|der| !der.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_short_as_they_can_be() {
        assert_eq!(wrap(SEQUENCE, &[]), [0x30, 0]);
        assert_eq!(wrap(SEQUENCE, &[vec![7; 127]])[..2], [0x30, 127]);
        assert_eq!(wrap(SEQUENCE, &[vec![7; 128]])[..3], [0x30, 0x81, 128]);
        assert_eq!(wrap(SEQUENCE, &[vec![7; 256]])[..4], [0x30, 0x82, 1, 0]);
    }

    #[test]
    fn a_request_is_a_block_of_pem_around_one_sequence() {
        let text = request(&Key::generate().unwrap()).unwrap();
        assert!(text.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"));
        assert!(text.ends_with("\n-----END CERTIFICATE REQUEST-----\n"));
        assert!(text.lines().all(|line| line.len() <= 64));
        let der = certificate(&text.replace("CERTIFICATE REQUEST", "CERTIFICATE")).unwrap();
        assert_eq!(der[0], SEQUENCE);
        assert_eq!(usize::from(der[2]) + 3, der.len(), "one byte of length follows 0x81");
    }

    #[test]
    fn the_first_certificate_counts() {
        let text = format!("{}{}", pem("CERTIFICATE", b"leaf"), pem("CERTIFICATE", b"root"));
        assert_eq!(certificate(&text).unwrap(), b"leaf");
        assert_eq!(certificate("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"), None);
        assert_eq!(certificate("nothing"), None);
    }
}
