"""What is done to a cluster, and undone. Each fault ends with everything running again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable

from tests.cluster.scene import NODES, Scene

Fault = Callable[[Scene, random.Random], Awaitable[None]]

SHORT_S, LONG_S = 1.0, 8.0
# Longer than a lease, and than the others need to see that it has ended.
CUT_S = (12.0, 25.0)


async def kill_node(scene: Scene, chance: random.Random) -> None:
    number = chance.randrange(NODES)
    await scene.end_node(number, signal.SIGKILL)
    await asyncio.sleep(chance.uniform(0, LONG_S))
    await scene.start_node(number)


async def drain_node(scene: Scene, chance: random.Random) -> None:
    number = chance.randrange(NODES)
    await scene.end_node(number, signal.SIGTERM)
    await scene.start_node(number)


async def pause_node(scene: Scene, chance: random.Random) -> None:
    """For less and for more than its lease lasts."""
    process = scene.nodes[chance.randrange(NODES)]
    assert process is not None, "each fault ends with everything running"
    await _paused(process.pid, chance.uniform(SHORT_S, 2 * LONG_S))


async def cut_node_from_redis(scene: Scene, chance: random.Random) -> None:
    way = scene.ways[chance.randrange(NODES)]
    way.cut()
    await asyncio.sleep(chance.uniform(*CUT_S))
    way.mend()


async def restart_redis(scene: Scene, chance: random.Random) -> None:
    """It has forgotten everything."""
    scene.rd.stop()
    await asyncio.sleep(chance.uniform(0, LONG_S))
    await asyncio.to_thread(scene.rd.start)


async def pause_redis(scene: Scene, chance: random.Random) -> None:
    scene.rd.pause()
    await asyncio.sleep(chance.uniform(SHORT_S, LONG_S))
    scene.rd.go_on()


async def cut_node_and_restart_redis(scene: Scene, chance: random.Random) -> None:
    """What was written of the node that is cut off is forgotten while it cannot write it anew."""
    way = scene.ways[chance.randrange(NODES)]
    way.cut()
    scene.rd.stop()
    await asyncio.to_thread(scene.rd.start)
    await asyncio.sleep(chance.uniform(*CUT_S))
    way.mend()


async def restart_postgresql(scene: Scene, chance: random.Random) -> None:
    await asyncio.to_thread(scene.pg.stop)
    await asyncio.sleep(chance.uniform(0, LONG_S))
    await asyncio.to_thread(scene.pg.start)


async def kill_balancer(scene: Scene, chance: random.Random) -> None:
    await scene.kill_balancer()
    await asyncio.sleep(chance.uniform(0, SHORT_S))
    await scene.start_balancer()


FAULTS: dict[str, Fault] = {
    fault.__name__.replace("_", " "): fault
    for fault in (
        kill_node,
        drain_node,
        pause_node,
        cut_node_from_redis,
        restart_redis,
        pause_redis,
        cut_node_and_restart_redis,
        restart_postgresql,
        kill_balancer,
    )
}


async def _paused(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)
