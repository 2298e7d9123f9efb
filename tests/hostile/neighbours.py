"""The others, while one attacks: what they get, how long it takes, and what the victim holds."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import statistics
import time
from collections.abc import Awaitable
from pathlib import Path

from tests.support.proxied import Proxied
from tests.support.upstreams import OK, Talk

LARGE = random.Random(7).randbytes(2_000_000)
LARGE_SHA256 = hashlib.sha256(LARGE).hexdigest()

# A round trip is how long a request takes without an attack, on this machine at this moment. The
# floor is for machines that are busy with something else just then.
ROUND_TRIPS = 100
FLOOR_S = 8.0
# What the victim may hold more after an attack, the attacker's own end among it: both are in this
# process.
MORE_BYTES = 96_000_000


async def app(talk: Talk) -> None:
    """An app that is visited by all: pages, a large file, events, and requests that hang."""
    while request := await talk.request():
        if request.target == "/large":
            await talk.send(OK + b"Content-Length: %d\r\n\r\n" % len(LARGE))
            for start in range(0, len(LARGE), 65_536):
                await talk.send(LARGE[start : start + 65_536])
        elif request.target == "/hang":
            await talk.until_closed()
            return
        elif request.target == "/idle":
            await talk.send(OK + b"Content-Type: text/event-stream\r\n\r\ndata: 0\n\n")
            await talk.until_closed()
            return
        elif request.target == "/events":
            await talk.send(OK + b"Content-Type: text/event-stream\r\n\r\n")
            while True:
                await talk.send(20 * (b"data: " + b"x" * 1_000 + b"\n\n"))
                await asyncio.sleep(0)  # app and agent share a loop here
        else:
            await talk.respond(b"page " + str(len(request.body)).encode())


async def page(box: Proxied) -> float:
    """Seconds that a small request takes. It must be served."""
    begun = time.monotonic()
    response = await box.ask("GET", "/")
    assert (response.status, response.body) == (200, b"page 0")
    return time.monotonic() - begun


async def download(box: Proxied) -> None:
    """A large response, whole."""
    response = await box.ask("GET", "/large")
    assert hashlib.sha256(response.body).hexdigest() == LARGE_SHA256


async def upload(box: Proxied) -> None:
    """A body of unknown length, which waits in the spool until it is whole."""
    response = await box.ask("POST", "/", body=bytes(300_000))
    assert (response.status, response.body) == (200, b"page 300000")


async def served_beside(neighbour: Proxied, attack: Awaitable[None]) -> None:
    """The neighbour is served while the attack lasts, and after it, within so many round trips."""
    await page(neighbour)
    round_trip_s = statistics.median([await page(neighbour) for _ in range(20)])
    bound_s = max(FLOOR_S, ROUND_TRIPS * round_trip_s)
    before = resident_bytes()
    attacking = asyncio.ensure_future(attack)
    try:
        took: list[float] = []
        for work in (download, upload, download):
            begun = asyncio.create_task(work(neighbour))
            took += [await page(neighbour) for _ in range(10)]
            await begun
        while not attacking.done():
            took.append(await page(neighbour))
            await asyncio.sleep(0.01)
        await attacking
        took.append(await page(neighbour))
    finally:
        attacking.cancel()
        await asyncio.gather(attacking, return_exceptions=True)
    assert max(took) < bound_s, f"{max(took):.3f} s; a round trip is {round_trip_s:.4f} s"
    assert resident_bytes() - before < MORE_BYTES


def resident_bytes() -> int:
    """Of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
