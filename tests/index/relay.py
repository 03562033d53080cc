"""Passes requests on to a plain server and tells which version of HTTP they came with; run by hypercorn."""

from __future__ import annotations

import asyncio
import http.client
import os
from urllib.parse import urlsplit

ADDRESS = urlsplit(os.environ["RELAY_TO"]).netloc


async def relay(scope: dict, receive, send) -> None:
    """Answers as the server behind does, with the version of HTTP in a header."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    status, headers, content = await asyncio.to_thread(forward, scope, body)
    headers.append((b"x-relay-version", scope["http_version"].encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def forward(scope: dict, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Asks the server behind."""
    given = {name.decode(): value.decode() for name, value in scope["headers"]}
    if scope["method"] == "POST":
        if scope["http_version"] != "2":
            return 400, [], f"400 expected HTTP/2, got {scope['http_version']}".encode()
        if given.get("content-length") != str(len(body)):
            return 400, [], f"400 {len(body)} bytes, announced: {given.get('content-length')}".encode()
    passed = {name: value for name, value in given.items() if name in {"accept", "authorization", "content-type"}}
    connection = http.client.HTTPConnection(ADDRESS, timeout=60)
    try:
        connection.request(scope["method"], scope["path"], body or None, passed)
        answer = connection.getresponse()
        content = answer.read()
        names = {"content-type", "location", "etag"}
        headers = [(n.lower().encode(), v.encode()) for n, v in answer.getheaders() if n.lower() in names]
        return answer.status, headers, content
    finally:
        connection.close()
