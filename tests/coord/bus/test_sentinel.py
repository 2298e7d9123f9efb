"""The bus behind Sentinels: the master is found, and found again when another has taken over."""

from __future__ import annotations

import asyncio

from p2claw.config import BusAddress
from p2claw.coord.bus.locating import Facts, Whereabouts
from p2claw.coord.bus.redis_bus import RedisBus
from tests.coord.peers import eventually
from tests.support.own_namespace import needs_namespaces, run_in_namespace
from tests.support.watched_redis import watched_redis

BOX = "b" * 26
ADDRESS = "127.0.0.1"


@needs_namespaces("redis-server")
def test_when_the_replica_has_taken_over_the_bus_goes_on_there() -> None:
    async def work() -> None:
        with watched_redis(ADDRESS, down_s=1.0) as rd:
            async with RedisBus(BusAddress.parse(rd.url)) as bus:
                older = await bus.acquire(BOX, ("purplecrab",), Facts())
                await eventually(lambda: not bus._failed.is_set())
                backs: list[int] = []

                async def back() -> None:
                    newer = await bus.acquire(BOX, ("purplecrab",), Facts())
                    backs.append(newer)

                bus.on_back = back
                master = await asyncio.to_thread(rd.master)
                rd.stop(master)
                await asyncio.to_thread(rd.taken_over_from, master)
                async with asyncio.timeout(30):
                    while not backs or not bus.has_lease:  # noqa: ASYNC110 - it has no event
                        await asyncio.sleep(0.05)
                assert backs[0] > older, "a token is higher than all before, also there"
                found = await bus.find("purplecrab")
                assert found.whereabouts is not Whereabouts.THERE  # it is here
                assert bus.is_there

    run_in_namespace(work)
