"""A whole agent that is dialled: a real coordinator hands its descriptor out, a visitor uses it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from p2claw.agent.visitors import in_process
from p2claw.agent.visitors.in_process import InProcess
from p2claw.config import AgentLimits, PublicAddress
from p2claw.errors import LinkError, RefusedError
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.visitor import Visitor
from p2claw.visitor.kept_dials import KeptDials
from p2claw.visitor.pins import PinStore
from p2claw.wire.signalling import DialOffered
from p2claw.wire.signalling.dialling import Descriptor, Ticket
from tests.support.agent import RunningAgent, running_agent
from tests.support.server import RunningServer
from tests.support.upstreams import Upstream, until

HERE = PublicAddress(host_addresses()[0].host)


@pytest.fixture
async def agent(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> AsyncIterator[RunningAgent]:
    routes = {"dog": upstream.url, "cat": upstream.url}
    limits = AgentLimits(links=3)
    async with running_agent(
        tmp_path / "home", server, routes, limits=limits, public_addresses=(HERE,)
    ) as running:
        yield running


def visitors_of(agent: RunningAgent) -> InProcess:
    assert isinstance(agent.agent.parts.visitors, InProcess)
    return agent.agent.parts.visitors


async def handed_out(server: RunningServer) -> DialOffered:
    """What the coordinator has of the one box."""
    boxes = server.rendezvous.boxes
    await until(lambda: any(box.dials for box in boxes))
    ((dial,),) = (box.dials for box in boxes)
    return dial


async def dialled_apps(agent: RunningAgent) -> list[str]:
    links = visitors_of(agent)._links.values()
    return [link.visit.app for link in links if link.is_dialled and link.is_open]


async def test_a_visitor_dials_and_the_box_gets_no_offer(
    agent: RunningAgent, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers: list[object] = []
    monkeypatch.setattr(InProcess, "offer", lambda *given: offers.append(given))
    await handed_out(server)
    async with await agent.visit("cat") as visitor:
        response = await visitor.request("POST", "/a", body=b"hello")
        assert (response.status, await response.body(100)) == (200, b"hello")
        assert await dialled_apps(agent) == ["cat"]
    assert offers == []
    await until(lambda: len(visitors_of(agent)) == 0)


async def test_an_app_that_is_not_exposed_is_refused_on_a_dialled_link_too(
    agent: RunningAgent, server: RunningServer
) -> None:
    await handed_out(server)
    visitors = visitors_of(agent)
    async with await agent.visit("cat") as visitor:
        await visitor.request("GET", "/")
        visitors.apply({app: route for app, route in visitors._routes.items() if app != "cat"})
        with pytest.raises((LinkError, RefusedError)):
            # Of the coordinator's knowledge the app is still exposed.
            async with await agent.visit("cat") as other:
                await other.request("GET", "/", timeout_s=5)


@pytest.mark.parametrize("host", ["203.0.113.9", HERE.host])
async def test_a_dial_that_reaches_nobody_costs_a_visitor_little(
    agent: RunningAgent, server: RunningServer, host: str
) -> None:
    """Another address, or a box that responds to no dial."""
    await handed_out(server)
    visitors = visitors_of(agent)
    visitors._dial_generations.clear()
    (box,) = server.rendezvous.boxes
    unreachable = replace(Descriptor.unpack(box.dials[0].descriptor), addresses=((host, 9),)).pack()
    box.dials = (DialOffered(unreachable, agent.agent.parts.identity.sign("dial", unreachable)),)
    begun_s = time.monotonic()
    async with await agent.visit() as visitor:
        assert time.monotonic() - begun_s < 2
        assert (await visitor.request("GET", "/")).status == 200
        assert await dialled_apps(agent) == []
    await until(lambda: len(visitors) == 0)


async def test_a_visitor_that_remembers_does_not_dial_nobody_again(
    agent: RunningAgent, server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await handed_out(server)
    (box,) = server.rendezvous.boxes
    nobody = replace(Descriptor.unpack(box.dials[0].descriptor), addresses=(("203.0.113.9", 9),))
    packed = nobody.pack()
    box.dials = (DialOffered(packed, agent.agent.parts.identity.sign("dial", packed)),)
    dialled: list[Descriptor] = []
    dial = VisitorPeer.dial

    async def noted(peer: VisitorPeer, descriptor: Descriptor) -> None:
        dialled.append(descriptor)
        await dial(peer, descriptor)

    monkeypatch.setattr(VisitorPeer, "dial", noted)
    url = agent.agent.status()["apps"][0]["url"]
    for pins in (PinStore(tmp_path / "known_boxes.json"), None):
        for _ in range(2):
            await (await Visitor.open(url, edge=agent.edge, pins=pins)).close()
    assert dialled == [nobody] * 3  # once, and each time without a memory


@dataclass
class Returning:
    """A visitor that has been here, and remembers. dialled: what it has dialled since."""

    agent: RunningAgent
    folder: Path
    dialled: list[Descriptor]

    @property
    def pins(self) -> PinStore:
        return PinStore(self.folder / "known_boxes.json")

    @property
    def kept(self) -> KeptDials:
        return KeptDials(self.folder / "dials.json")

    @property
    def url(self) -> str:
        apps = self.agent.agent.status()["apps"]
        return str(next(app["url"] for app in apps if app["app"] == "cat"))

    @property
    def host(self) -> str:
        return self.url.split("/")[2]

    async def visit(self, edge: str | None = None) -> Visitor:
        return await Visitor.open(self.url, edge=edge or self.agent.edge, pins=self.pins)

    async def is_dialled_as_cat(self) -> bool:
        """Whether it gets a response, and over a link that was dialled."""
        async with await self.visit() as visitor:
            assert (await visitor.request("GET", "/")).status == 200
            apps = await dialled_apps(self.agent)
        await until(lambda: len(visitors_of(self.agent)) == 0)
        return apps == ["cat"]

    def keep(self, dial: DialOffered, **changes: object) -> DialOffered:
        """Keep it with these changes, signed by the box."""
        packed = replace(Descriptor.unpack(dial.descriptor), **changes).pack()  # type: ignore[arg-type]
        changed = DialOffered(packed, self.agent.agent.parts.identity.sign("dial", packed))
        self.kept.keep(self.host, changed)
        return changed


@pytest.fixture
async def returning(
    agent: RunningAgent, server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Returning:
    await handed_out(server)
    one = Returning(agent, tmp_path, [])
    async with await one.visit() as visitor:
        assert (await visitor.request("GET", "/")).status == 200
    dial = VisitorPeer.dial

    async def noted(peer: VisitorPeer, descriptor: Descriptor) -> None:
        one.dialled.append(descriptor)
        await dial(peer, descriptor)

    monkeypatch.setattr(VisitorPeer, "dial", noted)
    return one


async def test_a_visitor_that_returns_dials_without_asking_anybody(returning: Returning) -> None:
    nobody = "http://127.0.0.1:1"
    for _ in range(2):
        async with await returning.visit(edge=nobody) as visitor:
            assert (await visitor.request("GET", "/")).status == 200
    assert len(returning.dialled) == 2


async def test_a_box_that_has_forgotten_its_keys_is_dialled_by_new_ones(
    returning: Returning, server: RunningServer
) -> None:
    dial = await handed_out(server)
    expires_s = Descriptor.unpack(dial.descriptor).ticket.expires_s
    before = returning.keep(dial, ticket=Ticket(77, expires_s, bytes(10)), password="p" * 24)
    begun_s = time.monotonic()
    assert await returning.is_dialled_as_cat()
    assert time.monotonic() - begun_s < 2
    assert [one.pack() for one in returning.dialled] == [before.descriptor, dial.descriptor]
    assert returning.kept.get(returning.host) == dial


async def test_a_descriptor_that_is_older_than_its_hour_is_replaced_and_not_dialled(
    returning: Returning, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dial = await handed_out(server)
    now_s = time.time()
    returning.keep(dial, ticket=Ticket(0, int(now_s) + 5, bytes(10)))
    with monkeypatch.context() as patches:
        patches.setattr(time, "time", lambda: now_s + 5)
        assert await returning.is_dialled_as_cat()
    assert [one.pack() for one in returning.dialled] == [dial.descriptor]
    assert returning.kept.get(returning.host) == dial


@pytest.mark.parametrize("what", ["another key", "no pin"])
async def test_what_is_kept_is_believed_only_if_the_key_that_is_pinned_has_signed_it(
    returning: Returning, server: RunningServer, what: str
) -> None:
    dial = await handed_out(server)
    if what == "no pin":
        returning.pins.path.unlink()
    else:
        returning.kept.keep(returning.host, DialOffered(dial.descriptor, bytes(64)))
    async with await returning.visit():
        pass
    with pytest.raises(LinkError) as caught:
        returning.pins.path.unlink()
        returning.pins.add(returning.host, "a" * 52)
        await returning.visit()
    assert caught.value.code == "wrong-key"


async def test_a_kept_dial_that_leads_to_nobody_is_dropped_and_not_repeated(
    returning: Returning, server: RunningServer
) -> None:
    nobody = returning.keep(await handed_out(server), addresses=(("203.0.113.9", 9),))
    (box,) = server.rendezvous.boxes
    box.dials = (nobody,)
    for _ in range(2):
        assert not await returning.is_dialled_as_cat()
    assert [one.pack() for one in returning.dialled] == [nobody.descriptor]
    assert returning.kept.get(returning.host) is None


async def test_an_app_that_is_gone_is_named_to_who_dials_without_asking(
    returning: Returning,
) -> None:
    url, host = returning.url, returning.host
    status, _ = await returning.agent.api.ask("DELETE", "/v1/routes/cat")
    assert status == 200 and returning.kept.get(host) is not None
    with pytest.raises(RefusedError) as caught:
        async with await Visitor.open(
            url, edge=returning.agent.edge, pins=returning.pins
        ) as visitor:
            await visitor.request("GET", "/")
    assert caught.value.code == "app-unknown"


async def test_a_descriptor_that_the_coordinator_made_up_is_a_wrong_key(
    agent: RunningAgent, server: RunningServer
) -> None:
    dial = await handed_out(server)
    (box,) = server.rendezvous.boxes
    box.dials = (DialOffered(dial.descriptor[:-1] + b"\1", dial.signature),)
    with pytest.raises(LinkError) as caught:
        await agent.visit()
    assert caught.value.code == "wrong-key"


async def test_the_limit_of_links_holds_for_dials(
    agent: RunningAgent, server: RunningServer
) -> None:
    descriptor = Descriptor.unpack((await handed_out(server)).descriptor)
    visits: list[Visitor] = [await agent.visit() for _ in range(3)]
    peer = VisitorPeer()
    await peer.dial(descriptor)
    with pytest.raises(LinkError):
        await peer.channel(timeout_s=0.5)
    assert len(visitors_of(agent)) == 3
    await peer.close()
    for visitor in visits:
        await visitor.close()


async def test_dials_that_do_not_go_on_are_few_and_end_by_themselves(
    agent: RunningAgent, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_process, "DIALS_AT_ONCE", 2)
    monkeypatch.setattr("p2claw.agent.visitors.box_link.DIAL_OPEN_S", 0.5)
    descriptor = Descriptor.unpack((await handed_out(server)).descriptor)
    wrong = replace(descriptor, fingerprint=bytes(32))
    peers = [VisitorPeer() for _ in range(4)]
    for peer in peers:
        peer._dtls.run = _silent  # type: ignore[method-assign]
        await peer.dial(wrong)
    await until(lambda: len(visitors_of(agent)) == 2)
    await asyncio.sleep(0.1)
    assert len(visitors_of(agent)) == 2
    await until(lambda: len(visitors_of(agent)) == 0)
    for peer in peers:
        await peer.close()


async def _silent(fingerprint: bytes, *, server: bool) -> bool:
    await asyncio.Event().wait()
    return False
