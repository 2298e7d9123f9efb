"""`.local` names, resolved in the background or dropped."""

from __future__ import annotations

import asyncio

import pytest
from aioice import Candidate, mdns

from p2claw.link.ice import local_names
from p2claw.link.ice.candidates import read_candidate
from p2claw.link.ice.local_names import NAMES, LocalNames, is_local_name

DEADLINE_S = 10


def _candidate(name: str) -> Candidate:
    candidate = read_candidate(f"candidate:1 1 udp 2113937151 {name} 50000 typ host")
    assert candidate is not None
    return candidate


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("1b671a64.local", True),
        ("a.b.LOCAL.", True),
        ("192.0.2.1", False),
        ("local.example", False),
    ],
)
def test_local_names_are_known(host: str, local: bool) -> None:
    assert is_local_name(host) is local


async def test_a_name_that_a_neighbour_replies_for_is_resolved() -> None:
    name = mdns.create_mdns_hostname()
    neighbour = await mdns.create_mdns_protocol()
    try:
        await neighbour.publish(name, "192.0.2.44")
    except OSError:
        await neighbour.close()
        pytest.skip("this machine has no multicast")
    resolved: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
    names = LocalNames(lambda candidate, address: resolved.set_result((candidate.host, address)))
    try:
        names.resolve(_candidate(name))
        assert await asyncio.wait_for(resolved, DEADLINE_S) == (name, "192.0.2.44")
    finally:
        await names.close()
        await neighbour.close()


async def test_a_name_that_nobody_replies_for_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_names, "RESOLVE_TIMEOUT_S", 0.01)
    resolved: list[str] = []
    names = LocalNames(lambda candidate, address: resolved.append(address))
    names.resolve(_candidate("nobody.local"))
    async with asyncio.timeout(DEADLINE_S):
        while names.pending:  # noqa: ASYNC110 - no event for a name that is dropped
            await asyncio.sleep(0.001)
    assert resolved == []


async def test_a_visitor_may_ask_for_few_names() -> None:
    names = LocalNames(lambda candidate, address: None)
    for number in range(5 * NAMES):
        names.resolve(_candidate(f"name-{number}.local"))
    assert names.pending == NAMES
    await names.close()


async def test_closing_ends_every_question() -> None:
    before = asyncio.all_tasks()
    names = LocalNames(lambda candidate, address: None)
    names.resolve(_candidate("nobody.local"))
    await names.close()
    assert asyncio.all_tasks() == before


async def test_closing_while_a_question_ends_leaves_nothing_on_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local_names, "RESOLVE_TIMEOUT_S", 0.001)
    errors: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context))
    names = LocalNames(lambda candidate, address: None)
    closing: list[asyncio.Task[None]] = []

    create_really = mdns.create_mdns_protocol

    async def create() -> mdns.MDnsProtocol:
        protocol = await create_really()
        close = protocol.transport.close

        def close_and_be_closed() -> None:
            closing.append(loop.create_task(names.close()))  # its turn is before the socket's end
            close()

        monkeypatch.setattr(protocol.transport, "close", close_and_be_closed)
        return protocol

    monkeypatch.setattr("aioice.mdns.create_mdns_protocol", create)
    names.resolve(_candidate("nobody.local"))
    async with asyncio.timeout(DEADLINE_S):
        while not closing:  # noqa: ASYNC110 - the end of the question is what is waited for
            await asyncio.sleep(0.001)
        await closing[0]
    await asyncio.sleep(0.01)
    assert errors == []
