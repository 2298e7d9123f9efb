"""An agent with two workers that is dialled: at one port, each with tickets of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.agent.workers.workers import Workers
from p2claw.config import AgentLimits, PublicAddress
from p2claw.config.agent import IS_PORT_SHARED
from p2claw.errors import LinkError
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.wire.signalling.dialling import Descriptor
from tests.support.agent import RunningAgent, running_agent
from tests.support.server import RunningServer
from tests.support.upstreams import Upstream, until

HERE = PublicAddress(host_addresses()[0].host)


@pytest.fixture
async def agent(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> AsyncIterator[RunningAgent]:
    async with running_agent(
        tmp_path / "home",
        server,
        {"dog": upstream.url},
        limits=AgentLimits(links=6),  # two thirds of them for one network
        workers=2,
        public_addresses=(HERE,),
    ) as running:
        yield running


async def handed_out(server: RunningServer, count: int = 2) -> list[Descriptor]:
    """What the coordinator has of the one box, by worker."""
    (box,) = server.rendezvous.boxes
    await until(lambda: len(box.dials) == count)
    return [Descriptor.unpack(dial.descriptor) for dial in box.dials]


def links(agent: RunningAgent) -> list[int]:
    return [worker["links"] for worker in agent.agent.status()["workers"]]


async def dialled(descriptor: Descriptor, *, timeout_s: float = 10.0) -> VisitorPeer:
    peer = VisitorPeer()
    try:
        await peer.dial(descriptor)
        await peer.channel(timeout_s=timeout_s)
    except BaseException:
        await peer.close()
        raise
    return peer


async def test_each_descriptor_leads_to_the_worker_whose_ticket_it_has(
    agent: RunningAgent, server: RunningServer
) -> None:
    first, second = await handed_out(server)
    assert (first.addresses == second.addresses) is IS_PORT_SHARED
    peers = [await dialled(second), await dialled(second), await dialled(first)]
    assert links(agent) == [1, 2]
    for peer in peers:
        await peer.close()
    await until(lambda: links(agent) == [0, 0])


async def test_a_visit_goes_by_a_dial_and_the_agent_counts_it(
    agent: RunningAgent, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers: list[object] = []
    monkeypatch.setattr(Workers, "offer", lambda *given: offers.append(given))
    # However slow this machine is, no offer goes out beside the dial.
    for patience in ("DIAL_LEAST_S", "DIAL_PATIENCE_S"):
        monkeypatch.setattr(f"p2claw.visitor.signalling.{patience}", 10.0)
    await handed_out(server)
    for _ in range(4):
        async with await agent.visit() as visitor:
            response = await visitor.request("POST", "/", body=b"hello")
            assert await response.body(100) == b"hello"
            assert sum(links(agent)) == 1
        await until(lambda: links(agent) == [0, 0])
    assert offers == []


async def test_a_ticket_of_one_worker_is_refused_by_the_other(
    agent: RunningAgent, server: RunningServer
) -> None:
    first, second = await handed_out(server)
    at_second = bytes((second.ticket.nonce[0], *first.ticket.nonce[1:]))
    ticket = replace(first.ticket, nonce=at_second if IS_PORT_SHARED else first.ticket.nonce)
    crossed = Descriptor(ticket, first.password, first.fingerprint, second.addresses)
    with pytest.raises(LinkError):
        await dialled(crossed, timeout_s=0.5)
    assert links(agent) == [0, 0]


async def test_the_limit_of_links_is_that_of_the_box_for_dials_too(
    agent: RunningAgent, server: RunningServer
) -> None:
    first, second = await handed_out(server)
    peers = [await dialled(one) for one in (first, second, second, second)]
    for descriptor in (first, second):
        with pytest.raises(LinkError):
            await dialled(descriptor, timeout_s=0.5)
    assert links(agent) == [1, 3]
    refused = agent.agent.parts.visitors.refused()
    assert refused == {"dials/box-busy": 2}
    for peer in peers:
        await peer.close()


async def test_a_worker_that_is_gone_is_dialled_no_more_until_it_is_back(
    agent: RunningAgent, server: RunningServer
) -> None:
    first, second = await handed_out(server)
    os.kill(agent.agent.status()["workers"][1]["pid"], signal.SIGKILL)
    (left,) = await handed_out(server, 1)
    assert left.addresses == first.addresses
    both = await handed_out(server)
    # Its new process has the same keys, so what visitors have kept is good at a port that is fixed.
    assert {one.fingerprint for one in both} == {second.fingerprint}
    peer = await dialled(both[1])
    assert links(agent) == [0, 1]
    await peer.close()
