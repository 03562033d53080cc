"""The listen streams that were opened first are still there at the end. Named to run last but one."""

from __future__ import annotations

import os
import time

import pytest
from stack import EDGES
from wire import legacy

# Two pings of a server lie in a minute; GATEWAY_SLOW=1 waits for it when the other tests were faster.
MINUTE = 60.0
SLOW = os.environ.get("GATEWAY_SLOW") == "1"


@pytest.mark.parametrize("edge", EDGES)
def test_listen_stream_survives_and_still_delivers(listening, edge: str):
    stream = listening[edge]
    while SLOW and stream.alive and stream.age < MINUTE:
        time.sleep(0.5)
    assert stream.failure is None
    assert stream.alive
    answer = stream.post(legacy("tools/call", {"name": "announce", "arguments": {}}, number=9))
    assert answer.status_code == 200, answer.text
    stream.heard("notifications/tools/list_changed")
    if SLOW:
        assert stream.age >= MINUTE
