"""A real router forwards the ports of a box that asks it to, and stops when the box is gone."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

from tests.lab import igd, matrix, services
from tests.lab.laboratory import laboratory
from tests.support.own_namespace import needs_namespaces

pytestmark = needs_namespaces("nft", "miniupnpd")

ASKED_S = 30


async def _mapping(box: services.Box) -> dict[str, Any]:
    """How the first port is forwarded, once that is known."""
    async with asyncio.timeout(ASKED_S):
        while True:
            mappings = (await box.agent.api.get("/v1/status"))["port_mappings"]
            if mappings:
                return dict(mappings[0])
            await asyncio.sleep(0.1)


async def test_a_visitor_behind_the_hardest_nat_reaches_a_box_whose_router_forwards_its_port(
    tmp_path: Path,
) -> None:
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False):
        host, visitor = await lab.host("box", igd.SYMMETRIC), await lab.host("visitor", "symmetric")
        router = lab.router(host)
        lab.add_outer(host, igd.OUTER)
        async with igd.upnp(router, tmp_path / "igd", at=igd.OUTER):
            before = igd.forwarded(router)
            async with services.box(host, tmp_path / "box", "--map-ports") as box:
                mapping = await _mapping(box)
                during = igd.forwarded(router)
                visit = await matrix.by_fetch(visitor, box, "symmetric")
                box.agent.signal(signal.SIGTERM)
                assert await host.run(box.agent.wait()) == 0
            after = igd.forwarded(router)
    assert mapping["code"] == ""
    assert mapping["address"].partition(":")[0] == igd.OUTER
    assert (visit.code, visit.later, visit.whole) == ("", "direct", True)
    assert str(mapping["udp_port"]) in during
    assert after == before


async def test_one_forwarded_port_serves_both_workers(tmp_path: Path) -> None:
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False):
        host, visitor = await lab.host("box", igd.SYMMETRIC), await lab.host("visitor", "symmetric")
        lab.add_outer(host, igd.OUTER)
        options = ("--map-ports", "--workers", "2")
        async with (
            igd.upnp(lab.router(host), tmp_path / "igd", at=igd.OUTER),
            services.box(host, tmp_path / "box", *options) as box,
        ):
            await _mapping(box)
            mappings = (await box.agent.api.get("/v1/status"))["port_mappings"]
            visits = await matrix.of_both_workers(visitor, box)
            workers = (await box.agent.api.get("/v1/status"))["workers"]
    assert [(one["udp_port"], one["code"]) for one in mappings] == [(workers[1]["udp_port"], "")]
    assert {(v.code, v.later, v.whole) for v in visits} == {("", "direct", True)}


async def test_a_router_behind_another_nat_is_named_as_no_help(tmp_path: Path) -> None:
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False):
        host = await lab.host("box", igd.SECOND)
        async with (
            igd.upnp(lab.router(host), tmp_path / "igd"),
            services.box(host, tmp_path / "box", "--map-ports") as box,
        ):
            mapping = await _mapping(box)
    assert (mapping["address"], mapping["code"]) == ("", "gateway-behind-nat")


async def test_a_network_without_such_a_router_is_reported_to_have_none(tmp_path: Path) -> None:
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False):
        host, visitor = await lab.host("box", "port"), await lab.host("visitor", "port")
        async with services.box(host, tmp_path / "box", "--map-ports") as box:
            mapping = await _mapping(box)
            visit = await matrix.by_fetch(visitor, box, "port")
    assert (mapping["address"], mapping["code"]) == ("", "no-gateway")
    assert "--public-address" in mapping["hint"]
    assert (visit.code, visit.later, visit.whole) == ("", "direct", True)
