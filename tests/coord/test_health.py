"""p2claw.coord.health: for whoever watches the process, and not on an app's host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.support.server import RunningServer


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
    assert await _get(http, server, "/healthz") == (200, {"status": "ok", "version": "0.1.0"})


async def test_a_server_whose_store_answers_is_ready(
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


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_on_the_host_of_an_app_both_paths_are_the_app_s(
    http: aiohttp.ClientSession, server: RunningServer, path: str
) -> None:
    status, _ = await _get(http, server, path, headers={"Host": server.host("dog-purplecrab")})
    assert status == 503


async def test_health_is_only_read(http: aiohttp.ClientSession, server: RunningServer) -> None:
    async with http.post(server.url + "/healthz") as response:
        assert response.status == 405


@pytest.mark.parametrize("path", ["/__p2claw/v1/visit", "/__p2claw/v1/agent"])
async def test_signalling_without_a_websocket_is_told_what_is_missing(
    http: aiohttp.ClientSession, server: RunningServer, path: str
) -> None:
    assert (await _get(http, server, path))[0] == 426
