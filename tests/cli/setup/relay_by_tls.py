"""Browsers whose network lets out nothing but TLS to port 443 open an app: `make relay-by-tls`.

Server, Caddy, HAProxy and coturn are set up as by compose, with certificates of a real authority,
which the browser trusts and checks. What the browser sends by UDP, and by TCP to any other port, is
dropped, so that only the relay by TLS is left: on port 443, by its name (decision 0027).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import subprocess
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.setup.deployment import ADDRESS, FOLDER, WAIT_S, Deployment, until
from tests.cli.setup.test_compose import authority, pytestmark
from tests.support import namespaces
from tests.support.browser import Browser, Kind
from tests.support.containers import containers, read_compose

__all__ = ["pytestmark"]

NAME = "apps.p2claw.test"
HERE, VISITOR = "203.0.113.1", "203.0.113.2"
CLONE_NEWNS = 0x20000
ONLY_TLS = f"""
table inet visitor {{
    chain out {{
        type filter hook output priority 0; policy drop;
        oifname "lo" accept
        ip daddr {ADDRESS} tcp dport 443 accept
        counter comment "dropped"
    }}
}}
"""


@pytest.fixture
def deployment(home: Path) -> Iterator[Deployment]:
    (home / "etc").mkdir()
    services = read_compose(FOLDER / "compose.yaml", P2CLAW_NAME=NAME)["services"]
    with containers(home, address=ADDRESS, names=(NAME, f"turn.{NAME}")) as machine:
        yield Deployment(home, services, machine)


@contextlib.contextmanager
def visitors_network(machine: str) -> Iterator[str]:
    """A namespace behind a firewall that lets out TLS to the server and nothing else."""
    name = namespaces.stem("p2ct-v")
    namespaces.add(name)
    try:
        link = ("link", "add", "out", "netns", name, "type", "veth")
        namespaces.ip(*link, "peer", "name", "visitor", "netns", machine)
        for there, address, device in ((name, VISITOR, "out"), (machine, HERE, "visitor")):
            namespaces.ip("-n", there, "addr", "add", f"{address}/24", "dev", device)
            namespaces.ip("-n", there, "link", "set", device, "up")
        namespaces.ip("-n", name, "route", "add", "default", "via", HERE)
        nft = (*namespaces.inside(name), namespaces.program("nft", "nftables"), "-f", "-")
        namespaces.run(*nft, text=ONLY_TLS)
        yield name
    finally:
        namespaces.remove(name)


def dropped(network: str) -> int:
    """How many packets the firewall has dropped."""
    nft = (*namespaces.inside(network), namespaces.program("nft", "nftables"))
    listed = namespaces.run(*nft, "list", "table", "inet", "visitor")
    return int(listed.partition("counter packets ")[2].split()[0])


def run_there(network: str, hosts: Path, work: Coroutine[Any, Any, None]) -> None:
    """Run it on a loop of its own, in a thread in this network, with this file of names."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            namespaces.enter(network)
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
                raise OSError(ctypes.get_errno(), "unshare")
            namespaces.run("mount", "--make-rprivate", "/")
            namespaces.run("mount", "--bind", str(hosts), "/etc/hosts")
            asyncio.run(work)
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def trust(folder: Path, issuer: Path) -> None:
    """Make a store of certificates that holds this authority, as Chromium and Firefox read it."""
    folder.mkdir(parents=True)
    for arguments in (
        ("-N", "--empty-password"),
        ("-A", "-n", "issuer", "-t", "C,,", "-i", str(issuer)),
    ):
        subprocess.run(("certutil", "-d", f"sql:{folder}", *arguments), check=True)


def join(deployment: Deployment, trusted: Path) -> bool:
    """Join, which succeeds once the server runs and has a certificate."""
    done = deployment.run("p2claw", "join", f"https://{NAME}", trusted=trusted)
    return bool(done.returncode == 0)


def url_of_app(deployment: Deployment, trusted: Path) -> str:
    """Expose the app; its URL, once the agent has registered."""
    found: list[str] = []

    def exposed() -> bool:
        done = deployment.run("p2claw", "expose", "dog", "3000", "--json", trusted=trusted)
        if done.returncode == 0 and (url := json.loads(done.stdout)["url"]):
            found.append(str(url))
        return bool(found)

    until(exposed, deployment)
    return found[0]


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_a_browser_without_udp_opens_the_app_through_the_relay_by_tls(
    deployment: Deployment, home: Path, kind: Kind
) -> None:
    with (
        authority(deployment, home) as acme,
        visitors_network(deployment.machine.network) as network,
    ):
        (home / "etc" / "acme-root.pem").write_bytes(acme.trusted.read_bytes())
        given = ("--acme", acme.url, "--acme-root", "/etc/p2claw/acme-root.pem")
        deployment.setup(*given, "--skip-names")
        deployment.start()
        until(lambda: join(deployment, acme.issuer), deployment)
        deployment.box(acme.issuer)
        shown = url_of_app(deployment, acme.issuer)
        hosts = home / "hosts"
        host = shown.split("/")[2]
        hosts.write_text(f"127.0.0.1 localhost\n{ADDRESS} {NAME} turn.{NAME} {host}\n")
        profile = home / kind
        trust(profile / (".pki/nssdb" if kind == "chromium" else "profile"), acme.issuer)

        async def visit() -> None:
            browser = await Browser.launch(kind, profile)
            try:
                tab = await browser.open(shown)
                # What the app shows: from which network it is visited.
                await tab.wait_for_text("203.0.113.0", timeout_s=WAIT_S)
                sessions = deployment.must("p2claw", "sessions", "--json", trusted=acme.issuer)[
                    "sessions"
                ]
                assert [one["path"] for one in sessions] == ["relayed"]
            finally:
                await browser.close()

        run_there(network, hosts, visit())
        assert dropped(network) > 0, "the browser has tried other ways"
