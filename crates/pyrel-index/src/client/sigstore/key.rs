//! A key pair on the curve P-256 that lives in memory only.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

/// What stands before the point of a public key on P-256 (RFC 5480), in DER.
const PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The system gave no randomness, or the key cannot be used.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyFault;

/// A key pair.
#[derive(Debug)]
pub(super) struct Key {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Key {
    /// Makes a new pair.
    pub(super) fn generate() -> Result<Self, KeyFault> {
        let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| KeyFault)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).map_err(|_| KeyFault)?;
        Ok(Self { pair, random })
    }

    /// Returns the public key as a `SubjectPublicKeyInfo` in DER.
    pub(super) fn public(&self) -> Vec<u8> {
        [PREFIX.as_slice(), self.pair.public_key().as_ref()].concat()
    }

    /// Signs a message: ECDSA over its SHA-256, in DER.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFault> {
        self.pair
            .sign(&self.random, message)
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| KeyFault)
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    use super::*;

    #[test]
    fn what_is_signed_verifies_with_the_public_key() {
        let key = Key::generate().unwrap();
        let public = key.public();
        assert_eq!((public.len(), public[26]), (91, 4), "an uncompressed point");
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &public[26..]);
        let signature = key.sign(b"message").unwrap();
        assert!(verifier.verify(b"message", &signature).is_ok());
        assert!(verifier.verify(b"other", &signature).is_err());
        assert!(!format!("{key:?}").contains("private"));
    }
}
