"""Tools about the caller: the bearer token, the authentication headers, and who the greatest of all time is."""

from __future__ import annotations

import json
import time
from typing import Any

from .bearer import TokenFormatError, UnverifiedToken, claims_of, describe_moment
from .call import Call
from .catalogue import EchoTool, Reply, ToolError

_RAW_CHARACTERS = 50
_MOMENTS = (("iat", "issued"), ("nbf", "not before"), ("exp", "expires"))
_EDGE_HEADERS = ("X-User-Id", "X-User-Name", "X-Client-Id", "X-Scope")
_FEATS = (
    "never leaves a request without a response",
    "reads specifications for pleasure and errata for dessert",
    "has a round trip time measured in applause",
    "resolves merge conflicts by walking into the room",
)


def bearer_decode_tool() -> EchoTool:
    """The tool that decodes a bearer token."""
    return EchoTool(
        "bearerDecode",
        "Decode bearer token",
        "Decodes a JWT without verifying its signature; by default the bearer token of this request.",
        bearer_decode,
        {
            "token": {"type": "string", "description": "Token to decode instead of the request's own."},
            "includeRaw": {
                "type": "boolean",
                "default": False,
                "description": f"Also show the first {_RAW_CHARACTERS} characters of header and payload.",
            },
        },
    )


def auth_context_tool() -> EchoTool:
    """The tool that shows how the caller is authenticated."""
    return EchoTool(
        "authContext",
        "Authentication context",
        "Shows the bearer token's subject, the identity headers of the edge proxy and a verdict.",
        auth_context,
    )


def goat_tool() -> EchoTool:
    """The tool that names the greatest of all time."""
    return EchoTool(
        "whoIStheGOAT",
        "Who is the GOAT",
        "Playful report on the greatest of all time: the authenticated caller.",
        who_is_the_goat,
        {"subject": {"type": "string", "maxLength": 200, "description": "What to be the greatest of all time at."}},
    )


async def bearer_decode(call: Call, arguments: dict[str, Any]) -> Reply:
    """Header and claims of a token, with its dates in UTC."""
    token = arguments.get("token") or call.bearer
    if token is None:
        raise ToolError("No bearer token: send an Authorization header or pass the argument `token`.")
    try:
        decoded = UnverifiedToken.parse(token.removeprefix("Bearer ").strip())
    except TokenFormatError as error:
        raise ToolError(f"Cannot decode: {error}.") from error
    now = time.time()
    lines = ["Bearer token (signature NOT verified)", "header:", _indented(decoded.header)]
    lines += ["claims:", _indented(decoded.claims)]
    for claim, label in _MOMENTS:
        if claim in decoded.claims:
            lines.append(f"{label} ({claim}): {describe_moment(decoded.claims[claim], now)}")
    expiry = decoded.claims.get("exp")
    if isinstance(expiry, (int, float)) and not isinstance(expiry, bool):
        lines.append("state: EXPIRED" if expiry <= now else "state: not expired")
    if arguments.get("includeRaw", False):
        lines.append(f"raw header: {_cut(decoded.header_part)}")
        lines.append(f"raw payload: {_cut(decoded.claims_part)}")
        lines.append("raw signature: never shown")
    return Reply("\n".join(lines))


async def auth_context(call: Call, arguments: dict[str, Any]) -> Reply:
    """Everything about the request that says who sent it."""
    token, claims = call.bearer, claims_of(call.bearer)
    lines = ["Authentication context"]
    if token is None:
        lines.append("bearer: absent")
    else:
        lines.append(f"bearer: present, {len(token)} characters")
        lines.append(f"  sub: {_claim(claims, 'sub')}")
        lines.append(f"  client_id: {_claim(claims, 'client_id', 'azp')}")
    trusted = call.settings.edge.user_header and call.record.peer_trusted
    note = "from a trusted proxy" if trusted else "not trusted"
    for name in _EDGE_HEADERS:
        value = call.headers.get(name)
        lines.append(f"{name}: {f'{value} ({note})' if value is not None else '(absent)'}")
    lines.append(f"Origin: {call.headers.get('origin', '(absent)')}")
    lines.append(f"Host: {call.headers.get('host', '(absent)')}")
    forwarded = call.headers.get("x-forwarded-proto") if call.record.peer_trusted else None
    lines.append(f"scheme: {forwarded or call.scheme}")
    lines.append(f"verdict: {_verdict(call, claims)}")
    return Reply("\n".join(lines))


async def who_is_the_goat(call: Call, arguments: dict[str, Any]) -> Reply:
    """Praises the caller, or asks for authentication."""
    claims = claims_of(call.bearer)
    name = claims.text_claim("name", "username", "preferred_username", "sub") if claims else None
    source = "bearer token, signature not verified"
    if name is None:
        name = call.headers.get("x-user-name") or call.headers.get("x-user-id")
        source = "X-User headers of a trusted proxy" if call.record.user_id else "X-User headers, not trusted"
    if not name:
        return Reply(
            "AUTHENTICATION REQUIRED\n"
            "The greatest of all time does not stay anonymous: send a bearer token whose claims name you."
        )
    subject = arguments.get("subject") or "everything"
    feats = [f"  {number}. {name} {feat}." for number, feat in enumerate(_FEATS, 1)]
    lines = [
        "GOAT report",
        f"subject: {subject}",
        f"candidate: {name} (from the {source})",
        "findings:",
        *feats,
        f"conclusion: at {subject}, {name} is the Greatest Of All Time.",
    ]
    return Reply("\n".join(lines))


def _verdict(call: Call, claims: UnverifiedToken | None) -> str:
    if call.record.user_id is not None:
        return f"authenticated by the edge proxy as {call.record.user_id}"
    if claims is not None:
        return "a JWT is present but nobody has verified it here; do not rely on its claims"
    if call.bearer is not None:
        return "an opaque bearer token is present; only its issuer can tell whose it is"
    return "anonymous"


def _claim(claims: UnverifiedToken | None, *names: str) -> str:
    if claims is None:
        return "(unknown: opaque token)"
    return claims.text_claim(*names) or "(absent)"


def _indented(document: dict[str, Any]) -> str:
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    return "\n".join(f"  {line}" for line in text.splitlines())


def _cut(part: str) -> str:
    return part if len(part) <= _RAW_CHARACTERS else f"{part[:_RAW_CHARACTERS]}..."
