"""p2claw.metrics: what is served over TCP, to whom, and in which format."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from p2claw.errors import UsageError
from p2claw.metrics import FRESH_S, Metrics, metrics_listener

readings = 0


async def read() -> list[Metric]:
    global readings
    readings += 1
    return [GaugeMetricFamily("p2claw_apps", "Apps.", 3)]


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with metrics_listener("127.0.0.1:0", Metrics(read)) as url:
        yield url


async def get(url: str, **options: object) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as client, client.get(url, **options) as response:  # type: ignore[arg-type]
        return response.status, response.headers["Content-Type"], await response.text()


async def test_the_figures_of_the_program_and_of_its_process_are_served(url: str) -> None:
    status, kind, text = await get(url)
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "p2claw_apps 3.0\n" in text
    assert "process_cpu_seconds_total" in text


async def test_openmetrics_is_written_for_who_asks_for_it(url: str) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    _, kind, text = await get(url, headers={"Accept": accept})
    assert kind.startswith("application/openmetrics-text") and text.endswith("# EOF\n")


async def test_nothing_else_is_there(url: str) -> None:
    for path in ("/", "/v1/status", "/metrics/"):
        assert (await get(url.replace("/metrics", path)))[0] == 404
    async with aiohttp.ClientSession() as client, client.post(url) as response:
        assert response.status == 405


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9464", "[::1]:9464", "10.1.2.3"])
async def test_who_asks_by_address_is_served(url: str, host: str) -> None:
    assert (await get(url, headers={"Host": host}))[0] == 200


@pytest.mark.parametrize("host", ["attacker.example", "localhost.attacker.example:9464", ""])
async def test_a_page_under_a_name_that_leads_here_reads_nothing(url: str, host: str) -> None:
    status, _, text = await get(url, headers={"Host": host})
    assert (status, "p2claw_" in text) == (421, False)


async def test_the_name_that_was_given_is_one_to_ask_by() -> None:
    async with metrics_listener("localhost:0", Metrics(read)) as url:
        assert (await get(url, headers={"Host": "LOCALHOST:1"}))[0] == 200


async def test_all_who_ask_at_once_share_one_reading(url: str) -> None:
    before, began_s = readings, time.monotonic()
    await asyncio.gather(*(get(url) for _ in range(20)))
    took_s = time.monotonic() - began_s
    assert 1 <= readings - before <= 1 + took_s / FRESH_S
    before = readings
    await asyncio.sleep(FRESH_S)
    await get(url)
    assert readings == before + 1


async def test_without_an_address_nothing_listens() -> None:
    async with metrics_listener("", Metrics(read)) as url:
        assert url == ""


async def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError) as raised:
            async with metrics_listener(address, Metrics(read)):
                pass
    assert raised.value.code == "metrics-failed"
