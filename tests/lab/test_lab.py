"""The NATs do what they claim, and links open through them as in theory: `make lab`, in part."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from p2claw.cli import exit_codes
from p2claw.config.agent import IS_PORT_SHARED
from p2claw.errors import StreamResetError
from p2claw.visitor import Visitor
from p2claw.wire.frames.codes import Code
from tests.lab import matrix, services, wiring
from tests.lab.laboratory import SERVER_ADDRESSES, laboratory
from tests.lab.nats import NATS, OPEN_PORT
from tests.lab.theory import expected, stalls
from tests.support.own_namespace import needs_namespaces
from tests.support.sockets import until

pytestmark = needs_namespaces("nft")

# Of the visitors' NATs those that open links differently, and the two hardest of a box.
VISITORS = ("none", "full-cone", "port", "symmetric", "udp-blocked", "mtu-1230")
BOXES = ("port", "symmetric")


async def test_each_nat_maps_and_filters_as_its_kind() -> None:
    async with laboratory() as lab:
        await matrix.prove(lab, NATS)


async def test_links_open_directly_where_they_can_and_are_relayed_elsewhere(
    tmp_path: Path,
) -> None:
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=True):
        rows = [
            row
            async for row in matrix.matrix(
                *(lab, tmp_path, VISITORS, BOXES), relays=True, visit=matrix.by_fetch
            )
        ]
    assert len(rows) == len(VISITORS) * len(BOXES)
    assert not [row for row in rows if not row.is_right], matrix.table(rows)


async def test_an_ipv6_box_is_reached_by_ipv6(tmp_path: Path) -> None:
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False):
        visits = matrix.matrix(
            *(lab, tmp_path, ("ipv6", "both"), ("ipv6",)), relays=False, visit=matrix.by_fetch
        )
        rows = [row async for row in visits]
    assert [row.cell.outcome for row in rows] == ["direct", "direct"], matrix.table(rows)


async def test_a_link_that_cannot_open_fails_with_its_code_and_with_what_to_do(
    tmp_path: Path,
) -> None:
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False):
        host, visitor = await lab.host("box", "symmetric"), await lab.host("visitor", "symmetric")
        async with services.box(host, tmp_path / "box") as box:
            edge = f"http://{SERVER_ADDRESSES[0]}:{services.EDGE_PORT}"
            cell, (code, output) = await asyncio.gather(
                matrix.by_fetch(visitor, box, "symmetric"),
                visitor.run(_fetch(f"{box.url}1", "--edge", edge)),
            )
    assert (cell.code, cell.noise) == ("link-timeout", "")
    assert code == exit_codes.UNREACHABLE
    assert "path between the two networks" in output
    assert "try another network" in output
    assert "Traceback" not in output


async def test_a_cloud_machine_is_reached_at_its_public_address_without_a_stun_server(
    tmp_path: Path,
) -> None:
    """It knows its private address alone. The coordinator sees the other, and the port is fixed."""
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False, stun=False):
        host = await lab.host("box", "cloud")
        async with services.box(host, tmp_path / "box", "--udp-port", str(OPEN_PORT)) as box:
            visits = [
                await matrix.by_fetch(await lab.host("visitor", kind), box, kind)
                for kind in ("port", "symmetric")
            ]
    assert [(v.code, v.later, v.whole) for v in visits] == [("", "direct", True)] * 2


@pytest.mark.skipif(not IS_PORT_SHARED, reason="workers share a port on Linux alone")
async def test_two_workers_are_both_reached_by_the_one_port_that_a_nat_forwards(
    tmp_path: Path,
) -> None:
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False, stun=False):
        host, visitor = await lab.host("box", "cloud"), await lab.host("visitor", "symmetric")
        options = ("--udp-port", str(OPEN_PORT), "--workers", "2")
        async with services.box(host, tmp_path / "box", *options) as box:
            visits = await matrix.of_both_workers(visitor, box)
    assert {(v.code, v.later, v.whole) for v in visits} == {("", "direct", True)}


async def test_a_link_that_began_through_a_relay_moves_to_a_direct_path(tmp_path: Path) -> None:
    """Nothing but the relay is reachable at first, and everything a moment later."""
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=True):
        host, visitor = await lab.host("box", "port"), await lab.host("visitor", "port")
        router = lab.router(visitor)
        async with services.box(host, tmp_path / "box") as box:
            edge = f"http://{SERVER_ADDRESSES[0]}:{services.EDGE_PORT}"
            wiring.close_but_for(router, SERVER_ADDRESSES[0])
            link = await visitor.run(Visitor.open(box.url, edge=edge))
            try:
                before = link.stats().path
                wiring.open_again(router)
                await until(lambda: link.stats().path == "direct")
                response = await visitor.run(link.request("GET", "/1000000"))
                body = await visitor.run(response.body())
                [seen] = (await box.agent.api.get("/v1/sessions"))["sessions"]
            finally:
                await visitor.run(link.close())
    assert (before, seen["path"]) == ("relayed", "direct")
    assert body == services.pattern(1_000_000)


async def test_relayed_bytes_are_counted_and_end_at_the_limit_of_a_visit(tmp_path: Path) -> None:
    """The direct visitor beside it is not disturbed."""
    limit = ("--relayed-mb-per-visit", "1")
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=True):
        host = await lab.host("box", "symmetric")
        relayed, direct = await lab.host("visitor", "symmetric"), await lab.host("visitor", "none")
        async with services.box(host, tmp_path / "box", *limit) as box:
            edge = f"http://{SERVER_ADDRESSES[0]}:{services.EDGE_PORT}"
            link = await relayed.run(Visitor.open(box.url, edge=edge))
            try:
                first = await relayed.run(link.request("GET", "/600000"))
                body = await relayed.run(first.body())
                told = await relayed.run(_whole(link, "/.p2claw/access/link"))
                with pytest.raises(StreamResetError) as cut:
                    await relayed.run(_whole(link, "/30000000"))
                refused = await relayed.run(link.request("GET", "/1"))
                [seen] = (await box.agent.api.get("/v1/sessions"))["sessions"]
                other = await direct.run(Visitor.open(box.url, edge=edge))
                beside, path = await direct.run(_whole(other, "/2000000")), other.stats().path
                await direct.run(other.close())
            finally:
                await relayed.run(link.close())
            [app] = (await box.agent.api.get("/v1/status"))["apps"]
    assert body == services.pattern(600_000)
    assert b"<dd>relayed</dd>" in told
    assert cut.value.reset_code == Code.LIMIT
    assert (refused.status, refused.error) == (503, "relay-limit")
    assert 1_000_000 <= seen["relayed_out"] == seen["bytes_out"] < 30_000_000
    assert (path, beside) == ("direct", services.pattern(2_000_000))
    assert app["traffic"]["relayed"]["out"] >= seen["relayed_out"]
    assert app["traffic"]["direct"]["out"] >= 2_000_000


async def _whole(link: Visitor, target: str) -> bytes:
    response = await link.request("GET", target)
    return await response.body()


async def test_a_box_whose_address_changes_is_reached_at_the_new_one(tmp_path: Path) -> None:
    """Without a watch the coordinator would introduce visitors on a dead connection for 30 s."""
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False):
        host, visitor = await lab.host("box", "port"), await lab.host("visitor", "port")
        async with services.box(host, tmp_path / "box") as box:
            first = await matrix.by_fetch(visitor, box, "port")
            lab.readdress(host)
            second = await matrix.by_fetch(visitor, box, "port")
    assert [(c.code, c.later, c.whole) for c in (first, second)] == [("", "direct", True)] * 2


async def test_an_open_link_outlives_a_change_of_the_boxs_address(tmp_path: Path) -> None:
    """The visitor's NAT lets anything in. What is sent from an address that is gone is not lost."""
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=False):
        host, visitor = await lab.host("box", "port"), await lab.host("visitor", "none")
        async with services.box(host, tmp_path / "box") as box:
            edge = f"http://{SERVER_ADDRESSES[0]}:{services.EDGE_PORT}"
            link = await visitor.run(Visitor.open(box.url, edge=edge))
            try:
                lab.readdress(host)
                response = await visitor.run(link.request("GET", "/1000000"))
                body = await visitor.run(response.body())
                [seen] = (await box.agent.api.get("/v1/sessions"))["sessions"]
            finally:
                await visitor.run(link.close())
    assert body == services.pattern(1_000_000)
    assert seen["udp"]["send_unpinned"] > 0


async def _fetch(*arguments: str) -> tuple[int | None, str]:
    """The exit code of `p2claw fetch`, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "p2claw.cli.main", "fetch", *arguments),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, output = await process.communicate()
    return process.returncode, output.decode()


def test_theory_knows_that_browsers_cannot_upload_where_their_packets_do_not_fit() -> None:
    narrow = [kind for kind in NATS if stalls("none", kind, "chromium")]
    assert narrow == [kind for kind in NATS if stalls(kind, "none", "firefox")] == ["mtu-1230"]
    assert not any(stalls(visitor, box, "fetch") for visitor in NATS for box in NATS)


def test_theory_knows_the_three_pairs_that_need_a_relay() -> None:
    plain = ("none", "full-cone", "port", "symmetric")
    pairs = [(v, b) for v in plain for b in plain if expected(v, b, relays=False) != {"direct"}]
    assert pairs == [("port", "symmetric"), ("symmetric", "port"), ("symmetric", "symmetric")]
