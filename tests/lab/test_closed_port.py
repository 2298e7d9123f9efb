"""A firewall in front of a box does not let the UDP port of its workers in."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from p2claw.visitor import Visitor
from tests.lab import matrix, services
from tests.lab.laboratory import SERVER_ADDRESSES, laboratory
from tests.support import namespaces
from tests.support.own_namespace import needs_namespaces

pytestmark = needs_namespaces("nft")

FIREWALL = """
table inet firewall {
    chain input {
        type filter hook input priority 0;
        ct state established accept
        udp dport 4100 drop
    }
}
"""
KNOCKED_S = 30


async def _workers(box: services.Box) -> list[dict[str, Any]]:
    """Once it is known whether their ports are open."""
    async with asyncio.timeout(KNOCKED_S):
        while True:
            workers = (await box.agent.api.get("/v1/status"))["workers"]
            if all(worker["is_port_open"] is not None for worker in workers):
                return list(workers)
            await asyncio.sleep(0.1)


async def test_a_closed_port_of_two_workers_is_named_and_nobody_dials_it(
    tmp_path: Path,
) -> None:
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False):
        host, visitor = await lab.host("box", "none"), await lab.host("visitor", "port")
        nft = namespaces.program("nft", "nftables")
        namespaces.run(*namespaces.inside(host.name), nft, "-f", "-", text=FIREWALL)
        options = ("--workers", "2", "--udp-port", "4100")
        async with services.box(host, tmp_path / "box", *options) as box:
            workers = await _workers(box)
            edge = f"http://{SERVER_ADDRESSES[0]}:{services.EDGE_PORT}"
            visits = []
            for _ in range(4):
                link = await visitor.run(Visitor.open(box.url, edge=edge))
                visits.append(link.stats().path)
                await visitor.run(link.close())
            logged = box.agent.log.read_text().splitlines()
    assert [(one["udp_port"], one["is_port_open"]) for one in workers] == [
        (4100, False),
        (4100, False),
    ]
    assert visits == ["direct"] * 4
    assert [line for line in logged if "udp port closed worker=0 port=4100" in line]
    assert not [line for line in logged if "link dialled" in line]
