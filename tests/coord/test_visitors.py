"""p2claw.coord.visitors over real sockets: introduction, relaying, bounds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest

from p2claw import names
from p2claw.config import ServerLimits
from p2claw.wire.signalling import (
    Announce,
    Announced,
    Apps,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    BoxOffer,
    Down,
    IceServer,
    Introduced,
    Refuse,
    VisitAnswer,
    VisitCandidate,
    VisitEnd,
    VisitError,
    VisitOffer,
)
from tests.coord.peers import (
    RawVisitor,
    connected_visitor,
    introduced_visitor,
    key_of,
    registered_agent,
)
from tests.support.server import RunningServer, running_server

KEY = key_of(1)
PEER_ID = names.peer_id_of(KEY.public_key().public_bytes_raw())
SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"


async def _refused(visitor: RawVisitor) -> str:
    return (await visitor.receive(VisitError)).code


async def test_a_visitor_is_introduced_without_asking(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (_, introduced),
    ):
        assert introduced.peer_id == PEER_ID


async def test_a_visitor_by_key_alias_is_introduced(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.key_alias) as (_, introduced),
    ):
        assert introduced.peer_id == PEER_ID


async def test_every_visit_has_a_session_of_its_own(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (_, one),
        introduced_visitor(server, box.alias) as (_, two),
    ):
        assert one.session != two.session


async def test_offer_answer_and_candidates_cross_both_ways(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (agent, box),
        introduced_visitor(server, box.alias) as (visitor, introduced),
    ):
        session = introduced.session
        await visitor.send(VisitOffer(SDP))
        offer = await agent.receive(BoxOffer)
        await agent.send(BoxAnswer(session, "answer", bytes(64)))
        await agent.send(BoxCandidate(session, "candidate:box", "0"))
        await visitor.send(VisitCandidate("candidate:visitor", "0"))
        received = [await visitor.next(), await visitor.next(), await agent.receive(BoxCandidate)]
        await visitor.send(VisitEnd())
        received.append(await agent.receive(BoxEnd))
    assert (offer, *received) == (
        BoxOffer(session, "dog", SDP, (), "127.0.0.0/24"),
        VisitAnswer("answer", bytes(64)),
        VisitCandidate("candidate:box", "0"),
        BoxCandidate(session, "candidate:visitor", "0"),
        BoxEnd(session),
    )


async def test_a_visit_that_ended_is_closed(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        await visitor.send(VisitEnd())
        assert await visitor.close_code() == 1000


async def test_a_visitor_of_the_box_itself_gets_its_apps(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog", "cat")) as (_, box),
        connected_visitor(server.url, f"v=1&alias={box.alias}") as visitor,
    ):
        assert await visitor.receive(Apps) == Apps(("cat", "dog"), box.alias, PEER_ID)


async def test_a_visitor_of_the_box_itself_learns_which_apps_are_down(
    server: RunningServer,
) -> None:
    async with registered_agent(server.url, KEY, ("dog", "cat")) as (agent, box):
        await agent.send(Down(("cat",)))
        await agent.send(Announce(2, ("dog", "cat")))
        assert await agent.receive(Announced) == Announced(2, {})
        async with connected_visitor(server.url, f"v=1&alias={box.alias}") as visitor:
            assert await visitor.receive(Apps) == Apps(("cat", "dog"), box.alias, PEER_ID, ("cat",))


async def test_an_alias_that_nobody_has_is_unknown(server: RunningServer) -> None:
    async with connected_visitor(server.url, "v=1&alias=purplecrab&app=dog") as visitor:
        assert await _refused(visitor) == "alias-unknown"


async def test_a_box_that_is_away_is_offline(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY, ("dog",)) as (_, box):
        pass
    async with connected_visitor(server.url, f"v=1&alias={box.alias}&app=dog") as visitor:
        assert await _refused(visitor) == "box-offline"


async def test_an_app_that_the_box_has_not_is_unknown(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        connected_visitor(server.url, f"v=1&alias={box.alias}&app=cat") as visitor,
    ):
        assert await _refused(visitor) == "app-unknown"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("v=1&alias=No+Good&app=dog", "alias-unknown"),
        ("v=1&app=dog", "alias-unknown"),
        ("v=1&alias=purplecrab&app=-dog", "app-unknown"),
        ("v=1&alias=purplecrab&app=" + "a" * 33, "app-unknown"),
        ("v=0&alias=purplecrab", "version"),
        ("alias=purplecrab", "protocol"),
        ("v=one&alias=purplecrab", "protocol"),
        ("v=%C2%B2&alias=purplecrab", "protocol"),
    ],
)
async def test_an_address_that_breaks_the_grammar_gets_its_code(
    server: RunningServer, query: str, code: str
) -> None:
    async with connected_visitor(server.url, query) as visitor:
        assert await _refused(visitor) == code


async def test_a_newer_visitor_is_understood(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY, ("dog",)) as (_, box):
        query = f"v=2&alias={box.alias}&app=dog&novelty=1"
        async with connected_visitor(server.url, query) as visitor:
            await visitor.receive(Introduced)


async def test_the_refusal_of_a_box_reaches_its_visitor(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (agent, box),
        introduced_visitor(server, box.alias) as (visitor, introduced),
    ):
        await visitor.send(VisitOffer(SDP))
        await agent.receive(BoxOffer)
        await agent.send(Refuse(introduced.session, "box-busy", "128 links are open"))
        error = await visitor.receive(VisitError)
        assert (error.code, error.message) == ("box-busy", "128 links are open")


async def test_a_box_that_does_not_answer_is_silent(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, limits=ServerLimits(answer_s=0.1)) as server,
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        await visitor.send(VisitOffer(SDP))
        assert await _refused(visitor) == "box-silent"


async def test_a_visit_does_not_last_for_ever(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, limits=ServerLimits(visit_s=0.1)) as server,
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        assert await visitor.close_code() == 1000


async def test_a_box_that_is_lost_before_it_answered_is_offline(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (agent, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        await agent.ws.close()
        assert await _refused(visitor) == "box-offline"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"t":"offer"}', '{"t":"offer","sdp":"\\ud800"}', "[" * 60_000], ids=len
)
async def test_text_that_is_no_message_is_refused(server: RunningServer, text: str) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        await visitor.ws.send_str(text)
        assert (await _refused(visitor), await visitor.close_code()) == ("protocol", 4000)


async def test_bytes_from_a_visitor_are_refused(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        await visitor.ws.send_bytes(b"{}")
        assert await _refused(visitor) == "protocol"


async def test_a_message_above_the_limit_is_refused(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        await visitor.ws.send_str('{"t":"end","x":"' + "x" * 65_536 + '"}')
        assert await _refused(visitor) == "protocol"


async def test_a_type_of_a_newer_version_is_ignored(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (agent, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        await visitor.ws.send_str('{"t":"novelty"}')
        await visitor.send(VisitOffer(SDP))
        await agent.receive(BoxOffer)


async def _too_many(server: RunningServer) -> tuple[int, str]:
    """Status and Retry-After of a visit that is refused before there is a WebSocket."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        async with connected_visitor(server.url, "v=1&alias=purplecrab"):
            pass
    assert refusal.value.headers is not None
    return refusal.value.status, refusal.value.headers["Retry-After"]


async def test_too_many_visits_from_one_address_are_refused(tmp_path: Path) -> None:
    limits = ServerLimits(visit_burst=2, visits_per_minute=6.0)
    async with running_server(tmp_path, limits=limits) as server:
        for _ in range(2):
            async with connected_visitor(server.url, "v=1&alias=purplecrab") as visitor:
                await visitor.next()
        assert await _too_many(server) == (429, "10")


async def test_seventy_visits_in_a_row_from_one_address_are_served(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY, ("dog",)) as (_, box):
        for _ in range(70):
            async with introduced_visitor(server, box.alias) as (_, introduced):
                assert introduced.peer_id == PEER_ID


async def test_too_many_failures_of_an_address_leave_others_behind_it_their_visits(
    tmp_path: Path,
) -> None:
    limits = ServerLimits(failure_burst=2, failures_per_minute=6.0)
    async with (
        running_server(tmp_path, limits=limits) as server,
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
    ):
        for _ in range(2):
            async with connected_visitor(server.url, "v=1&alias=purplecrab") as visitor:
                assert await _refused(visitor) == "alias-unknown"
        assert await _too_many(server) == (429, "10")
        async with introduced_visitor(server, box.alias) as (_, introduced):
            assert introduced.peer_id == PEER_ID


async def _visit_as(server: RunningServer, address: str) -> str:
    headers = {"X-Forwarded-For": address}
    async with connected_visitor(server.url, "v=1&alias=purplecrab", headers=headers) as visitor:
        return await _refused(visitor)


async def test_behind_a_trusted_proxy_each_visitor_is_counted_alone(tmp_path: Path) -> None:
    settings = {
        "limits": ServerLimits(visit_burst=1),
        "trusted_proxies": (ip_network("127.0.0.0/8"),),
    }
    async with running_server(tmp_path, **settings) as server:
        codes = [await _visit_as(server, f"192.0.2.{number}") for number in range(3)]
    assert codes == ["alias-unknown"] * 3


async def test_without_a_trusted_proxy_nobody_hides_behind_a_header(tmp_path: Path) -> None:
    async with running_server(tmp_path, limits=ServerLimits(visit_burst=1)) as server:
        assert await _visit_as(server, "192.0.2.1") == "alias-unknown"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await _visit_as(server, "192.0.2.2")


async def test_an_address_that_sends_too_much_is_slowed_and_loses_nothing(tmp_path: Path) -> None:
    limits = ServerLimits(visit_message_burst=2, visit_messages_per_minute=600.0)
    async with (
        running_server(tmp_path, limits=limits) as server,
        registered_agent(server.url, KEY, ("dog",)) as (agent, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        begun = time.monotonic()
        await visitor.send(VisitOffer(SDP))
        for number in range(5):
            await visitor.send(VisitCandidate(f"candidate:{number}", "0"))
        await agent.receive(BoxOffer)
        for number in range(5):
            assert (await agent.receive(BoxCandidate)).candidate == f"candidate:{number}"
        assert time.monotonic() - begun > 0.3  # four above the burst, at ten per second


TURN = {
    "stun_urls": ("stun:stun.example.org",),
    "turn_urls": ("turn:a.example.org", "turn:b.example.org?transport=tcp"),
    "turn_secret": "north",
    "turn_ttl_s": 600,
}


def _expiry_if_good(server: IceServer) -> int:
    """The expiry of TURN credentials, after they were verified as a TURN server does."""
    assert server.username is not None
    digest = hmac.new(b"north", server.username.encode(), hashlib.sha1).digest()
    assert server.credential == base64.b64encode(digest).decode()
    return int(server.username.partition(":")[0])


async def test_a_visitor_gets_turn_credentials_that_a_turn_server_accepts(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, **TURN) as server,
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (_, introduced),
    ):
        stun, turn = introduced.ice_servers
    # Of two relays either may be the first.
    assert (stun.urls, sorted(turn.urls)) == (
        TURN["stun_urls"],
        ["turn:a.example.org", "turn:b.example.org?transport=tcp"],
    )
    assert 500 < _expiry_if_good(turn) - time.time() <= 601


async def test_a_box_gets_turn_credentials_of_its_own(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, **TURN) as server,
        registered_agent(server.url, KEY, ("dog",)) as (agent, box),
        introduced_visitor(server, box.alias) as (visitor, introduced),
    ):
        await visitor.send(VisitOffer(SDP))
        offer = await agent.receive(BoxOffer)
    _expiry_if_good(offer.ice_servers[1])
    assert offer.ice_servers[1].urls == introduced.ice_servers[1].urls
    assert offer.ice_servers[1].username != introduced.ice_servers[1].username


async def test_a_visitor_is_notified_when_the_coordinator_goes_down(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (visitor, _),
    ):
        server.serving.coordinator.shut_down()
        assert (await _refused(visitor), await visitor.close_code()) == ("going-down", 1001)
