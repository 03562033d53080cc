"""The authorization server inside a program of your own. Settings come from the environment and ``.env``.

python server_in_python.py 8000
"""

from __future__ import annotations

import sys

import uvicorn
from mcp_oauth_dynamicclient import create_app


def main(port: int) -> None:
    # Forwarding headers are the application's business: it believes those of TRUSTED_PROXIES alone.
    uvicorn.run(create_app(), host="127.0.0.1", port=port, access_log=False, proxy_headers=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
