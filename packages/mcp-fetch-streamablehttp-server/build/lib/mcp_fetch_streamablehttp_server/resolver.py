"""From a host name to addresses, through the operating system. Judges nothing: the policy does."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence

import anyio

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Takes a host and a port; returns addresses in the order in which to try them."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """Asks the operating system.

    Raises:
        OSError: the name does not resolve.
    """
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
