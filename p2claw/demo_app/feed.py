"""A live feed of server-sent events: one a second, numbered, resumed where a reader left off."""

from __future__ import annotations

import asyncio
import json
import math
import time

from aiohttp import web

PERIOD_S = 1.0
RETRY_MS = 2000


async def feed(request: web.Request) -> web.StreamResponse:
    """Send `{"n", "time_s", "level"}` until the reader goes away.

    Source: WHATWG HTML, server-sent events; a reader that returns names the last id it saw.
    """
    response = web.StreamResponse(
        headers={"content-type": "text/event-stream", "cache-control": "no-store"}
    )
    await response.prepare(request)
    number = _last_seen(request) + 1
    await response.write(f"retry: {RETRY_MS}\n\n".encode())
    due = time.monotonic()
    try:
        while True:
            event = {"n": number, "time_s": time.time(), "level": _level(time.time())}
            await response.write(f"id: {number}\ndata: {json.dumps(event)}\n\n".encode())
            number += 1
            due += PERIOD_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
    except ConnectionError:
        return response  # the reader went away


def _last_seen(request: web.Request) -> int:
    text = request.headers.get("last-event-id", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _level(now_s: float) -> float:
    """A pleasant curve between 0 and 1: three waves whose periods do not share a factor."""
    waves = (math.sin(now_s / period) for period in (3.0, 7.3, 17.9))
    return round(0.5 + sum(waves) / 6, 4)
