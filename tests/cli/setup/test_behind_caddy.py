"""A server that `setup` made, behind a real Caddy with certificates on demand, visited."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from p2claw.link.localhost import LocalhostResolver
from tests.cli.program import argv_of, env_of, p2claw
from tests.cli.setup.ports import free_port
from tests.support.namespaces import has
from tests.support.pebble import has_pebble, pebble

pytestmark = [pytest.mark.skipif(not has("caddy"), reason="needs caddy"), pytest.mark.timeout(240)]

PARENT = "apps.localhost"
TURN = f"turn.{PARENT}"
WAIT_S = 60.0


@contextlib.asynccontextmanager
async def running(
    log: Path, *arguments: str, **env: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process; ended at the end of the block."""
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            *arguments, stdout=written, stderr=written, env={**os.environ, **env}
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), WAIT_S)


async def until_there(path: Path) -> None:
    async with asyncio.timeout(WAIT_S):
        while not path.exists():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.1)


async def certificate_of(port: int, name: str, root: Path) -> str | None:
    """For whom the certificate is that is shown for a name; None: none is."""
    context = ssl.create_default_context(cafile=str(root))
    try:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname=name
        )
    except (ssl.SSLError, ConnectionError):
        return None
    shown = writer.get_extra_info("peercert")["subjectAltName"]
    writer.close()
    return str(shown[0][1])


@pytest.mark.parametrize("authority", ["internal", "acme"])
async def test_a_box_joins_and_is_visited_through_caddy(home: Path, authority: str) -> None:
    http, https, behind = free_port(), free_port(), free_port()
    ports = ("--http-port", str(http), "--https-port", str(https))
    root = home / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    by: tuple[str, ...] = ("--internal-ca",)
    async with contextlib.AsyncExitStack() as stack:
        if authority == "acme":
            if not has_pebble():
                pytest.skip("needs pebble")
            four = (free_port(), free_port(), free_port(), free_port())
            acme = stack.enter_context(
                pebble(home / "pebble", http_port=http, tls_port=https, ports=four)
            )
            root = acme.issuer
            by = ("--acme", acme.url, "--acme-root", str(acme.trusted))
        await _visited(home, stack, ports, behind, https, root, by)


async def _visited(
    home: Path,
    stack: contextlib.AsyncExitStack,
    ports: tuple[str, ...],
    behind: int,
    https: int,
    root: Path,
    by: tuple[str, ...],
) -> None:
    """Set up, start, join, visit, and ask for names that nobody has."""
    made = await asyncio.to_thread(
        p2claw,
        home,
        *(
            "server",
            "setup",
            PARENT,
            "--no-start",
            "--turn",
            TURN,
            "--turn-tls",
            "5349",
            *by,
            *ports,
        ),
        *("--caddy-data", str(home / "caddy")),
        *("--listen", f"127.0.0.1:{behind}", "--folder", str(home / "etc")),
        *("--data", str(home / "data"), "--contact", "abuse@example.org", "--json"),
    )
    assert made.code == 0, made.err
    url = made.json["url"]
    caddyfile = home / "etc" / "Caddyfile"
    # A port of its own for Caddy's own API, so that tests do not meet there.
    caddyfile.write_text(caddyfile.read_text().replace("{\n", "{\n\tadmin off\n", 1))
    server = argv_of("server", "--config", str(home / "etc" / "p2claw.toml"))
    caddy = ("caddy", "run", "--config", str(caddyfile))
    agent_env = env_of(home, SSL_CERT_FILE=str(root))
    await stack.enter_async_context(running(home / "server.log", *server, **env_of(home)))
    await stack.enter_async_context(
        running(home / "caddy.log", *caddy, XDG_DATA_HOME=str(home), HOME=str(home))
    )
    await until_there(root)
    await until_there(home / "data" / "server.sock")
    async with asyncio.timeout(WAIT_S):
        while await certificate_of(https, PARENT, root) != PARENT:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    joined = await asyncio.to_thread(p2claw, home, "join", url, SSL_CERT_FILE=str(root))
    assert joined.code == 0, joined.err
    await stack.enter_async_context(running(home / "agent.log", *argv_of("run"), **agent_env))
    await until_there(home / "agent.sock")
    (home / "site").mkdir()
    (home / "site" / "index.html").write_text("the page")
    exposed = await asyncio.to_thread(p2claw, home, "expose", "dog", str(home / "site"), "--json")
    async with asyncio.timeout(WAIT_S):
        while not (shown := (await _status(home))["apps"][0]["url"]):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert exposed.code == 0 and shown.startswith("https://dog-")
    host = shown.removeprefix("https://").partition(":")[0]
    visited = await asyncio.to_thread(
        p2claw, home, "fetch", shown, "--json", SSL_CERT_FILE=str(root)
    )
    assert visited.code == 0, visited.err
    assert visited.json["body"] == "the page"
    assert await certificate_of(https, host, root) == host
    # The relay's certificate is where coturn's copy is made from, without anybody's visit.
    kept = home / "caddy" / "certificates"
    assert [one.name for one in kept.glob(f"*/{TURN}/{TURN}.*")] != []
    for stranger in (f"cat-{host.partition('-')[2]}", f"nobody1.{PARENT}", "evil.example"):
        assert await certificate_of(https, stranger, root) is None, stranger
    base = f"https://{PARENT}:{https}"
    assert "mailto:abuse@example.org" in (await got(f"{base}/", root))[1]
    refused = await got(f"{base}/__p2claw/v1/ask?domain={PARENT}", root)
    assert refused[0] == 404, "which names there are, only the proxy may ask"


async def got(url: str, root: Path) -> tuple[int, str]:
    """Status and text."""
    context = ssl.create_default_context(cafile=str(root))
    connector = aiohttp.TCPConnector(resolver=LocalhostResolver(), ssl=context)
    async with aiohttp.ClientSession(connector=connector) as web, web.get(url) as reply:
        return reply.status, await reply.text()


async def _status(home: Path) -> dict[str, list[dict[str, str]]]:
    ran = await asyncio.to_thread(p2claw, home, "status", "--json")
    found: dict[str, list[dict[str, str]]] = json.loads(ran.out)
    return found
