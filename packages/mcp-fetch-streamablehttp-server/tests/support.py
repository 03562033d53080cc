"""Small things several tests need: servers from variables, and what results say."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import anyio
from mcp_fetch_streamablehttp_server import FetchHandler, StreamableHTTPServer
from mcp_fetch_streamablehttp_server.service.settings import read_service_settings
from mcp_fetch_streamablehttp_server.settings import VARIABLES, read_settings, service_environment


def build(handler: FetchHandler | None = None, **variables: str) -> StreamableHTTPServer:
    """A server with the settings the variables give."""
    service = read_service_settings(argparse.Namespace(), service_environment(variables), VARIABLES)
    return StreamableHTTPServer(read_settings(variables), service=service, handler=handler)


def text_of(result: Any) -> str:
    """The text of a result that is no error."""
    assert not result.is_error, result.content[0].text
    return result.content[0].text


def refusal_of(result: Any) -> str:
    """The one line of a result that is an error."""
    assert result.is_error, result
    text = result.content[0].text
    assert "\n" not in text
    return text


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Returns once the condition holds."""
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110 - it happens in another thread, which sets no event
            await anyio.sleep(0.005)
