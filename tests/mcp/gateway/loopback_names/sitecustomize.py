"""Lets every name below ``localhost`` mean this machine, as RFC 6761 has it and not every resolver does.

On the module path of a child process it works by itself; the tests import it.
"""

from __future__ import annotations

import socket
from typing import Any

_resolve = socket.getaddrinfo


def _local(host: Any, *rest: Any, **options: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name.rstrip(".").endswith(".localhost"):
        host = "127.0.0.1"
    return _resolve(host, *rest, **options)


socket.getaddrinfo = _local
