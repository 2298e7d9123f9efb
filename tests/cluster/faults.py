"""What is done to a cluster, and undone. Each fault ends with everything running again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable

from tests.cluster.scene import TURN_PORTS, Scene

Fault = Callable[[Scene, random.Random], Awaitable[None]]

SHORT_S, LONG_S = 1.0, 8.0
# Longer than a lease, and than the others need to see that it has ended.
CUT_S = (12.0, 25.0)
# Longer than a restart: as long as an operator is promised that nothing is lost.
STORE_GONE_S = 60.0


async def kill_node(scene: Scene, chance: random.Random) -> None:
    number = _node(scene, chance)
    await scene.end_node(number, signal.SIGKILL)
    await asyncio.sleep(chance.uniform(0, LONG_S))
    await scene.start_node(number)


async def drain_node(scene: Scene, chance: random.Random) -> None:
    number = _node(scene, chance)
    await scene.end_node(number, signal.SIGTERM)
    await scene.start_node(number)


async def pause_node(scene: Scene, chance: random.Random) -> None:
    """For less and for more than its lease lasts."""
    await _paused(scene.nodes[_node(scene, chance)], chance.uniform(SHORT_S, 2 * LONG_S))


async def cut_node_from_redis(scene: Scene, chance: random.Random) -> None:
    place = scene.places[_node(scene, chance)]
    place.cut_from_redis()
    try:
        await asyncio.sleep(chance.uniform(*CUT_S))
    finally:
        place.mend()


async def unplug_node(scene: Scene, chance: random.Random) -> None:
    """From everything but PostgreSQL, which is reached by a file."""
    place = scene.places[_node(scene, chance)]
    place.unplug()
    try:
        await asyncio.sleep(chance.uniform(SHORT_S, CUT_S[1]))
    finally:
        place.plug_in()


async def restart_redis(scene: Scene, chance: random.Random) -> None:
    """Both of it: it has forgotten everything."""
    master = await asyncio.to_thread(scene.rd.master)
    scene.rd.stop(1 - master)
    scene.rd.stop(master)
    await asyncio.sleep(chance.uniform(0, LONG_S))
    await asyncio.to_thread(scene.rd.start, master)
    await asyncio.to_thread(scene.rd.start, 1 - master, replica_of=master)
    await asyncio.to_thread(scene.rd.has_replica)


async def kill_redis_master(scene: Scene, chance: random.Random) -> None:
    """The replica takes over, without what it had not got yet."""
    master = await asyncio.to_thread(scene.rd.master)
    scene.rd.stop(master)
    await asyncio.to_thread(scene.rd.taken_over_from, master)
    await asyncio.sleep(chance.uniform(0, LONG_S))
    await asyncio.to_thread(scene.rd.start, master, replica_of=1 - master)
    await asyncio.to_thread(scene.rd.has_replica)


async def pause_redis_master(scene: Scene, chance: random.Random) -> None:
    """For long enough, and the replica takes over; then for a while there are two."""
    master = await asyncio.to_thread(scene.rd.master)
    scene.rd.pause(master)
    try:
        await asyncio.sleep(chance.uniform(SHORT_S, 2 * LONG_S))
    finally:
        scene.rd.go_on(master)
    await asyncio.to_thread(scene.rd.has_replica)


async def cut_node_and_restart_redis(scene: Scene, chance: random.Random) -> None:
    """What was written of the node that is cut off is forgotten while it cannot write it anew."""
    place = scene.places[_node(scene, chance)]
    place.cut_from_redis()
    try:
        await restart_redis(scene, chance)
        await asyncio.sleep(chance.uniform(*CUT_S))
    finally:
        place.mend()


async def stop_postgresql(scene: Scene, chance: random.Random) -> None:
    await asyncio.to_thread(scene.pg.stop)
    await asyncio.sleep(chance.uniform(0, STORE_GONE_S))
    await asyncio.to_thread(scene.pg.start)


async def kill_balancer(scene: Scene, chance: random.Random) -> None:
    await scene.kill_balancer()
    await asyncio.sleep(chance.uniform(0, SHORT_S))
    await scene.start_balancer()


async def kill_coturn(scene: Scene, chance: random.Random) -> None:
    number = chance.randrange(len(TURN_PORTS))
    await scene.kill_turn(number)
    await asyncio.sleep(chance.uniform(SHORT_S, 2 * LONG_S))
    await scene.start_turn(number)


FAULTS: dict[str, Fault] = {
    fault.__name__.replace("_", " "): fault
    for fault in (
        kill_node,
        drain_node,
        pause_node,
        cut_node_from_redis,
        unplug_node,
        restart_redis,
        kill_redis_master,
        pause_redis_master,
        cut_node_and_restart_redis,
        stop_postgresql,
        kill_balancer,
        kill_coturn,
    )
}


def _node(scene: Scene, chance: random.Random) -> int:
    return chance.randrange(len(scene.nodes))


async def _paused(process: Process | None, seconds: float) -> None:
    assert process is not None, "each fault ends with everything running"
    os.kill(process.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(process.pid, signal.SIGCONT)
