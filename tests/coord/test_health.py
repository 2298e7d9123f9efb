"""p2claw.coord.health: for whoever watches the process, and not on an app's host."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from p2claw.coord.health import PATHS, PROBE_S
from p2claw.coord.store.sqlite import SqliteStore
from tests.support.server import RunningServer, running_server


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def _get(
    http: aiohttp.ClientSession, server: RunningServer, path: str, **options: Any
) -> tuple[int, Any]:
    async with http.get(server.url + path, **options) as response:
        is_json = response.content_type == "application/json"
        return response.status, await (response.json() if is_json else response.text())


async def test_a_server_that_runs_is_healthy(
    http: aiohttp.ClientSession, server: RunningServer
) -> None:
    for path in ("/livez", "/healthz"):
        assert await _get(http, server, path) == (200, {"status": "ok"})


async def test_a_server_whose_store_replies_is_ready(
    http: aiohttp.ClientSession, server: RunningServer
) -> None:
    assert await _get(http, server, "/readyz") == (200, {"status": "ready"})


async def test_a_server_whose_store_is_gone_is_not_ready(
    http: aiohttp.ClientSession, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The deadline of the store itself is tested with it; here its failure is what counts.
    monkeypatch.setattr("p2claw.coord.store.sqlite.DEADLINE_S", 0.0)
    unready = {"status": "unready", "reason": "store-unavailable"}
    assert await _get(http, server, "/readyz") == (503, unready)


async def test_a_server_that_goes_down_is_not_ready(
    http: aiohttp.ClientSession, server: RunningServer
) -> None:
    server.serving.coordinator.shut_down()
    unready = {"status": "unready", "reason": "going-down"}
    assert await _get(http, server, "/readyz") == (503, unready)


async def test_however_many_ask_the_disk_is_written_once_per_second(
    http: aiohttp.ClientSession, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = []
    check = SqliteStore.check

    async def counted(store: SqliteStore) -> None:
        probes.append(store)
        await check(store)

    monkeypatch.setattr(SqliteStore, "check", counted)
    began = time.monotonic()
    for _ in range(5):
        ready = await asyncio.gather(*(_get(http, server, "/readyz") for _ in range(40)))
        assert {status for status, _ in ready} == {200}
    assert 1 <= len(probes) <= 1 + (time.monotonic() - began) / PROBE_S


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST.:8787", 200),
        ("127.0.0.1", 200),
        ("[::1]:8787", 200),
        ("10.1.2.3", 200),
        ("elsewhere.example", 421),
        ("localhost.example", 421),
    ],
)
async def test_health_is_shown_on_the_servers_own_names(
    http: aiohttp.ClientSession, server: RunningServer, host: str, status: int
) -> None:
    for path in PATHS:
        assert (await _get(http, server, path, headers={"Host": host}))[0] == status


@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of a test's own needs root")
async def test_a_server_whose_disk_is_full_is_alive_and_not_ready(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True, timeout=10
    )
    try:
        async with running_server(tmp_path, data_dir=disk / "data") as running:
            assert await _get(http, running, "/readyz") == (200, {"status": "ready"})
            with contextlib.suppress(OSError), (disk / "rest").open("wb", buffering=0) as rest:
                while rest.write(bytes(4096)):
                    pass
            for _ in range(3):  # the first probes may find room in what the log has already
                await asyncio.sleep(PROBE_S)
                status, body = await _get(http, running, "/readyz")
                if status != 200:
                    break
            assert (status, body["reason"]) == (503, "store-unavailable")
            assert await _get(http, running, "/livez") == (200, {"status": "ok"})
            (disk / "rest").unlink()
            await asyncio.sleep(PROBE_S)
            assert await _get(http, running, "/readyz") == (200, {"status": "ready"})
    finally:
        subprocess.run(["umount", str(disk)], check=True, timeout=10)


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz"])
async def test_on_the_host_of_an_app_both_paths_are_the_app_s(
    http: aiohttp.ClientSession, server: RunningServer, path: str
) -> None:
    status, _ = await _get(http, server, path, headers={"Host": server.host("dog-purplecrab")})
    assert status == 503


async def test_health_is_only_read(http: aiohttp.ClientSession, server: RunningServer) -> None:
    async with http.post(server.url + "/healthz") as response:
        assert response.status == 405


@pytest.mark.parametrize("path", ["/__p2claw/v1/visit", "/__p2claw/v1/agent"])
async def test_signalling_without_a_websocket_learns_what_is_missing(
    http: aiohttp.ClientSession, server: RunningServer, path: str
) -> None:
    assert (await _get(http, server, path))[0] == 426
