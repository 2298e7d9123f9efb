"""A server of one thread and a backlog of five serves a crowd: each in turn, nobody refused."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.support.one_thread import one_thread
from tests.support.proxied import proxied

REQUESTS = 120  # as many as a visitor may have open
SECONDS = 0.02


async def test_a_small_server_answers_every_request_of_a_crowd(tmp_path: Path) -> None:
    with one_thread(SECONDS) as small:
        async with proxied(f"http://127.0.0.1:{small.port}", tmp_path) as box:
            began = time.monotonic()
            answers = await asyncio.gather(*(box.ask("GET", f"/{n}") for n in range(REQUESTS)))
            took = time.monotonic() - began
    assert {answer.status for answer in answers} == {200}
    assert small.served == REQUESTS
    assert took < 5 * REQUESTS * SECONDS
