"""Ports stay forwarded: one that is taken gets another, and what fails is named and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from p2claw.agent.mapping import port_mapper
from p2claw.agent.mapping.gateway import PortTakenError
from p2claw.agent.mapping.port_mapper import PortMapper
from p2claw.config import PublicAddress
from p2claw.errors import LinkError
from p2claw.link.ice.host_addresses import HostAddress
from tests.support.sockets import until

PORTS = {0: 4100, 1: 4101}


@dataclass
class Router:
    """Stands for a Gateway. taken: ports of somebody else. fault: raised by the next request."""

    address: str = "198.51.100.7"
    taken: set[int] = field(default_factory=set)
    fault: LinkError | None = None
    forwards: dict[int, int] = field(default_factory=dict)
    asked: int = 0

    async def external_address(self) -> str:
        if self.fault is not None:
            raise self.fault
        return self.address

    async def map(self, port: int, external: int, lease_s: int) -> None:
        self.asked += 1
        assert lease_s == port_mapper.LEASE_S
        if external in self.taken:
            raise PortTakenError("taken")
        self.forwards[external] = port

    async def unmap(self, external: int) -> None:
        if self.fault is not None:
            raise self.fault
        del self.forwards[external]


@pytest.fixture(autouse=True)
def private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = (HostAddress("2001:db8::1", 2), HostAddress("192.168.1.20", 1))
    monkeypatch.setattr(port_mapper, "list_now", lambda: hosts)


class Case:
    """A mapper at work. changes: what it has reported, the newest last."""

    def __init__(self, router: Router | None, draw: Callable[[], int] = lambda: 50_000) -> None:
        self.changes: list[Mapping[int, PublicAddress]] = []
        self.asked_from: list[str] = []
        self.router = router
        self.mapper = PortMapper(
            lambda: PORTS,
            self.changes.append,
            find=self._find,  # type: ignore[arg-type]  # a Router stands for a Gateway
            draw=draw,
        )

    async def _find(self, local: str) -> Router | None:
        self.asked_from.append(local)
        return self.router

    async def __aenter__(self) -> Case:
        self._task = asyncio.create_task(self.mapper.run())
        await until(lambda: self.mapper.facts != ())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})


async def test_each_port_is_forwarded_and_given_back_at_the_end() -> None:
    router = Router()
    async with Case(router) as case:
        assert case.asked_from == ["192.168.1.20"]
        assert router.forwards == {4100: 4100, 4101: 4101}
        assert case.changes == [
            {0: PublicAddress("198.51.100.7", 4100), 1: PublicAddress("198.51.100.7", 4101)}
        ]
    assert router.forwards == {}


async def test_a_port_that_another_machine_has_is_replaced_by_a_free_one() -> None:
    router, free = Router(taken={4100, 50_000}), iter([50_000, 50_001])
    async with Case(router, lambda: next(free)) as case:
        assert router.forwards == {50_001: 4100, 4101: 4101}
        assert case.changes[-1][0] == PublicAddress("198.51.100.7", 50_001)


async def test_a_port_for_which_none_is_free_is_named_and_the_others_are_forwarded() -> None:
    router = Router(taken={4100, 50_000})
    async with Case(router) as case:
        first, second = case.mapper.facts
        assert (first.address, first.code) == ("", "gateway-port-taken")
        assert (second.address, second.code) == ("198.51.100.7:4101", "")
        assert case.changes == [{1: PublicAddress("198.51.100.7", 4101)}]
        assert router.asked == port_mapper.TRIES + 1


@pytest.mark.parametrize(
    "address", ["", "10.0.0.1", "100.64.3.4", "172.31.0.1", "192.168.0.2", "169.254.1.1"]
)
async def test_a_router_behind_another_nat_is_no_help(address: str) -> None:
    router = Router(address)
    async with Case(router) as case:
        assert {one.code for one in case.mapper.facts} == {"gateway-behind-nat"}
        assert case.changes == []
        assert router.asked == 0


async def test_no_router_is_named_and_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_mapper, "RETRY_S", 0.02)
    async with Case(None) as case:
        assert {one.code for one in case.mapper.facts} == {"no-gateway"}
        case.router = Router()
        await until(lambda: case.changes != [])
        assert {one.code for one in case.mapper.facts} == {""}


async def test_a_router_that_was_restarted_forwards_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_mapper, "RENEW_S", 0.02)
    router = Router()
    async with Case(router) as case:
        router.forwards.clear()
        await until(lambda: router.forwards == {4100: 4100, 4101: 4101})
        assert len(case.changes) == 1, "nothing is other than before"


async def test_a_new_address_of_the_router_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_mapper, "RENEW_S", 0.02)
    router = Router()
    async with Case(router) as case:
        router.address = "198.51.100.8"
        await until(lambda: len(case.changes) == 2)
        assert case.changes[-1][0] == PublicAddress("198.51.100.8", 4100)


async def test_a_router_that_fails_withdraws_the_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(port_mapper, "RENEW_S", 0.02)
    router = Router()
    async with Case(router) as case:
        router.fault = LinkError("silent", code="gateway-silent")
        await until(lambda: len(case.changes) == 2)
        assert case.changes[-1] == {}
        assert {one.code for one in case.mapper.facts} == {"gateway-silent"}


async def test_another_network_is_searched_at_once() -> None:
    async with Case(Router()) as case:
        case.router = Router("198.51.100.9")
        case.mapper.addresses_changed()
        await until(lambda: len(case.changes) == 2)
        assert case.changes[-1][1] == PublicAddress("198.51.100.9", 4101)
