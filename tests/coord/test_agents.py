"""p2claw.coord.agents over real sockets: registration and announcements."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from pathlib import Path

import aiohttp
import msgpack
import pytest
from aiohttp import web

from p2claw import names
from p2claw.config import ServerLimits
from p2claw.coord.store.sqlite import SqliteStore
from p2claw.wire.signalling import (
    AgentError,
    Announce,
    Announced,
    BoxEnd,
    Challenge,
    Registered,
)
from tests.coord.peers import (
    RawAgent,
    connected_agent,
    eventually,
    introduced_visitor,
    key_of,
    registered_agent,
    signed_register,
)
from tests.support.server import RunningServer, running_server

KEY = key_of(1)


def _audience(server: RunningServer) -> str:
    return f"127.0.0.1:{server.port}"


async def _refused(agent: RawAgent) -> tuple[str, int]:
    """The code of the error, and that of the close after it."""
    error = await agent.receive(AgentError)
    return error.code, await agent.close_code()


async def test_a_box_that_proves_its_key_gets_an_alias(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY) as (_, registered):
        assert names.ALIAS.fullmatch(registered.alias)


async def test_a_box_gets_its_key_alias(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY) as (_, registered):
        assert registered.key_alias == names.key_alias_of(KEY.public_key().public_bytes_raw())


async def test_a_box_learns_where_its_apps_appear(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY) as (_, registered):
        assert registered.base == f"http://{{label}}.localhost:{server.port}"


async def test_a_box_gets_the_address_that_a_proxy_has(tmp_path: Path) -> None:
    settings = {"scheme": "https", "parent": "example.org", "public_port": 443}
    async with (
        running_server(tmp_path, **settings) as server,
        connected_agent(server.url) as agent,
    ):
        await agent.answer_challenge(KEY, "example.org")
        assert (await agent.receive(Registered)).base == "https://{label}.example.org"


async def test_the_same_key_gets_the_same_alias_again(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY) as (_, first):
        pass
    async with registered_agent(server.url, KEY) as (_, second):
        assert second.alias == first.alias


async def test_another_key_gets_another_alias(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, key_of(1)) as (_, first),
        registered_agent(server.url, key_of(2)) as (_, second),
    ):
        assert second.alias != first.alias


async def test_each_connection_has_its_own_challenge(server: RunningServer) -> None:
    async with connected_agent(server.url) as one, connected_agent(server.url) as two:
        first, second = await one.receive(Challenge), await two.receive(Challenge)
        assert first.nonce != second.nonce


async def test_a_registration_that_was_recorded_is_no_good_on_another_connection(
    server: RunningServer,
) -> None:
    async with connected_agent(server.url) as agent:
        challenge = await agent.receive(Challenge)
        recorded = signed_register(KEY, challenge.nonce, _audience(server))
        await agent.send(recorded)
        await agent.receive(Registered)
    async with connected_agent(server.url) as thief:
        await thief.receive(Challenge)
        await thief.send(recorded)
        assert await _refused(thief) == ("signature-invalid", 4001)


async def test_a_registration_is_good_once_on_its_own_connection(server: RunningServer) -> None:
    async with connected_agent(server.url) as agent:
        challenge = await agent.receive(Challenge)
        register = signed_register(KEY, challenge.nonce, _audience(server))
        await agent.send(register)
        await agent.receive(Registered)
        await agent.send(register)
        assert await _refused(agent) == ("protocol", 4000)


async def test_a_signature_by_another_key_is_refused(server: RunningServer) -> None:
    async with connected_agent(server.url) as agent:
        challenge = await agent.receive(Challenge)
        register = signed_register(key_of(2), challenge.nonce, _audience(server))
        mine = KEY.public_key().public_bytes_raw()
        fields = {name: getattr(register, name) for name in register.__slots__}
        await agent.send(type(register)(**{**fields, "public_key": mine}))
        assert await _refused(agent) == ("signature-invalid", 4001)


@pytest.mark.parametrize("off_s", [-300, 300])
async def test_a_clock_that_is_wrong_is_refused(server: RunningServer, off_s: int) -> None:
    async with connected_agent(server.url) as agent:
        await agent.answer_challenge(KEY, _audience(server), time_s=int(time.time()) + off_s)
        assert await _refused(agent) == ("clock-skew", 4002)


async def test_a_clock_that_is_a_little_wrong_is_accepted(server: RunningServer) -> None:
    async with connected_agent(server.url) as agent:
        await agent.answer_challenge(KEY, _audience(server), time_s=int(time.time()) - 100)
        await agent.receive(Registered)


async def test_a_registration_for_another_coordinator_is_refused(server: RunningServer) -> None:
    async with connected_agent(server.url) as agent:
        await agent.answer_challenge(KEY, "other.example:443")
        assert await _refused(agent) == ("audience-invalid", 4010)


async def test_a_forged_host_header_does_not_make_another_coordinator_of_us(
    server: RunningServer,
) -> None:
    headers = {"Host": "other.example"}
    async with connected_agent(server.url, headers=headers) as agent:
        await agent.answer_challenge(KEY, "other.example")
        assert await _refused(agent) == ("audience-invalid", 4010)


async def test_the_newest_connection_of_a_key_wins(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY) as (older, _),
        registered_agent(server.url, KEY),
    ):
        assert await _refused(older) == ("replaced", 4009)


async def test_a_replaced_connection_leaves_the_box_online(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY) as (older, registered),
        registered_agent(server.url, KEY, ("dog",)),
    ):
        await older.close_code()
        async with introduced_visitor(server, registered.alias):
            pass


async def test_who_does_not_register_in_time_gets_an_error(tmp_path: Path) -> None:
    limits = ServerLimits(register_s=0.1)
    async with (
        running_server(tmp_path, limits=limits) as server,
        connected_agent(server.url) as agent,
    ):
        await agent.receive(Challenge)
        assert await _refused(agent) == ("timeout", 4008)


async def test_who_sends_something_else_before_is_refused(server: RunningServer) -> None:
    async with connected_agent(server.url) as agent:
        await agent.receive(Challenge)
        await agent.send(BoxEnd("s1"))
        assert await _refused(agent) == ("protocol", 4000)


@pytest.mark.parametrize(
    "raw", [b"", b"\xc1", b"\x91" * 5_000, msgpack.packb({"t": "register"})], ids=repr
)
async def test_bytes_that_are_no_message_are_refused(server: RunningServer, raw: bytes) -> None:
    async with connected_agent(server.url) as agent:
        await agent.receive(Challenge)
        await agent.ws.send_bytes(raw)
        assert await _refused(agent) == ("protocol", 4000)


async def test_text_from_an_agent_is_refused(server: RunningServer) -> None:
    async with connected_agent(server.url) as agent:
        await agent.receive(Challenge)
        await agent.ws.send_str("hello")
        assert await _refused(agent) == ("protocol", 4000)


async def test_a_message_above_the_limit_is_refused(server: RunningServer) -> None:
    async with connected_agent(server.url) as agent:
        await agent.receive(Challenge)
        await agent.ws.send_bytes(b"\0" * 65_537)
        assert await _refused(agent) == ("protocol", 4000)


async def test_a_message_far_above_the_limit_ends_the_connection(server: RunningServer) -> None:
    async with connected_agent(server.url) as agent:
        await agent.receive(Challenge)
        await agent.ws.send_bytes(b"\0" * 300_000)
        assert await agent.close_code() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_type_of_a_newer_version_is_ignored(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY) as (agent, _):
        await agent.ws.send_bytes(msgpack.packb({"t": "novelty"}))
        await agent.send(Announce(7, ()))
        assert (await agent.receive(Announced)).seq == 7


async def test_the_apps_that_are_announced_can_be_visited(server: RunningServer) -> None:
    async with (
        registered_agent(server.url, KEY, ("dog", "cat")) as (_, registered),
        introduced_visitor(server, registered.alias, "cat"),
    ):
        pass


async def test_each_app_that_is_refused_is_named_with_its_reason(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY) as (agent, _):
        await agent.send(Announce(3, ("dog", "www", "No Good", "-x")))
        assert await agent.receive(Announced) == Announced(
            3,
            {
                "www": "app-name-reserved",
                "No Good": "app-name-invalid",
                "-x": "app-name-invalid",
            },
        )


async def test_too_many_announcements_end_the_connection(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY) as (agent, _):
        for seq in range(70):
            await agent.send(Announce(seq, ()))
        assert await agent.close_code() == 4029


async def test_too_many_registrations_from_one_address_are_refused(tmp_path: Path) -> None:
    limits = ServerLimits(registration_burst=2)
    async with running_server(tmp_path, limits=limits) as server:
        for _ in range(2):
            async with registered_agent(server.url, KEY):
                pass
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            async with connected_agent(server.url):
                pass
        assert refusal.value.status == 429  # before there is a WebSocket
        assert refusal.value.headers is not None
        assert refusal.value.headers["Retry-After"] == "1"


async def test_a_box_that_sends_too_much_is_slowed_and_loses_nothing(tmp_path: Path) -> None:
    limits = ServerLimits(box_message_burst=2, box_messages_per_minute=600.0)
    async with (
        running_server(tmp_path, limits=limits) as server,
        registered_agent(server.url, KEY) as (agent, _),
    ):
        begun = time.monotonic()
        for seq in range(6):
            await agent.send(Announce(seq, ()))
        assert [(await agent.receive(Announced)).seq for _ in range(6)] == list(range(6))
        assert time.monotonic() - begun > 0.3  # four above the burst, at ten per second


async def test_too_many_new_keys_from_one_address_are_refused(tmp_path: Path) -> None:
    async with running_server(tmp_path, limits=ServerLimits(alias_burst=1)) as server:
        async with registered_agent(server.url, key_of(1)):
            pass
        async with connected_agent(server.url) as agent:
            await agent.answer_challenge(key_of(2), _audience(server))
            assert await _refused(agent) == ("rate-limited", 4029)


async def test_known_keys_are_admitted_when_new_ones_are_too_many(tmp_path: Path) -> None:
    async with running_server(tmp_path, limits=ServerLimits(alias_burst=1)) as server:
        for _ in range(3):
            async with registered_agent(server.url, key_of(1)):
                pass


async def test_a_coordinator_that_is_full_admits_no_more_boxes(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, limits=ServerLimits(boxes=1)) as server,
        registered_agent(server.url, key_of(1)),
        connected_agent(server.url) as agent,
    ):
        await agent.answer_challenge(key_of(2), _audience(server))
        assert await _refused(agent) == ("rate-limited", 4029)


async def test_a_coordinator_that_is_full_admits_a_box_that_comes_back(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, limits=ServerLimits(boxes=1)) as server,
        registered_agent(server.url, KEY),
        registered_agent(server.url, KEY),
    ):
        pass


async def test_a_page_in_a_browser_is_not_let_in(server: RunningServer) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        async with connected_agent(server.url, headers={"Origin": "https://evil.example"}):
            pass
    assert refusal.value.status == 426


async def test_a_connection_that_is_lost_takes_the_box_offline(server: RunningServer) -> None:
    async with registered_agent(server.url, KEY, ("dog",)):
        assert len(server.rendezvous.boxes) == 1
    await eventually(lambda: len(server.rendezvous.boxes) == 0)


async def test_an_agent_is_notified_when_the_coordinator_goes_down(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, registered_agent(server.url, KEY) as (agent, _):
        server.serving.coordinator.shut_down()
        assert await agent.close_code() == 1001


async def test_apps_that_are_as_they_were_are_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[tuple[str, ...]] = []
    save_apps = SqliteStore.save_apps

    async def noted(store: SqliteStore, key: bytes, apps: tuple[str, ...], now_s: int) -> None:
        saved.append(apps)
        await save_apps(store, key, apps, now_s)

    monkeypatch.setattr(SqliteStore, "save_apps", noted)
    async with running_server(tmp_path) as server:
        for apps in (("dog",), ("dog",), ("cat", "dog"), ("dog", "cat"), ("dog",)):
            async with registered_agent(server.url, KEY, apps):
                pass
        assert saved == [("dog",), ("cat", "dog"), ("dog",)]
        monkeypatch.setattr("p2claw.coord.box_messages._WRITTEN_AGAIN_S", 0)
        async with registered_agent(server.url, KEY, ("dog",)):
            pass
        assert len(saved) == 4


async def test_a_connection_that_is_over_leaves_nothing_for_the_collector(
    server: RunningServer,
) -> None:
    gc.collect()
    gc.disable()
    try:
        for how in ("cut", "closed"):
            async with registered_agent(server.url, KEY, ("dog",)) as (agent, _):
                assert _alive(web.WebSocketResponse) == 1
                if how == "cut":
                    transport = agent.ws.get_extra_info("socket")
                    transport.shutdown(socket.SHUT_RDWR)
            await eventually(lambda: len(server.rendezvous.boxes) == 0)
            await asyncio.sleep(0.2)  # its task ends a few turns of the loop later
            assert _alive(web.WebSocketResponse) == 0
    finally:
        gc.enable()


def _alive(kind: type) -> int:
    return sum(isinstance(one, kind) for one in gc.get_objects())
