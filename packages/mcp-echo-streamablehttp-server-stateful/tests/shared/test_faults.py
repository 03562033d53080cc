"""Clients that misbehave harm nobody else: slow ones, ones that leave half-way, ones that send too much."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from harness import MODERN, Wire

HEAD = (
    "POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    f"accept: application/json, text/event-stream\r\nmcp-protocol-version: {MODERN}\r\n"
)


def connected(wire: Wire) -> socket.socket:
    """A bare connection to the server."""
    address = urlsplit(wire.url)
    return socket.create_connection((address.hostname, address.port), timeout=20)


def still_serves(wire: Wire) -> None:
    assert wire.text("echo", {"message": "alive"}) == "alive"


def test_slow_clients_hold_nobody_up(wire: Wire):
    slow = [connected(wire) for _ in range(50)]
    try:
        for number, connection in enumerate(slow):
            head = f"{HEAD}content-length: 1000\r\n\r\n{{".encode()
            connection.sendall(head[: 20 + number * 5])
        still_serves(wire)
        for connection in slow:
            connection.sendall(b" ")
        still_serves(wire)
    finally:
        for connection in slow:
            connection.close()
    still_serves(wire)


def test_clients_that_leave_within_the_body_leave_nothing_behind(wire: Wire):
    for _ in range(20):
        with connected(wire) as connection:
            connection.sendall(f'{HEAD}content-length: 1000\r\n\r\n{{"jsonrpc":'.encode())
    still_serves(wire)


def test_clients_that_leave_before_the_answer_leave_nothing_behind(wire: Wire):
    def ask_and_leave(_: int) -> None:
        body = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}'
        with connected(wire) as connection:
            connection.sendall(f"{HEAD}content-length: {len(body)}\r\n\r\n".encode() + body)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask_and_leave, range(40)))
    still_serves(wire)


@pytest.mark.parametrize("declared", [4 * 1024 * 1024 + 1, 10**12])
def test_oversized_body_is_refused_before_it_is_read(wire: Wire, declared: int):
    with connected(wire) as connection:
        connection.sendall(f"{HEAD}content-length: {declared}\r\n\r\n".encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 413 ")
    still_serves(wire)


def test_endless_body_is_cut_off(wire: Wire):
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with connected(wire) as connection:
        connection.sendall(f"{HEAD}transfer-encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(100):
                connection.sendall(chunk)
            answer = connection.recv(64)
        except ConnectionError:
            # The server closed before its answer could be read: cut off all the same.
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")
    still_serves(wire)


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 5000])
def test_what_is_no_http_ends_its_own_connection_only(wire: Wire, nonsense: bytes):
    with connected(wire) as connection:
        connection.sendall(nonsense + b"\r\n\r\n")
        connection.recv(64)
    still_serves(wire)
