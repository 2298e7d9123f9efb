"""A real authority that speaks ACME: Pebble, of the makers of Let's Encrypt, with a DNS of its own.

It proves names as they do, by HTTP on one port and by TLS on another, and every name leads to
127.0.0.1.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import write_certificate
from tests.support.namespaces import has

START_S = 30.0


@dataclass(frozen=True, slots=True)
class Pebble:
    """url: its directory. trusted: a file by which that is trusted. issuer: a file by which the
    certificates are trusted that it gives.
    """

    url: str
    trusted: Path
    issuer: Path


def has_pebble() -> bool:
    """Whether this machine has it."""
    return has("pebble", "pebble-challtestsrv", "curl")


@contextlib.contextmanager
def pebble(
    folder: Path,
    *,
    http_port: int,
    tls_port: int,
    ports: tuple[int, int, int, int] = (14000, 15000, 8053, 8055),
    inside: tuple[str, ...] = (),
) -> Iterator[Pebble]:
    """Run it while the block runs. http_port, tls_port: where it looks for proofs.

    ports: its directory, its own control, its DNS, the control of that. inside: what to write
    before each command.
    """
    folder.mkdir()
    trusted, key = write_certificate(folder, "localhost", names=("localhost",))
    directory, control, dns, names_control = ports
    config = folder / "pebble.json"
    listening = {
        "listenAddress": f"127.0.0.1:{directory}",
        "managementListenAddress": f"127.0.0.1:{control}",
        "certificate": str(trusted),
        "privateKey": str(key),
        "httpPort": http_port,
        "tlsPort": tls_port,
    }
    config.write_text(json.dumps({"pebble": listening}))
    nowhere = ("-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", "")
    # Without an address its control would listen on port 80, where names are proved.
    names = ("-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{names_control}")
    # Without it, it rejects some nonces and waits before it proves, to try out clients.
    calm = {**os.environ, "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_VA_NOSLEEP": "1"}
    with contextlib.ExitStack() as stack, (folder / "log").open("wb") as log:
        for command in (
            ("pebble-challtestsrv", *nowhere, *names),
            ("pebble", "-config", str(config), "-dnsserver", f"127.0.0.1:{dns}"),
        ):
            process = subprocess.Popen((*inside, *command), stdout=log, stderr=log, env=calm)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        issuer = folder / "issuer.pem"
        fetch = ("curl", "-sSf", "--cacert", str(trusted), "-o", str(issuer))
        deadline_s = time.monotonic() + START_S
        while subprocess.run(
            (*inside, *fetch, f"https://localhost:{control}/roots/0"),
            capture_output=True,
            check=False,
        ).returncode:
            assert time.monotonic() < deadline_s, (folder / "log").read_text()
            time.sleep(0.1)
        yield Pebble(f"https://localhost:{directory}/dir", trusted, issuer)
