"""p2claw.coord.nearness over real connections: by a trusted field, by what was measured."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from p2claw.config import Relay, parse_near
from p2claw.coord.nearness import COOKIE, network_mark
from p2claw.wire.signalling import BoxOffer
from tests.coord.peers import RawAgent, key_of, registered_agent
from tests.support.server import RunningServer, running_server

KEY = key_of(1)
OFFER = {"t": "offer", "sdp": "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"}
FIELD = "CF-IPCountry"
MARK, ELSEWHERE = network_mark("127.0.0.0/24"), network_mark("192.0.2.0/24")
RELAYS = tuple(
    Relay(f"{region}{number}", (f"turn:127.0.0.{number}:9?transport=udp",), region)
    for number, region in ((1, "eu"), (2, "eu"), (3, "us"), (4, "us"), (5, "ap"))
)
REGION_OF = {url: relay.region for relay in RELAYS for url in relay.urls}


@contextlib.asynccontextmanager
async def scene(
    folder: Path, trusted: str = "127.0.0.0/8"
) -> AsyncIterator[tuple[RunningServer, RawAgent, str, aiohttp.ClientSession]]:
    """A server behind a proxy, with relays in three regions; a box; and a browser."""
    settings: dict[str, Any] = {
        "relays": RELAYS,
        "turn_secret": "secret",
        "trusted_proxies": (ip_network(trusted),),
        "region_field": FIELD,
        "near": parse_near(["DE,FR=eu", "CA=us,eu"]),
    }
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        running_server(folder, **settings) as server,
        registered_agent(server.url, KEY, ("dog",)) as (agent, box),
        aiohttp.ClientSession(cookie_jar=jar) as http,
    ):
        yield server, agent, box.alias, http


def regions_in(servers: Any) -> list[str]:
    """Of the relays, in their order."""
    return [REGION_OF[url] for server in servers for url in server["urls"] if url in REGION_OF]


def metric(reply: aiohttp.ClientResponse, name: str) -> Any:
    found = re.search(rf'{name};dur=\d+;desc="([\w-]*)"', reply.headers["Server-Timing"])
    return found and json.loads(base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)))


async def visit(
    server: RunningServer, alias: str, http: aiohttp.ClientSession, *, near: str = "", **given: Any
) -> tuple[dict[str, Any], aiohttp.ClientResponse]:
    """An offer is posted; what it is introduced with."""
    url = f"{server.url}/__p2claw/v1/visit?v=1&alias={alias}&app=dog&near={near}"
    async with http.post(url, json={"messages": [OFFER]}, **given) as reply:
        (introduced,) = await reply.json()
        return introduced, reply


@pytest.mark.parametrize(
    ("value", "regions"),
    [
        ("DE", ["eu", "eu"]),
        ("fr", ["eu", "eu"]),
        ("CA", ["us", "us"]),
        ("ap", ["ap", "eu"]),
        ("JP", ["eu", "eu"]),
        ("", ["eu", "eu"]),
    ],
)
async def test_page_visitor_and_box_are_given_relays_near_to_what_a_trusted_field_says(
    tmp_path: Path, value: str, regions: list[str]
) -> None:
    async with scene(tmp_path) as (server, agent, alias, http):
        said = {FIELD: value}
        introduced, reply = await visit(server, alias, http, headers=said)
        offer = await agent.receive(BoxOffer)
        page = {**said, "Host": server.host(f"dog-{alias}"), "Sec-Fetch-Mode": "navigate"}
        async with http.get(
            f"{server.url}/", headers={**page, "Sec-Fetch-Dest": "document"}
        ) as shown:
            assert regions_in(metric(shown, "p2claw-ice")) == regions
        assert regions_in(introduced["ice_servers"]) == regions
        assert regions_in(metric(reply, "p2claw-ice")) == regions
        assert [REGION_OF[url] for url in offer.ice_servers[0].urls] == regions
        assert offer.ice_servers[0].urls == tuple(introduced["ice_servers"][0]["urls"])


async def test_the_field_of_somebody_who_is_not_trusted_counts_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, trusted="192.0.2.1/32") as (server, _, alias, http):
        introduced, _ = await visit(server, alias, http, headers={FIELD: "CA"})
        assert regions_in(introduced["ice_servers"]) == ["eu", "eu"]


async def test_who_has_measured_nothing_is_asked_to_measure_one_relay_of_each_region(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as (server, _, alias, http):
        introduced, reply = await visit(server, alias, http)
        asked = introduced["measure"]
        assert asked["network"] == MARK
        assert {name: REGION_OF[url] for name, (url,) in asked["regions"].items()} == {
            "eu": "eu",
            "us": "us",
            "ap": "ap",
        }
        assert metric(reply, "p2claw-measure") == asked["regions"]


async def test_what_a_program_has_measured_in_this_network_goes_before_the_field(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as (server, _, alias, http):
        said = {FIELD: "DE"}
        introduced, reply = await visit(server, alias, http, near=f"{MARK}.us~ap", headers=said)
        assert regions_in(introduced["ice_servers"]) == ["us", "us"]
        assert "measure" not in introduced
        assert metric(reply, "p2claw-measure") is None


@pytest.mark.parametrize("word", [f"{ELSEWHERE}.us", f"{MARK}.", f"{MARK}.US~", "us", f"{MARK}us"])
async def test_what_was_measured_elsewhere_or_cannot_be_read_is_asked_for_again(
    tmp_path: Path, word: str
) -> None:
    async with scene(tmp_path) as (server, _, alias, http):
        introduced, _ = await visit(server, alias, http, near=word)
        assert regions_in(introduced["ice_servers"]) == ["eu", "eu"]
        assert "measure" in introduced


async def test_a_browser_posts_what_it_has_measured_and_its_cookie_is_the_next_visits_word(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as (server, agent, alias, http):
        url = f"{server.url}/__p2claw/v1/visit/near?alias={alias}&near=ap~us"
        async with http.post(url) as kept:
            assert kept.status == 204
            assert regions_in(metric(kept, "p2claw-ice")) == ["ap", "us"]
            cookie = kept.cookies[COOKIE]
        assert cookie.value == f"{MARK}.ap~us"
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        introduced, _ = await visit(server, alias, http)
        assert regions_in(introduced["ice_servers"]) == ["ap", "us"]
        offer = await agent.receive(BoxOffer)
        assert offer.ice_servers[0].urls == tuple(introduced["ice_servers"][0]["urls"])
        assert "measure" not in introduced


@pytest.mark.parametrize("near", ["", "~", "EU", "a~b~c~d~e~f~g~h~i", "eu us"])
async def test_a_post_of_nothing_that_can_be_measured_is_refused(tmp_path: Path, near: str) -> None:
    async with scene(tmp_path) as (server, _, alias, http):
        url = f"{server.url}/__p2claw/v1/visit/near"
        async with http.post(url, params={"alias": alias, "near": near}) as refused:
            assert refused.status == 400
            assert "Set-Cookie" not in refused.headers


async def test_a_page_of_somebody_else_keeps_nothing_in_a_browser(tmp_path: Path) -> None:
    async with scene(tmp_path) as (server, _, alias, http):
        url = f"{server.url}/__p2claw/v1/visit/near?alias={alias}&near=us"
        async with http.post(url, headers={"Origin": "https://example.com"}) as refused:
            assert refused.status == 400
