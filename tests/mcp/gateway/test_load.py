"""A thousand calls through nginx, the stateless echo on two ports with four workers each."""

from __future__ import annotations

import asyncio

import httpx
from stack import Stack
from wire import answer, modern_call

CALLS = 1000
CONNECTIONS = 16


async def call_all(url: str, options: dict) -> list[bool]:
    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(timeout=60, limits=limits, **options) as http:

        async def one(number: int) -> bool:
            headers, body = modern_call("echo", {"message": str(number)}, number=number)
            response = await http.post(url, content=body, headers=headers)
            found = answer(response)
            text = found["result"]["content"][0]["text"]
            return response.status_code == 200 and found["id"] == number and text == str(number)

        return await asyncio.gather(*(one(number) for number in range(CALLS)))


def test_a_thousand_modern_calls_over_two_ports_without_an_error(stack: Stack):
    gateway = stack.gateways["nginx"]
    options = {"verify": gateway.context, "headers": gateway.tokens("echo-stateless").header}
    answers = asyncio.run(call_all(gateway.url("echo-stateless"), options))
    assert len(answers) == CALLS
    assert all(answers)
