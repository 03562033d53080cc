"""``python -m mcp_echo_streamablehttp_server_stateless``."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
