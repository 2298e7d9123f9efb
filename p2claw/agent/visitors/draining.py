"""Ends links without cutting what is about to end by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from p2claw.agent.visitors.box_link import BoxLink

CLOSE_TIMEOUT_S = 8.0

# A drain that may last longer than this leaves time for links that are opening, and looks so often.
PATIENT_S = 60.0
OPENING_LOOK_S = 0.2

# How often it is looked whether only endless streams are left. New requests wait meanwhile.
ENDLESS_LOOK_S = 0.05


async def drain_links(
    links: Mapping[str, BoxLink], lives: Mapping[str, asyncio.Task[None]], timeout_s: float
) -> None:
    """Refuse new requests on these links, let open ones finish within timeout_s, then end them.

    Above PATIENT_S another process serves the visitors meanwhile, and there is time for everything.
    Else event streams and WebSockets, which end by themselves within no time, go on as long as
    another request of any visitor does, and are cut then: visitors find the box again the sooner.

    lives: the task of each link, which ends by itself once the link is drained. Both change.
    """
    end_s = time.monotonic() + timeout_s
    is_patient = timeout_s > PATIENT_S
    draining: dict[str, asyncio.Task[None]] = {}
    looking = None if is_patient else asyncio.create_task(_drain_no_longer(links))
    try:
        while (left_s := end_s - time.monotonic()) > -CLOSE_TIMEOUT_S:
            for key, link in links.items():
                if link.is_open and key not in draining:
                    draining[key] = asyncio.create_task(link.drain(max(left_s, 0)))
            ending = {lives[key] for key in draining if key in lives}
            ending |= {task for task in draining.values() if not task.done()}
            # Somebody waits for each link that is opening: if there is time, it is drained, too.
            if is_patient and any(not one.is_open for one in links.values()):
                await asyncio.sleep(OPENING_LOOK_S)
            elif ending:
                await asyncio.wait(ending, timeout=left_s + CLOSE_TIMEOUT_S)
            else:
                break
    finally:
        if looking is not None:
            looking.cancel()
            await asyncio.wait([looking])


async def _drain_no_longer(links: Mapping[str, BoxLink]) -> None:
    while True:
        if all(link.is_endless for link in links.values()):
            break
        await asyncio.sleep(ENDLESS_LOOK_S)
    for link in links.values():
        link.drain_no_longer()
