"""p2claw.coord.posted_visits over real connections: posts, replies, and the end of a visit."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from p2claw.coord import posted_visits
from p2claw.wire.signalling import POST_BYTES, BoxAnswer, BoxCandidate, BoxEnd, BoxOffer
from tests.coord.peers import WAIT_S, RawAgent, eventually, key_of, registered_agent
from tests.support.server import RunningServer, running_server

KEY = key_of(1)
SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"
OFFER = {"t": "offer", "sdp": SDP}


class Poster:
    """A visitor that posts. session: of the visit, once it is introduced."""

    def __init__(self, http: aiohttp.ClientSession, url: str, alias: str) -> None:
        self._http = http
        self._visit = f"{url}/__p2claw/v1/visit"
        self._query = f"v=1&alias={alias}&app=dog"
        self.session = "-"
        self.timing = ""

    async def begin(self, *messages: object, query: str = "") -> list[dict[str, Any]]:
        url = f"{self._visit}?{query or self._query}"
        received = await self.send(url, json.dumps({"messages": messages}).encode())
        for message in received:
            self.session = message.get("session", self.session)
        return received

    async def next(self, *messages: object, wait: bool = False) -> list[dict[str, Any]]:
        post = {"session": self.session, "messages": messages, "wait": wait}
        return await self.send(f"{self._visit}/next", json.dumps(post).encode())

    async def send(self, url: str, body: bytes) -> list[dict[str, Any]]:
        async with asyncio.timeout(WAIT_S), self._http.post(url, data=body) as reply:
            assert reply.status == 200, await reply.text()
            assert reply.headers["Cache-Control"] == "no-store"
            self.timing = reply.headers.get("Server-Timing", "")
            received: list[dict[str, Any]] = await reply.json()
            return received


@contextlib.asynccontextmanager
async def visiting(server: RunningServer) -> AsyncIterator[tuple[Poster, RawAgent]]:
    async with (
        registered_agent(server.url, KEY, ("dog",)) as (agent, box),
        aiohttp.ClientSession() as http,
    ):
        yield Poster(http, server.url, box.alias), agent


def kinds(received: list[dict[str, Any]]) -> list[str]:
    return [message["t"] for message in received]


async def test_an_offer_needs_no_introduction_before_it(server: RunningServer) -> None:
    async with visiting(server) as (visitor, agent):
        received = await visitor.begin(OFFER)
        assert kinds(received) == ["introduced"]
        offer = await agent.receive(BoxOffer)
        assert (offer.session, offer.sdp) == (visitor.session, SDP)


async def test_an_offer_may_come_after_the_introduction(server: RunningServer) -> None:
    async with visiting(server) as (visitor, agent):
        assert kinds(await visitor.begin()) == ["introduced"]
        assert await visitor.next(OFFER) == []
        assert (await agent.receive(BoxOffer)).sdp == SDP


async def test_a_reply_waits_for_the_answer(server: RunningServer) -> None:
    async with visiting(server) as (visitor, agent):
        await visitor.begin(OFFER)
        held = asyncio.ensure_future(visitor.next(wait=True))
        offer = await agent.receive(BoxOffer)
        assert not held.done()
        await agent.send(BoxAnswer(offer.session, "answer", bytes(64)))
        (answer,) = await held
        assert (answer["t"], answer["sdp"]) == ("answer", "answer")
        assert base64.b64decode(answer["signature"]) == bytes(64)


async def test_candidates_cross_both_ways_while_a_reply_is_held(server: RunningServer) -> None:
    async with visiting(server) as (visitor, agent):
        await visitor.begin(OFFER)
        await agent.receive(BoxOffer)
        held = asyncio.ensure_future(visitor.next(wait=True))
        assert await visitor.next({"t": "candidate", "candidate": "ours", "mid": "0"}) == []
        assert (await agent.receive(BoxCandidate)).candidate == "ours"
        await agent.send(BoxCandidate(visitor.session, "theirs"))
        assert [message["candidate"] for message in await held] == ["theirs"]


async def test_what_was_sent_between_two_posts_is_kept_in_its_order(server: RunningServer) -> None:
    async with visiting(server) as (visitor, agent):
        await visitor.begin(OFFER)
        await agent.receive(BoxOffer)
        await agent.send(BoxAnswer(visitor.session, "answer", bytes(64)))
        for number in range(3):
            await agent.send(BoxCandidate(visitor.session, f"c{number}"))
        received: list[dict[str, Any]] = []
        while len(received) < 4:
            received += await visitor.next(wait=True)
        assert kinds(received) == ["answer", "candidate", "candidate", "candidate"]
        assert [one["candidate"] for one in received[1:]] == ["c0", "c1", "c2"]


async def test_a_newer_post_ends_the_reply_that_is_held(server: RunningServer) -> None:
    async with visiting(server) as (visitor, _):
        await visitor.begin(OFFER)
        older = asyncio.ensure_future(visitor.next(wait=True))
        await asyncio.sleep(0.05)
        newer = asyncio.ensure_future(visitor.next(wait=True))
        assert await older == []
        assert not newer.done()
        newer.cancel()


async def test_the_end_of_a_visit_reaches_the_box_and_the_held_reply(
    server: RunningServer,
) -> None:
    async with visiting(server) as (visitor, agent):
        await visitor.begin(OFFER)
        await agent.receive(BoxOffer)
        held = asyncio.ensure_future(visitor.next(wait=True))
        await asyncio.sleep(0.1)  # so that it is there before the end
        await visitor.next({"t": "end"})
        assert (await agent.receive(BoxEnd)).session == visitor.session
        assert await held == []
        assert [one["code"] for one in await visitor.next(wait=True)] == ["going-down"]


async def test_a_visitor_that_asks_no_more_is_gone(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posted_visits, "SILENT_S", 0.1)
    async with visiting(server) as (visitor, agent):
        await visitor.begin(OFFER)
        await agent.receive(BoxOffer)
        assert (await agent.receive(BoxEnd)).session == visitor.session
        await eventually(lambda: server.rendezvous.visits == 0)


async def test_a_visitor_whose_reply_is_held_is_not_gone(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posted_visits, "SILENT_S", 0.1)
    monkeypatch.setattr(posted_visits, "HOLD_S", 0.5)
    async with visiting(server) as (visitor, _):
        await visitor.begin(OFFER)
        assert await visitor.next(wait=True) == []
        assert server.rendezvous.visits == 1


async def test_a_box_that_is_not_there_is_an_error_and_no_visit(server: RunningServer) -> None:
    async with aiohttp.ClientSession() as http:
        received = await Poster(http, server.url, "purplecrab").begin(OFFER)
    assert [one["code"] for one in received] == ["alias-unknown"]
    assert server.rendezvous.visits == 0


async def test_who_names_no_app_is_shown_the_apps(server: RunningServer) -> None:
    async with visiting(server) as (visitor, _):
        alias = re.search("alias=([a-z0-9]+)", visitor._query)
        assert alias is not None
        (apps,) = await visitor.begin(query=f"v=1&alias={alias[1]}")
        assert (apps["t"], apps["apps"]) == ("apps", ["dog"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"messages":[{}]}',
        b'{"messages":[{"t":"offer"}]}',
        b'{"messages":[' + b",".join([b'{"t":"end"}'] * 100) + b"]}",
        b'{"messages":[],"session":"no session!"}',
        b'{"messages":["' + b"x" * POST_BYTES + b'"]}',
    ],
    ids=["empty", "null", "list", "no-t", "no-sdp", "too-many", "session", "too-long"],
)
async def test_what_is_no_post_is_an_error(server: RunningServer, body: bytes) -> None:
    async with visiting(server) as (visitor, _):
        for url in (f"{visitor._visit}?{visitor._query}", f"{visitor._visit}/next"):
            assert [one["code"] for one in await visitor.send(url, body)] == ["protocol"]
        assert server.rendezvous.visits == 0


async def test_a_session_that_nobody_has_begins_anew(server: RunningServer) -> None:
    async with visiting(server) as (visitor, _):
        visitor.session = "stranger"
        (over,) = await visitor.next(wait=True)
        assert (over["code"], over["retry_s"]) == ("going-down", 1)


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        ("http://dog-purplecrab.localhost:8787", True),
        ("https://PURPLECRAB.LOCALHOST", True),
        ("http://localhost:3000", False),
        ("https://elsewhere.example", False),
        ("https://dog-purplecrab.localhost.elsewhere.example", False),
        ("null", False),
    ],
)
async def test_a_page_of_another_site_cannot_visit(
    server: RunningServer, origin: str, is_ours: bool
) -> None:
    async with registered_agent(server.url, KEY, ("dog",)) as (_, box):
        headers = {"Origin": origin}
        async with aiohttp.ClientSession(headers=headers) as http:
            received = await Poster(http, server.url, box.alias).begin()
            url = f"{server.url}/__p2claw/v1/visit?v=1&alias={box.alias}&app=dog"
            async with http.ws_connect(url) as socket:
                first = json.loads(await socket.receive_str(timeout=WAIT_S))
        kinds = [received[0]["t"], first["t"]]
        assert kinds == (["introduced"] if is_ours else ["error"]) * 2


async def test_a_second_offer_ends_the_visit(server: RunningServer) -> None:
    async with visiting(server) as (visitor, agent):
        await visitor.begin(OFFER)
        await agent.receive(BoxOffer)
        assert [one["code"] for one in await visitor.next(OFFER)] == ["protocol"]
        assert server.rendezvous.visits == 0


async def test_a_reply_names_the_ice_servers_of_the_next_visit(tmp_path: Path) -> None:
    stun = ("stun:stun.example.org:3478",)
    async with running_server(tmp_path, stun_urls=stun) as server, visiting(server) as (visitor, _):
        received = await visitor.begin()
        found = re.fullmatch(r'p2claw-ice;dur=0;desc="([\w-]*)"', visitor.timing)
        assert found is not None
        servers = json.loads(base64.urlsafe_b64decode(found[1] + "=="))
        assert servers == received[0]["ice_servers"] == [{"urls": list(stun)}]


@pytest.mark.parametrize(
    "origin, shared",
    [
        ("http://dog-purplecrab.localhost:1", True),  # its page came from another server
        ("http://evil.example", False),
        ("http://localhost.evil.example", False),
        ("null", False),
    ],
)
async def test_pages_of_the_parent_alone_may_read_replies_from_another_origin(
    server: RunningServer, origin: str, shared: bool
) -> None:
    async with visiting(server) as (visitor, _), aiohttp.ClientSession() as http:
        await visitor.begin(OFFER)
        body = json.dumps({"session": visitor.session, "messages": [], "wait": False})
        url = f"{server.url}/__p2claw/v1/visit"
        for target in (f"{url}?v=1&alias=nobodyhere", f"{url}/next"):
            async with http.post(target, data=body, headers={"Origin": origin}) as reply:
                assert reply.headers.get("Access-Control-Allow-Origin") == (
                    origin if shared else None
                )
                assert (
                    "Server-Timing" in reply.headers.get("Access-Control-Expose-Headers", "")
                ) == shared


async def test_a_page_of_this_server_needs_no_leave_to_read_replies(server: RunningServer) -> None:
    host = server.host("dog-purplecrab")
    headers = {"Origin": f"http://{host}", "Host": host}
    url = f"{server.url}/__p2claw/v1/visit?v=1&alias=nobodyhere"
    async with aiohttp.ClientSession() as http, http.post(url, json={}, headers=headers) as reply:
        assert "Access-Control-Allow-Origin" not in reply.headers
