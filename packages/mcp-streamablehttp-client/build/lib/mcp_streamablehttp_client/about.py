"""Name and version of the distribution. The version lives in the package metadata alone."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

NAME = "mcp-streamablehttp-client"
PACKAGE = "mcp_streamablehttp_client"


def distribution_version() -> str:
    """The installed version, or ``0+unknown`` when the sources run without being installed."""
    try:
        return version(NAME)
    except PackageNotFoundError:
        return "0+unknown"
