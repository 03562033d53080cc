"""Stands in for Sigstore: an authority that makes certificates for identities, and a log of signatures.

Both refuse what the real ones refuse: an identity that is not made out for ``sigstore``, has lapsed or has a wrong
signature, a request whose signer does not have the key, an envelope that the certificate's key did not sign. What
they give is signed by keys of their own, whose trusted root has the format of Sigstore's, so that the libraries that
PyPI uses can verify all of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

# Under it are the extensions in which a certificate tells the claims of an identity.
FULCIO = "1.3.6.1.4.1.57264.1"
SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
ISSUER = "https://token.actions.githubusercontent.com"
CODE_HOST = "https://github.com/"
LEEWAY = 30


class RefusedError(Exception):
    """A request that is turned down: a status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no white space, which is what the log signs."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class LogKey:
    """A key that signs, and the identifier that its hash is."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.public = self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.identifier = hashlib.sha256(self.public).digest()

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))

    def instance(self, url: str) -> dict[str, Any]:
        """How a trusted root tells of it."""
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": b64(self.public),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": "2020-01-01T00:00:00Z"},
            },
            "logId": {"keyId": b64(self.identifier)},
        }


def utf8(text: str) -> bytes:
    """DER of a short text."""
    data = text.encode()
    assert len(data) < 128
    return bytes([0x0C, len(data)]) + data


class Authority:
    """Makes certificates for ten minutes."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.ct = LogKey()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
        public = self.key.public_key()
        now = datetime.now(timezone.utc)
        self.root = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def certify(self, claims: dict[str, Any], public: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """Makes the certificate that the claims of a job of GitHub Actions get."""
        now = datetime.now(timezone.utc).replace(microsecond=0)
        workflow = CODE_HOST + str(claims["job_workflow_ref"])
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=1))
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(workflow)]), critical=True)
        )
        told = {
            8: str(claims["iss"]),
            12: CODE_HOST + str(claims["repository"]),
            13: str(claims["sha"]),
            14: str(claims["ref"]),
            16: CODE_HOST + str(claims["repository_owner"]),
            18: CODE_HOST + str(claims["workflow_ref"]),
        }
        for number, text in told.items():
            oid = x509.ObjectIdentifier(f"{FULCIO}.{number}")
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, utf8(text)), critical=False)
        before = builder.sign(self.key, hashes.SHA256())
        stamp = x509.UnrecognizedExtension(SCT_LIST, self.timestamp(before))
        return builder.add_extension(stamp, critical=False).sign(self.key, hashes.SHA256())

    def timestamp(self, before: x509.Certificate) -> bytes:
        """The list with one timestamp of the log of certificates (RFC 6962)."""
        issuer = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        body = before.tbs_certificate_bytes
        millis = int(time.time() * 1000)
        signed = struct.pack("!BBQH", 0, 0, millis, 1) + hashlib.sha256(issuer).digest()
        signed += len(body).to_bytes(3, "big") + body + struct.pack("!H", 0)
        signature = self.ct.sign(signed)
        stamp = struct.pack("!B32sQH", 0, self.ct.identifier, millis, 0)
        stamp += struct.pack("!BBH", 4, 3, len(signature)) + signature
        listed = struct.pack("!HH", len(stamp) + 2, len(stamp)) + stamp
        assert len(listed) < 256
        head = bytes([0x04, len(listed)]) if len(listed) < 128 else bytes([0x04, 0x81, len(listed)])
        return head + listed


def usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


class Log:
    """A log of signatures, as a tree of hashes (RFC 6962)."""

    def __init__(self) -> None:
        self.key = LogKey()
        self.bodies: list[bytes] = []
        self.times: list[int] = []

    def enter(self, body: bytes) -> int:
        self.bodies.append(body)
        self.times.append(int(time.time()))
        return len(self.bodies) - 1

    def entry(self, index: int) -> dict[str, Any]:
        """Returns an entry as the log tells it."""
        leaves = [hashlib.sha256(b"\0" + body).digest() for body in self.bodies]
        root = tree(leaves)
        note = f"stand-in - 1\n{len(leaves)}\n{b64(root)}\n"
        signature = b64(self.key.identifier[:4] + self.key.sign(note.encode()))
        told: dict[str, Any] = {
            "body": b64(self.bodies[index]),
            "integratedTime": self.times[index],
            "logID": self.key.identifier.hex(),
            "logIndex": index,
        }
        promise = self.key.sign(canonical(told))
        told["verification"] = {
            "inclusionProof": {
                "checkpoint": f"{note}\n\u2014 stand-in {signature}\n",
                "hashes": [node.hex() for node in path(index, leaves)],
                "logIndex": index,
                "rootHash": root.hex(),
                "treeSize": len(leaves),
            },
            "signedEntryTimestamp": b64(promise),
        }
        return {f"{index:064x}": told}


def split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << ((size - 1).bit_length() - 1)


def tree(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    at = split(len(leaves))
    return hashlib.sha256(b"\1" + tree(leaves[:at]) + tree(leaves[at:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    at = split(len(leaves))
    if index < at:
        return [*path(index, leaves[:at]), tree(leaves[at:])]
    return [*path(index - at, leaves[at:]), tree(leaves[:at])]


@dataclass
class Sigstore:
    """The authority and the log, with what tests change of them."""

    key: RSAKey
    authority: Authority = field(default_factory=Authority)
    log: Log = field(default_factory=Log)
    detached: bool = False
    drop_entries: int = 0
    refuse_entries: bool = False
    certificates: int = 0

    def sign(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answers ``POST /api/v2/signingCert``."""
        claims = self.identity(str(body.get("credentials", {}).get("oidcIdentityToken", "")))
        try:
            request = x509.load_pem_x509_csr(base64.b64decode(body["certificateSigningRequest"], validate=True))
        except (KeyError, ValueError) as error:
            raise RefusedError(400, "the certificate signing request is not valid") from error
        public = request.public_key()
        if not request.is_signature_valid or not isinstance(public, ec.EllipticCurvePublicKey):
            raise RefusedError(400, "the signature supplied in the request could not be verified")
        certificate = self.authority.certify(claims, public)
        self.certificates += 1
        chain = [one.public_bytes(serialization.Encoding.PEM).decode() for one in (certificate, self.authority.root)]
        name = "signedCertificateDetachedSct" if self.detached else "signedCertificateEmbeddedSct"
        return {name: {"chain": {"certificates": chain}}}

    def identity(self, token: str) -> dict[str, Any]:
        try:
            claims = jwt.decode(token, self.key, algorithms=["RS256"]).claims
        except (JoseError, ValueError) as error:
            raise RefusedError(401, "there was an error processing the identity token") from error
        if claims["iss"] != ISSUER or claims["aud"] != "sigstore" or claims["exp"] + LEEWAY < time.time():
            raise RefusedError(401, "there was an error processing the identity token")
        return claims

    def enter(self, body: dict[str, Any]) -> tuple[int, int]:
        """Answers ``POST /api/v1/log/entries``: a status, and the place of the entry."""
        if self.refuse_entries:
            raise RefusedError(400, "error processing entry: the log is out of order")
        if (body["kind"], body["apiVersion"]) != ("dsse", "0.0.1"):
            raise RefusedError(400, "the entry is of an unknown kind")
        proposed = body["spec"]["proposedContent"]
        envelope = json.loads(proposed["envelope"])
        [verifier], [signature] = proposed["verifiers"], envelope["signatures"]
        certificate = x509.load_pem_x509_certificate(base64.b64decode(verifier))
        payload, signed = base64.b64decode(envelope["payload"]), base64.b64decode(signature["sig"])
        kind = envelope["payloadType"]
        encoded = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        public = certificate.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        try:
            public.verify(signed, encoded, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise RefusedError(400, "could not verify envelope") from error
        entry = canonical(
            {
                "apiVersion": "0.0.1",
                "kind": "dsse",
                "spec": {
                    "envelopeHash": digest(proposed["envelope"].encode()),
                    "payloadHash": digest(payload),
                    "signatures": [
                        {
                            "signature": b64(signed),
                            "verifier": b64(certificate.public_bytes(serialization.Encoding.PEM)),
                        }
                    ],
                },
            }
        )
        if entry in self.log.bodies:
            return 409, self.log.bodies.index(entry)
        return 201, self.log.enter(entry)

    def trusted_root(self) -> dict[str, Any]:
        """What a verifier has to trust."""
        root = self.authority.root.public_bytes(serialization.Encoding.DER)
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.log.key.instance("https://log.example")],
            "ctlogs": [self.authority.ct.instance("https://ct.example")],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "stand-in", "commonName": "stand-in"},
                    "uri": "https://authority.example",
                    "certChain": {"certificates": [{"rawBytes": b64(root)}]},
                    "validFor": {"start": "2020-01-01T00:00:00Z"},
                }
            ],
            "timestampAuthorities": [],
        }


def digest(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}
