"""Allow-list of protocol revisions. Decides, never touches a socket: the envelope layer enforces it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, KNOWN_PROTOCOL_VERSIONS

from .errors import ConfigurationError

ASSUMED_VERSION = "2025-03-26"
"""Revision of a legacy request that carries neither ``MCP-Protocol-Version`` nor a session."""


@dataclass(frozen=True)
class ProtocolPolicy:
    """The revisions this service speaks, oldest first, and the one it offers when asked for another."""

    supported: tuple[str, ...] = KNOWN_PROTOCOL_VERSIONS
    preferred: str | None = None

    @classmethod
    def of(cls, versions: Iterable[str] | None, preferred: str | None = None) -> ProtocolPolicy:
        """Builds a policy from unordered names; ``None`` means every known revision.

        Raises:
            ConfigurationError: a revision is unknown, the list is empty, or ``preferred`` is not on it.
        """
        wanted = set(KNOWN_PROTOCOL_VERSIONS if versions is None else versions)
        known = ", ".join(KNOWN_PROTOCOL_VERSIONS)
        unknown = sorted(wanted - set(KNOWN_PROTOCOL_VERSIONS))
        if unknown:
            raise ConfigurationError(f"unknown protocol version: {', '.join(unknown)}", hint=f"choose from {known}")
        if not wanted:
            raise ConfigurationError("the list of protocol versions is empty", hint=f"choose from {known}")
        if preferred is not None and preferred not in wanted:
            raise ConfigurationError(
                f"the preferred protocol version is not on the list: {preferred}",
                hint="add it to `--protocol-versions` or unset `MCP_PROTOCOL_VERSION`",
            )
        return cls(tuple(version for version in KNOWN_PROTOCOL_VERSIONS if version in wanted), preferred)

    @property
    def handshake(self) -> tuple[str, ...]:
        """Listed revisions that open with ``initialize``."""
        return tuple(version for version in self.supported if version in HANDSHAKE_PROTOCOL_VERSIONS)

    @property
    def unrestricted(self) -> bool:
        """Whether the SDK's own negotiation already gives every answer this policy would give."""
        newest = HANDSHAKE_PROTOCOL_VERSIONS[-1]
        return self.supported == KNOWN_PROTOCOL_VERSIONS and self.offer("") == newest

    def offer(self, requested: str) -> str | None:
        """The revision to answer ``initialize`` with, or ``None`` when no handshake revision is listed."""
        handshake = self.handshake
        if requested in handshake:
            return requested
        if self.preferred in handshake:
            return self.preferred
        return handshake[-1] if handshake else None
