"""doctor names the NAT in front of a machine, whether it leads back in, and the MTU of the path."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from p2claw.cli.doctor.finding import Finding
from p2claw.cli.doctor.nat import Filtering, Mapping, check_nat, find_nat
from tests.lab.laboratory import SERVER_ADDRESSES, laboratory
from tests.lab.nats import NATS, Nat
from tests.lab.nats import Filtering as Filters
from tests.lab.services import TURN_PORT
from tests.support.own_namespace import needs_namespaces
from tests.support.turn import listening, turnserver

pytestmark = needs_namespaces("nft")

SERVERS = [(address, TURN_PORT) for address in SERVER_ADDRESSES]

KINDS = {
    "none": (Mapping.NONE, Filtering.OPEN),
    "full-cone": (Mapping.SAME, Filtering.OPEN),
    "address": (Mapping.SAME, Filtering.BY_ADDRESS),
    "port": (Mapping.SAME, Filtering.BY_PORT),
    "carrier": (Mapping.SAME, Filtering.BY_PORT),
    "symmetric": (Mapping.BY_PORT, Filtering.BY_PORT),
}

# A router that leads what is sent to its outer address by those behind it back to them.
HAIRPIN = Nat(
    NATS["full-cone"].mapping,
    Filters.ENDPOINT_INDEPENDENT,
    NATS["full-cone"].rules.replace(
        'iifname "wan0" meta l4proto udp dnat', "ip daddr @outer@ meta l4proto udp dnat"
    )
    + 'chain back { type nat hook postrouting priority srcnat + 1; iifname "lan0" '
    'oifname "lan0" masquerade; }\n',
)


@contextlib.asynccontextmanager
async def stun(folder: Path, *addresses: str) -> AsyncIterator[None]:
    """coturn on these addresses; with two it knows RFC 5780."""
    listens = [f"--listening-ip={address}" for address in addresses]
    async with turnserver(folder, *listens, f"--listening-port={TURN_PORT}"):
        await listening(addresses[0], TURN_PORT)
        yield


async def test_each_nat_is_named_as_its_kind(tmp_path: Path) -> None:
    async with laboratory() as lab, lab.server.hold(stun(tmp_path, *SERVER_ADDRESSES)):
        hosts = [await lab.host("visitor", kind) for kind in KINDS]
        nats = await asyncio.gather(*(host.run(find_nat(SERVERS[:1])) for host in hosts))
    found = [nat and (nat.mapping, nat.filtering) for nat in nats]
    assert dict(zip(KINDS, found, strict=True)) == KINDS


async def test_the_largest_packet_and_a_way_back_in_are_found(tmp_path: Path) -> None:
    async with laboratory() as lab, lab.server.hold(stun(tmp_path, *SERVER_ADDRESSES)):
        kinds = {"port": "port", "hairpin": HAIRPIN, "1280": "mtu-1280", "1230": "mtu-1230"}
        hosts = [await lab.host("visitor", kind) for kind in kinds.values()]
        findings = await asyncio.gather(*(host.run(check_nat(SERVERS[:1])) for host in hosts))
    found = dict(zip(kinds, map(_texts, findings), strict=True))
    assert "does not lead" in found["port"]["hairpin"]
    assert "leads its outer address back in" in found["hairpin"]["hairpin"]
    sizes = {name: texts["mtu"].partition(" bytes")[0] for name, texts in found.items()}
    assert sizes == {
        "port": "packets of 1500",
        "hairpin": "packets of 1500",
        "1280": "packets of 1280",
        "1230": "packets of 1228",
    }


async def test_two_plain_servers_reveal_a_symmetric_nat_and_one_reveals_nothing(
    tmp_path: Path,
) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    async with (
        laboratory() as lab,
        lab.server.hold(stun(folders[0], SERVER_ADDRESSES[0])),
        lab.server.hold(stun(folders[1], SERVER_ADDRESSES[1])),
    ):
        symmetric, port = await lab.host("visitor", "symmetric"), await lab.host("visitor", "port")
        found = await asyncio.gather(
            symmetric.run(find_nat(SERVERS)),
            port.run(find_nat(SERVERS)),
            symmetric.run(find_nat(SERVERS[:1])),
        )
    assert [nat and (nat.mapping, nat.filtering) for nat in found] == [
        (Mapping.VARIES, Filtering.UNKNOWN),
        (Mapping.SAME, Filtering.UNKNOWN),
        (Mapping.UNKNOWN, Filtering.UNKNOWN),
    ]


def _texts(findings: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.text for finding in findings}
