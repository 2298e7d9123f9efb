"""A key that is changed at one node is good no more at any, and visitors at any node follow."""

from __future__ import annotations

from pathlib import Path

from p2claw.agent.home.recovery_key import RecoveryKey
from p2claw.agent.recovering import recover
from p2claw.config import AgentConfig
from p2claw.visitor import PinStore
from tests.agent.test_keys import fetched, rotated, url_of
from tests.coord.nodes.cluster import cluster
from tests.support.agent import running_agent
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer
from tests.support.upstreams import echo, until, upstream_of


async def test_a_lost_box_is_out_at_its_node_once_another_has_the_new_key(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    pins = PinStore(tmp_path / "known_boxes.json")
    async with (
        cluster(tmp_path, pg, rd) as (here, there),
        upstream_of(echo) as upstream,
        running_agent(tmp_path / "lost", here, {"dog": upstream.url}) as lost,
    ):
        url = url_of(lost)
        assert await fetched(url, pins, there.url) == lost.agent.status()["peer_id"]
        key = RecoveryKey.make()
        await lost.api.ask("PUT", f"/v1/identity/backup/{key.peer_id}")
        await lost.api.online()
        config = AgentConfig(home=tmp_path / "new", coordinator=there.url)
        done = await recover(key, config)
        async with running_agent(config.home, there, {"dog": upstream.url}):
            control = lost.agent.parts.control
            await until(lambda: control.last_error != "")
            for node in (here, there):
                assert await fetched(url, pins, node.url) == done.identity.peer_id
            # It does not wait for its next try: the old key is refused at its node as well.
            control.renew("test")
            await until(lambda: "another key now" in control.last_error)
            assert await fetched(url, pins, here.url) == done.identity.peer_id


async def test_visitors_at_another_node_follow_a_change_while_the_box_stays(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    pins = PinStore(tmp_path / "known_boxes.json")
    async with (
        cluster(tmp_path, pg, rd) as (here, there),
        upstream_of(echo) as upstream,
        running_agent(tmp_path / "box", here, {"dog": upstream.url}) as box,
    ):
        url, key_url = url_of(box), url_of(box, "key_url")
        await fetched(url, pins, there.url)
        facts = await rotated(box)
        for visited in (url, key_url, url_of(box, "key_url")):
            assert await fetched(visited, pins, there.url) == facts["peer_id"]
