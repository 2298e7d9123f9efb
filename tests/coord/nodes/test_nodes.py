"""Nodes are alike: a visitor at any reaches a box at any other, and what one limits all limit."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import redis

from p2claw.config import Relay, ServerLimits
from p2claw.coord import app as coord_app
from p2claw.coord import posted_visits
from p2claw.coord.bus import leases, locating, redis_bus
from p2claw.coord.nearness import network_mark
from p2claw.coord.nodes import standing
from p2claw.visitor.visitor import Visitor
from p2claw.wire.signalling import (
    AgentError,
    Apps,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    BoxOffer,
    Dial,
    Introduced,
    VisitAnswer,
    VisitCandidate,
    VisitEnd,
    VisitError,
    VisitOffer,
)
from tests.coord.nodes.cluster import cluster
from tests.coord.peers import (
    RawVisitor,
    connected_agent,
    connected_visitor,
    eventually,
    key_of,
    registered_agent,
)
from tests.coord.test_join_policy import outcome
from tests.support.agent import running_agent
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer
from tests.support.server import RunningServer
from tests.support.upstreams import echo, upstream_of

KEY = key_of(1)
# A visitor does not send this.
FORBIDDEN = VisitAnswer("answer", bytes(64))


@pytest.fixture(params=["trunks", "streams"])
async def both(
    request: pytest.FixtureRequest, tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> AsyncIterator[list[RunningServer]]:
    listen = "127.0.0.1:0" if request.param == "trunks" else ""
    async with cluster(tmp_path, pg, rd, node_listen=listen) as nodes:
        yield nodes


@asynccontextmanager
async def visiting(
    server: RunningServer, alias: str, app: str = "dog"
) -> AsyncIterator[RawVisitor]:
    async with connected_visitor(server.url, f"v=1&alias={alias}&app={app}") as visitor:
        yield visitor


async def test_an_introduction_goes_through_two_nodes_both_ways(both: list[RunningServer]) -> None:
    one, two = both
    async with registered_agent(one.url, KEY, ("dog",)) as (agent, box):
        async with visiting(two, box.alias) as visitor:
            session = (await visitor.receive(Introduced)).session
            await visitor.send(VisitOffer("offer", None))
            offer = await agent.receive(BoxOffer)
            assert (offer.session, offer.sdp, offer.visitor) == (session, "offer", "127.0.0.0/24")
            await agent.send(BoxAnswer(session, "answer", bytes(64)))
            assert (await visitor.receive(VisitAnswer)).sdp == "answer"
            await visitor.send(VisitCandidate("theirs", "0"))
            assert (await agent.receive(BoxCandidate)).candidate == "theirs"
            await agent.send(BoxCandidate(session, "mine", "0"))
            assert (await visitor.receive(VisitCandidate)).candidate == "mine"
            await visitor.send(VisitEnd())
            await agent.receive(BoxEnd)
            assert await visitor.close_code() == 1000
        assert one.rendezvous.visits == 0


async def test_what_a_box_has_is_the_same_at_every_node(both: list[RunningServer]) -> None:
    one, two = both
    async with registered_agent(one.url, KEY, ("dog",)) as (_, box):
        async with connected_visitor(two.url, f"v=1&alias={box.alias}") as visitor:
            assert (await visitor.receive(Apps)).apps == ("dog",)
        async with visiting(two, box.key_alias, "cat") as visitor:
            assert (await visitor.receive(VisitError)).code == "app-unknown"
    async with visiting(two, "nobodyhere") as visitor:
        assert (await visitor.receive(VisitError)).code == "alias-unknown"
    await asyncio.sleep(0.2)  # the entry is taken back
    async with visiting(two, box.alias) as visitor:
        assert (await visitor.receive(VisitError)).code == "box-offline"


async def test_a_visitor_that_goes_away_frees_its_place_at_the_other_node(
    both: list[RunningServer],
) -> None:
    one, two = both
    async with registered_agent(one.url, KEY, ("dog",)) as (agent, box):
        async with visiting(two, box.alias) as visitor:
            await visitor.receive(Introduced)
            await visitor.send(VisitOffer("offer", None))
            await agent.receive(BoxOffer)
            assert one.rendezvous.visits == 1
        await agent.receive(BoxEnd)
        assert one.rendezvous.visits == 0
        async with visiting(two, box.alias) as visitor:
            await visitor.receive(Introduced)
            await visitor.send(FORBIDDEN)
            assert (await visitor.receive(VisitError)).code == "protocol"
        await eventually(lambda: one.rendezvous.visits == 0)


async def test_a_box_that_registers_elsewhere_is_at_one_node_alone(
    both: list[RunningServer],
) -> None:
    one, two = both
    async with (
        registered_agent(one.url, KEY, ("dog",)) as (older, box),
        registered_agent(two.url, KEY, ("cat",)) as (_, again),
    ):
        assert again.alias == box.alias
        assert (await older.receive(AgentError)).code == "replaced"
        assert await older.close_code() == 4009
        async with visiting(one, box.alias, "cat") as visitor:
            await visitor.receive(Introduced)
        assert (len(one.rendezvous.boxes), len(two.rendezvous.boxes)) == (0, 1)


async def test_real_requests_go_from_any_node_to_any_other(
    tmp_path: Path, both: list[RunningServer]
) -> None:
    one, two = both
    async with (
        upstream_of(echo) as upstream,
        running_agent(tmp_path / "home", one, {"dog": str(upstream.port)}) as agent,
    ):
        url = agent.agent.status()["apps"][0]["url"]
        for server in (two, one):
            async with await Visitor.open(url, edge=server.url) as visitor:
                response = await visitor.request("POST", "/", body=b"through two nodes")
                assert await response.body(100) == b"through two nodes"


async def test_posts_of_a_visit_may_each_come_to_another_node(both: list[RunningServer]) -> None:
    one, two = both
    async with (
        registered_agent(one.url, KEY, ("dog",)) as (agent, box),
        aiohttp.ClientSession() as http,
    ):

        async def post(server: RunningServer, path: str, **body: object) -> list[Any]:
            url = f"{server.url}/__p2claw/v1/visit{path}"
            async with http.post(url, json={"messages": [], **body}) as response:
                return list(await response.json())

        query = f"?v=1&alias={box.alias}&app=dog"
        (introduced,) = await post(two, query, messages=[{"t": "offer", "sdp": "offer"}])
        session = introduced["session"]
        offer = await agent.receive(BoxOffer)
        waiting = asyncio.create_task(post(one, "/next", session=session, wait=True))
        await agent.send(BoxAnswer(offer.session, "answer", bytes(64)))
        assert [message["t"] for message in await waiting] == ["answer"]
        assert await post(one, "/next", session=session, messages=[{"t": "end"}]) == []
        await agent.receive(BoxEnd)
        unknown = "x" * 22 + two.serving.coordinator.node_name
        for server in both:
            (over,) = await post(server, "/next", session=unknown)
            assert over["code"] == "going-down"
        (gone,) = await post(one, "/next", session="x" * 22 + "0" * 16)
        assert gone["code"] == "going-down"


async def test_a_visit_by_posts_of_a_box_at_a_silent_node_is_asked_to_come_again(
    both: list[RunningServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posted_visits, "FIRST_S", 0.2)
    one, two = both
    async with (
        registered_agent(one.url, KEY, ("dog",)) as (_, box),
        aiohttp.ClientSession() as http,
    ):
        # As a node that is paused: it has its lease still, and reads nothing.
        one.serving.coordinator.node._bus.on_message = lambda message: None  # type: ignore
        url = f"{two.url}/__p2claw/v1/visit?v=1&alias={box.alias}&app=dog"
        async with http.post(url, json={"messages": [{"t": "offer", "sdp": "o"}]}) as response:
            (refused,) = await response.json()
        assert (refused["code"], refused["retry_s"]) == ("going-down", 1)
        assert len(two.serving.coordinator.node.forwarding) == 0  # type: ignore[union-attr]


async def test_a_page_of_any_node_has_how_the_box_is_dialled(both: list[RunningServer]) -> None:
    one, two = both
    async with registered_agent(one.url, KEY, ("dog",)) as (agent, box):
        await agent.send(Dial(b"descriptor", bytes(64)))
        host = f"dog-{box.alias}"

        async def timing(server: RunningServer) -> str:
            return await server.serving.coordinator.server_timing.at_host(server.host(host))

        async with asyncio.timeout(5):
            while "p2claw-dial" not in await timing(two):  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.02)
        assert (await timing(two)).rpartition("desc=")[2] == (await timing(one)).rpartition(
            "desc="
        )[2]
        operator = two.serving.coordinator.operator
        assert [entry["online"] for entry in (await operator.boxes())["boxes"]] == [True]


async def test_an_operator_at_any_node_bans_a_box_at_any_other(both: list[RunningServer]) -> None:
    one, two = both
    async with registered_agent(one.url, KEY, ("dog",)) as (agent, box):
        operator = two.serving.coordinator.operator
        await operator.quota(box.alias, {"relay": False, "apps": 0})
        await eventually(lambda: not one.rendezvous.boxes.may_relay(box.alias))
        banned = await operator.ban(box.alias, "why")
        assert banned["was_online"]
        assert (await agent.receive(AgentError)).code == "banned"


async def test_a_visit_whose_node_is_lost_begins_anew_by_itself(
    tmp_path: Path, pg: Postgresql, rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "LEASE_S", 1.0)
    monkeypatch.setattr(leases, "RENEW_S", 0.2)
    async with (
        cluster(tmp_path, pg, rd) as (one, two),
        registered_agent(one.url, KEY, ("dog",)) as (_, box),
        visiting(two, box.alias) as visitor,
    ):
        await visitor.receive(Introduced)
        node = one.serving.coordinator.node
        assert node is not None
        for task in node._bus._tasks:  # type: ignore[attr-defined]
            task.cancel()  # as if it were killed
        error = await visitor.receive(VisitError)
        assert (error.code, error.retry_s) == ("going-down", 1)
        assert two.serving.coordinator.node is not None
        assert len(two.serving.coordinator.node.forwarding) == 0


async def test_a_rate_holds_for_all_nodes_together(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    limits = dataclasses.replace(ServerLimits(), visit_burst=4, visits_per_minute=0.1)
    async with cluster(tmp_path, pg, rd, limits=limits) as both:
        codes = []
        for number in range(5):
            async with aiohttp.ClientSession() as http:
                url = f"{both[number % 2].url}/__p2claw/v1/visit?v=1&alias=nobodyhere"
                async with http.post(url, json={"messages": []}) as response:
                    codes.append((await response.json())[0]["code"])
        assert codes == ["alias-unknown"] * 4 + ["rate-limited"]


async def test_an_invitation_is_used_once_in_all(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    async with cluster(tmp_path, pg, rd, joining="invite") as both:
        made = await both[0].serving.coordinator.operator.invite("", 1, None)
        codes = [await outcome(both[number], number + 1, made["code"]) for number in range(2)]
        assert codes == ["", "invite-invalid"]


async def test_while_redis_is_gone_boxes_of_a_node_are_visited_there_and_all_is_well_again_after(
    both: list[RunningServer], rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locating, "SETTLE_S", 3.0)
    monkeypatch.setattr(leases, "LEASE_S", 0.5)
    monkeypatch.setattr(leases, "RENEW_S", 0.2)
    monkeypatch.setattr(standing, "DECLARED_S", 0.0)
    one, two = both
    async with registered_agent(one.url, KEY, ("dog",)) as (_, box):
        rd.stop()
        async with visiting(one, box.alias) as visitor:
            await visitor.receive(Introduced)
        async with visiting(two, box.alias) as visitor:
            refused = await visitor.receive(VisitError)
            assert (refused.code, refused.retry_s) == ("going-down", 1)
        coordinator = two.serving.coordinator
        assert coordinator.node is not None
        await eventually(lambda: coordinator.node.is_alone)
        async with registered_agent(two.url, key_of(2), ("cat",)) as (_, other):
            rd.start()  # it has forgotten everything
            async with asyncio.timeout(10):
                for node, alias, app in ((two, box.alias, "dog"), (one, other.alias, "cat")):
                    while True:
                        async with visiting(node, alias, app) as visitor:
                            reply = await visitor.next()
                            if isinstance(reply, Introduced):
                                break
                            assert isinstance(reply, VisitError) and reply.code == "going-down"
                        await asyncio.sleep(0.05)


async def test_a_drained_node_lets_its_agents_go_one_after_the_other(
    both: list[RunningServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coord_app, "DRAIN_S", 1.0)
    monkeypatch.setattr(coord_app, "NOTICED_S", 0.0)
    one, two = both
    async with (
        registered_agent(one.url, KEY) as (first, box),
        registered_agent(one.url, key_of(2)) as (second, _),
    ):
        draining = asyncio.create_task(one.serving.coordinator.drain())
        closed = [asyncio.create_task(agent.close_code()) for agent in (first, second)]
        await asyncio.wait(closed, return_when=asyncio.FIRST_COMPLETED)
        assert [task.done() for task in closed].count(True) == 1, "not both at once"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with connected_agent(one.url):
                pass
        assert refused.value.status == 503
        async with aiohttp.ClientSession() as http, http.get(f"{one.url}/readyz") as response:
            assert response.status == 503
        assert await asyncio.gather(*closed) == [1001, 1001]
        await draining
        async with visiting(two, box.alias) as visitor:
            # It is about to be elsewhere, and is not called offline.
            assert (await visitor.receive(VisitError)).code in ("going-down", "box-offline")


async def test_a_visitor_whom_this_node_limits_costs_the_bus_nothing(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    limits = dataclasses.replace(ServerLimits(), visit_burst=1, visits_per_minute=1)
    async with (
        cluster(tmp_path, pg, rd, limits=limits) as (one, two),
        registered_agent(one.url, KEY, ("dog",)) as (_, box),
        aiohttp.ClientSession() as http,
    ):
        url = f"{two.url}/__p2claw/v1/visit?v=1&alias={box.alias}&app=dog"

        async def code() -> str:
            async with http.post(url, json={"messages": []}) as response:
                (message,) = await response.json()
                return str(message.get("code", message["t"]))

        assert await code() == "introduced"
        with redis.Redis.from_url(rd.url) as client:
            client.config_resetstat()
            assert {await code() for _ in range(5)} == {"rate-limited"}
            assert "cmdstat_hmget" not in client.info("commandstats")


async def test_a_box_at_another_node_is_given_the_relays_that_are_near_the_visitor(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    relays = (Relay("a", ("turn:a:1",), "eu"), Relay("b", ("turn:b:1",), "us"))
    settings = {"relays": relays, "turn_secret": "x", "node_listen": "127.0.0.1:0"}
    async with (
        cluster(tmp_path, pg, rd, **settings) as (one, two),
        registered_agent(one.url, KEY, ("dog",)) as (agent, box),
    ):
        word = f"{network_mark('127.0.0.0/24')}.us~eu"
        query = f"v=1&alias={box.alias}&app=dog"
        async with connected_visitor(two.url, f"{query}&near={word}") as visitor:
            introduced = await visitor.receive(Introduced)
            await visitor.send(VisitOffer("offer", None))
            offer = await agent.receive(BoxOffer)
        async with connected_visitor(two.url, query) as visitor:
            asked = await visitor.receive(Introduced)
    assert [url for server in introduced.ice_servers for url in server.urls] == [
        "turn:b:1",
        "turn:a:1",
    ]
    assert [url for server in offer.ice_servers for url in server.urls] == ["turn:b:1", "turn:a:1"]
    assert introduced.measure is None
    assert asked.measure is not None and asked.measure.regions.keys() == {"eu", "us"}
