"""A router that forwards ports when it is asked: a real miniupnpd, in the router's namespace."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from tests.lab.nats import NATS, Filtering, Mapping, Nat
from tests.support import namespaces

START_TIMEOUT_S = 10

_CHAINS = """
chain forwarded { }
chain to_inside { }
chain to_outside { }
chain before { type nat hook prerouting priority dstnat
  iifname "wan0" jump to_inside
}
chain out { type nat hook postrouting priority srcnat
  jump to_outside
  oifname "wan0" meta nfproto ipv4 masquerade random,fully-random
}
chain through { type filter hook forward priority filter
  jump forwarded
  iifname "wan0" ct state new drop
}
chain in { type filter hook input priority filter
  iifname "wan0" meta l4proto udp drop
}
"""

# To everybody who is not forwarded the hardest of all, so that a direct path is the forwarding's.
SYMMETRIC = Nat(Mapping.ADDRESS_AND_PORT, Filtering.ADDRESS_AND_PORT, _CHAINS)
# The same behind a provider's NAT: what it forwards is reached by nobody.
SECOND = Nat(Mapping.ADDRESS_AND_PORT, Filtering.ALL, _CHAINS, carrier=NATS["carrier"].carrier)

# miniupnpd forwards nothing at an address of documentation, as all others here are.
OUTER = "11.0.0.1"

_CONFIGURATION = """
ext_ifname=wan0
listening_ip=lan0
enable_upnp=yes
enable_natpmp=no
secure_mode=yes
upnp_table_name=lab
upnp_nat_table_name=lab
upnp_forward_chain=forwarded
upnp_nat_chain=to_inside
upnp_nat_postrouting_chain=to_outside
uuid=4e1d5a0e-8d3a-4a5e-9d5c-5f0c6b1f7a11
allow 1024-65535 0.0.0.0/0 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
"""


@contextlib.asynccontextmanager
async def upnp(router: str, folder: Path, *, at: str = "") -> AsyncIterator[None]:
    """miniupnpd in this router while the block runs.

    folder: for its files and its log. at: the address that it forwards from, if it has several.
    """
    folder.mkdir()
    configuration = folder / "miniupnpd.conf"
    configuration.write_text(_CONFIGURATION + (f"ext_ip={at}\n" if at else ""))
    log = folder / "log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *namespaces.inside(router),
            *(namespaces.program("miniupnpd", "miniupnpd"), "-d"),
            *("-f", str(configuration), "-P", str(folder / "pid")),
            stdout=out,
            stderr=out,
        )
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while "listening" not in log.read_text().lower():
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def forwarded(router: str) -> str:
    """The rules by which a router forwards ports now."""
    nft = namespaces.program("nft", "nftables")
    return namespaces.run(*namespaces.inside(router), nft, "list", "table", "inet", "lab")
