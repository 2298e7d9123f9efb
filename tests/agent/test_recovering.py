"""A lost box: a new machine takes its names over by the recovery code, and the old one is out."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2claw.agent.home.identity import load_identity, replace_identity
from p2claw.agent.home.recovery_key import RecoveryKey
from p2claw.agent.recovering import recover
from p2claw.config import AgentConfig
from p2claw.errors import P2clawError, RefusedError, UsageError
from p2claw.visitor import PinStore
from p2claw.wire.signalling.statements import Kind
from tests.agent.test_keys import fetched, rotated, url_of
from tests.support.agent import RunningAgent, running_agent
from tests.support.server import RunningServer
from tests.support.upstreams import Upstream, until


async def backed_up(agent: RunningAgent) -> RecoveryKey:
    """A backup key that the coordinator knows."""
    key = RecoveryKey.make()
    status, facts = await agent.api.ask("PUT", f"/v1/identity/backup/{key.peer_id}")
    assert (status, facts["online"]) == (200, True), facts
    await agent.api.online()
    return key


def new_machine(folder: Path, server: RunningServer) -> AgentConfig:
    return AgentConfig(home=folder / "new", coordinator=server.url)


async def test_visitors_follow_to_the_new_machine(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    pins = PinStore(tmp_path / "known_boxes.json")
    async with running_agent(tmp_path / "lost", server, {"dog": upstream.url}) as agent:
        url, key_url, alias = url_of(agent), url_of(agent, "key_url"), agent.agent.status()["alias"]
        old = await fetched(url, pins, server.url)
        key = await backed_up(agent)
    config = new_machine(tmp_path, server)
    done = await recover(key, config)
    assert (done.registered, done.alias, done.was) == (True, alias, old)
    async with running_agent(config.home, server, {"dog": upstream.url}) as agent:
        assert url_of(agent) == url
        for visited in (url, key_url, f"{url}#k={old}"):
            assert await fetched(visited, pins, server.url) == done.identity.peer_id
        facts = await rotated(agent)
        assert await fetched(url, pins, server.url) == facts["peer_id"]


async def test_the_lost_box_is_out_at_once_and_never_comes_back(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    lost = tmp_path / "lost"
    async with running_agent(lost, server, {"dog": upstream.url}) as agent:
        url = url_of(agent)
        key = await backed_up(agent)
        done = await recover(key, new_machine(tmp_path, server))
        control = agent.agent.parts.control
        await until(lambda: "another key now" in control.last_error)
        async with running_agent(tmp_path / "new", server, {"dog": upstream.url}):
            assert await fetched(url, None, server.url) == done.identity.peer_id
    # It tries all that its key can: again, with a change, with another backup key.
    old = load_identity(lost / "identity.key")
    for trick in (old, old.successor(2_000_000_000)):
        replace_identity(lost / "identity.key", trick)
        async with running_agent(lost, server, online=False) as thief:
            control = thief.agent.parts.control
            await until(lambda control=control: control.last_error != "")  # type: ignore[misc]
            assert "another key now" in control.last_error
    async with running_agent(tmp_path / "new", server, {"dog": upstream.url}):
        assert await fetched(url, None, server.url) == done.identity.peer_id


async def test_a_code_is_good_once(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    async with running_agent(tmp_path / "lost", server) as agent:
        key = await backed_up(agent)
    await recover(key, new_machine(tmp_path / "1", server))
    with pytest.raises(RefusedError) as raised:
        await recover(key, new_machine(tmp_path / "2", server))
    assert raised.value.code == "backup-unknown"
    assert not (tmp_path / "2" / "new" / "identity.key").exists()


@pytest.mark.parametrize("how", ["withdrawn", "replaced"])
async def test_a_code_that_was_withdrawn_or_replaced_is_good_for_nothing(
    tmp_path: Path, server: RunningServer, how: str
) -> None:
    async with running_agent(tmp_path / "lost", server) as agent:
        key = await backed_up(agent)
        if how == "withdrawn":
            assert (await agent.api.ask("DELETE", "/v1/identity/backup"))[0] == 200
        else:
            await backed_up(agent)
        with pytest.raises(RefusedError) as raised:
            await recover(key, new_machine(tmp_path, server))
        assert raised.value.code == "backup-unknown"


async def test_a_code_stays_good_when_the_box_changes_its_key(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    pins = PinStore(tmp_path / "known_boxes.json")
    async with running_agent(tmp_path / "lost", server, {"dog": upstream.url}) as agent:
        url = url_of(agent)
        await fetched(url, pins, server.url)
        key = await backed_up(agent)
        await rotated(agent)
    done = await recover(key, new_machine(tmp_path, server))
    kinds = [one.kind for one in done.identity.changes]
    assert kinds == [Kind.ROTATE, Kind.BACKUP, Kind.ROTATE]
    async with running_agent(tmp_path / "new", server, {"dog": upstream.url}):
        assert await fetched(url, pins, server.url) == done.identity.peer_id


async def test_a_machine_that_has_a_key_keeps_it(tmp_path: Path, server: RunningServer) -> None:
    async with running_agent(tmp_path / "lost", server) as agent:
        key = await backed_up(agent)
    async with running_agent(tmp_path / "new", server):
        pass
    before = (tmp_path / "new" / "identity.key").read_bytes()
    with pytest.raises(UsageError) as raised:
        await recover(key, new_machine(tmp_path, server))
    assert raised.value.code == "identity-there"
    assert (tmp_path / "new" / "identity.key").read_bytes() == before


async def test_a_coordinator_that_cannot_be_asked_changes_nothing(tmp_path: Path) -> None:
    config = AgentConfig(home=tmp_path / "new", coordinator="http://localhost:1")
    with pytest.raises(P2clawError) as raised:
        await recover(RecoveryKey.make(), config)
    assert raised.value.code == "coordinator-silent"
    assert not config.identity_path.exists()
