"""``python -m mcp_oauth_dynamicclient``."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
