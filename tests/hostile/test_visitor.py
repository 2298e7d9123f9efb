"""One visitor attacks its box by each means that is known; its neighbours notice little of it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.config import AgentLimits, SpoolLimits
from tests.hostile import attacks
from tests.hostile.neighbours import app, page, served_beside
from tests.support.proxied import Proxied, proxied
from tests.support.upstreams import upstream_of

NEIGHBOUR, OTHER = "203.0.113.0/24", "198.51.100.0/24"

# Room for request bodies that a test can fill.
SMALL = replace(
    AgentLimits(),
    spool=SpoolLimits(memory_bytes=100_000, request_bytes=4_000_000, total_bytes=8_000_000),
)


@pytest.mark.parametrize("network", [NEIGHBOUR, OTHER], ids=["same network", "another network"])
@pytest.mark.parametrize("name", attacks.ATTACKS)
async def test_a_neighbour_is_served_beside(name: str, network: str, tmp_path: Path) -> None:
    async with (
        upstream_of(app) as upstream,
        proxied(upstream.url, tmp_path, limits=SMALL) as hog,
        hog.another(network) as neighbour,
    ):
        await served_beside(neighbour, attacks.ATTACKS[name](hog))
        # The box has read it: an attack that breaks the protocol at once attacks nobody.
        assert hog.box.session.counters.frames_in >= attacks.LEAST_FRAMES
        assert hog.visitor.loss is None or hog.visitor.loss.code == "limit"


async def test_four_links_of_one_visitor_leave_the_others_their_connections(
    tmp_path: Path,
) -> None:
    async with upstream_of(app) as upstream, AsyncExitStack() as links:
        hog = await links.enter_async_context(proxied(upstream.url, tmp_path, limits=SMALL))
        hogs: list[Proxied] = [hog]
        for _ in range(3):
            hogs.append(await links.enter_async_context(hog.another(NEIGHBOUR)))
        neighbour = await links.enter_async_context(hog.another(OTHER))

        async def attack() -> None:
            await asyncio.gather(*(attacks.hanging_requests(one) for one in hogs[:2]))
            await asyncio.gather(*(attacks.silent_uploads(one) for one in hogs[2:]))

        await served_beside(neighbour, attack())
        newcomer = await links.enter_async_context(hog.another(NEIGHBOUR))
        await page(newcomer)
