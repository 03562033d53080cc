"""``python -m mcp_fetch_streamablehttp_server``."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
